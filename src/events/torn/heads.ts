// In: bytes of a line. Out: whether and where a record that can be torn begins in it.

import type { GrammarSet, Shape } from '../../grammar/index.ts';

/** In a longer line a record is looked for in so many bytes at both its ends: each place may cost a walk to the end. */
const GLUED_BYTES = 4096;

/** The heads of all shapes that can be torn. */
export class RecordHeads {
  readonly #grammars: GrammarSet;

  constructor(grammars: GrammarSet) {
    this.#grammars = grammars;
  }

  /** True when one begins at `start`. */
  isAt(bytes: Buffer, start: number, end: number): boolean {
    for (const shape of this.#grammars.shapes) {
      if (shape.compiled.tear > 0 && beginsWithHead(bytes, start, end, shape)) return true;
    }
    return false;
  }

  /** An unmistakable head behind text that has no newline of its own (`downloading… gc 3 @…`), or -1. */
  find(bytes: Buffer, start: number, end: number): number {
    if (end - start > 2 * GLUED_BYTES) {
      const head = this.find(bytes, start, start + GLUED_BYTES);
      return head >= 0 ? head : this.find(bytes, end - GLUED_BYTES, end);
    }
    const found = this.#grammars.find(bytes, start, end);
    if (found !== undefined) return found.start;
    for (let p = start + 1; p < end; p++) {
      if (!this.isAt(bytes, p, end)) continue;
      // Behind a word without a blank only a whole record is one: `donegc 3 @0.1s …`.
      const isRecord = isWordByte(bytes[p - 1] as number)
        ? (this.#grammars.matchPrefix(bytes, p, end)?.shape.compiled.sure ?? 0) > 0
        : this.#grammars.diagnose(bytes, p, end) !== undefined;
      if (isRecord) return p;
    }
    return -1;
  }
}

/** True when the head of the shape stands at `start`. */
export function beginsWithHead(bytes: Buffer, start: number, end: number, { head }: Shape): boolean {
  if (start + head.length > end) return false;
  for (let i = 0; i < head.length; i++) if (bytes[start + i] !== head[i]) return false;
  return true;
}

function isWordByte(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c >= 128;
}
