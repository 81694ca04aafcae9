// In: a shape's integer program and bytes. Out: where the record ends and the spans of its holes.
// One loop, no regular expression, no allocation: this is the hot path of the whole product.

import { type CompiledShape, OP_HOLE, OP_LITERAL, OP_OPTIONAL } from './types.ts';

/** A program made ready to run: literals lie in one pool of bytes, operands point into it. */
export interface Program {
  /** As in types.ts, but a literal is two numbers: offset and length in `pool`. */
  code: Int32Array;
  pool: Uint8Array;
  /** The pool again, four bytes a word; every literal begins a word. */
  words: Int32Array;
}

const WORD_BYTES = 4;

// Positions in HOLE_TYPES; 2 (decimal) and 3 (duration) are scanned alike.
const INTEGER = 0;
const SIGNED = 1;
const DURATION = 3;
const FLOAT = 4;
const ID = 5;
const BOOLEAN = 6;
const HEX = 7;
const ADDRESS = 8;
const INTEGERS = 9;
const WORD = 10;

const DOT = 46;

/** Lays a compiled shape out for running. */
export function linkProgram(shape: CompiledShape): Program {
  const encoded = shape.literals.map((text) => Buffer.from(text, 'utf8'));
  const offsets: number[] = [];
  let length = 0;
  for (const literal of encoded) {
    offsets.push(length);
    length += Math.ceil(literal.length / WORD_BYTES) * WORD_BYTES;
  }
  const source = shape.program;
  const code: number[] = [];
  /** Old position of each instruction to its new one. */
  const moved = new Map<number, number>();
  const jumps: number[] = [];
  const literal = (index: number): void => {
    code.push(index < 0 ? -1 : (offsets[index] as number), index < 0 ? 0 : (encoded[index] as Buffer).length);
  };
  for (let at = 0; at < source.length; ) {
    moved.set(at, code.length);
    const op = source[at] as number;
    code.push(op);
    if (op === OP_LITERAL) {
      literal(source[at + 1] as number);
      at += 2;
    } else if (op === OP_HOLE) {
      code.push(source[at + 1] as number, source[at + 2] as number);
      literal(source[at + 3] as number);
      at += 4;
    } else if (op === OP_OPTIONAL) {
      literal(source[at + 1] as number);
      jumps.push(code.push(source[at + 2] as number) - 1);
      code.push(source[at + 3] as number);
      at += 4;
    } else at += 1;
  }
  for (const jump of jumps) code[jump] = moved.get(code[jump] as number) as number;
  const pool = new Uint8Array(length);
  for (const [index, bytes] of encoded.entries()) pool.set(bytes, offsets[index] as number);
  const view = new DataView(pool.buffer);
  const words = Int32Array.from({ length: length / WORD_BYTES }, (_, word) => view.getInt32(word * WORD_BYTES, true));
  return { code: Int32Array.from(code), pool, words };
}

/** Bytes with the view through which four of them are read at once. */
interface Viewed {
  bytes: Uint8Array;
  view: DataView;
}

const viewOf = (bytes: Uint8Array): Viewed => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

/** Where lines are copied that no control byte follows. */
let guarded = viewOf(Buffer.alloc(4096));
/** Lines come from one buffer, mostly. */
let latest = guarded;

/**
 * Runs a program on `bytes[at, end)`. Fills `spans` (hole i at 2i and 2i+1, -1 when absent).
 * Returns where the record ends, or -1 when the bytes do not hold one at `at`.
 */
export function runProgram(program: Program, bytes: Uint8Array, at: number, end: number, spans: Int32Array): number {
  if (end + WORD_BYTES <= bytes.length && (bytes[end] as number) < 32) {
    if (latest.bytes !== bytes) latest = viewOf(bytes);
    return runGuarded(program, latest, at, end, spans);
  }
  const length = end - at;
  if (guarded.bytes.length < length + WORD_BYTES) guarded = viewOf(Buffer.alloc(2 * length + WORD_BYTES));
  for (let i = 0; i < length; i++) guarded.bytes[i] = bytes[at + i] as number;
  guarded.bytes[length] = 10;
  const stop = runGuarded(program, guarded, 0, length, spans);
  for (let i = 0; i < spans.length; i++) if ((spans[i] as number) >= 0) spans[i] = (spans[i] as number) + at;
  return stop < 0 ? -1 : stop + at;
}

/**
 * The byte at `end` is a control byte: no literal and no number reaches over it, so that nothing has to ask for the end. A word may
 * be read from there.
 */
