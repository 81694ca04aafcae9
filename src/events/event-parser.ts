// In: bytes of any number of sources. Out: their records and events in stream order; processes are told apart across all of them.
import type { GrammarSet } from '../grammar/index.ts';
import type { BlockOptions } from './block.ts';
import { ProcessTracker } from './processes.ts';
import { decodePprof, looksLikePprof } from './profiles/index.ts';
import { type ParserSink, SourceParser } from './source-parser.ts';

export interface EventParserOptions {
  grammars: GrammarSet;
  /** One event for each goroutine of a dump, too. */
  eachGoroutine?: boolean;
  /** Added to the declared list of goroutines that are set aside. */
  infrastructure?: BlockOptions['infrastructure'];
  /** For wrappers that print no year (syslog, journald). */
  year?: (() => number | undefined) | undefined;
  /** Wall time for bytes that arrive while they are printed. */
  now?: (() => Date | undefined) | undefined;
  /** Wall time at which the only program was started, ms since 1970, where it was started from here. */
  startedMs?: number | undefined;
  /** Told of a source whose newest line comes first. */
  onReverse?: ((source: string) => void) | undefined;
}

export interface ParserTotals {
  lines: number;
  bytes: number;
  processes: number;
}

/** Synchronous core under the streams: needs no file system and no clock. */
export class EventParser {
  readonly #options: EventParserOptions;
  readonly #sink: ParserSink;
  readonly #tracker: ProcessTracker;
  readonly #open = new Map<string, SourceParser | BinarySource>();
  #lines = 0;
  #bytes = 0;

  constructor(options: EventParserOptions, sink: ParserSink) {
    this.#options = options;
    this.#sink = sink;
    this.#tracker = new ProcessTracker(options.onReverse);
  }

  /** The next bytes of a source, cut anywhere. They are not kept. */
  push(source: string, chunk: Buffer): void {
    let parser = this.#open.get(source);
    if (parser === undefined) {
      parser = looksLikePprof(chunk) ? new BinarySource(source, this.#sink) : this.#sourceParser(source);
      this.#open.set(source, parser);
    }
    parser.push(chunk);
  }

  /** Where the next bytes of a source may be put before they are pushed: they are not copied then. */
  room(source: string): Buffer | undefined {
    const parser = this.#open.get(source);
    return parser instanceof SourceParser ? parser.room() : undefined;
  }

  /** A source has ended: what is still open in it is reported. */
  endSource(source: string): void {
    const parser = this.#open.get(source);
    if (parser === undefined) return;
    parser.end();
    this.#open.delete(source);
    this.#lines += parser.lines;
    this.#bytes += parser.bytes;
  }

  /** Ends all sources. */
  end(): void {
    for (const source of [...this.#open.keys()]) this.endSource(source);
  }

  /** So far. */
  totals(): ParserTotals {
    let lines = this.#lines;
    let bytes = this.#bytes;
    for (const parser of this.#open.values()) {
      lines += parser.lines;
      bytes += parser.bytes;
    }
    return { lines, bytes, processes: this.#tracker.count };
  }

  #sourceParser(source: string): SourceParser {
    return new SourceParser({
      source,
      grammars: this.#options.grammars,
      tracker: this.#tracker,
      sink: this.#sink,
      eachGoroutine: this.#options.eachGoroutine ?? false,
      infrastructure: this.#options.infrastructure ?? [],
      year: this.#options.year?.(),
      now: this.#options.now,
      startedMs: this.#options.startedMs,
    });
  }
}

/** A pprof message (`.pb.gz`, decompressed): it can be read only as a whole. */
class BinarySource {
  readonly lines = 0;
  bytes = 0;
  readonly #source: string;
  readonly #sink: ParserSink;
  readonly #chunks: Buffer[] = [];

  constructor(source: string, sink: ParserSink) {
    this.#source = source;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#chunks.push(Buffer.from(chunk));
  }

  end(): void {
    for (const event of decodePprof(Buffer.concat(this.#chunks), this.#source)) this.#sink.event(event);
  }
}
