// In: lines of a stream in which someone else's lines stand inside the runtime's. Out: records put together again.
// The runtime writes each print argument alone (runtime/print.go): `gc 3542` + `2026/11/21 INFO …` then ` @7.301s 2%: …`.

import { bytesThatMayFollow, type GrammarSet, type Match, type Shape, type Walk, walkShape } from '../grammar/index.ts';
import { AppLines, beginsText } from './app-lines.ts';
import { isPlausible } from './plausible.ts';

/** The last good cycle of a process that may still print. */
export interface ExpectedCycle {
  cycle: number;
  at: number;
  /** Shape of its lines: a process never changes it. */
  shape?: Shape;
}

/** What became of the lines. Spans of `foreign` are valid until the fed buffer changes; `match` is the caller's to keep. */
export type TornOutcome =
  | { kind: 'record'; match: Match; line: number; repaired: boolean }
  | { kind: 'foreign'; bytes: Buffer; start: number; end: number; line: number }
  | { kind: 'malformed'; grammar: string; reason: string; text: string; line: number };

/** Text that stood between the pieces of a record. */
interface Fragment {
  line: number;
  bytes: Buffer;
  /** How much doubt it brings: 0 known to be someone else's, CLEAR likely, DOUBTFUL not settled by itself. */
  doubt: number;
}

/** One way to read the lines so far. */
interface Candidate {
  shape: Shape;
  text: Buffer;
  /** Where the shape's program goes on, and the bytes that may come there. */
  next: number;
  follow: Uint8Array;
  pieces: number;
  /** Nothing is missing but the newline, or words in an optional part. */
  complete: boolean;
  fragments: Fragment[];
  /** Lines that this reading used up to their end. */
  lines: number[];
}

interface Pending {
  line: number;
  /** The line on which it began, from its head on. */
  head: Buffer;
  /** Its head stands behind other text: a sentence may quote it. */
  glued: boolean;
  candidates: Candidate[];
  /** Lines that at least one candidate may have used. */
  held: { line: number; bytes: Buffer }[];
  linesSeen: number;
  bytesSeen: number;
  /** There were too many readings to keep them all. */
  dropped: boolean;
}

const CLEAR = 1;
const DOUBTFUL = 8;
const MAX_CANDIDATES = 256;
const MAX_PENDING = 16;
const MAX_LINES = 20_000;
const FLOOD_LINES = 200;
const MAX_BYTES = 4 << 20;
/** A record that lacks only its newline waits this long for ` (forced)`. */
const MAX_LINES_FOR_NEWLINE = 64;
const MAX_TEXT = 200;
/** A first literal of so many bytes is nobody else's. */
const UNMISTAKABLE_BYTES = 18;
/** So many cycles in a row may have been torn or lost. */
const MAX_CYCLES_LOST = 16;
/** In a longer line a record is looked for in so many bytes at both its ends: each place may cost a walk to the end. */
const GLUED_BYTES = 4096;

/**
 * Puts torn lines together. Feed it lines that are not a record as a whole and, while `pending` is above 0, every line
 * (whole records too: they come back as `foreign`). Synchronous and without a clock.
 */
export class TornLineAssembler {
  readonly #grammars: GrammarSet;
  readonly #appLines = new AppLines();
  /** Youngest last. */
  #pending: Pending[] = [];
  #outcomes: TornOutcome[] = [];

  constructor(grammars: GrammarSet) {
    this.#grammars = grammars;
  }

