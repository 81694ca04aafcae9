// In: the stages. Out: the stages as Node streams: bytes → events → events with what follows from them. Back-pressure from end to end.
import type { Transform } from 'node:stream';
import split2 from 'split2';
import { objectTransform, transform } from 'through2';
import { EventParser, type EventParserOptions } from './events/event-parser.ts';
import { type LineRecord, RecordEncoder, toEvent } from './events/line-record.ts';
import { NdjsonReader } from './events/ndjson.ts';
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
  /** Changes or drops an event before anybody sees it (`--filter`, `--group-by`). */
  refine?: ((event: GcbendEvent) => GcbendEvent | undefined) | undefined;
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
    sink: Omit<ParserSink, 'event'> & { event?: never },
  ) {
    this.#options = options;
    this.#emit = emit;
    this.parser = new EventParser(
      { ...options, now: () => this.#at, year: () => this.#year() },
      { ...sink, event: (event) => this.take(event) },
    );
  }

  #year(): number | undefined {
    if (this.#modifiedMs !== undefined) return new Date(this.#modifiedMs).getUTCFullYear();
    return this.#at?.getUTCFullYear() ?? this.#options.year;
  }

  /** Counts an event and hands it on. */
  take(event: GcbendEvent): void {
    const refined = this.#options.refine === undefined ? event : this.#options.refine(event);
    if (refined === undefined) return;
    this.summary.count(refined);
    this.#emit(refined, this.#modifiedMs);
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
      record: (record) => parsing.take(toEvent(options.grammars, record)),
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

const outBytes = 256 * 1024;

/**
 * Bytes in, NDJSON out: the same lines as `parse`, `detect` and one JSON text an event, but a trace record goes from the input's bytes to
 * the output's without becoming an object unless the analysis wants it.
 */
export function toNdjson(
  options: ParseOptions & { detect?: DetectOptions | undefined; onSummary?: (summary: SummaryEvent) => void },
): Transform {
  const { grammars } = options;
  const encoder = new RecordEncoder(grammars);
  const { note, ...analysisOptions } = options.detect ?? {};
  const analysis = options.detect === undefined ? undefined : new Analysis(analysisOptions);
  const derived = new SummaryCounter();
  const source = options.source ?? '-';
  let out = Buffer.allocUnsafe(outBytes);
  let used = 0;
  const flushOut = (): void => {
    if (used === 0) return;
    stage.push(out.subarray(0, used));
    out = Buffer.allocUnsafe(outBytes);
    used = 0;
  };
  const write = (event: GcbendEvent): void => {
    const text = Buffer.from(`${JSON.stringify(event)}\n`);
    if (used + text.length > out.length) flushOut();
    if (text.length > out.length) stage.push(text);
    else {
      text.copy(out, used);
      used += text.length;
    }
  };
  const writeDerived = (events: readonly GcbendEvent[]): void => {
    for (const event of events) {
      derived.count(event);
      write(event);
    }
  };
  const record = (found: LineRecord): void => {
    if (options.refine !== undefined) {
      parsing.take(toEvent(grammars, found));
      return;
    }
    const room = encoder.maxBytes(found);
    if (used + room > out.length) flushOut();
    if (room > out.length) {
      parsing.take(toEvent(grammars, found));
      return;
    }
    used = encoder.encode(found, out, used);
    const { event: type } = found.match.shape.grammar;
    parsing.summary.countRecord(type, found.process, grammars.numberAt(found.match, 'at'), found.repaired);
    if (analysis?.wants(type)) writeDerived(analysis.push(toEvent(grammars, found)));
  };
  const stage = transform(
    { writableObjectMode: true, readableObjectMode: false, writableHighWaterMark: 1 },
    function push(piece: Buffer | string | SourceChunk, _encoding: unknown, done: (error?: Error | null) => void) {
      parsing.push(toChunk(piece, source)).then(() => {
        flushOut();
        done();
      }, done);
    },
    function flush(done: (error?: Error | null) => void) {
      parsing.end().then((summary) => {
        if (analysis !== undefined) writeDerived(analysis.finish());
        for (const text of analysis?.notes ?? []) note?.(text);
        const whole = withDerived(summary, derived);
        options.onSummary?.(whole);
        write(whole);
        flushOut();
        done();
      }, done);
    },
  ) as unknown as Transform;
  const parsing: Parsing = new Parsing(
    options,
    (event, modifiedMs) => {
      write(event);
      if (analysis !== undefined) writeDerived(analysis.push(event, modifiedMs));
    },
    {
      record,
      processEnded: (process) => writeDerived(analysis?.endProcess(process) ?? []),
      ...(options.foreign === undefined ? {} : { foreign: options.foreign }),
    },
  );
  return stage;
}
