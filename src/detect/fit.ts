// In: cells of one series. Out: its segmentation: straight pieces over time, with or without a cycle under them.

import { BEND_PARAMETERS, HARMONICS, KINK_PARAMETERS } from './constants.ts';
import { fitLines, leastSquares } from './kernel/index.ts';
import { findPeriod, findWave, harmonicColumns, trendFinder } from './period.ts';
import { fitPieces, fittedValues, type Line, type Sums } from './sums.ts';

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

/** Segmentation of y without its season. */
function segmentWithout(cells: Cells, season: Float64Array, c: number): Segmentation {
  const { sigma } = cells;
  const penaltyOf = (parameters: number) => parameters * c * Math.log(Math.max(season.length, 50)) * sigma * sigma;
  const { sums, cuts, fine, kappa } = fitLines(cells, season, {
    cut: penaltyOf(BEND_PARAMETERS),
    kink: penaltyOf(KINK_PARAMETERS),
    variance: sigma * sigma,
  });
  return { sums, cuts, fine, pieces: fitPieces(sums, cuts), kappa, season };
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
  const findTrend = trendFinder(cells.x);
  let season: Float64Array = new Float64Array(y.length);
  for (let round = 0; round < 5; round++) {
    const rest = y.map((v, i) => v - season[i]!);
    const trend = findTrend(rest, cells.w);
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