  /** Records that have begun and not ended. */
  get pending(): number {
    return this.#pending.length;
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
    const head = this.#headAt(bytes, start, end);
    if (head < 0) {
      if (!this.#resume(bytes, start, end, line, expect)) {
        this.#appLines.learn(bytes, start, end);
        const glued = this.#findHead(bytes, start, end);
        if (glued >= 0) {
          this.#foreign(bytes, start, glued, line);
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
    if (
      diagnosis === undefined ||
      !isEvident(diagnosis.shape, diagnosis.literals, bytes.subarray(start, end), expect)
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
      if (stop === end || this.#headAt(bytes, stop, end) >= 0) {
        if (!inside) this.#endOvertaken(record, expect);
        this.#outcomes.push({ kind: 'record', match: record, line, repaired: false });
        if (stop < end) this.#open(bytes, stop, end, line, expect);
        return;
      }
    }
    const head = Buffer.from(bytes.subarray(start, end));
    const candidates: Candidate[] = [];
    const shapesInUse = new Set(expect.map((process) => process.shape));
    const isKnown = shapesInUse.size > 0 && !shapesInUse.has(undefined);
    for (const shape of this.#grammars.shapes) {
      if (shape.compiled.tear === 0 || !beginsWith(bytes, start, end, shape.head)) continue;
      if (isKnown && shape.grammar.event === 'gc' && !shapesInUse.has(shape)) continue;
      const empty = { shape, text: Buffer.alloc(0), fragments: [], lines: [] };
      this.#extend(empty, walkShape(shape.compiled, shape.fields, head, 0, head.length), head, 0, line, candidates);
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
      if (at > 0 && this.#headAt(head, at, head.length) >= 0) return at;
    }
    return -1;
  }

  /** Tries a line as the continuation of what is pending, youngest first. */
  #resume(bytes: Buffer, start: number, end: number, line: number, expect: readonly ExpectedCycle[]): boolean {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i] as Pending;
      // In a flood a line that begins like the application's others is not tried.
      if (pending.linesSeen > FLOOD_LINES && this.#appLines.knows(bytes, start, end)) continue;
      const grown: Candidate[] = [];
      const finished: Candidate[] = [];
      for (const one of pending.candidates) {
        if (start === end) {
          // `GC forced by the operator` and a blank line: a sentence, not a record with an application's line inside.
          const isSentence = one.shape.compiled.sure === 0 && this.#totalDoubt(one) >= DOUBTFUL;
          if (one.complete && !isSentence) finished.push(one);
          continue;
        }
        if (one.follow[bytes[start] as number] === 0) continue;
        const text = Buffer.concat([one.text, bytes.subarray(start, end)]);
        const walk = walkShape(one.shape.compiled, one.shape.fields, text, 0, text.length);
        if (walk.matched) {
          finished.push({ ...one, text, lines: [...one.lines, line] });
          continue;
        }
        this.#extend(one, walk, text, one.text.length, line, grown);
      }
      if (finished.length > 0) {
        this.#settle(pending, finished, expect);
        return true;
      }
      const doubtful = grown.every((one) => (one.fragments.at(-1) as Fragment).doubt >= DOUBTFUL);
      if (grown.length === 0 || (doubtful && this.#appLines.knows(bytes, start, end))) continue;
      // `2026/11/21 …` where a number is missing: a number only by chance.
      if (doubtful) this.#appLines.learn(bytes, start, end);
      const copy = Buffer.from(bytes.subarray(start, end));
      pending.held.push({ line, bytes: copy });
      const all = [...pending.candidates, ...grown];
      pending.dropped ||= all.length > MAX_CANDIDATES;
      pending.candidates = best(all);
      const inner = this.#innerHead(grown, copy, line);
      if (inner >= 0) this.#open(copy, inner, copy.length, line, expect, 'inside');
      return true;
    }
    return false;
  }

  /** Adds a reading for every place at which the runtime may have been interrupted. */
  #extend(
    from: Pick<Candidate, 'shape' | 'text' | 'fragments' | 'lines'>,
    walk: Walk,
    text: Buffer,
    used: number,
    line: number,
    into: Candidate[],
  ): void {
    for (const [i, at] of walk.cuts.entries()) {
      if (at <= used) continue;
      const doubt = this.#doubtOf(text.subarray(at), walk.whole[i] === true, walk.fixed[i] === true);
      const next = walk.next[i] as number;
      into.push({
        shape: from.shape,
        text: text.subarray(0, at),
        next,
        follow: bytesThatMayFollow(from.shape.compiled, next),
        pieces: walk.pieces[i] as number,
        complete: walk.complete[i] === true,
        fragments: [...from.fragments, { line, bytes: text.subarray(at), doubt }],
        lines: from.lines,
      });
    }
  }

  #doubtOf(rest: Buffer, whole: boolean, fixed: boolean): number {
    if (rest.length === 0) return CLEAR;
    if (this.#appLines.knows(rest, 0, rest.length)) return 0;
    if (this.#headAt(rest, 0, rest.length) >= 0) return 0;
    // A line that begins with a blank is more likely the runtime's.
    if (rest[0] === 32) return DOUBTFUL;
    // Where a number is missing, a digit may be its beginning.
    if (fixed) return isDigit(rest[0] as number) ? DOUBTFUL : CLEAR;
    return whole && beginsText(rest[0] as number) ? CLEAR : DOUBTFUL;
  }

  /** Chooses between the readings that are complete; doubt that stays makes the record malformed. */
  #settle(pending: Pending, finished: Candidate[], expect: readonly ExpectedCycle[]): void {
    const readings = new Map<string, { one: Candidate; match: Match; doubt: number }>();
    for (const one of finished) {
      const match = this.#grammars.matchShape(one.shape, one.text, 0, one.text.length, true);
      if (match === undefined || !isPlausible(this.#grammars, match)) continue;
      const doubt = this.#totalDoubt(one) + this.#doubtOfSkipped(pending, one);
      const key = `${one.shape.index} ${one.text.toString('latin1')}`;
      const known = readings.get(key);
      if (known === undefined || known.doubt > doubt) readings.set(key, { one, match: keepMatch(match), doubt });
    }
    const all = [...readings.values()];
    const chosen = this.#choose(all, expect, pending.dropped);
    if (chosen === undefined) {
      const shape = (finished[0] as Candidate).shape;
      const reason =
        all.length === 0
          ? 'torn; put together, its numbers are not what the runtime prints'
          : `torn; ${all.length} readings are possible${differingText(all.map((reading) => reading.one.text))}`;
      this.#reportMalformed(shape.grammar.id, reason, pending);
      this.#drop(pending);
      for (const held of pending.held) {
        if (!finished[0]?.fragments.some((f) => f.line === held.line))
          this.#foreign(held.bytes, 0, held.bytes.length, held.line);
      }
      return;
    }
    this.#drop(pending);
    this.#outcomes.push({ kind: 'record', match: chosen.match, line: pending.line, repaired: true });
    this.#releaseText(pending, chosen.one);
  }

  /** Hands back what stood between the pieces. */
  #releaseText(pending: Pending, one: Candidate): void {
    const pieces = new Map(one.fragments.map((fragment) => [fragment.line, fragment.bytes]));
    const lines = [{ line: pending.line, bytes: pending.head }, ...pending.held];
    for (const { line, bytes } of lines) {
      if (one.lines.includes(line)) continue;
      const fragment = pieces.get(line);
      if (fragment === undefined) this.#foreign(bytes, 0, bytes.length, line);
      else if (fragment.length > 0 && this.#headAt(fragment, 0, fragment.length) < 0) {
        this.#appLines.learn(fragment, 0, fragment.length);
        this.#foreign(fragment, 0, fragment.length, line);
      }
    }
  }

  /** What was learned since the tear may have removed a doubt. */
  #totalDoubt(one: Candidate): number {
    let doubt = 0;
    for (const fragment of one.fragments) {
      const { bytes } = fragment;
      doubt += fragment.doubt > 0 && this.#appLines.knows(bytes, 0, bytes.length) ? 0 : fragment.doubt;
    }
    return doubt;
  }

  /** Lines that other readings used, and that do not look like the application's. */
  #doubtOfSkipped(pending: Pending, one: Candidate): number {
    let doubt = 0;
    for (const { line, bytes } of pending.held) {
      if (one.lines.includes(line) || one.fragments.some((fragment) => fragment.line === line)) continue;
      if (!this.#appLines.knows(bytes, 0, bytes.length)) doubt += DOUBTFUL;
    }
    return doubt;
  }

  #choose<T extends { match: Match; doubt: number }>(
    all: T[],
    expect: readonly ExpectedCycle[],
    dropped: boolean,
  ): T | undefined {
    const expected = all.filter((reading) => this.#isExpected(reading.match, expect));
    const readings = expected.length > 0 ? expected : all;
    const least = Math.min(...readings.map((reading) => reading.doubt));
    const clearest = readings.filter((reading) => reading.doubt === least);
    const [only] = clearest;
    if (only === undefined || clearest.length > 1) return undefined;
    if (least === 0) return only;
    // The true reading is among them as long as none had to be dropped.
    if (readings.length === 1 && !dropped) return only;
    return least < DOUBTFUL && !dropped && !this.#appLines.gluesTextToNumbers ? only : undefined;
  }

  #isExpected(match: Match, expect: readonly ExpectedCycle[]): boolean {
    const cycle = this.#grammars.numberAt(match, 'cycle');
    const at = this.#grammars.numberAt(match, 'at');
    if (cycle === undefined) return false;
    return expect.some((process) => process.cycle + 1 === cycle && (at === undefined || at >= process.at));
  }

  /** A whole record of the same process ends a pending one: the runtime prints one such line at a time. */
  #endOvertaken(match: Match, expect: readonly ExpectedCycle[]): void {
    if (!hasPrintLock(match.shape)) return;
    const cycle = match.shape.grammar.event === 'gc' ? this.#grammars.numberAt(match, 'cycle') : undefined;
    for (const pending of [...this.#pending]) {
      if (!pending.candidates.every((one) => hasPrintLock(one.shape))) continue;
      const follows = cycle !== undefined && this.#cyclesOf(pending).some((own) => own + 1 === cycle);
      if (expect.length <= 1 || follows) this.#giveUp(pending, expect, 'the next line of its process came first');
    }
  }

  #overtakeBy(open: Candidate[], expect: readonly ExpectedCycle[]): void {
    if (expect.length > 1 || !open.every((one) => hasPrintLock(one.shape))) return;
    // A bare `gc ` may be the beginning of any sentence.
    if (!open.some((one) => one.pieces > one.shape.compiled.tear + 1)) return;
    const cycles = new Set(this.#cyclesOfCandidates(open));
    for (const pending of [...this.#pending]) {
      if (this.#cyclesOf(pending).some((own) => cycles.has(own + 1))) {
        this.#giveUp(pending, expect, 'the next line of its process came first');
      }
    }
  }

  #cyclesOf(pending: Pending): number[] {
    return this.#cyclesOfCandidates(pending.candidates);
  }

  #cyclesOfCandidates(candidates: Candidate[]): number[] {
    const cycles = new Set<number>();
    for (const one of candidates) {
      const cycle = cycleOf(one.shape, one.text);
      if (cycle !== undefined) cycles.add(cycle);
    }
    return [...cycles];
  }

  #giveUpOld(expect: readonly ExpectedCycle[]): void {
    for (const pending of [...this.#pending]) {
      const complete = pending.candidates.some((one) => one.complete && this.#totalDoubt(one) < DOUBTFUL);
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
    this.#drop(pending);
    const sure = pending.candidates.find((one) => this.#isSure(one, expect, pending.glued));
    if (sure === undefined) this.#foreign(pending.head, 0, pending.head.length, pending.line);
    else this.#reportMalformed(sure.shape.grammar.id, `torn; ${reason}`, pending);
    for (const held of pending.held) this.#foreign(held.bytes, 0, held.bytes.length, held.line);
  }

  /** False for what may be a sentence: `gc 3 reasons to …`, `a line such as "gc 1 @0.012s 2%:" begins a cycle`. */
  #isSure(one: Candidate, expect: readonly ExpectedCycle[], glued: boolean): boolean {
    const { sure } = one.shape.compiled;
    if (glued && !this.#mayBeNext(one, expect)) return false;
    const walk = walkShape(one.shape.compiled, one.shape.fields, one.text, 0, one.text.length);
    if (sure > 0 && walk.literals >= sure) return isEvident(one.shape, walk.literals, one.text, expect);
    if (one.shape.grammar.event !== 'gc' || this.#totalDoubt(one) > 0) return false;
    return this.#mayBeNext(one, expect);
  }

  #mayBeNext(one: Candidate, expect: readonly ExpectedCycle[]): boolean {
    const [cycle] = this.#cyclesOfCandidates([one]);
    return expect.some((process) => process.cycle > 0 && (cycle === undefined || process.cycle + 1 === cycle));
  }

  #reportMalformed(grammar: string, reason: string, pending: Pending): void {
    const text = showText(pending.head, 0, pending.head.length);
    this.#outcomes.push({ kind: 'malformed', grammar, reason, text, line: pending.line });
  }

  #foreign(bytes: Buffer, start: number, end: number, line: number): void {
    this.#outcomes.push({ kind: 'foreign', bytes, start, end, line });
  }

  #drop(pending: Pending): void {
    this.#pending = this.#pending.filter((other) => other !== pending);
  }

  /** `start` when a shape that can be torn begins there, else -1. */
  #headAt(bytes: Buffer, start: number, end: number): number {
    for (const shape of this.#grammars.shapes) {
      if (shape.compiled.tear > 0 && beginsWith(bytes, start, end, shape.head)) return start;
    }
    return -1;
  }

  /** An unmistakable head behind text that has no newline of its own (`downloading… gc 3 @…`), or -1. */
  #findHead(bytes: Buffer, start: number, end: number): number {
    if (end - start > 2 * GLUED_BYTES) {
      const head = this.#findHead(bytes, start, start + GLUED_BYTES);
      return head >= 0 ? head : this.#findHead(bytes, end - GLUED_BYTES, end);
    }
    const found = this.#grammars.find(bytes, start, end);
    if (found !== undefined) return found.start;
    for (let p = start + 1; p < end; p++) {
      if (isWordByte(bytes[p - 1] as number) || this.#headAt(bytes, p, end) < 0) continue;
      if (this.#grammars.diagnose(bytes, p, end) !== undefined) return p;
    }
    return -1;
  }
}

/**
 * True when a broken line with so many of the shape's literals is the runtime's beyond doubt. Applications print `gc 7 @node-3` and
 * `scan: total 12 files`: what is short must stand in a trace, and its cycle must be one that may come next.
 */
function isEvident(shape: Shape, literals: number, text: Buffer, expect: readonly ExpectedCycle[]): boolean {
  if (literals >= shape.compiled.sure + 2) return true;
  if (expect.length === 0) return shape.head.length >= UNMISTAKABLE_BYTES;
  const cycle = cycleOf(shape, text);
  return (
    cycle === undefined || expect.some(({ cycle: last }) => last > 0 && last < cycle && cycle <= last + MAX_CYCLES_LOST)
  );
}

/** The cycle number behind the head of a gctrace line, as far as it is there. */
function cycleOf(shape: Shape, text: Buffer): number | undefined {
  if (shape.grammar.event !== 'gc') return undefined;
  const cycle = Number.parseInt(text.toString('latin1', shape.head.length, shape.head.length + 20), 10);
  return Number.isFinite(cycle) ? cycle : undefined;
}

/** Lines that the runtime prints under one lock, so that two of a process never mix. */
function hasPrintLock(shape: Shape): boolean {
  return shape.grammar.event !== 'scheduler' && shape.grammar.event !== 'init';
}

function keepMatch(match: Match): Match {
  const bytes = Buffer.from(match.bytes.subarray(match.start, match.end));
  const spans = Int32Array.from(match.spans, (at) => (at < 0 ? -1 : at - match.start));
  return { shape: match.shape, bytes, start: 0, end: bytes.length, spans };
}

function best(candidates: Candidate[]): Candidate[] {
  if (candidates.length <= MAX_CANDIDATES) return candidates;
  const doubt = (one: Candidate): number => one.fragments.reduce((sum, fragment) => sum + fragment.doubt, 0);
  return candidates.sort((a, b) => doubt(a) - doubt(b) || b.pieces - a.pieces).slice(0, MAX_CANDIDATES);
}

/** True when the whole line went into the reading. */
function endsOpen(one: Candidate): boolean {
  return one.fragments.length === 1 && one.fragments[0]?.bytes.length === 0;
}

function beginsWith(bytes: Buffer, start: number, end: number, head: Uint8Array): boolean {
  if (start + head.length > end) return false;
  for (let i = 0; i < head.length; i++) if (bytes[start + i] !== head[i]) return false;
  return true;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isWordByte(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c >= 128;
}

function showText(bytes: Buffer, start: number, end: number): string {
  return bytes
    .toString('utf8', start, Math.min(end, start + 4 * MAX_TEXT))
    .replace(/[\x00-\x1f\x7f]/g, '')
    .slice(0, MAX_TEXT);
}

/** ` (…4202…, …42…)`: where two readings differ. */
function differingText(texts: Buffer[]): string {
  const [a, b] = texts;
  if (a === undefined || b === undefined) return '';
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  const show = (text: Buffer): string => text.toString('utf8', Math.max(0, at - 8), Math.min(text.length, at + 8));
  return ` ("${show(a)}" or "${show(b)}")`;
}
