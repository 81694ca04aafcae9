// In: the log that supervisord keeps with `loglevel=debug`: what its programs print, each read between a line that says whose it is and a newline.
// Out: the lines that were printed, whole, each with whose it is.
// Example: `2026-11-21 09:00:00,123 DEBG 'api' stderr output:`, `gc 1 @0.004s …`, a blank line.

import type { Line } from '../framing/types.ts';
import { Pieces } from './pieces.ts';
import { type Layer, Text } from './types.ts';

/** Any line of supervisord's own, and where it is the head of a read, whose it is (supervisor/dispatchers.py). */
const OWN_LINE =
  /^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?:CRIT|ERRO|WARN|INFO|DEBG|TRAC|BLAT) (?:'(?<name>[^']+)' (?<stream>stdout|stderr) output:$)?/;
const COLON = 0x3a;

/** A line that was printed; `layer` says whose it is, where that is known. */
export interface Printed {
  bytes: Buffer;
  layer: Layer | undefined;
  number: number;
  startNumber: number;
  terminated: boolean;
}

interface Head {
  time: string;
  name: string;
  stream: 'stdout' | 'stderr';
}

/**
 * Behind each read supervisord puts a newline: one that ended with a newline is followed by a blank line, one that did not goes on in the next
 * read of the same program. So a line is handed out when the next one has come.
 */
export class SupervisorLog {
  /** Of the read that goes on. */
  #head: Head | undefined;
  #waiting: { bytes: Buffer; number: number; terminated: boolean; isFirst: boolean } | undefined;
  /** A newline of supervisord's was seen; without any, all blank lines were taken out of the log. */
  #hasNewlines = false;
  readonly #pieces = new Pieces();
  #isOpen = false;

  /** From the first head on: every line is needed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  opensAt({ bytes, start, end }: Line): boolean {
    return bytes[end - 1] === COLON && readOwnLine(new Text(bytes, start, end))?.['name'] !== undefined;
  }

  /** The line before, once it is whole. */
  take({ bytes, start, end, number, terminated }: Line): Printed | undefined {
    this.#isOpen = true;
    const own = readOwnLine(new Text(bytes, start, end));
    const isFirst = this.#waiting === undefined;
    const printed = own === undefined ? this.#release() : this.#endRead();
    if (own === undefined) {
      this.#waiting = { bytes: Buffer.from(bytes.subarray(start, end)), number, terminated, isFirst };
    } else {
      const { time, name, stream } = own;
      this.#head = name === undefined ? undefined : { time: time!, name, stream: stream as Head['stream'] };
    }
    return printed;
  }

  /** At the end of the source: the last line, and pieces whose rest never came, one a call. */
  end(): Printed | undefined {
    const printed = this.#endRead();
    if (printed !== undefined) return printed;
    const piece = this.#pieces.takeFirst();
    return piece && { ...piece, layer: undefined, number: piece.startNumber, terminated: false };
  }

  #release(): Printed | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    this.#waiting = undefined;
    const { bytes, number, terminated } = waiting;
    const head = this.#head;
    if (head === undefined) return { bytes, layer: undefined, number, startNumber: number, terminated };
    const joined = this.#pieces.join(keyOf(head), { bytes, start: 0, end: bytes.length });
    return { bytes, startNumber: number, ...joined, layer: layerOf(head), number, terminated };
  }

  /** The newline at the end is supervisord's: the last line of the read goes on, unless nothing stands in it. */
  #endRead(): Printed | undefined {
    const waiting = this.#waiting;
    const head = this.#head;
    if (waiting === undefined || head === undefined) return this.#release();
    const { bytes, number, isFirst } = waiting;
    if (bytes.length === 0 && !isFirst) this.#hasNewlines = true;
    else if (!this.#hasNewlines) return this.#release();
    else if (!this.#pieces.hold(keyOf(head), { bytes, start: 0, end: bytes.length }, number)) return this.#release();
    this.#waiting = undefined;
    return undefined;
  }
}

const readOwnLine = (text: Text): Partial<Record<string, string>> | undefined => OWN_LINE.exec(text.head)?.groups;
const keyOf = ({ name, stream }: Head): string => `${stream} ${name}`;

function layerOf({ time, name, stream }: Head): Layer {
  const text = new Text(Buffer.alloc(0), 0, 0);
  return { kind: 'supervisor', text, time, identity: name, stream, partial: false, strong: true };
}
