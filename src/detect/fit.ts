// In: cells of one series. Out: its segmentation: straight pieces over time, with or without a cycle under them.

import {
  BEND_PARAMETERS,
  HARMONICS,
  KAPPA_FIRST,
  KAPPA_ROUNDS,
  KAPPA_TOTAL_MAX,
  MIN_SEGMENT,
  MIN_SIDE,
} from './constants.ts';
import { findHinge } from './hinge.ts';
import { longRunRatio, longRunVariance } from './noise.ts';
import { findCuts } from './pelt.ts';
import { findPeriod, findWave, harmonicColumns, trendColumns } from './period.ts';
import { leastSquares } from './solve.ts';
import { fitPieces, fittedValues, type Line, makeSums, type Sums, sse } from './sums.ts';

/** One series as the segmentation sees it: x in 0..1, weights relative to one point, noise scale of weight 1. */
export interface Cells {
  x: Float64Array;
  y: Float64Array;
  w: Float64Array;
  sigma: number;
}

export interface Segmentation {
  sums: Sums;
  /** First cell of every right side. */
  cuts: number[];
  /** Those of the first, more generous pass: what a cycle of many turns is seen in. */
  fine: number[];
  pieces: Line[];
  /** Long-run variance ratio of the residuals. */
  kappa: number;
  /** The cycle's value at every cell (0 without one). */
  season: Float64Array;
  /** The segmentation with nothing taken out, when a cycle was. */
  plain?: Segmentation;
  /** Turns of the cycle over x in 0..1, and harmonics, when there is one. */
  turns?: number;
}

/**
 * Segmentation of y without its season: once with a guessed kappa, then with the measured one until that holds. kappa
 * is the residuals' long-run variance over sigma^2; second differences see little of a slowly wandering noise.
 */
function segmentWithout(cells: Cells, season: Float64Array, c: number): Segmentation {
  const { x, w, sigma } = cells;
  const y = cells.y.map((v, i) => v - season[i]!);
  const sums = makeSums(x, y, w);
  const unit = BEND_PARAMETERS * c * Math.log(Math.max(x.length, 50)) * sigma * sigma;
  const at = (kappa: number) => {
    const cuts = findCuts(sums, unit * kappa, MIN_SEGMENT);
    return { cuts, rest: residuals(y, fitPieces(sums, cuts), x, w) };
  };
  const first = at(KAPPA_FIRST);
  let kappa = longRunRatio(first.rest, w);
  let now = at(kappa);
  const fine = now.cuts;
  for (let round = 0; round < KAPPA_ROUNDS; round++) {
    const next = Math.min(KAPPA_TOTAL_MAX, longRunVariance(now.rest, w) / (sigma * sigma));
    if (next < 1.15 * kappa) break;
    kappa = next;
    now = at(kappa);
  }
  const cuts = addKinks(
    { ...cells, y },
    sums,
    now.cuts,
    2 * c * Math.log(Math.max(x.length, 50)) * sigma * sigma * kappa,
  );
  return { sums, cuts, fine, pieces: fitPieces(sums, cuts), kappa, season };
}

/** Cuts pieces at a hinge (two parameters: place and slope) where that pays: PELT only knows cuts of three. */
function addKinks(cells: Cells, sums: Sums, cuts: readonly number[], beta: number): number[] {
  const edges = [0, ...cuts, sums.n];
  return edges.slice(1).flatMap((to, i) => {
    const from = edges[i]!;
    const end = to < sums.n ? [to] : [];
    if (to - from < 2 * MIN_SIDE) return end;
    const h = findHinge(cells.x, cells.y, cells.w, from, to);
    const cut = from + h.cut;
    const pays = sse(sums, from, to) - h.sse > beta;
    return pays && cut - from >= MIN_SIDE && to - cut >= MIN_SIDE ? [cut, ...end] : end;
  });
}

function residuals(y: Float64Array, pieces: readonly Line[], x: Float64Array, w: Float64Array): Float64Array {
  const fit = fittedValues(pieces, x);
  return y.map((v, i) => (v - fit[i]!) * Math.sqrt(w[i]!));
}

/** SSE of a segmentation of the raw series plus its penalties, at a common kappa. */
function penalisedCost(cells: Cells, s: Segmentation, kappa: number, extra: number, c: number): number {
  const fit = fittedValues(s.pieces, cells.x);
  let ss = 0;
  for (let i = 0; i < fit.length; i++) ss += cells.w[i]! * (cells.y[i]! - s.season[i]! - fit[i]!) ** 2;
  const parameters = BEND_PARAMETERS * c * s.cuts.length + extra;
  return ss + parameters * Math.log(fit.length) * cells.sigma * cells.sigma * kappa;
}

