// In: lines that are nobody's record. Out: the same lines, each with its newline, where the caller wants them.

/** A sink for foreign lines that writes each with one call. */
export function lineTo(write: (bytes: Buffer) => void): (bytes: Buffer, start: number, end: number) => void {
  return (bytes, start, end) => {
    const line = Buffer.allocUnsafe(end - start + 1);
    bytes.copy(line, 0, start, end);
    line[end - start] = 0x0a;
    write(line);
  };
}
