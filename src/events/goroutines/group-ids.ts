// In: rows of the stack engine with their group ids. Out: for each the first row that has the same.
import { ROW, type StackEngine } from './stack-engine.ts';

/** Open addressing over numbers: a Map of 50,000 costs ten times the memory. */
export class GroupIds {
  #slots = new Int32Array(128);
  #size = 0;

  /** The row that was shown first of those with this row's group id: itself, if none was. */
  firstWith(engine: StackEngine, row: number): number {
    if (this.#size * 2 > this.#slots.length) this.#grow(engine);
    const found = this.#place(engine, row);
    if (found === row) this.#size++;
    return found;
  }

  #place(engine: StackEngine, row: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const id = engine.double(row + ROW.groupId);
    let slot = id & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (engine.double(slots[slot]! + ROW.groupId) === id) return slots[slot]!;
    }
    slots[slot] = row;
    return row;
  }

  #grow(engine: StackEngine): void {
    const rows = this.#slots;
    this.#slots = new Int32Array(rows.length * 2);
    for (const row of rows) if (row !== 0) this.#place(engine, row);
  }
}
