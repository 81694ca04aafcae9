// In: bytes in its own buffer and a set of literals. Out: the next line that contains one of them, and newline counts.
// The work is done by anchor-scanner.wat, which also says how; this file fills its tables.

import { GcbendError } from '../errors.ts';
import { createMemory, instantiate } from '../web-assembly.ts';
import { ANCHOR_SCANNER_WASM } from './anchor-scanner.wasm.ts';
import { assignBuckets, BUCKETS, FINGERPRINT_BYTES, type Fingerprint } from './fingerprints.ts';
import type { Workspace } from './types.ts';

const NEWLINE = 0x0a;
/** Addresses in the scanner's memory, see anchor-scanner.wat. */
const NIBBLE_TABLES = 32;
const BUCKET_TABLE = 160;
const RECORDS = 224;
const RECORD_BYTES = 16;
/** What the scanner may read behind the text. */
const SLACK_BYTES = 64;

interface ScannerExports {
  find(from: number, to: number): number;
  newline(from: number, to: number): number;
  count(from: number, to: number): number;
}

/** Finds lines that contain one of `anchors` within `buffer`, in one pass for all of them. Offsets are of `buffer`. */
export class AnchorScanner {
  readonly buffer: Buffer;
  /** Behind the buffer. */
  readonly workspace: Workspace;
  /** After `find`: how many newlines were passed before the line found (or in all, when none was). */
  skippedLines = 0;
  /** After `find` returned true: the line is `buffer[lineStart, lineEnd)`, its newline at `lineEnd`. */
  lineStart = 0;
  lineEnd = 0;

  readonly #result: Uint32Array;
  readonly #scanner: ScannerExports;
  /** Address of `buffer[0]`. */
  readonly #base: number;

  /** Throws GcbendError('STATE_INVALID') for an anchor that is empty or holds a newline. */
  constructor(anchors: readonly Buffer[], capacity: number, workBytes = 0) {
    for (const anchor of anchors) {
      if (anchor.length === 0 || anchor.includes(NEWLINE)) {
        throw new GcbendError('STATE_INVALID', `an anchor is a piece of one line, not ${JSON.stringify(`${anchor}`)}`);
      }
    }
    const needed = withoutImplied(anchors);
    const anchorBytes = needed.reduce((sum, anchor) => sum + anchor.length, 0);
    const tableBytes = RECORDS + needed.length * RECORD_BYTES + anchorBytes;
    this.#base = Math.ceil(tableBytes / SLACK_BYTES) * SLACK_BYTES;
    const start = Math.ceil((this.#base + capacity) / SLACK_BYTES + 1) * SLACK_BYTES;
    const memory = createMemory(start + workBytes + SLACK_BYTES);
    writeTables(memory.buffer, assignBuckets(needed));
    this.buffer = Buffer.from(memory.buffer, this.#base, capacity);
    this.#result = new Uint32Array(memory.buffer, 0, 3);
    this.#scanner = instantiate<ScannerExports>(ANCHOR_SCANNER_WASM, memory);
    this.workspace = { memory, find: this.#scanner.find, window: this.#base, start, bytes: workBytes };
  }

  /** The first line within `[from, to)` that contains an anchor; `from` is a line start. */
  find(from: number, to: number): boolean {
    const found = this.#scanner.find(this.#base + from, this.#base + to) === 1;
    const result = this.#result;
    this.skippedLines = result[2]!;
    if (found) {
      this.lineStart = result[0]! - this.#base;
      this.lineEnd = result[1]! - this.#base;
    }
    return found;
  }

  /** Where the first newline within `[from, to)` is, or `to`. */
  findNewline(from: number, to: number): number {
    return this.#scanner.newline(this.#base + from, this.#base + to) - this.#base;
  }

  countNewlines(from: number, to: number): number {
    return this.#scanner.count(this.#base + from, this.#base + to);
  }
}

/** Where an anchor stands, what it contains stands too: `scvg` makes `scvg: inuse: ` needless. */
export function withoutImplied(anchors: readonly Buffer[]): Buffer[] {
  const texts = anchors.map((anchor) => anchor.toString('latin1'));
  return anchors.filter((_, index) => {
    const text = texts[index]!;
    return !texts.some(
      (other, at) => at !== index && text.includes(other) && (text.length > other.length || at < index),
    );
  });
}

/** Layout: see the head of anchor-scanner.wat. */
function writeTables(memory: ArrayBuffer, buckets: readonly (readonly Fingerprint[])[]): void {
  const bytes = new Uint8Array(memory);
  const view = new DataView(memory);
  let record = RECORDS;
  let text = RECORDS + buckets.reduce((sum, bucket) => sum + bucket.length, 0) * RECORD_BYTES;
  for (let index = 0; index < BUCKETS; index++) {
    view.setUint32(BUCKET_TABLE + index * 8, record, true);
    for (const { anchor, last } of buckets[index]!) {
      view.setUint32(record, text, true);
      view.setUint16(record + 4, anchor.length, true);
      view.setUint16(record + 6, last, true);
      bytes.set(anchor, text);
      text += anchor.length;
      for (let position = 0; position < FINGERPRINT_BYTES; position++) {
        const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
        const low = NIBBLE_TABLES + position * 32;
        const high = low + 16;
        // A fingerprint that would begin before its anchor: any byte may stand there.
        for (let nibble = 0; nibble < 16; nibble++) {
          if (byte === undefined || nibble === (byte & 15)) bytes[low + nibble]! |= 1 << index;
          if (byte === undefined || nibble === byte >> 4) bytes[high + nibble]! |= 1 << index;
        }
        if (byte === undefined) continue;
        bytes[record + 8 + position] = byte;
        bytes[record + 12 + position] = 0xff;
      }
      record += RECORD_BYTES;
    }
    view.setUint32(BUCKET_TABLE + index * 8 + 4, record, true);
  }
}
