// In: frames as bytes in the stack table's arena. Out: one object per distinct frame, with the hashes that a group's id is made of.
import type { Frame } from '../types.ts';
import { collapseTypeArguments, isHiddenRuntimeFrame, unescapeName } from './names.ts';

/** A frame and two 32-bit hashes of its function and line; `hidden`: shown at traceback level 2 only. */
export interface KnownFrame {
  readonly frame: Frame;
  readonly a: number;
  readonly b: number;
  readonly hidden: boolean;
  /** Where its bytes lie in the arena, and whether it was printed with `(...)`. */
  readonly start: number;
  readonly end: number;
  readonly inlined: boolean;
}

/** Open-addressing table over bytes: a dump of 50,000 stacks has some 100,000 frames, too many for keys that are strings. */
export class FrameTable {
  readonly #known: KnownFrame[] = [];
  #hashes = new Int32Array(64);
  #slots = new Int32Array(128);

  /** `arena[start, end)` is NAME, or NAME, newline, tab, FILE:LINE; NAME ends at `nameEnd`. */
  intern(arena: Buffer, view: DataView, start: number, nameEnd: number, end: number, inlined: boolean): KnownFrame {
    const hash = hashBytes(view, start, end) ^ (inlined ? 1 : 0);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1;
      if (this.#hashes[index] !== hash) continue;
      const known = this.#known[index]!;
      if (known.inlined === inlined && sameBytes(view, known.start, known.end, start, end)) return known;
    }
    const name = arena.toString('utf8', start, nameEnd);
    const place = nameEnd < end ? arena.toString('utf8', nameEnd + 2, end) : '';
    const frame = makeFrame(name, place, inlined);
    const known: KnownFrame = { frame, ...hashFrame(frame), start, end, inlined };
    this.#slots[slot] = this.#known.push(known);
    this.#keepHash(hash);
    return known;
  }

  #keepHash(hash: number): void {
    const count = this.#known.length;
    if (count > this.#hashes.length) {
      const hashes = new Int32Array(this.#hashes.length * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    this.#hashes[count - 1] = hash;
    if (count * 2 <= this.#slots.length) return;
    const slots = new Int32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let i = 0; i < count; i++) {
      let slot = this.#hashes[i]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

/** `place` is FILE:LINE or empty. */
export function makeFrame(name: string, place: string, inlined: boolean): Frame {
  const frame: Frame = { function: unescapeName(name) };
  if (place !== '') {
    const colon = place.lastIndexOf(':');
    frame.file = place.slice(0, colon);
    frame.line = Number(place.slice(colon + 1));
  }
  if (inlined) frame.inlined = true;
  return frame;
}

export function hashFrame(frame: Frame): { a: number; b: number; hidden: boolean } {
  const { a, b } = hashText(collapseTypeArguments(frame.function));
  const line = frame.line ?? 0;
  const hidden = isHiddenRuntimeFrame(frame.function);
  return { a: Math.imul(a ^ line, 0x01000193), b: Math.imul(b ^ line, 0x5bd1e995) ^ (b >>> 15), hidden };
}

/** Two FNV-1a streams. */
export function hashText(text: string): { a: number; b: number } {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
  }
  return { a, b };
}

function hashBytes(view: DataView, start: number, end: number): number {
  let h = end - start;
  let at = start;
  for (; at < end - 3; at += 4) {
    h = Math.imul(h ^ view.getInt32(at, true), 0x01000193);
    h ^= h >>> 15;
  }
  for (; at < end; at++) h = Math.imul(h ^ view.getUint8(at), 0x01000193);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function sameBytes(view: DataView, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  let a = start;
  let b = otherStart;
  for (; a < end - 3; a += 4, b += 4) if (view.getInt32(a, true) !== view.getInt32(b, true)) return false;
  for (; a < end; a++, b++) if (view.getUint8(a) !== view.getUint8(b)) return false;
  return true;
}
