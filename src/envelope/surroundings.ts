// In: a line as a file or a screen has it. Out: the same without byte order mark, filling, colours and padding.

import type { Span } from '../framing/index.ts';
import { stripSequences } from './ansi.ts';
import type { LooksLikeRecord } from './types.ts';

/** After so many lines in a row without colours, or padding, the source has no more of them. */
const MOST_PLAIN_LINES = 64;
const ESCAPE = 0x1b;
const NUL = 0;

/** Changes the spans that it is given. */
export class Surroundings {
  readonly #looksLikeRecord: LooksLikeRecord;
  /** So many lines may still be coloured, since one was, or have blanks behind them. */
  #colouredLines = 0;
  #paddedLines = 0;

  constructor(looksLikeRecord: LooksLikeRecord) {
    this.#looksLikeRecord = looksLikeRecord;
  }

  get areSeen(): boolean {
    return this.#colouredLines > 0 || this.#paddedLines > 0;
  }

  /** Byte order mark, NULs that a truncated log file was filled up with, colours. */
  clean(span: Span & { number: number }): void {
    const { bytes } = span;
    if (span.number === 1 && bytes[span.start] === 0xef && bytes[span.start + 1] === 0xbb) {
      if (bytes[span.start + 2] === 0xbf) span.start += 3;
    }
    while (span.start < span.end && bytes[span.start] === NUL) span.start++;
    while (span.end > span.start && bytes[span.end - 1] === NUL) span.end--;
    if (!bytes.subarray(span.start, span.end).includes(ESCAPE)) {
      if (this.#colouredLines > 0) this.#colouredLines--;
      return;
    }
    this.#colouredLines = MOST_PLAIN_LINES;
    span.bytes = Buffer.from(stripSequences(bytes.toString('latin1', span.start, span.end)), 'latin1');
    span.start = 0;
    span.end = span.bytes.length;
  }

  /** Blanks behind a record, as a screen of fixed width has them. Elsewhere they may belong to a piece of a torn line. */
  trim(span: Span & { terminated: boolean }): void {
    const { bytes, start, terminated } = span;
    let { end } = span;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    if (end === span.end) {
      if (this.#paddedLines > 0) this.#paddedLines--;
    } else if (terminated && (this.#paddedLines > 0 || this.#looksLikeRecord(bytes, start, end))) {
      span.end = end;
      this.#paddedLines = MOST_PLAIN_LINES;
    }
  }
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09;

/** Whether the last byte of a line may be filling or padding. */
export const mayFill = (byte: number | undefined): boolean => byte === NUL || (byte !== undefined && isBlank(byte));
