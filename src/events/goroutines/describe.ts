// In: frames. Out: a group's id, which stays the same over dumps, and the ancestors of its first goroutine.
import type { Frame } from '../types.ts';
import { type FrameHash, hashFrame, hashText, makeFrame } from './frame-table.ts';
import { mixId } from './goroutine-ids.ts';

/** `[originating from goroutine N]:`, then function, tab + place, ... */
export function describeAncestors(lines: readonly string[]): { goroutine: number; stack: Frame[] }[] {
  const ancestors: { goroutine: number; stack: Frame[] }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith('[')) {
      ancestors.push({ goroutine: Number(/\d+/.exec(line)?.[0] ?? 0), stack: [] });
      continue;
    }
    const next = lines[i + 1];
    const hasPlace = next?.startsWith('\t') === true;
    if (hasPlace) i++;
    ancestors.at(-1)?.stack.push(makeFrame(line, hasPlace ? next.slice(1) : '', false));
  }
  return ancestors;
}

/**
 * Hash of state, functions, lines and creator. Left out: arguments, offsets, folders (a build elsewhere is the same program),
 * type arguments and the runtime frames that only level-2 dumps show, so that debug=2 and SIGQUIT texts agree.
 */
export function groupId(state: string, stack: readonly Frame[], createdBy: Frame | undefined): string {
  const hash = new StackHash(state);
  for (const frame of stack) hash.addFrame(hashFrame(frame));
  if (createdBy !== undefined) hash.addCreator(hashFrame(createdBy));
  return formatGroupId(hash.digest());
}

export function formatGroupId(digest: number): string {
  return hex24(Math.floor(digest / TWO_24)) + hex24(digest % TWO_24);
}

const TWO_24 = 0x1000000;

function hex24(value: number): string {
  return (value + TWO_24).toString(16).slice(1);
}

/** 48 bits: enough for some ten thousand groups, short enough to be read out. Hidden frames count only where there are no others. */
export class StackHash {
  #a: number;
  #b: number;
  #allA: number;
  #allB: number;
  #anyShown = false;
  #creatorA = 0;
  #creatorB = 0;

  constructor(state: string) {
    const { a, b } = hashText(state);
    this.#a = a;
    this.#b = b;
    this.#allA = a;
    this.#allB = b;
  }

  addFrame({ a, b, hidden }: FrameHash): void {
    this.#allA = Math.imul(this.#allA ^ a, 0x01000193) + 1;
    this.#allB = Math.imul(this.#allB ^ b, 0x5bd1e995) ^ (this.#allB >>> 13);
    if (hidden) return;
    this.#anyShown = true;
    this.#a = Math.imul(this.#a ^ a, 0x01000193) + 1;
    this.#b = Math.imul(this.#b ^ b, 0x5bd1e995) ^ (this.#b >>> 13);
  }

  addCreator({ a, b, hidden }: FrameHash): void {
    if (hidden) return;
    this.#creatorA = a;
    this.#creatorB = b;
  }

  /** Below 2^48; `formatGroupId` writes it. */
  digest(): number {
    const a = Math.imul((this.#anyShown ? this.#a : this.#allA) ^ this.#creatorA, 0x85ebca6b);
    const b = Math.imul((this.#anyShown ? this.#b : this.#allB) ^ this.#creatorB, 0xc2b2ae35);
    return (mixId(a >>> 0) >>> 8) * TWO_24 + (mixId(b >>> 0) >>> 8);
  }
}
