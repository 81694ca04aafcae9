// In: the stages. Out: the stages as Node streams: bytes → events → events with what follows from them. Back-pressure from end to end.
import type { Transform } from 'node:stream';
import split2 from 'split2';
import { objectTransform, transform } from 'through2';
import { EventParser, type EventParserOptions } from './events/event-parser.ts';
import { type LineRecord, RecordEncoder, toEvent } from './events/line-record.ts';
import { NdjsonReader } from './events/ndjson.ts';
import type { RecordRun } from './events/record-run.ts';
import type { ParserSink } from './events/source-parser.ts';
import { SummaryCounter } from './events/summary.ts';
import type { GcbendEvent, SummaryEvent } from './events/types.ts';
import { Analysis, type AnalysisOptions } from './findings/analysis.ts';
import type { GrammarSet } from './grammar/index.ts';

/** Bytes of a named source; the last piece of a source has `end`. Bytes are valid until the stage asks for the next piece. */
export interface SourceChunk {
  source: string;
  bytes?: Buffer;
  end?: boolean;
  /** Time of the file, ms since 1970. */
  modifiedMs?: number | undefined;
  /** When these bytes were printed, where that is known (a poll, a line that arrived just now). */
  at?: Date | undefined;
}

export interface ParseOptions extends Omit<EventParserOptions, 'grammars' | 'now' | 'year'> {
  grammars: GrammarSet;
  /** Year of wrapper times that print none, where the file's own time does not say it. */
  year?: number | undefined;
  /** Name for plain Buffers; default `-`. */
  source?: string;
  /** Gets what is nobody's record, as it came. */
  foreign?: ParserSink['foreign'];
  /** Why the input ended, for the summary; default `end of input`. */
  exitReason?: () => string;
}

export interface DetectOptions extends AnalysisOptions {
  /** Gets what a person should know besides the findings. */
  note?: ((text: string) => void) | undefined;
}

/** What a source is, told from its first bytes. */
type SourceKind = 'text' | 'ndjson';

/** A piece that is not the last of its source. */
const toChunk = (piece: Buffer | string | SourceChunk, source: string): SourceChunk => {
  if (typeof piece === 'string') return { source, bytes: Buffer.from(piece) };
  return Buffer.isBuffer(piece) ? { source, bytes: piece } : piece;
};

/** Parses every source by its content: text goes to the parser, gcbend's own NDJSON is read back. */
class Parsing {
  readonly summary = new SummaryCounter();
  readonly parser: EventParser;
  readonly #emit: (event: GcbendEvent, modifiedMs: number | undefined) => void;
  readonly #options: ParseOptions;
  readonly #kinds = new Map<string, SourceKind>();
  readonly #splitters = new Map<string, Transform>();
  readonly #ndjson = new NdjsonReader();
  #modifiedMs: number | undefined;
  #at: Date | undefined;

