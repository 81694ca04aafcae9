// In: lines, each with what its wrapper says of who printed it. Out: their torn records; pieces of two containers, pods or processes never
// make one record. Without a wrapper's word all lines are of one printer.

import type { GrammarSet } from '../../grammar/index.ts';
import { AppLines } from '../app-lines.ts';
import { TornLineAssembler } from './assembler.ts';
import type { ExpectedCycle } from './evidence.ts';
import type { TornOutcome } from './outcomes.ts';

/** The living processes of a printer. */
export type Expecting = (identity: string | undefined) => readonly ExpectedCycle[];

/** More printers with torn lines than this are not looked at apart: the one that has been there longest is given up. */
const MOST_PRINTERS = 256;

/** What a printer has left open is given up when it has not gone on while others printed so many lines. */
const SILENT_LINES = 20_000;
const LOOK_EVERY_LINES = 1024;

/** One assembler for each printer; they know the application's lines together. */
export class TornPrinters {
  readonly #grammars: GrammarSet;
  readonly #expecting: Expecting;
  readonly #appLines = new AppLines();
  readonly #unnamed: TornLineAssembler;
  /** Those that have torn lines now, or had some lately. */
  readonly #named = new Map<string, TornLineAssembler>();
  #pending = 0;
  #nextLook = 0;

  constructor(grammars: GrammarSet, expecting: Expecting) {
    this.#grammars = grammars;
    this.#expecting = expecting;
    this.#unnamed = new TornLineAssembler(grammars, this.#appLines);
  }

  /** Records of any printer that have begun and not ended. */
  get pending(): number {
    return this.#pending;
  }

  /** Of one printer. */
  pendingOf(identity: string | undefined): number {
    if (this.#pending === 0) return 0;
    return (identity === undefined ? this.#unnamed : this.#named.get(identity))?.pending ?? 0;
  }

  /** Line on which the oldest of them began that began behind `line`; Infinity when there is none. */
  pendingFrom(line: number): number {
    if (this.#pending === 0) return Number.POSITIVE_INFINITY;
    let from = this.#unnamed.pendingFrom(line);
    for (const one of this.#named.values()) from = Math.min(from, one.pendingFrom(line));
    return from;
  }

  /** Tells it how the application's lines begin. */
  learn(bytes: Buffer, start: number, end: number): void {
    this.#appLines.learn(bytes, start, end);
  }

  /** Takes a line without its newline; one that is not `terminated` is the last of the input. */
  push(
    identity: string | undefined,
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
    terminated: boolean,
  ): readonly TornOutcome[] {
    const printer = this.#of(identity);
    const expect = this.#expecting(identity);
    const before = printer.pending;
    const outcomes = terminated
      ? printer.push(bytes, start, end, line, expect)
      : printer.pushLast(bytes, start, end, line, expect);
    this.#pending += printer.pending - before;
    return outcomes;
  }

  /** What was left open by printers that have been silent up to this line. */
  *giveUpSilent(line: number): Generator<[identity: string | undefined, outcomes: readonly TornOutcome[]]> {
    if (line < this.#nextLook) return;
    this.#nextLook = line + LOOK_EVERY_LINES;
    for (const [identity, printer] of this.#named) {
      if (line - printer.pendingFrom(0) < SILENT_LINES || printer.pending === 0) continue;
      this.#pending -= printer.pending;
      yield [identity, printer.end(this.#expecting(identity))];
    }
  }

  /** The input has ended: what is still open, by printer. */
  *end(): Generator<[identity: string | undefined, outcomes: readonly TornOutcome[]]> {
    yield [undefined, this.#unnamed.end(this.#expecting(undefined))];
    for (const [identity, printer] of this.#named) yield [identity, printer.end(this.#expecting(identity))];
    this.#pending = 0;
  }

  #of(identity: string | undefined): TornLineAssembler {
    if (identity === undefined) return this.#unnamed;
    let printer = this.#named.get(identity);
    if (printer !== undefined) return printer;
    if (this.#named.size >= MOST_PRINTERS) this.#forgetOldest();
    printer = new TornLineAssembler(this.#grammars, this.#appLines);
    this.#named.set(identity, printer);
    return printer;
  }

  #forgetOldest(): void {
    let oldest: string | undefined;
    for (const [identity, { pending }] of this.#named) {
      oldest ??= identity;
      if (pending > 0) continue;
      this.#named.delete(identity);
      return;
    }
    this.#pending -= this.#named.get(oldest!)!.pending;
    this.#named.delete(oldest!);
  }
}
