// In: a segmentation and its cuts. Out: each cut as a bend: kink or jump, kind, place with interval, evidence.

import { PLACE_REACH } from './calibration.ts';
import { GROWTH_T, KINK_SLACK, STOPPED_SHARE } from './constants.ts';
import { effectOf } from './effects.ts';
import type { Cells } from './fit.ts';
import { findHinge } from './kernel/index.ts';
import { fitLine, fitPieces, type Line, lineAt, type Sums, sse, valuesOf } from './sums.ts';
import type { BendKind } from './types.ts';

/** A bend in cells and in units of x; slopes are per unit of x. */
export interface CellBend {
  kind: BendKind;
  /** First cell after the bend. */
  cell: number;
  /** Cells within which the bend lies with 95 %. */
  cellFrom: number;
  cellTo: number;
  /** Where the cell begins, and how far the piece after it reaches, in x. */
  x: number;
  after: number;
  kink: boolean;
  jump: number;
  level: number;
  slopeBefore: number;
  slopeAfter: number;
  slopeAfterSe: number;
  /** (SSE merged - SSE split) / (sigma^2 kappa). */
  evidence: number;
}

export function classifyCuts(
  cells: Cells,
  sums: Sums,
  cuts: readonly number[],
  kappa: number,
  smallest: number,
): CellBend[] {
  const pieces = fitPieces(sums, cuts);
  return cuts.map((_, i) => classifyCut(cells, sums, pieces[i]!, pieces[i + 1]!, kappa, smallest));
}

function classifyCut(cells: Cells, sums: Sums, left: Line, right: Line, kappa: number, smallest: number): CellBend {
  const { x, sigma } = cells;
  const noise = sigma * sigma * kappa;
  const e = effectOf(left, right, x, sigma, kappa);
  const a = left.from;
  const b = right.to;
  const q = right.from;
  const split = sse(sums, a, q) + sse(sums, q, b);
  const y = valuesOf(sums, a, b);
  const costs = new Float64Array(b - a);
  const hinge = findHinge(x.subarray(a, b), y.y, y.w, costs);
  const kink =
    hinge.sse <= split + KINK_SLACK * Math.log(x.length) * noise &&
    Math.abs(e.jump) < Math.max(KINK_GAP * sigma, 4 * e.jumpSe);
  const se = (l: Line) => Math.max((sigma * Math.sqrt(kappa)) / Math.sqrt(Math.max(l.sxx, 1e-9)), 1e-12);
  const grows = right.slope / se(right) > GROWTH_T && right.slope * (x[b - 1]! - x[q]!) > smallest;
  const grew = left.slope / se(left) > GROWTH_T && left.slope * (x[q - 1]! - x[a]!) > smallest;
  const isSlope = kink || Math.abs(e.jump) < 0.5 * Math.abs(e.slopeChange) * Math.min(e.before, e.after);
  const kind = isSlope ? slopeKind(left.slope, right.slope, grew, grows) : e.jump > 0 ? 'step-up' : 'step-down';
  const cell = kink ? kinkCell(cells, sums, a, b, a + hinge.cut) : q;
  const [cellFrom, cellTo] = kink
    ? placeInterval(a, costs, hinge.sse, noise)
    : placeInterval(a, splitCosts(sums, a, b), split, noise);
  return {
    kind,
    cell,
    cellFrom: Math.min(cell, cellFrom),
    cellTo: Math.max(cell, cellTo),
    x: x[cell]!,
    after: x[b - 1]! - x[cell]!,
    kink,
    jump: e.jump,
    level: lineAt(left, x[cell]!) + (kink ? 0 : e.jump),
    slopeBefore: left.slope,
    slopeAfter: right.slope,
    slopeAfterSe: se(right),
    evidence: (sse(sums, a, b) - split) / noise,
  };
}

/** Neighbours further apart than this share of the series: which of them a bend is told at makes a difference. */
const FAR_APART = 0.02;

/** The cell after the hinge; where cells lie far apart that of the two beside it that is nearer to where the lines meet. */
function kinkCell({ x }: Cells, sums: Sums, from: number, to: number, right: number): number {
  if (x[right]! - x[right - 1]! < FAR_APART) return right;
  const before = fitLine(sums, from, right);
  const after = fitLine(sums, right, to);
  const meet = (before.intercept - after.intercept) / (after.slope - before.slope);
  return right - 1 > from && meet < (x[right - 1]! + x[right]!) / 2 ? right - 1 : right;
}

/** A kink's lines may miss each other by this many sigma. */
const KINK_GAP = 6;

function slopeKind(before: number, after: number, grew: boolean, grows: boolean): BendKind {
  if (after > before) {
    if (grows) return grew ? 'growth-up' : 'growth-onset';
    return 'plateau';
  }
  if (grew && Math.abs(after) < STOPPED_SHARE * Math.abs(before)) return 'plateau';
  return after > 0 ? 'growth-down' : 'decline';
}

function splitCosts(s: Sums, a: number, b: number): Float64Array {
  const out = new Float64Array(b - a).fill(Number.POSITIVE_INFINITY);
  for (let q = a + 3; q < b - 2; q++) out[q - a] = sse(s, a, q) + sse(s, q, b);
  return out;
}

/** Cells whose cost is within PLACE_REACH of the best: the profile-likelihood interval. */
function placeInterval(a: number, costs: Float64Array, best: number, noise: number): [number, number] {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < costs.length; k++) {
    if (costs[k]! > best + PLACE_REACH * noise) continue;
    from = Math.min(from, a + k);
    to = Math.max(to, a + k);
  }
  return [from, to];
}
