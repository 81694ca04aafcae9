// In: what stands in the brackets of a header. Out: its meaning, parsed once per distinct text; the names of the states.
import { type HeaderDetails, isGlued, parseHeaderDetails } from './header.ts';
import { GLUED, LABELLED, LEAKED, LOCKED, RUNNING } from './stack-engine.ts';

/** What a header's brackets mean. */
export interface HeaderMeta {
  readonly stateIndex: number;
  readonly state: string;
  /** -1: no figure. */
  readonly minutes: number;
  /** RUNNING, GLUED, LOCKED, LEAKED, LABELLED. */
  readonly marks: number;
  readonly labels: Record<string, string> | undefined;
}

export class HeaderTable {
  /** Names by index. */
  readonly states: string[] = [];
  readonly #indexes = new Map<string, number>();

  read(text: string): HeaderMeta {
    const details = parseHeaderDetails(text);
    const { state, minutes = -1, labels } = details;
    return { stateIndex: this.#indexOf(state), state, minutes, marks: marksOf(details), labels };
  }

  #indexOf(state: string): number {
    const known = this.#indexes.get(state);
    if (known !== undefined) return known;
    const index = this.states.push(state) - 1;
    this.#indexes.set(state, index);
    return index;
  }
}

function marksOf({ state, locked, leaked, labels }: HeaderDetails): number {
  return (
    (state === 'running' ? RUNNING : 0) |
    (isGlued(state) ? GLUED : 0) |
    (locked ? LOCKED : 0) |
    (leaked ? LEAKED : 0) |
    (labels === undefined ? 0 : LABELLED)
  );
}
