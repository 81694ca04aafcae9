// In: lines of a stream in which someone else's lines stand inside the runtime's. Out: records put together again.
// The runtime writes each print argument alone (runtime/print.go): `gc 3542` + `2026/11/21 INFO …` then ` @7.301s 2%: …`.

import { type GrammarSet, type Match, walkShape } from '../../grammar/index.ts';
import { AppLines } from '../app-lines.ts';
import {
  best,
  type Candidate,
  DOUBTFUL,
  endsOpen,
  type Fragment,
  MAX_CANDIDATES,
  type Pending,
  Readings,
} from './candidates.ts';
import { cyclesOf, type ExpectedCycle, hasPrintLock, holdsNext, isEvident, isSentence, isSure } from './evidence.ts';
import { beginsWithHead, RecordHeads } from './heads.ts';
import { keepMatch, Settling } from './settling.ts';

/** What became of the lines. Spans of `foreign` are valid until the fed buffer changes; `match` is the caller's to keep. */
export type TornOutcome =
  /** `used`: lines of which nothing is left but the text that is told as foreign. */
  | { kind: 'record'; match: Match; line: number; repaired: boolean; used: readonly number[] }
  /** `isBeforeRecord`: a record may begin right behind it, on the same line. */
  | { kind: 'foreign'; bytes: Buffer; start: number; end: number; line: number; isBeforeRecord: boolean }
  | { kind: 'malformed'; grammar: string; reason: string; text: string; line: number };

