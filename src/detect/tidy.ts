// In: bends of one series in order. Out: the same without the parts of one story told twice (a warm-up, an excursion).

import type { CellBend } from './classify.ts';

/** A decelerating climb from the start is one warm-up, a short excursion that returns a burst, a staircase one growth. */
export function tidyBends(
  bends: readonly CellBend[],
  n: number,
  smallest: number,
  settledAt: (bend: CellBend) => number,
): CellBend[] {
  return dropHollow(
    mergeStairs(dropExcursions(settleSteps(mergeWarmUp(bends, n, settledAt), n, smallest), n, smallest)),
  );
}

const SETTLING = new Set(['plateau', 'growth-down', 'decline', 'step-up', 'step-down', 'growth-onset', 'growth-up']);

/** A step takes a few cells: what follows at once and ends flat is its settling; where that leaves nothing, it was a burst. */
function settleSteps(bends: readonly CellBend[], n: number, smallest: number): CellBend[] {
  const out: CellBend[] = [];
  for (const b of bends) {
    const step = out.at(-1);
    const isStep = step?.kind === 'step-up' || step?.kind === 'step-down';
    const soon = step && b.cell - step.cell <= Math.max(12, 0.03 * n);
    const calm = step && Math.abs(b.slopeAfter) < 0.2 * Math.abs(step.slopeAfter);
    const small = step && Math.abs(step.slopeAfter) * (b.x - step.x) < Math.abs(step.jump);
    if (isStep && soon && calm && small && SETTLING.has(b.kind)) {
      const jump = b.level - (step.level - step.jump);
      const turned = Math.abs(b.slopeAfter - step.slopeBefore) * b.after;
      if (Math.abs(jump) < smallest && turned < smallest) out.pop();
      else out[out.length - 1] = { ...step, slopeAfter: b.slopeAfter, slopeAfterSe: b.slopeAfterSe, jump };
    } else out.push(b);
  }
  return out;
}

/** A slope that turns up but does not grow ends a decline, or is no bend worth a word. */
function dropHollow(bends: readonly CellBend[]): CellBend[] {
  return bends.filter((b, i) => {
    const hollow = b.kind === 'plateau' && b.slopeAfter > b.slopeBefore;
    return !hollow || bends[i - 1]?.kind === 'decline';
  });
}

/** Upward bends in a row that make a staircase, and how many of them must be steps. */
const STAIRS = 3;
const STAIR_STEPS = 2;
const UPWARD = new Set(['growth-onset', 'growth-up', 'step-up']);

/** A slice that doubles grows in steps that follow growth: one onset, not many. */
function mergeStairs(bends: readonly CellBend[]): CellBend[] {
  const out: CellBend[] = [];
  for (let i = 0; i < bends.length; ) {
    let j = i;
    while (j < bends.length && UPWARD.has(bends[j]!.kind)) j++;
    const run = bends.slice(i, j);
    const steps = run.filter((b) => b.kind === 'step-up').length;
    if (run.length >= STAIRS && steps >= STAIR_STEPS) {
      const kind = run[0]!.kind === 'growth-up' ? 'growth-up' : 'growth-onset';
      out.push({ ...run[0]!, kind, slopeAfter: pace(run), evidence: Math.max(...run.map((b) => b.evidence)) });
    } else out.push(...run);
    if (j < bends.length) out.push(bends[j]!);
    i = j + 1;
  }
  return out;
}

/** Mean slope from the first bend of a run to its last, jumps included. */
function pace(run: readonly CellBend[]): number {
  const first = run[0]!;
  const last = run.at(-1)!;
  return last.x > first.x ? (last.level - first.level) / (last.x - first.x) : first.slopeAfter;
}

/** Warm-up must end within this share of the series. */
const WARM_UP_SHARE = 0.6;
const WARM_UP_KINDS = new Set(['plateau', 'growth-down', 'step-up']);

function mergeWarmUp(bends: readonly CellBend[], n: number, settledAt: (bend: CellBend) => number): CellBend[] {
  const first = bends[0];
  if (!first || first.slopeBefore <= 0) return [...bends];
  let k = 0;
  let slope = first.slopeBefore;
  while (k < bends.length) {
    const b = bends[k]!;
    const slower = b.slopeAfter < slope * 1.05 && slope > 0;
    // A step higher than all the climb before it is news, however early.
    const leap = b.kind === 'step-up' && (b.slopeBefore < 0.2 * first.slopeBefore || b.jump > b.slopeBefore * b.x);
    if (!WARM_UP_KINDS.has(b.kind) || leap || !slower || b.cell >= WARM_UP_SHARE * n) break;
    slope = b.slopeAfter;
    k++;
  }
  if (k === 0 || (k === 1 && first.slopeAfter >= 0.35 * first.slopeBefore)) return [...bends];
  const last = bends[k - 1]!;
  const cell = settledAt(last);
  return [{ ...last, kind: 'plateau', cell, cellFrom: Math.min(cell, last.cellFrom) }, ...bends.slice(k)];
}

/** What lasts longer than this share of the time that was watched is a level that came and went, however few points it has. */
const EXCURSION_MOST = 0.2;

/** Two bends within 12 cells (or 5 %) between which the series goes away and comes back. */
function dropExcursions(bends: readonly CellBend[], n: number, smallest: number): CellBend[] {
  const out = [...bends];
  for (let i = 0; i + 1 < out.length; ) {
    const a = out[i]!;
    const b = out[i + 1]!;
    const span = b.cell - a.cell;
    const largest = Math.max(Math.abs(a.jump), Math.abs(b.jump));
    const jumps = span <= Math.max(12, 0.03 * n) && a.jump * b.jump < 0 && Math.abs(a.jump + b.jump) < 0.4 * largest;
    const short = b.x - a.x <= EXCURSION_MOST;
    if (short && (jumps || (span <= Math.max(20, 0.06 * n) && comesBack(a, b, smallest)))) out.splice(i, 2);
    else i++;
  }
  return out;
}

/** The line before the first bend, carried on, meets the level after the second. */
function comesBack(a: CellBend, b: CellBend, smallest: number): boolean {
  const before = a.level - (a.kink ? 0 : a.jump) + a.slopeBefore * (b.x - a.x);
  const sameSlope = Math.abs(b.slopeAfter - a.slopeBefore) * Math.max(b.x - a.x, b.after) < smallest;
  return Math.abs(b.level - before) < smallest && sameSlope;
}
