// In: pieces of lines that a collector cut, each with whose it is. Out: the line, once its last piece has come.

import type { Span } from '../framing/index.ts';

/** What may wait for the rest; beyond, pieces come out as lines. */
const MOST_HELD_BYTES = 1024 * 1024;

interface Held {
  bytes: Buffer[];
  size: number;
  startNumber: number;
}

/** `startNumber`: of the line that its first piece stood in. */
export interface Joined {
  bytes: Buffer;
  startNumber: number;
}

export class Pieces {
  readonly #held = new Map<string, Held>();

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** False when it would be too much. */
  hold(key: string, { bytes, start, end }: Span, number: number): boolean {
    const held = this.#held.get(key) ?? { bytes: [], size: 0, startNumber: number };
    if (held.size + end - start > MOST_HELD_BYTES) return false;
    held.bytes.push(Buffer.from(bytes.subarray(start, end)));
    held.size += end - start;
    this.#held.set(key, held);
    return true;
  }

  /** What waited for that rest, and the rest; undefined when nothing did. */
  join(key: string, { bytes, start, end }: Span): Joined | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    return { bytes: Buffer.concat([...held.bytes, bytes.subarray(start, end)]), startNumber: held.startNumber };
  }

  /** Pieces whose rest never came, one a call. */
  takeFirst(): Joined | undefined {
    const [first] = this.#held;
    if (first === undefined) return undefined;
    const [key, { bytes, startNumber }] = first;
    this.#held.delete(key);
    return { bytes: Buffer.concat(bytes), startNumber };
  }
}
