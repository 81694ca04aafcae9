// In: nothing. Out: what the three dump machines (stacks, counts, race) have in common.
import type { GoroutineEvent, GoroutinesEvent, MalformedEvent, ThreadsEvent } from '../types.ts';
import type { InfrastructureRule } from './infrastructure.ts';

/** What became of a line: part of the dump, somebody else's, or the first one after the dump. */
export const TAKEN = 0;
export const FOREIGN = 1;
export const DONE = 2;
export type Verdict = typeof TAKEN | typeof FOREIGN | typeof DONE;

export interface DumpOptions {
  /** File name as given, or `-`. */
  source: string;
  /** Called once a goroutine (`--each-goroutine`); dumps of debug=1 have none to name. */
  eachGoroutine?: (event: GoroutineEvent) => void;
  /** Added to the declared list. */
  infrastructure?: readonly InfrastructureRule[];
}

/** The first line of the next dump, taken before it was known to be that. */
export interface BegunDump {
  bytes: Buffer;
  line: number;
}

export type DumpEvent = GoroutinesEvent | ThreadsEvent;

/** One text family, from the line behind its first one on. Lines become latin1 text, so that bytes of any kind survive. */
export interface DumpMachine {
  /** `bytes[start, end)` without newline and `\r`; `number` is 1-based. */
  line(bytes: Buffer, start: number, end: number, number: number): Verdict;
  /** Whole records in bulk: position after the last one taken (`from` when none was). */
  bulk?(bytes: Buffer, from: number, to: number, number: number): { at: number; lines: number };
  /** After DONE: where in that line the next dump begins, if not at its start. */
  readonly resumeOffset?: number;
  finish(): DumpEvent | undefined;
  /** Once it has finished; no part of it. */
  readonly begun?: BegunDump | undefined;
  /** Broken lines, once it has finished. */
  readonly malformed?: readonly MalformedEvent[];
}

const FOREIGN_LIMIT = 32;

/** Foreign lines in a row: behind too many of them a dump counts as ended. */
export class ForeignRun {
  #lines = 0;

  /** The verdict on the next line, or DONE in its place. */
  add(verdict: Verdict): Verdict {
    this.#lines = verdict === FOREIGN ? this.#lines + 1 : 0;
    return this.#lines > FOREIGN_LIMIT ? DONE : verdict;
  }
}

/** Names and labels are UTF-8 that was read as latin1. */
export function utf8(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'latin1').toString('utf8');
  }
  return text;
}
