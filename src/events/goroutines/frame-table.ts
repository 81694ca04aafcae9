// In: frames as bytes in the stack engine's memory. Out: one object per distinct frame, with the hashes that a group's id is made of.
import type { Frame } from '../types.ts';
import { ChunkedList } from './chunked-list.ts';
import { collapseTypeArguments, isHiddenRuntimeFrame, unescapeName } from './names.ts';
import {
  FILE_HASH,
  FILE_IS_ASCII,
  FRAME,
  NAME_HASH_A,
  NAME_HASH_B,
  NAME_IS_PLAIN,
  type StackEngine,
} from './stack-engine.ts';
import { isSymbol } from './stack-lines.ts';

/** Two 32-bit hashes of a frame's function and line; `hidden`: shown at traceback level 2 only. */
export interface FrameHash {
  readonly a: number;
  readonly b: number;
  readonly hidden: boolean;
}

const FILES_BITS = 12;

/** Objects by the numbers that the engine gives to frames. */
export class FrameTable {
  readonly #frames = new ChunkedList<Frame>();
  readonly #hidden = new Set<number>();
  /** Numbers of what looked like a frame. */
  readonly #impostors = new Set<number>();
  /** File names met lately, by hash: most frames share theirs with another. */
  readonly #files = new Map<number, string>();

  /** Number of the frame at an address; -1 when it is `doubted` and no function of a Go program. */
  intern(engine: StackEngine, address: number, inlined: boolean, doubted: boolean): number {
    const number = engine.frame(address, inlined);
    if (number === this.#frames.length) this.#make(engine, address, inlined, doubted);
    return doubted && this.#impostors.has(number) ? -1 : number;
  }

  at(number: number): Frame {
    return this.#frames.at(number);
  }

  /** Of the frame that was interned last. */
  hashOf(engine: StackEngine, number: number): FrameHash {
    const frame = this.#frames.at(number);
    if (engine.int(NAME_IS_PLAIN) === 0) return hashFrame(frame);
    return addLine(engine.int(NAME_HASH_A), engine.int(NAME_HASH_B), frame.line ?? 0, this.#hidden.has(number));
  }

  #make(engine: StackEngine, address: number, inlined: boolean, doubted: boolean): void {
    const { bytes } = engine;
    const number = this.#frames.length;
    const start = engine.int(address + FRAME.name);
    const end = engine.int(address + FRAME.nameEnd);
    const plain = engine.int(NAME_IS_PLAIN) === 1;
    if (doubted && !plain && !isSymbol(bytes.toString('latin1', start, end))) this.#impostors.add(number);
    const name = plain ? bytes.toString('latin1', start, end) : unescapeName(bytes.toString('utf8', start, end));
    const frame = this.#frame(engine, address, name);
    if (inlined) frame.inlined = true;
    this.#frames.push(frame);
    if (isHiddenRuntimeFrame(name)) this.#hidden.add(number);
  }

  #frame(engine: StackEngine, address: number, name: string): Frame {
    const place = engine.int(address + FRAME.place);
    const placeEnd = engine.int(address + FRAME.placeEnd);
    if (place === placeEnd) return { function: name };
    const colon = engine.int(address + FRAME.colon);
    const { bytes } = engine;
    let line = 0;
    for (let i = colon + 1; i < placeEnd; i++) line = line * 10 + bytes[i]! - 48;
    return { function: name, file: this.#file(engine, place, colon), line };
  }

  #file(engine: StackEngine, start: number, end: number): string {
    const { bytes } = engine;
    if (engine.int(FILE_IS_ASCII) === 0) return bytes.toString('utf8', start, end);
    const place = engine.int(FILE_HASH) >>> (32 - FILES_BITS);
    const known = this.#files.get(place);
    if (known !== undefined && isText(known, bytes, start, end)) return known;
    const file = bytes.toString('latin1', start, end);
    this.#files.set(place, file);
    return file;
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

export function hashFrame(frame: Frame): FrameHash {
  const { a, b } = hashText(collapseTypeArguments(frame.function));
  return addLine(a, b, frame.line ?? 0, isHiddenRuntimeFrame(frame.function));
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

function addLine(a: number, b: number, line: number, hidden: boolean): FrameHash {
  return { a: Math.imul(a ^ line, 0x01000193), b: Math.imul(b ^ line, 0x5bd1e995) ^ (b >>> 15), hidden };
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
