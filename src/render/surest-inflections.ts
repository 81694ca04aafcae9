// In: inflections of one series or of several, provisional ones and what replaces them. Out: those that stand, in their order, the surest ones
// where there are too many.
import { Revisions } from '../events/revisions.ts';
import type { InflectionEvent } from '../events/types.ts';

const MOST = 500;

export class SurestInflections {
  /** How many had to go. */
  dropped = 0;
  readonly #standing = new Revisions<InflectionEvent>();

  push(event: InflectionEvent): void {
    this.#standing.push(event);
    if (this.#standing.size <= MOST) return;
    this.#standing.delete(this.#standing.values().reduce((a, b) => (b.confidence < a.confidence ? b : a)));
    this.dropped++;
  }

  inOrder(): InflectionEvent[] {
    return this.#standing.values().sort((a, b) => (a.at ?? a.index) - (b.at ?? b.index) || a.index - b.index);
  }
}