function runGuarded(program: Program, input: Viewed, at: number, end: number, spans: Int32Array): number {
  const { code, pool, words } = program;
  const { bytes, view } = input;
  let p = at;
  let pc = 0;
  for (;;) {
    const op = code[pc] as number;
    if (op === OP_LITERAL) {
      let word = (code[pc + 1] as number) >> 2;
      let left = code[pc + 2] as number;
      for (; left >= WORD_BYTES; left -= WORD_BYTES, p += WORD_BYTES) {
        if (view.getInt32(p, true) !== words[word++]) return -1;
      }
      if (left > 0) {
        const differ = view.getInt32(p, true) ^ (words[word] as number);
        if ((differ & ((1 << (left << 3)) - 1)) !== 0) return -1;
        p += left;
      }
      pc += 3;
    } else if (op === OP_HOLE) {
      const type = code[pc + 2] as number;
      const start = p;
      if (type <= DURATION && type !== SIGNED) {
        // A digit is 0 to 9 here, and what is less than 0 is a great number: one comparison is enough.
        let digit = ((bytes[p] as number) - 48) >>> 0;
        if (digit === 0) {
          digit = ((bytes[++p] as number) - 48) >>> 0;
          if (digit <= 9) return -1;
        } else {
          if (digit > 9) return -1;
          do digit = ((bytes[++p] as number) - 48) >>> 0;
          while (digit <= 9);
        }
        if (bytes[p] === DOT && type !== INTEGER) {
          const dot = p;
          do digit = ((bytes[++p] as number) - 48) >>> 0;
          while (digit <= 9);
          if (p === dot + 1) return -1;
        }
      } else {
        p = scanHole(type, bytes, p, end, pool, code[pc + 3] as number, code[pc + 4] as number, isLast(code, pc));
        if (p < 0) return -1;
      }
      const hole = (code[pc + 1] as number) << 1;
      spans[hole] = start;
      spans[hole + 1] = p;
      pc += 5;
    } else if (op === OP_OPTIONAL) {
      const length = code[pc + 2] as number;
      const flag = code[pc + 4] as number;
      if (startsWith(bytes, p, end, pool, code[pc + 1] as number, length)) {
        if (flag >= 0) {
          spans[flag << 1] = p;
          spans[(flag << 1) + 1] = p + length;
        }
        p += length;
        pc += 5;
      } else {
        const skip = code[pc + 3] as number;
        if (flag >= 0) {
          spans[flag << 1] = -1;
          spans[(flag << 1) + 1] = -1;
        }
        for (pc += 5; pc < skip; pc += code[pc] === OP_LITERAL ? 3 : 5) {
          if (code[pc] !== OP_HOLE) continue;
          const hole = (code[pc + 1] as number) << 1;
          spans[hole] = -1;
          spans[hole + 1] = -1;
        }
      }
    } else return p;
  }
}

/** True when the hole's literal is the last thing on the line: a text then reaches as far as it can. */
function isLast(code: Int32Array, pc: number): boolean {
  return code[pc + 5] === OP_LITERAL && code[pc + 8] === 0;
}

function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  pool: Uint8Array,
  from: number,
  length: number,
): boolean {
  if (at + length > end) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== pool[from + i]) return false;
  return true;
}

/** End of the hole's text, or -1. Only holes that the fast path of runProgram leaves. */
function scanHole(
  type: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  pool: Uint8Array,
  follower: number,
  followerLength: number,
  last: boolean,
): number {
  let p = at;
  switch (type) {
    case SIGNED:
      return scanDigits(bytes, bytes[p] === 45 && p < end ? p + 1 : p, end);
    case ID:
      if (p + 3 <= end && bytes[p] === 110 && bytes[p + 1] === 105 && bytes[p + 2] === 108) return p + 3;
      if (p + 2 <= end && bytes[p] === 45 && bytes[p + 1] === 49) return p + 2;
      return scanDigits(bytes, p, end);
    case BOOLEAN:
      if (p < end && (bytes[p] === 48 || bytes[p] === 49)) return p + 1;
      if (matchesWord(bytes, p, end, 'true')) return p + 4;
      return matchesWord(bytes, p, end, 'false') ? p + 5 : -1;
    case FLOAT:
      return scanFloat(bytes, p, end);
    case HEX:
    case ADDRESS: {
      if (p + 2 >= end || bytes[p] !== 48 || bytes[p + 1] !== 120) return -1;
      p += 2;
      const first = p;
      while (p < end && isHexDigit(bytes[p] as number)) p++;
      return p === first ? -1 : p;
    }
    case INTEGERS:
      for (;;) {
        p = scanDigits(bytes, p, end);
        if (p < 0) return -1;
        if (p + 1 >= end || bytes[p] !== 32 || !isDigit(bytes[p + 1] as number)) return p;
        p++;
      }
    case WORD:
      while (p < end && (bytes[p] as number) > 32 && !startsWith(bytes, p, end, pool, follower, followerLength)) p++;
      return p === at || p === end ? -1 : p;
    default: {
      if (last) {
        const stop = end - followerLength;
        return stop >= at && startsWith(bytes, stop, end, pool, follower, followerLength) ? stop : -1;
      }
      for (; p + followerLength <= end; p++) {
        if (startsWith(bytes, p, end, pool, follower, followerLength)) return p;
      }
      return -1;
    }
  }
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isHexDigit(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102);
}

function matchesWord(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** The runtime prints no leading zeros: `007` is not a number here. */
function scanDigits(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && isDigit(bytes[p] as number)) p++;
  if (p === at || (bytes[at] === 48 && p > at + 1)) return -1;
  return p;
}

/** `+1.234567e+000`, `0.25`, `1.75e-14`, `NaN`, `+Inf`, `-Inf`. */
function scanFloat(bytes: Uint8Array, at: number, end: number): number {
  if (matchesWord(bytes, at, end, 'NaN')) return at + 3;
  let p = at;
  if (p < end && (bytes[p] === 43 || bytes[p] === 45)) p++;
  if (matchesWord(bytes, p, end, 'Inf')) return p + 3;
  p = scanDigits(bytes, p, end);
  if (p < 0) return -1;
  if (p < end && bytes[p] === 46) {
    const first = ++p;
    while (p < end && isDigit(bytes[p] as number)) p++;
    if (p === first) return -1;
  }
  if (p < end && (bytes[p] === 101 || bytes[p] === 69)) {
    let q = p + 1;
    if (q < end && (bytes[q] === 43 || bytes[q] === 45)) q++;
    const first = q;
    while (q < end && isDigit(bytes[q] as number)) q++;
    if (q === first) return -1;
    p = q;
  }
  return p;
}