  constructor(
    options: ParseOptions,
    emit: (event: GcbendEvent, modifiedMs: number | undefined) => void,
    sink: Omit<ParserSink, 'event' | 'record'> & Partial<Pick<ParserSink, 'record'>>,
  ) {
    this.#options = options;
    this.#emit = emit;
    this.parser = new EventParser(
      { ...options, now: () => this.#at, year: () => this.#year() },
      {
        record: (record) => this.take(toEvent(options.grammars, record)),
        run: (run) => {
          for (let index = 0; index < run.records; index++) this.take(run.event(index));
        },
        asksForEvents: true,
        ...sink,
        event: (event) => this.take(event),
      },
    );
  }

  #year(): number | undefined {
    if (this.#modifiedMs !== undefined) return new Date(this.#modifiedMs).getUTCFullYear();
    return this.#at?.getUTCFullYear() ?? this.#options.year;
  }

  /** Counts an event and hands it on. */
  take(event: GcbendEvent): void {
    this.summary.count(event);
    this.#emit(event, this.#modifiedMs);
  }

  /** Resolves when the piece was read: its bytes may be overwritten then. */
  async push(chunk: SourceChunk): Promise<void> {
    const { source, bytes, end } = chunk;
    this.#modifiedMs = chunk.modifiedMs;
    this.#at = chunk.at;
    if (bytes !== undefined && bytes.length > 0) {
      let kind = this.#kinds.get(source);
      if (kind === undefined) {
        kind = isOwnNdjson(bytes) ? 'ndjson' : 'text';
        this.#kinds.set(source, kind);
      }
      if (kind === 'text') this.parser.push(source, bytes);
      else await this.#pushNdjson(source, bytes);
    }
    if (end === true) await this.#end(source);
  }

  async end(): Promise<SummaryEvent> {
    for (const source of [...this.#kinds.keys()]) await this.#end(source);
    const totals = this.#ndjson.addTotals(this.parser.totals());
    return this.summary.summary(totals, this.#options.exitReason?.() ?? 'end of input');
  }

  async #end(source: string): Promise<void> {
    const kind = this.#kinds.get(source);
    this.#kinds.delete(source);
    if (kind === 'text') this.parser.endSource(source);
    const splitter = this.#splitters.get(source);
    if (splitter === undefined) return;
    this.#splitters.delete(source);
    await new Promise<void>((resolve) => splitter.once('end', resolve).end());
    for (const event of this.#ndjson.endSource(source)) this.take(event);
  }

  async #pushNdjson(source: string, bytes: Buffer): Promise<void> {
    let splitter = this.#splitters.get(source);
    if (splitter === undefined) {
      splitter = split2(/\r?\n/, (line: string) => this.#ndjson.readLine(source, line), {
        maxLength: longestEvent,
        skipOverflow: true,
      } as split2.Options);
      splitter.on('data', (event: GcbendEvent) => this.take(event));
      this.#splitters.set(source, splitter);
    }
    const into = splitter;
    await new Promise<void>((resolve, reject) =>
      into.write(Buffer.from(bytes), (error) => (error ? reject(error) : resolve())),
    );
  }
}

/** A dump of 100,000 goroutines is one line; longer ones than this are skipped by split2. */
const longestEvent = 64 * 1024 * 1024;

/** The first line of gcbend's NDJSON holds type and schema in its first bytes (jq keeps the order of keys). */
function isOwnNdjson(bytes: Buffer): boolean {
  const head = bytes.toString('utf8', 0, Math.min(bytes.length, 4096)).trimStart();
  return /^\{\s*"type":\s*"[a-zA-Z]+",\s*"schema":\s*\d/.test(head);
}

/** Carries the file's time beside an event from `parse` to `detect`. */
const modifiedTimes = new WeakMap<GcbendEvent, number>();
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
    (event, modifiedMs) => {
      if (modifiedMs !== undefined) modifiedTimes.set(event, modifiedMs);
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
  const { note, ...analysisOptions } = options;
  const analysis = new Analysis(analysisOptions);
  const derived = new SummaryCounter();
  let summary: SummaryEvent | undefined;
  const pushAll = (stage: Transform, events: readonly GcbendEvent[]): void => {
    for (const event of events) {
      derived.count(event);
      stage.push(event);
    }
  };
  return objectTransform(
    { writableHighWaterMark: 64 },
    function push(this: Transform, event: GcbendEvent, _encoding: unknown, done: () => void) {
      for (const process of endedBefore.get(event) ?? []) pushAll(this, analysis.endProcess(process));
      if (event.type === 'summary') {
        summary = event;
      } else {
        this.push(event);
        pushAll(this, analysis.push(event, modifiedTimes.get(event)));
      }
      done();
    },
    function flush(this: Transform, done: () => void) {
      pushAll(this, analysis.finish());
      for (const text of analysis.notes) note?.(text);
      if (summary !== undefined) this.push(withDerived(summary, derived));
      done();
    },
  ) as unknown as Transform;
}

function withDerived(summary: SummaryEvent, derived: SummaryCounter): SummaryEvent {
  const { counts } = derived.summary(summary, summary.exitReason);
  return { ...summary, counts: { ...summary.counts, ...counts } };
}

export interface WatchOptions extends ParseOptions {
  /** Absent: nothing is derived. */
  detect?: DetectOptions | undefined;
}

/**
 * `parse` and `detect` in one, without a stream between them: each event and what follows from it goes to `take` as it is found, and
 * nothing waits in a queue. Backpressure is the caller's: the next chunk is pushed when it likes.
 */
export class Watching {
  readonly parsing: Parsing;
  readonly analysis: Analysis | undefined;
  readonly #take: (event: GcbendEvent) => void;
  readonly #derived = new SummaryCounter();
  readonly #note: ((text: string) => void) | undefined;

  /** @param records gets records before they are events; without it they come as events */
  constructor(
    options: WatchOptions,
    take: (event: GcbendEvent) => void,
    records?: Pick<ParserSink, 'record' | 'run' | 'asksForEvents'>,
  ) {
    this.#take = take;
    if (options.detect !== undefined) {
      const { note, ...analysisOptions } = options.detect;
      this.#note = note;
      this.analysis = new Analysis(analysisOptions);
    }
    this.parsing = new Parsing(
      options,
      (event, modifiedMs) => {
        take(event);
        if (this.analysis !== undefined) this.derive(this.analysis.push(event, modifiedMs));
      },
      {
        processEnded: (process) => this.derive(this.analysis?.endProcess(process) ?? []),
        ...records,
        ...(options.foreign === undefined ? {} : { foreign: options.foreign }),
      },
    );
  }

  /** Resolves when the piece was read: its bytes may be overwritten then. */
  push(chunk: SourceChunk): Promise<void> {
    return this.parsing.push(chunk);
  }

  /** Counts and hands on what follows from an event. */
  derive(events: readonly GcbendEvent[]): void {
    for (const event of events) {
      this.#derived.count(event);
      this.#take(event);
    }
  }

  /** The last events; the last of them is the summary, which is returned, too. */
  async end(): Promise<SummaryEvent> {
    const summary = await this.parsing.end();
    this.derive(this.analysis?.finish() ?? []);
    for (const text of this.analysis?.notes ?? []) this.#note?.(text);
    const whole = withDerived(summary, this.#derived);
    this.#take(whole);
    return whole;
  }
}

/**
 * `Watching` as a Node stream: SourceChunks in, out whatever text `taken` says the events of a chunk have become (nothing for '').
 * A chunk waits until the text before it was asked for.
 */
export function watch(watching: Watching, taken: () => string | Promise<string>): Transform {
  const pushTaken = async (stage: Transform): Promise<void> => {
    const text = await taken();
    if (text !== '') stage.push(text);
  };
  return transform(
    { writableObjectMode: true, writableHighWaterMark: 1, readableObjectMode: true, readableHighWaterMark: 1 },
    function push(this: Transform, chunk: SourceChunk, _encoding: unknown, done: (error?: Error | null) => void) {
      watching
        .push(chunk)
        .then(() => pushTaken(this))
        .then(() => done(), done);
    },
    function flush(this: Transform, done: (error?: Error | null) => void) {
      watching
        .end()
        .then(() => pushTaken(this))
        .then(() => done(), done);
    },
  ) as unknown as Transform;
}

const pieceBytes = 256 * 1024;
/** A chunk of trace lines becomes as many pieces. */
const spareBuffers = 12;

export interface NdjsonOptions extends WatchOptions {
  onSummary?: (summary: SummaryEvent) => void;
}

/**
 * The same lines as `parse`, `detect` and one JSON text an event, but a trace record goes from the input's bytes to the output's without
 * becoming an object unless the analysis wants it.
 */
class NdjsonWriting {
  readonly #options: NdjsonOptions;
  readonly #watching: Watching;
  readonly #encoder: RecordEncoder;
  #out: Buffer = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;
  /** What was written since the last `take`, and buffers that may be filled again. */
  #pieces: Buffer[] = [];
  readonly #spare: Buffer[] = [];

  constructor(options: NdjsonOptions) {
    this.#options = options;
    this.#encoder = new RecordEncoder(options.grammars);
    this.#watching = new Watching(options, (event) => this.#write(event), {
      record: (record) => this.#writeRecord(record),
      run: (run) => this.#writeRun(run),
      asksForEvents: options.detect !== undefined,
    });
  }

  /** The NDJSON of a chunk, in pieces. */
  async push(chunk: SourceChunk): Promise<Buffer[]> {
    await this.#watching.push(chunk);
    return this.#take();
  }

  async end(): Promise<Buffer[]> {
    this.#options.onSummary?.(await this.#watching.end());
    return this.#take();
  }

  /** Nobody looks at these pieces any more: their memory is filled again. */
  reuse(pieces: readonly Buffer[]): void {
    for (const { buffer } of pieces) {
      const isOwn = buffer.byteLength === pieceBytes;
      if (isOwn && this.#spare.length < spareBuffers) this.#spare.push(Buffer.from(buffer));
    }
  }

  #take(): Buffer[] {
    this.#flush();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#pieces.push(this.#out.subarray(0, this.#used));
    this.#out = this.#spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    this.#used = 0;
  }

  #write(event: GcbendEvent): void {
    const text = Buffer.from(`${JSON.stringify(event)}\n`);
    if (text.length <= pieceBytes) {
      this.#writeBytes(text);
      return;
    }
    this.#flush();
    this.#pieces.push(text);
  }

  /** No more than a piece. */
  #writeBytes(text: Buffer): void {
    if (this.#used + text.length > pieceBytes) this.#flush();
    text.copy(this.#out, this.#used);
    this.#used += text.length;
  }

  #writeRecord(record: LineRecord): void {
    const { grammars } = this.#options;
    const { parsing, analysis } = this.#watching;
    const room = this.#encoder.maxBytes(record);
    if (room > pieceBytes) {
      parsing.take(toEvent(grammars, record));
      return;
    }
    if (this.#used + room > pieceBytes) this.#flush();
    this.#used = this.#encoder.encode(record, this.#out, this.#used);
    const { event: type } = record.match.shape.grammar;
    parsing.summary.countRecord(type, record.process, record.at, record.repaired);
    if (analysis?.wants(type)) this.#watching.derive(analysis.push(toEvent(grammars, record)));
  }

  #writeRun(run: RecordRun): void {
    const { type, process, at, records, bytes } = run;
    const { parsing, analysis } = this.#watching;
    let written = 0;
    for (let index = 0; analysis?.wants(type) && index < records; index++) {
      const derived = analysis.push(run.event(index));
      if (derived.length === 0) continue;
      this.#writeBytes(bytes.subarray(written, run.end(index)));
      written = run.end(index);
      this.#watching.derive(derived);
    }
    this.#writeBytes(bytes.subarray(written, run.end(records - 1)));
    parsing.summary.countRun(type, process, at, records);
  }
}

/** Bytes in, NDJSON out, as a Node stream. */
export function toNdjson(options: NdjsonOptions): Transform {
  const writing = new NdjsonWriting(options);
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

/**
 * The same for a consumer that has written a piece when it asks for the next one: the memory of each piece is used again, so that it
 * stays flat and in the processor's cache.
 */
export async function* ndjsonPieces(
  chunks: AsyncIterable<SourceChunk>,
  options: NdjsonOptions,
): AsyncGenerator<Buffer> {
  const writing = new NdjsonWriting(options);
  for await (const chunk of chunks) {
    const pieces = await writing.push(chunk);
    yield* pieces;
    writing.reuse(pieces);
  }
  yield* await writing.end();
}
