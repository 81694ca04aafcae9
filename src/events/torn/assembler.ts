// In: lines of a stream in which someone else's lines stand inside the runtime's. Out: records put together again.
// The runtime writes each print argument alone (runtime/print.go): `gc 3542` + `2026/11/21 INFO …` then ` @7.301s 2%: …`.

import type { GrammarSet, Match } from '../../grammar/index.ts';
import { AppLines } from '../app-lines.ts';
import { type Candidate, DOUBTFUL, type Fragment, Readings } from './candidates.ts';
import { cyclesOf, type ExpectedCycle, hasPrintLock, holdsNext, isEvident, isSentence, isSure } from './evidence.ts';
import { RecordHeads } from './heads.ts';
import { Outcomes, type TornOutcome } from './outcomes.ts';
import { PendingRecord } from './pending.ts';
import { keepMatch, Settling } from './settling.ts';

const MAX_PENDING = 16;
const BLANK = 0x20;

/**
 * Puts torn lines together. Feed it lines that are not a record as a whole and, while `pending` is above 0, every line
 * (whole records too: they come back as `foreign`). Synchronous and without a clock.
 */
export class TornLineAssembler {
  readonly #grammars: GrammarSet;
  readonly #appLines: AppLines;
  readonly #heads: RecordHeads;
  readonly #readings: Readings;
  readonly #settling: Settling;
  readonly #outcomes = new Outcomes();
  /** Youngest last. */
  #pending: PendingRecord[] = [];
  /** The processes that are alive at the line at hand. */
  #expect: readonly ExpectedCycle[] = [];

  constructor(grammars: GrammarSet, appLines: AppLines = new AppLines()) {
    this.#grammars = grammars;
    this.#appLines = appLines;
    this.#heads = new RecordHeads(grammars);
    this.#readings = new Readings(grammars, this.#appLines, this.#heads);
    this.#settling = new Settling(grammars, this.#appLines, this.#readings);
  }

