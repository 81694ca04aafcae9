// In: bytes in its own buffer and a set of literals. Out: the next line that contains one of them, and newline counts.

const NEWLINE = 0x0a;

/** Finds lines that contain one of `anchors` within `buffer`. */
export class AnchorScanner {
  readonly buffer: Buffer;
  /** After `find`: how many newlines were passed before the line found (or in all, when none was). */
  skippedLines = 0;
  /** After `find` returned true: the line is `buffer[lineStart, lineEnd)`, its newline at `lineEnd`. */
  lineStart = 0;
  lineEnd = 0;

  readonly #anchors: readonly Buffer[];

  constructor(anchors: readonly Buffer[], capacity: number) {
    this.#anchors = anchors;
    this.buffer = Buffer.alloc(capacity);
  }

  /** The first line within `[from, to)` that contains an anchor; `from` is a line start. */
  find(from: number, to: number): boolean {
    let best = -1;
    for (const anchor of this.#anchors) {
      const hit = this.buffer.subarray(from, best < 0 ? to : Math.min(to, best + anchor.length - 1)).indexOf(anchor);
      if (hit >= 0) best = from + hit;
    }
    if (best < 0) {
      this.skippedLines = this.countNewlines(from, to);
      return false;
    }
    this.lineStart = from + this.buffer.subarray(from, best).lastIndexOf(NEWLINE) + 1;
    const newline = this.buffer.subarray(best, to).indexOf(NEWLINE);
    this.lineEnd = newline < 0 ? to : best + newline;
    this.skippedLines = this.countNewlines(from, this.lineStart);
    return true;
  }

  countNewlines(from: number, to: number): number {
    let count = 0;
    for (let at = this.buffer.indexOf(NEWLINE, from); at >= 0 && at < to; at = this.buffer.indexOf(NEWLINE, at + 1))
      count++;
    return count;
  }
}