/** Straight pieces and nothing else. */
export function segmentPlain(cells: Cells, c: number): Segmentation {
  return segmentWithout(cells, new Float64Array(cells.x.length), c);
}

/** The better of the plain segmentation and those with one period (or two, nested) taken out, by penalised cost. */
export function withCycle(cells: Cells, plain: Segmentation, c: number): Segmentation {
  if (plain.cuts.length < 2) return plain;
  const wave = withWave(cells, plain, c);
  if (wave) return wave;
  if (plain.cuts.length < 3) return plain;
  const turns = findPeriod(cells.x, cells.y, cells.w, cells.sigma);
  if (turns === undefined) return plain;
  let best = plain;
  let bestExtra = 0;
  for (const columns of seasonCandidates(cells, turns)) {
    const got = fitSeason(cells, columns, c);
    const kappa = Math.max(best.kappa, got.kappa);
    const extra = columns.length + 1;
    if (penalisedCost(cells, got, kappa, extra, c) < penalisedCost(cells, best, kappa, bestExtra, c)) {
      best = { ...got, turns, plain };
      bestExtra = extra;
    }
  }
  return best;
}

/** A single wave of less than 2.2 turns and nothing else, if that is cheaper than the plain pieces. */
function withWave(cells: Cells, plain: Segmentation, c: number): Segmentation | undefined {
  const turns = findWave(cells.x, cells.y, cells.w);
  const columns = harmonicColumns(cells.x, turns, 1);
  const { coefficients } = leastSquares([cells.x.map(() => 1), ...columns], cells.y, cells.w);
  const season = combine(columns, coefficients.subarray(1));
  const got = segmentWithout(cells, season, c);
  const kappa = Math.max(plain.kappa, got.kappa);
  const better =
    got.cuts.length === 0 && penalisedCost(cells, got, kappa, 3 * c, c) < penalisedCost(cells, plain, kappa, 0, c);
  return better ? { ...got, turns } : undefined;
}

/** Column sets: K harmonics of the period, then two of it with K of a second, shorter or longer one. */
function seasonCandidates(cells: Cells, turns: number): Float64Array[][] {
  const { x, w } = cells;
  const n = x.length;
  const cellsPerTurn = n / turns;
  const out = HARMONICS.filter((k) => cellsPerTurn >= 3 * k && n >= 10 * k).map((k) => harmonicColumns(x, turns, k));
  const base = harmonicColumns(x, turns, 2);
  const rest = seasonOverTrend(cells, base, cells.y);
  const second = findPeriod(
    x,
    cells.y.map((v, i) => v - rest[i]!),
    w,
    cells.sigma,
  );
  if (second !== undefined && !(turns / second > 0.9 && turns / second < 1.1)) {
    for (const k of HARMONICS) {
      if (k <= 4 && n / second >= 3 * k) out.push([...base, ...harmonicColumns(x, second, k)]);
    }
  }
  return out;
}

/** The season over a single hinge or step, trend and season fitted in turns. */
function seasonOverTrend(cells: Cells, columns: readonly Float64Array[], y: Float64Array): Float64Array {
  let season: Float64Array = new Float64Array(y.length);
  for (let round = 0; round < 5; round++) {
    const rest = y.map((v, i) => v - season[i]!);
    const trend = trendColumns(cells.x, rest, cells.w);
    const { coefficients } = leastSquares([...trend, ...columns], y, cells.w);
    season = combine(columns, coefficients.subarray(3));
  }
  return season;
}

function combine(columns: readonly Float64Array[], b: Float64Array): Float64Array {
  const out = new Float64Array(columns[0]!.length);
  columns.forEach((col, c) => {
    for (let i = 0; i < out.length; i++) out[i]! += b[c]! * col[i]!;
  });
  return out;
}

/** Season and pieces in turns, three times. */
function fitSeason(cells: Cells, columns: readonly Float64Array[], c: number): Segmentation {
  let season: Float64Array = seasonOverTrend(cells, columns, cells.y);
  let got = segmentWithout(cells, season, c);
  for (let round = 0; round < 2; round++) {
    const fit = fittedValues(got.pieces, cells.x);
    const rest = cells.y.map((v, i) => v - fit[i]!);
    season = combine(columns, leastSquares(columns, rest, cells.w).coefficients);
    got = segmentWithout(cells, season, c);
  }
  return got;
}