  /** Records that have begun and not ended. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Line on which the oldest of them began that began behind `line`; Infinity when there is none. */
  pendingFrom(line: number): number {
    let from = Number.POSITIVE_INFINITY;
    for (const pending of this.#pending) if (pending.line > line) from = Math.min(from, pending.line);
    return from;
  }

  /** Tells it how the application's lines begin. Worth a few lines before and after the first tear. */
  learn(bytes: Buffer, start: number, end: number): void {
    this.#appLines.learn(bytes, start, end);
  }

  /** Takes one line without its newline; `expect` holds the processes that are alive. */
  push(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): TornOutcome[] {
    this.#expect = expect;
    this.#take(bytes, start, end, line);
    this.#giveUpOld();
    return this.#outcomes.take();
  }

  /** Takes a last line that has no newline: what it cuts short is malformed. */
  pushLast(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): TornOutcome[] {
    this.#expect = expect;
    this.#take(bytes, start, end, line);
    const cut = this.#pending.find((pending) => pending.line === line && pending.openReadings.length > 0);
    if (cut !== undefined && !cut.openReadings.some((one) => one.complete)) {
      const { shape } = cut.openReadings[0] as Candidate;
      const reason = this.#grammars.diagnose(cut.head, 0, cut.head.length)?.reason ?? 'the input ends inside the line';
      this.#reportMalformed(shape.grammar.id, `cut at the end of the input: ${reason}`, cut);
      this.#drop(cut);
    }
    return this.end(expect);
  }

  /** The input has ended. */
  end(expect: readonly ExpectedCycle[]): TornOutcome[] {
    this.#expect = expect;
    for (const pending of [...this.#pending]) this.#giveUp(pending, 'the input ends before the rest of the line');
    return this.#outcomes.take();
  }

  #take(bytes: Buffer, start: number, end: number, line: number): void {
    for (const pending of this.#pending) pending.see(end - start);
    const whole = this.#grammars.match(bytes, start, end);
    if (whole !== undefined) {
      this.#endOvertaken(whole);
      this.#outcomes.foreign(bytes, start, end, line);
      return;
    }
    if (!this.#heads.isAt(bytes, start, end)) {
      if (!this.#resume(bytes, start, end, line)) {
        this.#appLines.learn(bytes, start, end);
        const glued = this.#heads.find(bytes, start, end);
        if (glued >= 0) {
          this.#outcomes.foreign(bytes, start, glued, line, true);
          this.#open(bytes, glued, end, line, 'glued');
        } else this.#reportBroken(bytes, start, end, line);
      }
      return;
    }
    this.#open(bytes, start, end, line);
  }

  /** A line with an unmistakable head that cannot be a torn one. */
  #reportBroken(bytes: Buffer, start: number, end: number, line: number): void {
    const diagnosis = this.#grammars.diagnose(bytes, start, end);
    const seen = bytes.subarray(start, end);
    if (
      diagnosis === undefined ||
      !isEvident(diagnosis.shape, diagnosis.literals, seen, this.#expect) ||
      isSentence(diagnosis.shape, seen, this.#appLines)
    ) {
      this.#outcomes.foreign(bytes, start, end, line);
      return;
    }
    const { shape, reason } = diagnosis;
    this.#outcomes.malformed(shape.grammar.id, reason, seen, line);
  }

  /**
   * A record begins at `start`: whole with something after it, or torn. `inside`: in another one, so of another process;
   * `glued`: behind text that has no newline.
   */
  #open(
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
    place: 'line start' | 'inside' | 'glued' = 'line start',
  ): void {
    const inside = place === 'inside';
    const whole = this.#grammars.matchPrefix(bytes, start, end);
    if (whole !== undefined) {
      const stop = whole.end;
      const record = keepMatch(whole);
      // Another record right behind it: this one is over, its newline was lost.
      if (stop === end || this.#heads.isAt(bytes, stop, end)) {
        if (!inside) this.#endOvertaken(record);
        this.#outcomes.record(record, line, false, [line]);
        if (stop < end) this.#open(bytes, stop, end, line);
        return;
      }
    }
    const head = Buffer.from(bytes.subarray(start, end));
    const open = this.#readings.begin(head, line, new Set(this.#expect.map((process) => process.shape)));
    if (open.length === 0) {
      if (place === 'glued' && this.#expect.length === 0) this.#outcomes.foreign(bytes, start, end, line);
      else this.#reportBroken(bytes, start, end, line);
      return;
    }
    if (!inside) this.#overtakeBy(open);
    if (this.#pending.length >= MAX_PENDING) {
      this.#giveUp(this.#pending[0] as PendingRecord, 'too many torn lines at once');
    }
    this.#pending.push(new PendingRecord(line, head, place === 'glued', open));
    // `gc 3` + `gc 12 @ …` of another process: the text between may be a record, or the head of one.
    const inner = this.#readings.innerHead(open, head, line);
    if (inner >= 0) this.#open(head, inner, head.length, line, 'inside');
  }

  /** Tries a line as the continuation of what is pending, youngest first. */
  #resume(bytes: Buffer, start: number, end: number, line: number): boolean {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i] as PendingRecord;
      // In a flood a line that begins like the application's others is not tried.
      if (pending.isInFlood && this.#appLines.knows(bytes, start, end)) continue;
      const { finished, grown } = this.#readings.goOn(pending.candidates, bytes, start, end, line);
      if (finished.length > 0) {
        // `gc 4` + `gc pause 3ms`, `5 done`, ` @0.4s …`: the rest is that of the cycle that was to come.
        const older = holdsNext(finished, this.#expect) ? [] : this.#pending.slice(0, i);
        for (const other of older) {
          const rival = this.#readings.goOn(other.candidates, bytes, start, end, line).finished;
          if (!holdsNext(rival, this.#expect)) continue;
          this.#settle(other, rival);
          return true;
        }
        this.#settle(pending, finished);
        return true;
      }
      const doubtful = grown.every((one) => (one.fragments.at(-1) as Fragment).doubt >= DOUBTFUL);
      const isKnown = this.#appLines.knows(bytes, start, end);
      if (grown.length === 0 || (doubtful && isKnown)) continue;
      // `2026/11/21 …` where a number is missing: a number only by chance. ` MB goal, 2…` is none of the application's.
      if (doubtful && bytes[start] !== BLANK) this.#appLines.learn(bytes, start, end);
      const copy = Buffer.from(bytes.subarray(start, end));
      const mayBeNumber = !isKnown && this.#appLines.isVague(copy, 0, copy.length);
      pending.hold({ line, bytes: copy, mayBeNumber }, grown);
      const inner = this.#readings.innerHead(grown, copy, line);
      if (inner >= 0) this.#open(copy, inner, copy.length, line, 'inside');
      return true;
    }
    return false;
  }

  /** The record is whole, in one reading or several: it is told, or why none of them can be believed. */
  #settle(pending: PendingRecord, finished: Candidate[]): void {
    const chosen = this.#settling.settle(pending, finished, this.#expect);
    const isTaken = chosen.fault === undefined && this.#hasTakenAnothers(pending, chosen.one);
    this.#drop(pending);
    if (chosen.fault === undefined && !isTaken) {
      const used = [...chosen.one.lines, ...chosen.one.fragments.map((fragment) => fragment.line)];
      this.#outcomes.record(chosen.match, pending.line, true, used);
      this.#releaseText(pending, chosen.one);
      return;
    }
    const [first] = finished;
    const fault = chosen.fault ?? 'torn; its pieces may be those of the line that it stands in';
    this.#reportMalformed(first!.shape.grammar.id, fault, pending);
    for (const held of pending.held) {
      if (!first!.fragments.some((fragment) => fragment.line === held.line))
        this.#outcomes.foreign(held.bytes, 0, held.bytes.length, held.line);
    }
  }

  /** No process was to print this cycle, while the one that was to be printed is still open: `gc 4` + `gc pause`, `5 done`, ` @0.4s …`. */
  #hasTakenAnothers(pending: PendingRecord, one: Candidate): boolean {
    const [cycle] = cyclesOf([one]);
    if (cycle === undefined || cycle === 1 || holdsNext([one], this.#expect)) return false;
    return this.#pending.some((other) => other.line <= pending.line && holdsNext(other.candidates, this.#expect));
  }

  /** Hands back what stood between the pieces. */
  #releaseText(pending: PendingRecord, one: Candidate): void {
    const pieces = new Map(one.fragments.map((fragment) => [fragment.line, fragment.bytes]));
    const lines = [{ line: pending.line, bytes: pending.head }, ...pending.held];
    for (const { line, bytes } of lines) {
      if (one.lines.includes(line)) continue;
      const fragment = pieces.get(line);
      if (fragment === undefined) this.#outcomes.foreign(bytes, 0, bytes.length, line);
      else if (fragment.length > 0 && !this.#heads.isAt(fragment, 0, fragment.length)) {
        this.#appLines.learn(fragment, 0, fragment.length);
        this.#outcomes.foreign(fragment, 0, fragment.length, line);
      }
    }
  }

  /** A whole record of the same process ends a pending one: the runtime prints one such line at a time. */
  #endOvertaken(match: Match): void {
    if (!hasPrintLock(match.shape)) return;
    const cycle = match.shape.grammar.event === 'gc' ? this.#grammars.numberAt(match, 'cycle') : undefined;
    for (const pending of [...this.#pending]) {
      if (!pending.candidates.every((one) => hasPrintLock(one.shape))) continue;
      const own = cyclesOf(pending.candidates);
      const follows = cycle !== undefined && own.some((one) => one + 1 === cycle);
      if (this.#expect.length > 1 && !follows) continue;
      // The cycle that was to come comes, and what was held for it, or for one after it, was `gc 2 @home`.
      const isNext = cycle !== undefined && this.#expect.some((process) => process.cycle + 1 === cycle);
      if (isNext && own.length > 0 && own.every((one) => one >= cycle)) this.#release(pending);
      else this.#giveUp(pending, 'the next line of its process came first');
    }
  }

  #overtakeBy(open: Candidate[]): void {
    if (this.#expect.length > 1 || !open.every((one) => hasPrintLock(one.shape))) return;
    // A bare `gc ` may be the beginning of any sentence.
    if (!open.some((one) => one.pieces > one.shape.compiled.tear + 1)) return;
    const cycles = new Set(cyclesOf(open));
    for (const pending of [...this.#pending]) {
      if (cyclesOf(pending.candidates).some((own) => cycles.has(own + 1))) {
        this.#giveUp(pending, 'the next line of its process came first');
      }
    }
  }

  #giveUpOld(): void {
    for (const pending of [...this.#pending]) {
      if (pending.isTooOld((one) => this.#readings.totalDoubt(one)))
        this.#giveUp(pending, 'the rest of the line did not follow');
    }
  }

  /** The rest will not come: a record that lacked only its newline is whole, any other is malformed or never was one. */
  #giveUp(pending: PendingRecord, reason: string): void {
    if (!this.#pending.includes(pending)) return;
    const complete = pending.candidates.filter((one) => one.complete && one.shape.compiled.sure > 0);
    if (complete.length > 0) {
      this.#settle(pending, complete);
      return;
    }
    const sure = pending.candidates.find(
      (one) =>
        isSure(one, this.#readings.totalDoubt(one), this.#expect, pending.glued) &&
        !isSentence(one.shape, pending.head, this.#appLines),
    );
    if (sure === undefined) {
      this.#release(pending);
      return;
    }
    this.#drop(pending);
    this.#reportMalformed(sure.shape.grammar.id, `torn; ${reason}`, pending);
    this.#releaseHeld(pending);
  }

  /** It never was a record: its lines are nobody's. */
  #release(pending: PendingRecord): void {
    if (!this.#pending.includes(pending)) return;
    this.#drop(pending);
    this.#outcomes.foreign(pending.head, 0, pending.head.length, pending.line);
    this.#releaseHeld(pending);
  }

  #releaseHeld({ held }: PendingRecord): void {
    for (const { line, bytes } of held) this.#outcomes.foreign(bytes, 0, bytes.length, line);
  }

  #reportMalformed(grammar: string, reason: string, pending: PendingRecord): void {
    this.#outcomes.malformed(grammar, reason, pending.head, pending.line);
  }

  #drop(pending: PendingRecord): void {
    this.#pending = this.#pending.filter((other) => other !== pending);
  }
}
