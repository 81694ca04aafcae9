// In: the lines of a source, and what became of each. Out: the bytes that belong to no record, as they came, in their order.
// A line of which a record may still take a part is held back, and with it what follows, for as long as that may be.
import type { Line } from '../framing/types.ts';

/** More is not held back: what is in doubt then is passed on with the pieces of the trace in it. */
const MOST_LINES = 1024;
const MOST_BYTES = 256 * 1024;
/** In so many deliveries of whole lines the rest of a torn line has come, however slowly the application writes. */
const MOST_DELIVERIES = 8;
/** A dump or profile text that has taken so many lines is one; up to then its first line may have been a sentence. */
const PROVEN_LINES = 64;
/** One that is in doubt for too long is taken for one, unless it has no more lines than a sentence. */
const SENTENCE_LINES = 3;
const CARRIAGE_RETURN = 0x0d;

interface ForeignLine {
  number: number;
  /** As it came, with its newline. */
  bytes: Buffer;
  start: number;
  end: number;
  newlineBytes: number;
  /** Of the text in it that was read. */
  textBytes: number;
  isWrapped: boolean;
  /** Nothing has come of it yet: a piece of a line that its collector cut. */
  waits: boolean;
  /** Some of it is a record's. */
  isTaken: boolean;
  /** All of it is passed on, whatever else is said. */
  isKept: boolean;
  /** The dump or profile text that took it, while that may turn out to be none. */
  block: object | undefined;
  /** What is left of a taken line; the last of them may be followed by its newline. */
  pieces: Buffer[];
  hasNewline: boolean;
}

/** Tell it of each line `begin`, then what became of it (of earlier lines, too), then `endLine`. */
export class ForeignLines {
  readonly #write: (bytes: Buffer, start: number, end: number) => void;
  #current: ForeignLine | undefined;
  #queue: ForeignLine[] = [];
  #queuedBytes = 0;
  #lastNumber = 0;
  #deliveries = 0;
  /** The last line of the delivery before. */
  #deliveredTo = 0;
  /** Lines up to here have been passed on although they were in doubt. */
  #passedTo = 0;
  /** Those that may turn out to be none, with the line they began on and how many they took. */
  readonly #blocks = new Map<object, { from: number; lines: number }>();

  constructor(write: (bytes: Buffer, start: number, end: number) => void) {
    this.#write = write;
  }

  /** Lines up to this one are no longer held back, whatever becomes of them. */
  get passedTo(): number {
    return this.#passedTo;
  }

