// In: what is there of a broken record. Out: whether it is the runtime's beyond doubt, and which cycle it may be of.

import { type Shape, walkShape } from '../../grammar/index.ts';
import type { AppLines } from '../app-lines.ts';
import type { Candidate } from './candidates.ts';

/** The last good cycle of a process that may still print. */
export interface ExpectedCycle {
  cycle: number;
  at: number;
  /** Shape of its lines: a process never changes it. */
  shape?: Shape;
}

/** A first literal of so many bytes is nobody else's. */
const UNMISTAKABLE_BYTES = 18;
const BLANK = 32;
/** So many cycles in a row may have been torn or lost. */
const MAX_CYCLES_LOST = 16;

/**
 * True when a broken line with so many of the shape's literals is the runtime's beyond doubt. Applications print `gc 7 @node-3`:
 * what is short must stand in a trace, and its cycle must be one that may come next.
 */
export function isEvident(shape: Shape, literals: number, text: Buffer, expect: readonly ExpectedCycle[]): boolean {
  if (literals >= shape.compiled.sure + 2) return true;
  if (expect.length === 0) return shape.head.length >= UNMISTAKABLE_BYTES;
  const cycle = cycleOf(shape, text);
  return (
    cycle === undefined || expect.some(({ cycle: last }) => last > 0 && last < cycle && cycle <= last + MAX_CYCLES_LOST)
  );
}

/**
 * True for `scan: total 12 files` in a trace: behind a short head and nothing else of the shape's stands a word that is neither the
 * shape's nor the beginning of an application's line. `line`: from the head on.
 */
export function isSentence({ compiled, fields, head }: Shape, line: Buffer, appLines: AppLines): boolean {
  if (head.length >= UNMISTAKABLE_BYTES) return false;
  const { literals, at, cuts } = walkShape(compiled, fields, line, 0, line.length);
  const fitsTo = cuts.at(-1);
  if (literals !== 1 || at === line.length || fitsTo === undefined) return false;
  const isWord = line[fitsTo] === BLANK || line[fitsTo - 1] === BLANK;
  return isWord && !cuts.some((cut) => appLines.knows(line, cut, line.length));
}

/**
 * True when what is there of a record that never ended is told as broken. False for what may be a sentence: `gc 3 reasons to …`,
 * `a line such as "gc 1 @0.012s 2%:" begins a cycle`. `doubt`: of the text behind it.
 */
export function isSure(one: Candidate, doubt: number, expect: readonly ExpectedCycle[], glued: boolean): boolean {
  const { sure } = one.shape.compiled;
  if (glued && !mayBeNext(one, expect)) return false;
  const walk = walkShape(one.shape.compiled, one.shape.fields, one.text, 0, one.text.length);
  if (sure > 0 && walk.literals >= sure) return isEvident(one.shape, walk.literals, one.text, expect);
  return one.shape.grammar.event === 'gc' && doubt === 0 && mayBeNext(one, expect);
}

function mayBeNext(one: Candidate, expect: readonly ExpectedCycle[]): boolean {
  const cycle = cycleOf(one.shape, one.text);
  return expect.some((process) => process.cycle > 0 && (cycle === undefined || process.cycle + 1 === cycle));
}

/** True when a reading is of the very cycle that a living process prints next. */
export function holdsNext(candidates: readonly Candidate[], expect: readonly ExpectedCycle[]): boolean {
  return cyclesOf(candidates).some((cycle) => expect.some((process) => process.cycle + 1 === cycle));
}

/** The cycles that the readings may be of. */
export function cyclesOf(candidates: readonly Candidate[]): number[] {
  const cycles = new Set<number>();
  for (const one of candidates) {
    const cycle = cycleOf(one.shape, one.text);
    if (cycle !== undefined) cycles.add(cycle);
  }
  return [...cycles];
}

/** The cycle number behind the head of a gctrace line, as far as it is there. */
function cycleOf(shape: Shape, text: Buffer): number | undefined {
  if (shape.grammar.event !== 'gc') return undefined;
  const cycle = Number.parseInt(text.toString('latin1', shape.head.length, shape.head.length + 20), 10);
  return Number.isFinite(cycle) ? cycle : undefined;
}

/** Lines that the runtime prints under one lock, so that two of a process never mix. */
export function hasPrintLock(shape: Shape): boolean {
  return shape.grammar.event !== 'scheduler' && shape.grammar.event !== 'init';
}
