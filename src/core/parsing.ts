// In: bytes of named sources, cut anywhere. Out: their records and events, counted: text is parsed, gcbend's own NDJSON is read back.
import type { Transform } from 'node:stream';
import split2 from 'split2';
import { EventParser, type EventParserOptions } from '../events/event-parser.ts';
import { toEvent } from '../events/line-record.ts';
import { NdjsonReader } from '../events/ndjson.ts';
import type { ParserSink } from '../events/source-parser.ts';
import { SummaryCounter } from '../events/summary.ts';
import type { GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { EventOrigin } from '../findings/analysis.ts';
import type { GrammarSet } from '../grammar/index.ts';

/** Bytes of a named source; the last piece of a source has `end`. Bytes are valid until the stage asks for the next piece. */
export interface SourceChunk {
  source: string;
  bytes?: Buffer;
  /** Set by the stage that has read the bytes: where the source's next ones may be put, so that they need not be copied. */
  room?: Buffer | undefined;
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

/** What a source is, told from its first bytes. */
type SourceKind = 'text' | 'ndjson';

/** Parses every source by its content: text goes to the parser, gcbend's own NDJSON is read back. */
export class Parsing {
  readonly summary = new SummaryCounter();
  readonly parser: EventParser;
  readonly #emit: (event: GcbendEvent, origin: EventOrigin) => void;
  readonly #options: ParseOptions;
  readonly #kinds = new Map<string, SourceKind>();
  readonly #splitters = new Map<string, Transform>();
  readonly #ndjson = new NdjsonReader();
  #origin: EventOrigin = {};
  #at: Date | undefined;

  constructor(
    options: ParseOptions,
    emit: (event: GcbendEvent, origin: EventOrigin) => void,
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
    const { modifiedMs } = this.#origin;
    if (modifiedMs !== undefined) return new Date(modifiedMs).getUTCFullYear();
    return this.#at?.getUTCFullYear() ?? this.#options.year;
  }

  /** Counts an event and hands it on. */
  take(event: GcbendEvent): void {
    this.summary.count(event);
    this.#emit(event, this.#origin);
  }

  /** Resolves when the piece was read: its bytes may be overwritten then. */
  async push(chunk: SourceChunk): Promise<void> {
    const { source, bytes, end } = chunk;
    if (chunk.modifiedMs !== this.#origin.modifiedMs || this.#origin.isReadBack)
      this.#origin = { modifiedMs: chunk.modifiedMs };
    this.#at = chunk.at;
    if (bytes !== undefined && bytes.length > 0) {
      let kind = this.#kinds.get(source);
      if (kind === undefined) {
        kind = isOwnNdjson(bytes) ? 'ndjson' : 'text';
        this.#kinds.set(source, kind);
      }
      if (kind === 'text') {
        this.parser.push(source, bytes);
        chunk.room = this.parser.room(source);
      } else await this.#pushNdjson(source, bytes);
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
    for (const event of this.#ndjson.endSource(source)) this.#takeReadBack(event);
  }

  /** What arrives while it is written is looked at as it comes. */
  #takeReadBack(event: GcbendEvent): void {
    this.#origin = this.#at === undefined ? { isReadBack: true } : {};
    this.take(event);
  }

  async #pushNdjson(source: string, bytes: Buffer): Promise<void> {
    let splitter = this.#splitters.get(source);
    if (splitter === undefined) {
      splitter = split2(/\r?\n/, (line: string) => this.#ndjson.readLine(source, line), {
        maxLength: longestEvent,
        skipOverflow: true,
      } as split2.Options);
      splitter.on('data', (event: GcbendEvent) => this.#takeReadBack(event));
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
