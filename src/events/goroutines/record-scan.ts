// In: bytes at the start of a goroutine record. Out: where its names and places lie, if it is whole and plain.
// Source: runtime/traceback.go; everything that is not header, call, place, creator or the closing blank line is left to the line machine.

import { isSymbol } from './stack-lines.ts';

const GORO = 0x6f726f67;
const UTIN = 0x6e697475;
const MOST_SEGMENTS = 512;

/** One reader that is filled again and again: nothing is allocated per record. */
class RecordScan {
  id = 0;
  hasGp = false;
  detailsStart = 0;
  detailsEnd = 0;
  detailsHash = 0;
  /** Goroutine named by `created by ... in goroutine N`, else 0. */
  creator = 0;
  /** Start and end of each name (without arguments) and place (with its tab, without offset). */
  readonly segments = new Int32Array(2 * MOST_SEGMENTS);
  count = 0;
  lines = 0;
  /** After the blank line. */
  end = 0;

  /** False when the record at `from` is not whole within `to`, or not plain. `view` is over `bytes`. */
  read(bytes: Buffer, view: DataView, from: number, to: number): boolean {
    let p = this.#header(bytes, view, from, to);
    if (p === 0) return false;
    const segments = this.segments;
    let n = 0;
    let lines = 1;
    this.creator = 0;
    for (;;) {
      if (p >= to) return false;
      const start = p;
      const first = bytes[p]!;
      if (first === 10) {
        this.end = p + 1;
        this.lines = lines + 1;
        this.count = n >> 1;
        return n > 0;
      }
      p = newlineAfter(bytes, view, p, to);
      if (p >= to || n >= 2 * MOST_SEGMENTS) return false;
      lines++;
      let end: number;
      if (first === 9) end = placeEnd(bytes, start, p);
      else if (bytes[p - 1] === 41 /* ) */) end = nameEnd(bytes, start, p);
      else if (first === 99 /* c */) end = this.#creatorEnd(bytes, start, p);
      else return false;
      if (end === 0) return false;
      segments[n++] = start;
      segments[n++] = end;
      p++;
    }
  }

  /**
   * Are the lines of the record read last what they look like: calls of Go functions with printed arguments, places with a line?
   * Asked once per distinct stack; a log line in between makes the record one for the line machine.
   */
  isPlain(bytes: Buffer): boolean {
    let wantsPlace = false;
    for (let i = 0; i < this.count; i++) {
      const start = this.segments[2 * i]!;
      const end = this.segments[2 * i + 1]!;
      const isPlace = bytes[start] === 9;
      if (isPlace !== wantsPlace) return false;
      if (isPlace) {
        if (!endsInLine(bytes, start, end)) return false;
      } else if (bytes[end] === 40) {
        if (!isSymbolAt(bytes, start, end) || !hasPrintedArguments(bytes, end + 1)) return false;
      } else if (i !== this.count - 2 || !isSymbolAt(bytes, start + 'created by '.length, end)) return false;
      wantsPlace = !wantsPlace;
    }
    return !wantsPlace;
  }

  /** Numbers of the frames of the record read last whose arguments are `...`. */
  inlined(bytes: Buffer): number[] | undefined {
    let frames: number[] | undefined;
    for (let i = 0; i < this.count; i += 2) {
      const end = this.segments[2 * i + 1]!;
      if (bytes[end] !== 40 || bytes[end + 1] !== 46 || bytes[end + 4] !== 41) continue;
      frames ??= [];
      frames.push(i >> 1);
    }
    return frames;
  }