const MAX_PENDING = 16;
const MAX_LINES = 20_000;
const FLOOD_LINES = 200;
const MAX_BYTES = 4 << 20;
/** A record that lacks only its newline waits this long for ` (forced)`. */
const MAX_LINES_FOR_NEWLINE = 64;
const MAX_TEXT = 200;

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
  /** Youngest last. */
  #pending: Pending[] = [];
  #outcomes: TornOutcome[] = [];

  constructor(grammars: GrammarSet, appLines: AppLines = new AppLines()) {
    this.#grammars = grammars;
    this.#appLines = appLines;
    this.#heads = new RecordHeads(grammars);
    this.#readings = new Readings(this.#appLines, this.#heads);
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
    this.#outcomes = [];
    this.#take(bytes, start, end, line, expect);
    this.#giveUpOld(expect);
    return this.#outcomes;
  }

  /** Takes a last line that has no newline: what it cuts short is malformed. */
  pushLast(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): TornOutcome[] {
    this.#outcomes = [];
    this.#take(bytes, start, end, line, expect);
    const cut = this.#pending.find(
      (pending) => pending.line === line && pending.candidates.some((one) => endsOpen(one)),
    );
    if (cut !== undefined && !cut.candidates.some((one) => one.complete && endsOpen(one))) {
      const shape = (cut.candidates.find((one) => endsOpen(one)) as Candidate).shape;
      const reason = this.#grammars.diagnose(cut.head, 0, cut.head.length)?.reason ?? 'the input ends inside the line';
      this.#reportMalformed(shape.grammar.id, `cut at the end of the input: ${reason}`, cut);
      this.#drop(cut);
    }
    const outcomes = this.#outcomes;
    return [...outcomes, ...this.end(expect)];
  }

  /** The input has ended. */
  end(expect: readonly ExpectedCycle[]): TornOutcome[] {
    this.#outcomes = [];
    for (const pending of [...this.#pending])
      this.#giveUp(pending, expect, 'the input ends before the rest of the line');
    return this.#outcomes;
  }

  #take(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): void {
    for (const pending of this.#pending) {
      pending.linesSeen++;
      pending.bytesSeen += end - start;
    }
    const whole = this.#grammars.match(bytes, start, end);
    if (whole !== undefined) {
      this.#endOvertaken(whole, expect);
      this.#foreign(bytes, start, end, line);
      return;
    }
    if (!this.#heads.isAt(bytes, start, end)) {
      if (!this.#resume(bytes, start, end, line, expect)) {
        this.#appLines.learn(bytes, start, end);
        const glued = this.#heads.find(bytes, start, end);
        if (glued >= 0) {
          this.#foreign(bytes, start, glued, line, true);
          this.#open(bytes, glued, end, line, expect, 'glued');
        } else this.#reportBroken(bytes, start, end, line, expect);
      }
      return;
    }
    this.#open(bytes, start, end, line, expect);
  }

  /** A line with an unmistakable head that cannot be a torn one. */
  #reportBroken(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): void {
    const diagnosis = this.#grammars.diagnose(bytes, start, end);
    const seen = bytes.subarray(start, end);
    if (
      diagnosis === undefined ||
      !isEvident(diagnosis.shape, diagnosis.literals, seen, expect) ||
      isSentence(diagnosis.shape, seen, this.#appLines)
    ) {
      this.#foreign(bytes, start, end, line);
      return;
    }
    const { shape, reason } = diagnosis;
    const text = showText(bytes, start, end);
    this.#outcomes.push({ kind: 'malformed', grammar: shape.grammar.id, reason, text, line });
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
    expect: readonly ExpectedCycle[],
    place: 'line start' | 'inside' | 'glued' = 'line start',
  ): void {
    const inside = place === 'inside';
    const whole = this.#grammars.matchPrefix(bytes, start, end);
    if (whole !== undefined) {
      const stop = whole.end;
      const record = keepMatch(whole);
      // Another record right behind it: this one is over, its newline was lost.
      if (stop === end || this.#heads.isAt(bytes, stop, end)) {
        if (!inside) this.#endOvertaken(record, expect);
        this.#outcomes.push({ kind: 'record', match: record, line, repaired: false, used: [line] });
        if (stop < end) this.#open(bytes, stop, end, line, expect);
        return;
      }
    }
    const head = Buffer.from(bytes.subarray(start, end));
    const candidates: Candidate[] = [];
    const shapesInUse = new Set(expect.map((process) => process.shape));
    const isKnown = shapesInUse.size > 0 && !shapesInUse.has(undefined);
    for (const shape of this.#grammars.shapes) {
      if (shape.compiled.tear === 0 || !beginsWithHead(bytes, start, end, shape)) continue;
      if (isKnown && shape.grammar.event === 'gc' && !shapesInUse.has(shape)) continue;
      const empty = { shape, text: Buffer.alloc(0), fragments: [], lines: [] };
      this.#readings.extend(
        empty,
        walkShape(shape.compiled, shape.fields, head, 0, head.length),
        head,
        0,
        line,
        candidates,
      );
    }
    const open = candidates.filter((one) => one.pieces >= one.shape.compiled.tear);
    if (open.length === 0) {
      if (place === 'glued' && expect.length === 0) this.#foreign(bytes, start, end, line);
      else this.#reportBroken(bytes, start, end, line, expect);
      return;
    }
    if (!inside) this.#overtakeBy(open, expect);
    const pending: Pending = {
      line,
      head,
      glued: place === 'glued',
      candidates: open,
      held: [],
      linesSeen: 0,
      bytesSeen: 0,
      dropped: false,
    };
    if (this.#pending.length >= MAX_PENDING) {
      this.#giveUp(this.#pending[0] as Pending, expect, 'too many torn lines at once');
    }
    this.#pending.push(pending);
    // `gc 3` + `gc 12 @ …` of another process: the text between may be a record, or the head of one.
    const inner = this.#innerHead(open, head, line);
    if (inner >= 0) this.#open(head, inner, head.length, line, expect, 'inside');
  }

  /** Where, behind a cut of the head, another record begins. */
  #innerHead(candidates: Candidate[], head: Buffer, line: number): number {
    for (const one of candidates) {
      const fragment = one.fragments[0];
      if (fragment === undefined || fragment.line !== line || fragment.bytes.length === 0) continue;
      const at = head.length - fragment.bytes.length;
      if (at > 0 && this.#heads.isAt(head, at, head.length)) return at;
    }
    return -1;
  }

  /** Tries a line as the continuation of what is pending, youngest first. */
  #resume(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): boolean {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i] as Pending;
      // In a flood a line that begins like the application's others is not tried.
      if (pending.linesSeen > FLOOD_LINES && this.#appLines.knows(bytes, start, end)) continue;
      const { finished, grown } = this.#continue(pending, bytes, start, end, line);
      if (finished.length > 0) {
        // `gc 4` + `gc pause 3ms`, `5 done`, ` @0.4s …`: the rest is that of the cycle that was to come.
        const older = holdsNext(finished, expect) ? [] : this.#pending.slice(0, i);
        for (const other of older) {
          const rival = this.#continue(other, bytes, start, end, line).finished;
          if (!holdsNext(rival, expect)) continue;
          this.#settle(other, rival, expect);
          return true;
        }
        this.#settle(pending, finished, expect);
        return true;
      }
      const doubtful = grown.every((one) => (one.fragments.at(-1) as Fragment).doubt >= DOUBTFUL);
      const isKnown = this.#appLines.knows(bytes, start, end);
      if (grown.length === 0 || (doubtful && isKnown)) continue;
      // `2026/11/21 …` where a number is missing: a number only by chance.
      if (doubtful) this.#appLines.learn(bytes, start, end);
      const copy = Buffer.from(bytes.subarray(start, end));
      pending.held.push({ line, bytes: copy, mayBeNumber: !isKnown && this.#appLines.isVague(copy, 0, copy.length) });
      const all = [...pending.candidates, ...grown];
      pending.dropped ||= all.length > MAX_CANDIDATES;
      pending.candidates = best(all);
      const inner = this.#innerHead(grown, copy, line);
      if (inner >= 0) this.#open(copy, inner, copy.length, line, expect, 'inside');
      return true;
    }
    return false;
  }

  /** The readings with a line behind them: those that are whole with it, and those that go on. */
  #continue(
    pending: Pending,
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
  ): { finished: Candidate[]; grown: Candidate[] } {
    const finished: Candidate[] = [];
    const grown: Candidate[] = [];
    for (const one of pending.candidates) {
      if (start === end) {
        // `GC forced by the operator` and a blank line: a sentence, not a record with an application's line inside.
        const isSentence = one.shape.compiled.sure === 0 && this.#readings.totalDoubt(one) >= DOUBTFUL;
        if (one.complete && !isSentence) finished.push({ ...one, lines: [...one.lines, line] });
        continue;
      }
      if (one.follow[bytes[start] as number] === 0) continue;
      const text = Buffer.concat([one.text, bytes.subarray(start, end)]);
      const walk = walkShape(one.shape.compiled, one.shape.fields, text, 0, text.length);
      if (walk.matched) finished.push({ ...one, text, lines: [...one.lines, line] });
      else this.#readings.extend(one, walk, text, one.text.length, line, grown);
    }
    return { finished, grown };
  }

  /** The record is whole, in one reading or several: it is told, or why none of them can be believed. */
  #settle(pending: Pending, finished: Candidate[], expect: readonly ExpectedCycle[]): void {
    const chosen = this.#settling.settle(pending, finished, expect);
    const isTaken = chosen.fault === undefined && this.#hasTakenAnothers(pending, chosen.one, expect);
    this.#drop(pending);
    if (chosen.fault === undefined && !isTaken) {
      const used = [...chosen.one.lines, ...chosen.one.fragments.map((fragment) => fragment.line)];
      this.#outcomes.push({ kind: 'record', match: chosen.match, line: pending.line, repaired: true, used });
      this.#releaseText(pending, chosen.one);
      return;
    }
    const [first] = finished;
    const fault = chosen.fault ?? 'torn; its pieces may be those of the line that it stands in';
    this.#reportMalformed(first!.shape.grammar.id, fault, pending);
    for (const held of pending.held) {
      if (!first!.fragments.some((fragment) => fragment.line === held.line))
        this.#foreign(held.bytes, 0, held.bytes.length, held.line);
    }
  }

  /** No process was to print this cycle, while the one that was to be printed is still open: `gc 4` + `gc pause`, `5 done`, ` @0.4s …`. */
  #hasTakenAnothers(pending: Pending, one: Candidate, expect: readonly ExpectedCycle[]): boolean {
    const [cycle] = cyclesOf([one]);
    if (cycle === undefined || cycle === 1 || holdsNext([one], expect)) return false;
    return this.#pending.some((other) => other.line <= pending.line && holdsNext(other.candidates, expect));
  }

  /** Hands back what stood between the pieces. */
  #releaseText(pending: Pending, one: Candidate): void {
    const pieces = new Map(one.fragments.map((fragment) => [fragment.line, fragment.bytes]));
    const lines = [{ line: pending.line, bytes: pending.head }, ...pending.held];
    for (const { line, bytes } of lines) {
      if (one.lines.includes(line)) continue;
      const fragment = pieces.get(line);
      if (fragment === undefined) this.#foreign(bytes, 0, bytes.length, line);
      else if (fragment.length > 0 && !this.#heads.isAt(fragment, 0, fragment.length)) {
        this.#appLines.learn(fragment, 0, fragment.length);
        this.#foreign(fragment, 0, fragment.length, line);
      }
    }
  }

  /** A whole record of the same process ends a pending one: the runtime prints one such line at a time. */
  #endOvertaken(match: Match, expect: readonly ExpectedCycle[]): void {
    if (!hasPrintLock(match.shape)) return;
    const cycle = match.shape.grammar.event === 'gc' ? this.#grammars.numberAt(match, 'cycle') : undefined;
    for (const pending of [...this.#pending]) {
      if (!pending.candidates.every((one) => hasPrintLock(one.shape))) continue;
      const own = cyclesOf(pending.candidates);
      const follows = cycle !== undefined && own.some((one) => one + 1 === cycle);
      if (expect.length > 1 && !follows) continue;
      // The cycle that was to come comes, and what was held for it, or for one after it, was `gc 2 @home`.
      const isNext = cycle !== undefined && expect.some((process) => process.cycle + 1 === cycle);
      if (isNext && own.length > 0 && own.every((one) => one >= cycle)) this.#release(pending);
      else this.#giveUp(pending, expect, 'the next line of its process came first');
    }
  }

  #overtakeBy(open: Candidate[], expect: readonly ExpectedCycle[]): void {
    if (expect.length > 1 || !open.every((one) => hasPrintLock(one.shape))) return;
    // A bare `gc ` may be the beginning of any sentence.
    if (!open.some((one) => one.pieces > one.shape.compiled.tear + 1)) return;
    const cycles = new Set(cyclesOf(open));
    for (const pending of [...this.#pending]) {
      if (cyclesOf(pending.candidates).some((own) => cycles.has(own + 1))) {
        this.#giveUp(pending, expect, 'the next line of its process came first');
      }
    }
  }

  #giveUpOld(expect: readonly ExpectedCycle[]): void {
    for (const pending of [...this.#pending]) {
      const complete = pending.candidates.some((one) => one.complete && this.#readings.totalDoubt(one) < DOUBTFUL);
      if (pending.linesSeen > (complete ? MAX_LINES_FOR_NEWLINE : MAX_LINES) || pending.bytesSeen > MAX_BYTES) {
        this.#giveUp(pending, expect, 'the rest of the line did not follow');
      }
    }
  }

  /** The rest will not come: a record that lacked only its newline is whole, any other is malformed or never was one. */
  #giveUp(pending: Pending, expect: readonly ExpectedCycle[], reason: string): void {
    if (!this.#pending.includes(pending)) return;
    const complete = pending.candidates.filter((one) => one.complete && one.shape.compiled.sure > 0);
    if (complete.length > 0) {
      this.#settle(pending, complete, expect);
      return;
    }
    const sure = pending.candidates.find(
      (one) =>
        isSure(one, this.#readings.totalDoubt(one), expect, pending.glued) &&
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
  #release(pending: Pending): void {
    if (!this.#pending.includes(pending)) return;
    this.#drop(pending);
    this.#foreign(pending.head, 0, pending.head.length, pending.line);
    this.#releaseHeld(pending);
  }

  #releaseHeld({ held }: Pending): void {
    for (const { line, bytes } of held) this.#foreign(bytes, 0, bytes.length, line);
  }

  #reportMalformed(grammar: string, reason: string, pending: Pending): void {
    const text = showText(pending.head, 0, pending.head.length);
    this.#outcomes.push({ kind: 'malformed', grammar, reason, text, line: pending.line });
  }

  #foreign(bytes: Buffer, start: number, end: number, line: number, isBeforeRecord = false): void {
    this.#outcomes.push({ kind: 'foreign', bytes, start, end, line, isBeforeRecord });
  }

  #drop(pending: Pending): void {
    this.#pending = this.#pending.filter((other) => other !== pending);
  }
}

function showText(bytes: Buffer, start: number, end: number): string {
  return bytes
    .toString('utf8', start, Math.min(end, start + 4 * MAX_TEXT))
    .replace(/[\x00-\x1f\x7f]/g, '')
    .slice(0, MAX_TEXT);
}
