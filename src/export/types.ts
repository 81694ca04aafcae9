// In: nothing. Out: what every export format is.
import type { GcbendEvent } from '../events/types.ts';

/** A pure function of the events, in two steps: text as it becomes known, and the rest at the end. */
export interface EventSink {
  /** Text to write now; undefined when there is none yet. */
  push(event: GcbendEvent): string | undefined;
  /**
   * The rest of the document. Called once, after the last event. `notes`: what whoever reads the result must know of the input, a sentence
   * each; formats of one row or one event a line, and of numbers only, have no place for them.
   */
  finish(notes?: readonly string[]): string;
}
