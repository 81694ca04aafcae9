// In: one line of bytes. Out: its integers and single bytes one after the other, without making strings.
// Example: `34: 278528 [34: 278528] @ 0x47e1ac`.

/** The runtime counts in int64; what is larger was never printed by it. As a double: the next one above. */
export const MAX_COUNT = 2 ** 63;

/** Reads integers and single bytes of one line, blanks skipped. */
export class NumberReader {
  at = 0;
  private end = 0;
  private bytes: Buffer = Buffer.alloc(0);

  set(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** NaN when no integer of 64 bits stands here. */
  integer(): number {
    this.blanks();
    const negative = this.at < this.end && this.bytes[this.at] === 45;
    if (negative) this.at++;
    const from = this.at;
    let value = 0;
    while (this.at < this.end) {
      const digit = this.bytes[this.at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.at++;
    }
    if (this.at === from || value > MAX_COUNT) return Number.NaN;
    return negative ? 0 - value : value;
  }

  skip(byte: number): boolean {
    this.blanks();
    if (this.at >= this.end || this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  private blanks(): void {
    while (this.at < this.end && this.bytes[this.at] === 32) this.at++;
  }
}
