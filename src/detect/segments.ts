// In: cells of one series. Out: its bends, its cycle, its bursts and its last piece: the whole segmentation, once.

import { type CellBend, classifyCuts } from './classify.ts';
import { EFFECT_SIGMA, GROWTH_T, KAPPA_FIRST, MIN_POINTS, PENALTY, ROUNDING_SD, STOPPED_SHARE } from './constants.ts';
import { joinCurves } from './curve.ts';
import { dropWeakCuts, smallestEffect } from './effects.ts';
import { type Cells, type Segmentation, segmentPlain, withCycle } from './fit.ts';
import { findFloor } from './floor.ts';
import { median, prepare } from './kernel/index.ts';
import { fitLine, fitPieces, type Line, type Sums } from './sums.ts';
import { tidyBends } from './tidy.ts';
import { twoKinks } from './two-kinks.ts';
import type { Sensitivity } from './types.ts';
import { amplitude, findTroughDrift, findTurns, isCycle, type Turn } from './zigzag.ts';

export interface SeriesInput {
  /** Times, values, points per cell. */
  t: Float64Array;
  y: Float64Array;
  size: Float64Array;
  quantum: number;
  minEffect: number;
  sensitivity: Sensitivity;
}

export interface WholeFit {
  bends: CellBend[];
  /** The last piece after weak cuts are dropped; slopes per unit of x. */
  tail: Line;
  tailSe: number;
  /** The series grows at its end: steadily, and by at least the smallest effect. */
  growing: boolean;
  /** Seconds per unit of x. */
  scale: number;
  sigma: number;
  kappa: number;
  smallest: number;
  x: Float64Array;
  weight: Float64Array;
  /** Turning points of the series (none when its troughs drift: then the growth is already told from its swings). */
  turns: Turn[];
  /** What the cycle adds at every cell. */
  season: Float64Array;
  cycle: { period: number; amplitude: number } | undefined;
  bursts: { from: number; to: number }[];
}

/** A season of so many turns is no accident: growth over it needs no further proof. */
const TRUSTED_TURNS = 3.5;

export function segmentSeries(input: SeriesInput): WholeFit | undefined {
  const { t, y, size } = input;
  const n = y.length;
  // What has lasted no time has no slope.
  if (n < MIN_POINTS || t[n - 1] === t[0]) return undefined;
  const { x, w, sigma, bursts, scale } = prepare(t, y, size, input.quantum * ROUNDING_SD, true);
  const cells: Cells = { x, y, w, sigma };
  const smallest = smallestEffect(cells, input.minEffect, input.sensitivity);
  const c = PENALTY[input.sensitivity];
  const bendsOf = (s: Segmentation) => {
    const drop = (cuts: readonly number[]) => dropWeakCuts(cells, s.sums, cuts, s.kappa, smallest);
    const cuts = drop(twoKinks(cells, s, drop(s.cuts), c, smallest));
    const found = classifyCuts(cells, s.sums, cuts, s.kappa, smallest);
    const perParameter = c * s.kappa * sigma * sigma * Math.log(n);
    return { cuts, found, bends: joinCurves(cells, s.sums, fitPieces(s.sums, cuts), found, perParameter) };
  };
  const plain = segmentPlain(cells, c);
  const straight = bendsOf(plain);
  // One curve tells it all: no need of a cycle.
  const curved = straight.found.length >= 2 && straight.bends.length === 1;
  const seg = curved ? plain : withCycle(cells, plain, c);
  const { cuts, bends } = seg === plain ? straight : bendsOf(seg);
  const pieces = fitPieces(seg.sums, cuts);
  const tail = pieces.at(-1)!;
  const tailSe = sigma * Math.sqrt(seg.kappa / Math.max(tail.sxx, 1e-9));
  const growing = isGrowing(seg.sums, tail, x, sigma * Math.sqrt(seg.kappa), smallest);
  const turnsOf = (s: Segmentation) =>
    findTurns(
      fitPieces(s.sums, dropWeakCuts(cells, s.sums, s.fine, KAPPA_FIRST, smallest)),
      cells.x,
      EFFECT_SIGMA * sigma,
    );
  const turns = turnsOf(seg);
  const irregular = seg.plain ? turnsOf(seg.plain) : turns;
  const swings =
    isCycle(turns) || (cuts.length >= 3 && isCycle(irregular))
      ? turns
      : bends.length > 0
        ? findFloor(cells, smallest)
        : undefined;
  const shared = {
    tail,
    tailSe,
    growing,
    scale,
    sigma,
    kappa: seg.kappa,
    smallest,
    bursts,
    x,
    weight: w,
    season: seg.season,
    turns: seg.turns !== undefined && seg.turns >= TRUSTED_TURNS ? turns : irregular,
  };
  const cycle = seg.turns
    ? { period: scale / seg.turns, amplitude: spread(seg.season) / 2 }
    : swings
      ? {
          period: (2 * (swings.at(-1)!.x - swings[0]!.x) * scale) / (swings.length - 1),
          amplitude: amplitude(swings) / 2,
        }
      : undefined;
  if (swings) return { ...shared, tail: fitLine(seg.sums, 0, n), growing: false, bends: [], cycle };
  const drift = bends.length > 0 ? findTroughDrift(turns, EFFECT_SIGMA * sigma) : undefined;
  if (drift) return { ...shared, growing: drift.growth > 0, turns: [], bends: [driftBend(cells, bends, drift)], cycle };
  return { ...shared, bends: tidyBends(bends, n, smallest, (b) => settledAt(cells, b, smallest)), cycle };
}

function spread(v: Float64Array): number {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const a of v) {
    lo = Math.min(lo, a);
    hi = Math.max(hi, a);
  }
  return hi - lo;
}

function driftBend(cells: Cells, bends: readonly CellBend[], drift: { x: number; growth: number }): CellBend {
  const at = cells.x.findIndex((v) => v >= drift.x);
  const nearest = bends.reduce((a, b) => (Math.abs(b.cell - at) < Math.abs(a.cell - at) ? b : a));
  const kind = drift.growth > 0 ? 'growth-onset' : 'decline';
  return { ...nearest, cell: at, x: drift.x, kind, jump: 0, kink: true };
}

/** First cell from which medians of seven stay within half the smallest effect of the line after the bend. */
function settledAt(cells: Cells, bend: CellBend, smallest: number): number {
  let cell = bend.cell;
  while (cell > 3) {
    const i = cell - 1;
    const line = bend.level + bend.slopeAfter * (cells.x[i]! - bend.x);
    if (Math.abs(median(cells.y.subarray(i - 3, i + 4)) - line) > Math.max(cells.sigma, smallest / 2)) break;
    cell--;
  }
  return cell;
}

/** Significant growth of at least the smallest effect that has not stopped in the second half of the piece. */
function isGrowing(sums: Sums, tail: Line, x: Float64Array, noise: number, smallest: number): boolean {
  const se = (l: Line) => noise / Math.sqrt(Math.max(l.sxx, 1e-9));
  if (tail.slope <= GROWTH_T * se(tail) || tail.slope * (x[tail.to - 1]! - x[tail.from]!) <= smallest) return false;
  const half = fitLine(sums, (tail.from + tail.to) >> 1, tail.to);
  return half.slope > STOPPED_SHARE * tail.slope - se(half) && half.slope > se(half);
}
