// In: what a program writes to stderr, cut anywhere. Out: the same bytes without the lines that are whole trace records, at once.
import type { GrammarSet } from '../grammar/index.ts';

/** A line that has not ended is shown after this long: it may be a prompt. The runtime writes its own lines within microseconds. */
const PROMPT_MS = 60;
/** No trace record is longer; a longer line is passed on as it comes. */
const MAX_RECORD_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** How the records begin that `gctrace=1` adds. */
const RECORD_BEGINNING = Buffer.from('gc ');

/**
 * Loses no byte of the program's own: a trace record that its text has cut in two is passed on with it. One that is printed behind a
 * prompt goes: the prompt stands there as without a trace. One for each stream.
 */
export class PassThrough {
  readonly #grammars: GrammarSet;
  readonly #write: (bytes: Buffer) => void;
  #held: Buffer | undefined;
  /** What was shown of the line that is being read: nothing, a prompt (a record may come behind it), or a part, and so is its rest. */
  #shown: 'nothing' | 'prompt' | 'part' = 'nothing';
  #timer: NodeJS.Timeout | undefined;

  constructor(grammars: GrammarSet, write: (bytes: Buffer) => void) {
    this.#grammars = grammars;
    this.#write = write;
  }

  push(chunk: Buffer): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#drop();
    // What is to be passed on is passed on in runs: a write for each line would cost more than reading it.
    let from = 0;
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      if (this.#shown !== 'part' && this.#isRecord(bytes, at, end)) {
        if (at > from) this.#write(bytes.subarray(from, at));
        from = end + 1;
      } else this.#shown = 'nothing';
      at = end + 1;
    }
    if (bytes.length - at > MAX_RECORD_BYTES) this.#shown = 'part';
    if (this.#shown === 'part' || (this.#shown === 'prompt' && !beginsLikeRecord(bytes, at))) at = bytes.length;
    if (at > from) this.#write(bytes.subarray(from, at));
    if (at < bytes.length) this.#hold(Buffer.from(bytes.subarray(at)));
  }

  /** The stream has ended. */
  end(): void {
    const held = this.#held;
    this.#drop();
    if (held !== undefined && !this.#isRecord(held, 0, held.length)) this.#write(held);
  }

  #isRecord(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > MAX_RECORD_BYTES) return false;
    const last = end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
    return this.#grammars.match(bytes, start, last) !== undefined;
  }

  #hold(bytes: Buffer): void {
    this.#held = bytes;
    this.#timer = setTimeout(() => {
      this.#drop();
      this.#shown = this.#shown === 'nothing' ? 'prompt' : 'part';
      this.#write(bytes);
    }, PROMPT_MS);
    this.#timer.unref();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
  }
}

function beginsLikeRecord(bytes: Buffer, at: number): boolean {
  const length = Math.min(RECORD_BEGINNING.length, bytes.length - at);
  return bytes.compare(RECORD_BEGINNING, 0, length, at, at + length) === 0;
}