  /** Position after the header's newline, or 0. */
  #header(bytes: Buffer, view: DataView, from: number, to: number): number {
    if (to - from < 20 || view.getInt32(from, true) !== GORO || view.getInt32(from + 4, true) !== UTIN) return 0;
    if (bytes[from + 8] !== 101 || bytes[from + 9] !== 32) return 0;
    let p = from + 10;
    let id = 0;
    for (let digit = bytes[p]! - 48; p < to && digit >= 0 && digit <= 9; digit = bytes[++p]! - 48) id = id * 10 + digit;
    if (p === from + 10 || p >= to || bytes[p] !== 32) return 0;
    p++;
    this.id = id;
    this.hasGp = bytes[p] === 103;
    if (this.hasGp) while (p < to && bytes[p] !== 91 && bytes[p] !== 10) p++;
    if (p >= to || bytes[p] !== 91) return 0;
    p++;
    this.detailsStart = p;
    const newline = newlineAfter(bytes, view, p, to);
    if (newline >= to || newline - p < 2 || bytes[newline - 1] !== 58 || bytes[newline - 2] !== 93) return 0;
    let h = 0;
    for (; p < newline - 2; p++) h = Math.imul(h ^ bytes[p]!, 0x01000193);
    this.detailsEnd = newline - 2;
    this.detailsHash = h;
    return newline + 1;
  }

  /** `created by NAME in goroutine N`: end of NAME. */
  #creatorEnd(bytes: Buffer, start: number, end: number): number {
    if (end - start < 12 || bytes[start + 1] !== 114 || bytes[start + 7] !== 32 || bytes[start + 10] !== 32) return 0;
    let k = end - 1;
    while (k > start && bytes[k]! >= 48 && bytes[k]! <= 57) k--;
    if (k === end - 1 || bytes[k] !== 32 || k - start < 25 || bytes[k - 1] !== 101 || bytes[k - 13] !== 32) return end;
    if (bytes[k - 12] !== 105 || bytes[k - 9] !== 103) return end;
    let id = 0;
    for (let i = k + 1; i < end; i++) id = id * 10 + bytes[i]! - 48;
    this.creator = id;
    return k - 13;
  }
}

export const scanRecord = new RecordScan();

/** Position of the next newline, or `to`; four bytes a step. */
function newlineAfter(bytes: Buffer, view: DataView, from: number, to: number): number {
  let p = from;
  for (; p < to - 3; p += 4) {
    const x = view.getInt32(p, true) ^ 0x0a0a0a0a;
    const hit = (x - 0x01010101) & ~x & 0x80808080;
    // The lowest set bit is exact, higher ones may be borrowed.
    if (hit !== 0) return p + ((31 - Math.clz32(hit & -hit)) >> 3);
  }
  while (p < to && bytes[p] !== 10) p++;
  return p;
}

/** End of `\tFILE:LINE` in a place line, 0 when it is none. */
function placeEnd(bytes: Buffer, start: number, end: number): number {
  let k = end - 1;
  for (let code = bytes[k]!; (code >= 48 && code <= 57) || (code >= 97 && code <= 102); code = bytes[k]!) k--;
  if (k === end - 1 || k <= start) return 0;
  if (bytes[k] === 58 /* : */) return end;
  if (bytes[k] !== 120 /* x */ || bytes[k - 1] !== 48) return 0;
  if (bytes[k - 2] === 43 /* + */ && bytes[k - 3] === 32) return k - 3;
  for (let i = start + 1; i < end - 4; i++) {
    if (bytes[i] !== 32) continue;
    if (bytes[i + 1] === 43 && bytes[i + 2] === 48 && bytes[i + 3] === 120) return i;
    if (bytes[i + 1] === 102 && bytes[i + 2] === 112 && bytes[i + 3] === 61) return i;
  }
  return 0;
}

/** End of NAME in `NAME(ARGS)`: the last `(`, 0 when there is none. */
function nameEnd(bytes: Buffer, start: number, end: number): number {
  let k = end - 2;
  while (k > start && bytes[k] !== 40) k--;
  return k > start ? k : 0;
}

/** Does `bytes[start, end)` end in `:` and digits? */
function endsInLine(bytes: Buffer, start: number, end: number): boolean {
  let k = end - 1;
  while (k > start && bytes[k]! >= 48 && bytes[k]! <= 57) k--;
  return k < end - 1 && k > start + 1 && bytes[k] === 58;
}

/** Only hex words, braces, `?`, `_`, dots, commas and blanks up to the `)` that ends the line. */
function hasPrintedArguments(bytes: Buffer, start: number): boolean {
  for (let k = start; ; k++) {
    const code = bytes[k];
    if (code === undefined || code === 10) return false;
    if (code === 41) return bytes[k + 1] === 10;
    const isWord = (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || code === 120 || code === 95;
    if (!isWord && code !== 63 && code !== 123 && code !== 125 && code !== 44 && code !== 32 && code !== 46)
      return false;
  }
}

/** `isSymbol` of the bytes; names of letters, digits, dots, slashes and balanced parentheses need no string for it. */
function isSymbolAt(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]! | 32;
  let simple = start < end && first >= 97 && first <= 122;
  let depth = 0;
  for (let k = start; simple && k < end; k++) {
    const code = bytes[k]!;
    const lower = code | 32;
    if (code === 40) depth++;
    else if (code === 41) simple = --depth >= 0;
    else
      simple = (lower >= 97 && lower <= 122) || (code >= 45 && code <= 57) || code === 42 || code === 95 || code === 37;
  }
  return (simple && depth === 0) || isSymbol(bytes.toString('latin1', start, end));
}
