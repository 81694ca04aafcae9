// In: the stages. Out: the stages as Node streams: bytes → events → events with what follows from them. Back-pressure from end to end.
import type { Transform } from 'node:stream';
import { objectTransform, transform } from 'through2';
import { Detecting } from './core/detecting.ts';
import { createDetection } from './core/detection.ts';
import { type NdjsonOptions, NdjsonWriting } from './core/ndjson-writing.ts';
import { type ParseOptions, Parsing, type SourceChunk } from './core/parsing.ts';
import type { DetectOptions } from './core/watching.ts';
import type { GcbendEvent, SummaryEvent } from './events/types.ts';
import type { EventOrigin } from './findings/analysis.ts';

/** A piece that is not the last of its source. */
const toChunk = (piece: Buffer | string | SourceChunk, source: string): SourceChunk => {
  if (typeof piece === 'string') return { source, bytes: Buffer.from(piece) };
  return Buffer.isBuffer(piece) ? { source, bytes: piece } : piece;
};

/** Carries where an event comes from beside it, from `parse` to `detect`. */
const origins = new WeakMap<GcbendEvent, EventOrigin>();
/** Processes that ended before an event: `detect` reports their finals there. */
const endedBefore = new WeakMap<GcbendEvent, number[]>();

/** Bytes (or SourceChunks) in, events out; the last one is the summary. */
export function parse(options: ParseOptions): Transform {
  let ended: number[] = [];
  const source = options.source ?? '-';
  const stage = transform(
    { writableObjectMode: true, readableObjectMode: true, writableHighWaterMark: 1 },
    function push(piece: Buffer | string | SourceChunk, _encoding: unknown, done: (error?: Error | null) => void) {
      parsing.push(toChunk(piece, source)).then(() => done(), done);
    },
    function flush(this: Transform, done: (error?: Error | null) => void) {
      parsing.end().then((summary) => {
        this.push(summary);
        done();
      }, done);
    },
  ) as unknown as Transform;
  const parsing: Parsing = new Parsing(
    options,
    (event, origin) => {
      if (origin.modifiedMs !== undefined || origin.isReadBack) origins.set(event, origin);
      if (ended.length > 0) {
        endedBefore.set(event, ended);
        ended = [];
      }
      stage.push(event);
    },
    {
      processEnded: (process) => ended.push(process),
      ...(options.foreign === undefined ? {} : { foreign: options.foreign }),
    },
  );
  return stage;
}

/** Events in, the same events out with inflections, findings and health among them; the summary stays last. */
export function detect(options: DetectOptions = {}): Transform {
  let summary: SummaryEvent | undefined;
  const stage = objectTransform(
    { writableHighWaterMark: 64 },
    function push(event: GcbendEvent, _encoding: unknown, done: () => void) {
      for (const process of endedBefore.get(event) ?? []) detecting.endProcess(process);
      if (event.type === 'summary') {
        summary = event;
      } else {
        stage.push(event);
        detecting.push(event, origins.get(event));
      }
      done();
    },
    function flush(done: () => void) {
      detecting.finish();
      if (summary !== undefined) stage.push(detecting.addTo(summary));
      done();
    },
  ) as unknown as Transform;
  const detecting = new Detecting(createDetection(options), (event) => stage.push(event));
  return stage;
}

/** Bytes in, NDJSON out, as a Node stream. */
export function toNdjson(
  options: Omit<NdjsonOptions, 'detection'> & {
    /** Absent: nothing is derived. */
    detect?: DetectOptions | undefined;
  },
): Transform {
  const { detect: detectOptions, ...rest } = options;
  const writing = new NdjsonWriting({ ...rest, detection: detectOptions && createDetection(detectOptions) });
  const source = options.source ?? '-';
  return transform(
    { writableObjectMode: true, writableHighWaterMark: 1, readableObjectMode: false },
    function push(
      this: Transform,
      piece: Buffer | string | SourceChunk,
      _encoding: unknown,
      done: (error?: Error | null) => void,
    ) {
      writing.push(toChunk(piece, source)).then((pieces) => {
        for (const bytes of pieces) this.push(bytes);
        done();
      }, done);
    },
    function flush(this: Transform, done: (error?: Error | null) => void) {
      writing.end().then((pieces) => {
        for (const bytes of pieces) this.push(bytes);
        done();
      }, done);
    },
  ) as unknown as Transform;
}
