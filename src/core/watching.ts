// In: bytes of named sources. Out: events and what follows from them, handed on as they are found.
import type { ParserSink } from '../events/source-parser.ts';
import { SummaryCounter } from '../events/summary.ts';
import type { GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { Analysis, AnalysisOptions } from '../findings/analysis.ts';
import { type ParseOptions, Parsing, type SourceChunk } from './parsing.ts';

export interface DetectOptions extends AnalysisOptions {
  /** Gets what a person should know besides the findings. */
  note?: ((text: string) => void) | undefined;
}

/** What `createDetection` makes. */
export interface Detection {
  readonly analysis: Analysis;
  readonly note: DetectOptions['note'];
}

export interface WatchOptions extends ParseOptions {
  /** Absent: nothing is derived. */
  detection?: Detection | undefined;
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
  readonly #note: DetectOptions['note'];

  /** @param records gets records before they are events; without it they come as events */
  constructor(
    options: WatchOptions,
    take: (event: GcbendEvent) => void,
    records?: Pick<ParserSink, 'record' | 'run' | 'asksForEvents'>,
  ) {
    this.#take = take;
    this.#note = options.detection?.note;
    this.analysis = options.detection?.analysis;
    this.parsing = new Parsing(
      options,
      (event, origin) => {
        take(event);
        if (this.analysis !== undefined) this.derive(this.analysis.push(event, origin));
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

/** The summary of the input with what was derived from it. */
export function withDerived(summary: SummaryEvent, derived: SummaryCounter): SummaryEvent {
  const { counts } = derived.summary(summary, summary.exitReason);
  return { ...summary, counts: { ...summary.counts, ...counts } };
}
