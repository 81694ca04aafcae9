// In: bytes from the first line of a dump on, in pieces of any size. Out: one event a dump, and the lines that are none of it.
// The caller finds the start with `startsDump`; this chooses the machine for it and walks the lines.
import type { MalformedEvent } from '../types.ts';
import { CountsMachine } from './counts-machine.ts';
import { type DumpStart, startsDump } from './dump-start.ts';
import {
  type BegunDump,
  DONE,
  type DumpEvent,
  type DumpMachine,
  type DumpOptions,
  FOREIGN,
  TAKEN,
  type Verdict,
} from './machine.ts';
import { RaceMachine } from './race-machine.ts';
import { StacksMachine } from './stacks-machine.ts';

/** What `push` did. The object is used again by the next `push`. */
export interface PushResult {
  /** Position in `bytes` up to which all lines were taken. */
  consumed: number;
  /** Lines taken: the caller's line number goes on from here. */
  lines: number;
  /**
   * `more`: all complete lines were taken (an incomplete last line stays from `consumed` on).
   * `foreign`: the line at `consumed` is no part of the dump; deal with it, then push what follows it.
   * `done`: the dump ended before `consumed`; call `finish`, then look at that line afresh.
   */
  state: 'more' | 'foreign' | 'done';
}

/** One dump, from its first line on. Synchronous; never throws on what it reads. */
export class GoroutineDumpParser {
  static startsDump(bytes: Buffer, start: number, end: number): DumpStart | undefined {
    return startsDump(bytes, start, end);
  }

  readonly #options: DumpOptions;
  #machine: DumpMachine | undefined;
  #done = false;
  #malformed: readonly MalformedEvent[] = [];
  #begun: BegunDump | undefined;
  readonly #result: PushResult = { consumed: 0, lines: 0, state: 'more' };

  constructor(options: DumpOptions) {
    this.#options = options;
  }

  /**
   * Takes the lines in `bytes[from, to)`. The first line ever pushed must be the one that `startsDump` took.
   * With `complete`, the last line counts although no newline follows it (end of input, or a line out of an envelope).
   */
  push(bytes: Buffer, from: number, to: number, firstLineNumber: number, complete = false): PushResult {
    const result = this.#result;
    let at = from;
    let lines = 0;
    let state: PushResult['state'] = this.#done ? 'done' : 'more';
    while (at < to && state === 'more') {
      const bulk = this.#machine?.bulk?.(bytes, at, to, firstLineNumber + lines);
      if (bulk !== undefined && bulk.at > at) {
        at = bulk.at;
        lines += bulk.lines;
        continue;
      }
      const newline = bytes.indexOf(10, at);
      const whole = newline >= 0 && newline < to;
      if (!whole && !complete) break;
      let end = whole ? newline : to;
      const next = whole ? newline + 1 : to;
      if (end > at && bytes[end - 1] === 13) end--;
      const verdict = this.#takeLine(bytes, at, end, firstLineNumber + lines);
      if (verdict === DONE) {
        this.#done = true;
        state = 'done';
        at += this.#machine?.resumeOffset ?? 0;
      } else if (verdict === FOREIGN) state = 'foreign';
      else {
        at = next;
        lines++;
      }
    }
    result.consumed = at;
    result.lines = lines;
    result.state = state;
    return result;
  }

  /** The dump's event; `undefined` when the text that looked like one was a log line and nothing followed, or was broken. */
  finish(): DumpEvent | undefined {
    const machine = this.#machine;
    this.#machine = undefined;
    this.#done = true;
    const event = machine?.finish();
    this.#malformed = machine?.malformed ?? [];
    this.#begun = machine?.begun;
    return event;
  }

  /** The first line of the next dump, where the dump that has finished took it: begin another parser with it, then go on. */
  get begun(): BegunDump | undefined {
    return this.#begun;
  }

  /** What was broken in the text that has finished. */
  get malformed(): readonly MalformedEvent[] {
    return this.#malformed;
  }

  #takeLine(bytes: Buffer, start: number, end: number, line: number): Verdict {
    if (this.#machine !== undefined) return this.#machine.line(bytes, start, end, line);
    this.#machine = this.#open(bytes, start, end, line);
    return this.#machine === undefined ? DONE : TAKEN;
  }

  #open(bytes: Buffer, start: number, end: number, line: number): DumpMachine | undefined {
    const begin = startsDump(bytes, start, end);
    if (begin === undefined) return undefined;
    if (begin.kind === 'race') return new RaceMachine(line, this.#options);
    const Machine = begin.kind === 'counts' ? CountsMachine : StacksMachine;
    return new Machine(begin, bytes.toString('latin1', start, end), line, this.#options);
  }
}
