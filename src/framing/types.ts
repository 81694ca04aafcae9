// In: nothing. Out: what framing hands on: lines as spans of a Buffer, never copies.

import type { Memory } from '../web-assembly.ts';

/**
 * A line without its newline: `bytes[start, end)`. A trailing `\r` is left out of the span.
 * The object is reused by the reader: read it before asking for the next one.
 */
export interface Line {
  bytes: Buffer;
  start: number;
  end: number;
  /** 1-based. */
  number: number;
  /** False for a last line without a newline. */
  terminated: boolean;
  /** Whether it contains one of the reader's anchors. */
  anchored: boolean;
}

/** A piece of the memory in which the lines stand, for a WebAssembly program that works on them. */
export interface Workspace {
  readonly memory: Memory;
  /** The scanner's own `find`, for a program that looks for lines itself: see anchor-scanner.wat. */
  readonly find: (from: number, to: number) => number;
  /** Address of `bytes[0]` of every line; at least 64 bytes can be read behind any line. */
  readonly window: number;
  /** The piece: its first address and its length. */
  readonly start: number;
  readonly bytes: number;
}
