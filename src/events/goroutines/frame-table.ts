// In: frames as bytes in the stack engine's memory. Out: one object per distinct frame, with the hashes that a group's id is made of.
import type { Frame } from '../types.ts';
import { collapseTypeArguments, isHiddenRuntimeFrame, unescapeName } from './names.ts';
import {
  FILE_HASH,
  FILE_IS_ASCII,
  FRAME,
  KNOWN_FRAME,
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
/** Marks of a frame in the engine. */
const HIDDEN = 1;
const NO_FRAME = 2;

/** Objects by the numbers that the engine gives to frames. */
export class FrameTable {
  readonly #frames: Frame[] = [];
  /** File names met lately, by hash: most frames share theirs with another. */
  readonly #files: (string | undefined)[] = new Array<string | undefined>(1 << FILES_BITS).fill(undefined);

  /**
   * Address of the KNOWN_FRAME of the frame at an address; 0 when it is none: a function of a Go program. Frames that are not
   * `doubted` always are.
   */
  intern(engine: StackEngine, address: number, inlined: boolean, doubted: boolean): number {
    const known = engine.frame(address, inlined);
    if (engine.int(known + KNOWN_FRAME.number) === this.#frames.length)
      this.#make(engine, address, known, inlined, doubted);
    return engine.int(known + KNOWN_FRAME.mark) === NO_FRAME && doubted ? 0 : known;
  }

  at(number: number): Frame {
    return this.#frames[number]!;
  }

  hashOf(engine: StackEngine, known: number): FrameHash {
    return {
      a: engine.int(known + KNOWN_FRAME.hashA),
      b: engine.int(known + KNOWN_FRAME.hashB),
      hidden: engine.int(known + KNOWN_FRAME.mark) === HIDDEN,
    };
  }

  #make(engine: StackEngine, address: number, known: number, inlined: boolean, doubted: boolean): void {
    const { bytes } = engine;
    const start = engine.int(address + FRAME.name);
    const end = engine.int(address + FRAME.nameEnd);
    const plain = engine.int(NAME_IS_PLAIN) === 1;
    const noFrame = doubted && !plain && !isSymbol(bytes.toString('latin1', start, end));
    const name = plain ? bytes.toString('latin1', start, end) : unescapeName(bytes.toString('utf8', start, end));
    const frame = this.#frame(engine, address, name);
    if (inlined) frame.inlined = true;
    this.#frames.push(frame);
    const { a, b, hidden } = plain
      ? addLine(engine.int(NAME_HASH_A), engine.int(NAME_HASH_B), frame.line ?? 0, isHiddenRuntimeFrame(name))
      : hashFrame(frame);
    engine.setInt(known + KNOWN_FRAME.hashA, a);
    engine.setInt(known + KNOWN_FRAME.hashB, b);
    engine.setInt(known + KNOWN_FRAME.mark, noFrame ? NO_FRAME : hidden ? HIDDEN : 0);
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
    const known = this.#files[place];
    if (known !== undefined && isText(known, bytes, start, end)) return known;
    const file = bytes.toString('latin1', start, end);
    this.#files[place] = file;
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
