// In: bytes of named sources. Out: events and what follows from them, handed on as they are found.
import type { ParserSink } from '../events/source-parser.ts';
import type { GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { Analysis, AnalysisOptions } from '../findings/analysis.ts';
import { Detecting } from './detecting.ts';
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
  /** Absent: nothing is derived. */
  readonly detecting: Detecting | undefined;
  readonly #take: (event: GcbendEvent) => void;

  /** @param records gets records before they are events; without it they come as events */
  constructor(
    options: WatchOptions,
    take: (event: GcbendEvent) => void,
    records?: Pick<ParserSink, 'record' | 'run' | 'asksForEvents'>,
  ) {
    this.#take = take;
    this.detecting = options.detection && new Detecting(options.detection, take);
    this.parsing = new Parsing(
      options,
      (event, origin) => {
        take(event);
        this.detecting?.push(event, origin);
      },
      {
        processEnded: (process) => this.detecting?.endProcess(process),
        ...records,
        ...(options.foreign === undefined ? {} : { foreign: options.foreign }),
      },
    );
  }

  /** Resolves when the piece was read: its bytes may be overwritten then. */
  push(chunk: SourceChunk): Promise<void> {
    return this.parsing.push(chunk);
  }

  /** The last events; the last of them is the summary, which is returned, too. */
  async end(): Promise<SummaryEvent> {
    const summary = await this.parsing.end();
    this.detecting?.finish();
    const whole = this.detecting?.addTo(summary) ?? summary;
    this.#take(whole);
    return whole;
  }
}