  /** The line's bytes are looked at until `endLine`. */
  begin({ bytes, start, end, number, terminated }: Line): void {
    const newlineBytes = !terminated ? 0 : bytes[end] === CARRIAGE_RETURN ? 2 : 1;
    this.#lastNumber = number;
    this.#current = {
      number,
      bytes,
      start,
      end: end + newlineBytes,
      newlineBytes,
      textBytes: end - start,
      isWrapped: false,
      waits: true,
      isTaken: false,
      isKept: false,
      block: undefined,
      pieces: [],
      hasNewline: false,
    };
  }

  /** A text was read in the line that has begun. */
  read(textBytes: number, isWrapped: boolean): void {
    const line = this.#current;
    if (line === undefined) return;
    line.waits = false;
    line.isWrapped = isWrapped;
    line.textBytes = textBytes;
  }

  /** A record took the line, but for pieces that are told apart. */
  take(number: number): void {
    const line = this.#find(number);
    if (line !== undefined) line.isTaken = true;
  }

  /** A dump or a profile text took the line: `endBlock` tells whether it was one. */
  takeForBlock(number: number, block: object): void {
    const line = this.#find(number);
    if (line === undefined) return;
    line.isTaken = true;
    line.block = block;
    const seen = this.#blocks.get(block) ?? { from: number, lines: 0 };
    seen.lines++;
    if (seen.lines > PROVEN_LINES) seen.from = Number.POSITIVE_INFINITY;
    this.#blocks.set(block, seen);
  }

  endBlock(block: object, isText: boolean): void {
    for (const line of [...this.#queue, this.#current]) {
      if (line?.block === block) line.isKept ||= !isText;
    }
    this.#blocks.delete(block);
  }

  /** The line is broken: nobody can tell which of its bytes are whose. */
  keep(number: number): void {
    const line = this.#find(number);
    if (line !== undefined) line.isKept = true;
  }

  /** Text of the line that is nobody's record. `isBeforeRecord`: the newline of the line is not its own. */
  leave(number: number, bytes: Buffer, start: number, end: number, isBeforeRecord: boolean): void {
    const line = this.#find(number);
    if (line === undefined) return;
    if (line.isWrapped || (end - start === line.textBytes && !isBeforeRecord)) {
      line.isKept = true;
      return;
    }
    line.isTaken = true;
    line.pieces.push(Buffer.from(bytes.subarray(start, end)));
    line.hasNewline = !isBeforeRecord;
  }

  /** `openFrom`: a record may still take something of this line and those behind it. `awaitsPieces`: cut lines wait for their rest. */
  endLine(openFrom: number, awaitsPieces: boolean): void {
    const line = this.#current;
    if (line === undefined) return;
    this.#current = undefined;
    if (!awaitsPieces && !line.waits) this.#endWaiting(line);
    let open = line.waits && awaitsPieces ? Math.min(openFrom, line.number) : openFrom;
    for (const { from } of this.#blocks.values()) open = Math.min(open, from);
    if (this.#queue.length === 0 && line.number < open) {
      this.#pass(line);
      return;
    }
    // The reader's buffer is filled again.
    line.bytes = Buffer.from(line.bytes.subarray(line.start, line.end));
    line.start = 0;
    line.end = line.bytes.length;
    this.#queue.push(line);
    this.#queuedBytes += line.bytes.length;
    let done = 0;
    for (const { number, waits } of this.#queue) {
      if (number >= open || waits) break;
      done++;
    }
    this.#passFirst(done);
    if (this.#queue.length > MOST_LINES || this.#queuedBytes > MOST_BYTES) this.#passInDoubt();
  }

  /** A piece of a line that is too long to be read: nothing waits for it. */
  passUnread(bytes: Buffer, start: number, end: number): void {
    this.#passInDoubt();
    this.#write(bytes, start, end);
  }

  /** All that was delivered has been read; more may come soon, or never. */
  endDelivery(): void {
    if (this.#queue.length === 0) this.#deliveries = 0;
    else if (this.#lastNumber > this.#deliveredTo && ++this.#deliveries >= MOST_DELIVERIES) this.#passInDoubt();
    this.#deliveredTo = this.#lastNumber;
  }

  /** The source has ended, and all that was open in it. */
  end(): void {
    this.#passFirst(this.#queue.length);
  }

  #find(number: number): ForeignLine | undefined {
    if (this.#current?.number === number) return this.#current;
    return this.#queue.find((line) => line.number === number);
  }

  /** Pieces share the fate of the line that they became. */
  #endWaiting(last: ForeignLine): void {
    for (const line of this.#queue) {
      if (!line.waits) continue;
      line.waits = false;
      line.isTaken = last.isTaken && !last.isKept;
    }
  }

  #passInDoubt(): void {
    for (const line of this.#queue) {
      const block = line.block && this.#blocks.get(line.block);
      line.isKept ||= block === undefined ? line.pieces.length > 0 && !line.hasNewline : block.lines < SENTENCE_LINES;
    }
    for (const block of this.#blocks.values()) block.from = Number.POSITIVE_INFINITY;
    this.#passedTo = this.#lastNumber;
    this.#passFirst(this.#queue.length);
  }

  #passFirst(count: number): void {
    if (count === 0) return;
    for (const line of this.#queue.splice(0, count)) {
      this.#queuedBytes -= line.bytes.length;
      this.#pass(line);
    }
    if (this.#queue.length === 0) this.#deliveries = 0;
  }

  #pass({ bytes, start, end, newlineBytes, isTaken, isKept, pieces, hasNewline }: ForeignLine): void {
    if (isKept || !isTaken) this.#write(bytes, start, end);
    else if (pieces.length > 0) {
      const left = Buffer.concat([...pieces, bytes.subarray(hasNewline ? end - newlineBytes : end, end)]);
      this.#write(left, 0, left.length);
    }
  }
}
