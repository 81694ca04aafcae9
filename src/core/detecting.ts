// In: events. Out: what follows from them, handed on as it is found and counted; in the end the summary with it.
import { SummaryCounter } from '../events/summary.ts';
import type { GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { Analysis, EventOrigin } from '../findings/analysis.ts';
import type { Detection } from './watching.ts';

export class Detecting {
  readonly analysis: Analysis;
  readonly #note: Detection['note'];
  readonly #take: (event: GcbendEvent) => void;
  readonly #derived = new SummaryCounter();

  constructor({ analysis, note }: Detection, take: (event: GcbendEvent) => void) {
    this.analysis = analysis;
    this.#note = note;
    this.#take = take;
  }

  push(event: GcbendEvent, origin?: EventOrigin): void {
    this.tell(this.analysis.push(event, origin));
  }

  endProcess(process: number): void {
    this.tell(this.analysis.endProcess(process));
  }

  /** Counts and hands on what the analysis has found. */
  tell(events: readonly GcbendEvent[]): void {
    for (const event of events) {
      this.#derived.count(event);
      this.#take(event);
    }
  }

  finish(): void {
    this.tell(this.analysis.finish());
    for (const text of this.analysis.notes) this.#note?.(text);
  }

  /** The summary of the input with what was derived from it. */
  addTo(summary: SummaryEvent): SummaryEvent {
    const { counts } = this.#derived.summary(summary, summary.exitReason);
    return { ...summary, counts: { ...summary.counts, ...counts } };
  }
}
