// In: nothing. Out: what framing hands on: lines as spans of a Buffer, never copies.

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
