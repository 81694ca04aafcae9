// In: lines of `journalctl -o export` and `-o verbose`, one field of an entry each. Out: the text of its message; nothing of the other fields.
// Example: `MESSAGE=gc 1 @0.004s …`, between `__CURSOR=…`, `_PID=4242` and a blank line.

import type { Span } from '../framing/index.ts';
import { type Layer, Text } from './types.ts';

const MESSAGE = /^(?: {4})?MESSAGE=/;
/** A name alone stands before a value that holds more than a line of printable text: eight bytes of its length, and it. */
const LENGTH_BYTES = 8;
/** Another field, the line between two entries, or the one that begins an entry where fields are indented. */
const OTHER = /^(?:(?: {4})?[A-Z_][A-Z\d_]*(?:=|$)|$|[A-Z][a-z]{2} \d{4}-\d\d-\d\d [\d:.]+ [^ ]+ \[[a-z]=[\da-f]+;)/;

export class JournalDecoder {
  #hasFields = false;

  /** Undefined when the line is none of an entry. Only lines with records are looked for, so that its time may not have been seen. */
  take({ bytes, start, end, head }: Text): Layer | undefined {
    const message = MESSAGE.exec(head);
    const length = message?.[0].length ?? (beginsWithLength({ bytes, start, end }) ? LENGTH_BYTES : undefined);
    if (length !== undefined) this.#hasFields = true;
    else if (!this.#hasFields || !OTHER.test(head)) return undefined;
    return {
      kind: 'journald-fields',
      text: new Text(bytes, length === undefined ? end : start + length, end),
      time: undefined,
      identity: undefined,
      stream: undefined,
      // Nothing of the text: it goes on in the next message.
      partial: length === undefined,
      strong: false,
    };
  }
}

/** Little-endian, of this line and those that follow; colours and the like have been taken off since. */
function beginsWithLength({ bytes, start, end }: Span): boolean {
  const first = start + LENGTH_BYTES;
  if (first >= end || bytes[first - 1] !== 0 || bytes[first - 2] !== 0 || bytes[first - 3] !== 0) return false;
  return bytes[first - 4] === 0 && bytes.readUInt32LE(start) >= end - first;
}
