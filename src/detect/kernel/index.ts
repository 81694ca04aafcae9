// In: columns of a series, one number a cell. Out: what the .wat files make of them, which also say how; nothing stays there.
// x is time over 0..1, w a weight relative to one point, t in seconds, y in the signal's unit.

import { KAPPA_LAGS, LEVEL_NODES, PELT_NODES, SCREEN_NEWEST } from '../constants.ts';
import type { Sums } from '../sums.ts';
import {
  columnsAt,
  doubles,
  FIRST_LIST,
  kernel,
  lay,
  listAt,
  NUMBER,
  renewViews,
  SECOND_LIST,
  words,
} from './memory.ts';

/** Middle value (mean of the two middle ones for an even count); 0 for nothing. */
export function median(values: ArrayLike<number>): number {
  return kernel().median(lay(values), values.length);
}

/** The lower quartile of the absolute values. */
export function lowerQuartile(values: Float64Array): number {
  return kernel().selectAbsolute(lay(values), values.length, values.length >> 2);
}

export interface Prepared {
  x: Float64Array;
  /** 0 in bursts. */
  w: Float64Array;
  /** Noise scale of weight 1. */
  sigma: number;
  /** First and last cell of each. */
  bursts: { from: number; to: number }[];
  /** Seconds per unit of x. */
  scale: number;
}

/**
 * Weights, noise and bursts of at least three cells of `size` points.
 * @param floor least sigma
 * @param byPoints whether a burst's length counts in points; in cells otherwise
 */
export function prepare(
  t: Float64Array,
  y: Float64Array,
  size: Float64Array,
  floor: number,
  byPoints: boolean,
): Prepared {
  const n = t.length;
  const scale = t[n - 1]! - t[0]! || 1;
  const address = kernel().prepare(lay(t, y, size), n, scale, floor, byPoints ? 1 : 0);
  renewViews();
  const [x, w] = columnsAt(address, n, 2);
  const ends = listAt(FIRST_LIST);
  const bursts = Array.from({ length: ends.length / 2 }, (_, k) => ({ from: ends[2 * k]!, to: ends[2 * k + 1]! }));
  return { x: x!, w: w!, sigma: doubles[NUMBER]!, bursts, scale };
}

export interface Fit {
  sums: Sums;
  /** First cell of every right side. */
  cuts: number[];
  /** Long-run variance ratio of the residuals. */
  kappa: number;
}

function fitAt(address: number, n: number): Fit {
  renewViews();
  const [w, x, y, xx, xy, yy] = columnsAt(address, n + 1, 6);
  const sums = { n, w: w!, x: x!, y: y!, xx: xx!, xy: xy!, yy: yy! };
  return { sums, cuts: [...listAt(FIRST_LIST)], kappa: doubles[NUMBER]! };
}

/** Highest lag of the residuals' autocorrelation that counts. */
function lagsFor(n: number): number {
  return Math.min(Math.floor(2 * Math.cbrt(n)), KAPPA_LAGS);
}

/**
 * The straight pieces of y - season. `fine`: the cuts of the first, more generous pass. With the penalty of a cut and of a kink,
 * both in units of kappa, and the variance of weight 1.
 */
export function fitLines(
  { x, y, w }: { x: Float64Array; y: Float64Array; w: Float64Array },
  season: Float64Array,
  penalty: { cut: number; kink: number; variance: number },
): Fit & { fine: number[] } {
  const n = x.length;
  const step = Math.max(1, Math.ceil(n / PELT_NODES));
  const columns = lay(x, y, w, season);
  const fit = fitAt(kernel().fitLines(columns, n, step, lagsFor(n), penalty.cut, penalty.kink, penalty.variance), n);
  return { ...fit, fine: [...listAt(SECOND_LIST)] };
}

/** The level pieces of z. @param penalty of a cut, in units of kappa */
export function fitLevels(x: Float64Array, z: Float64Array, w: Float64Array, penalty: number): Fit {
  const n = x.length;
  const step = Math.max(1, Math.ceil(n / LEVEL_NODES));
  return fitAt(kernel().fitLevels(lay(x, z, w), n, step, lagsFor(n), penalty), n);
}

/** The cut, at least `margin` cells from both ends, that leaves the two cheapest lines. */
export function bestCut(x: Float64Array, y: Float64Array, w: Float64Array, margin: number): number {
  return kernel().bestCut(lay(x, y, w), x.length, margin);
}

export interface Hinge {
  /** First point right of the bend. */
  cut: number;
  sse: number;
}

/** The best continuous broken line with one bend. @param costs receives the SSE of every cut, infinite where none is allowed */
export function findHinge(x: Float64Array, y: Float64Array, w: Float64Array, costs?: Float64Array): Hinge {
  const address = kernel().findHinge(lay(x, y, w), x.length);
  renewViews();
  costs?.set(doubles.subarray(address / 8, address / 8 + x.length));
  return { cut: words[FIRST_LIST / 4]!, sse: doubles[NUMBER]! };
}

/** Weighted least squares of y on columns: coefficients and the remaining sum of squares. */
export function leastSquares(
  columns: readonly Float64Array[],
  y: Float64Array,
  w: Float64Array,
): { coefficients: Float64Array; sse: number } {
  const address = kernel().leastSquares(lay(y, w, ...columns), y.length, columns.length);
  renewViews();
  return { coefficients: doubles.slice(address / 8, address / 8 + columns.length), sse: doubles[NUMBER]! };
}

/** What two harmonics are fitted to: y under weights w, over a trend of 1, x and `hinge`; `cos` and `sin` of the first one's angle. */
export interface Turning {
  x: Float64Array;
  y: Float64Array;
  w: Float64Array;
  hinge: Float64Array;
  cos: Float64Array;
  sin: Float64Array;
}

const HARMONIC_COLUMNS = 7;

/** Least squares: `b` holds the trend's three coefficients, then those of cos and sin of one and two times the angle. */
export function fitHarmonics({ x, y, w, hinge, cos, sin }: Turning): { b: Float64Array; sse: number } {
  const address = kernel().fitHarmonics(lay(x, y, w, hinge, cos, sin), x.length);
  renewViews();
  return { b: doubles.slice(address / 8, address / 8 + HARMONIC_COLUMNS), sse: doubles[NUMBER]! };
}

/** What `count` such fits leave, every angle turned by that of `cosStep` and `sinStep` from one to the next. */
export function turnHarmonics(
  { x, y, w, hinge, cos, sin }: Turning,
  cosStep: Float64Array,
  sinStep: Float64Array,
  count: number,
): Float64Array {
  const address = kernel().turnHarmonics(lay(x, y, w, hinge, cos, sin, cosStep, sinStep), x.length, count);
  renewViews();
  return doubles.slice(address / 8, address / 8 + count);
}

/** Where curves may begin and how fast they may grow. */
export interface CurveGrid {
  /** Cells of the onset: first, first + step ... below last. */
  first: number;
  last: number;
  step: number;
  /** Per unit of x; negative for what saturates. */
  rates: readonly number[];
  /** Whether the line before the onset may have a slope. */
  sloped: boolean;
}

/** A fit of y on 1, x - x[0] (if sloped) and (exp(rate (x - onset)+) - 1) / rate. */
export interface CurveFit {
  base: number;
  slope: number;
  size: number;
  sse: number;
}

/** All fits of the grid: of each onset one for every rate. */
export function fitCurves(
  x: Float64Array,
  y: Float64Array,
  w: Float64Array,
  { first, last, step, rates, sloped }: CurveGrid,
): CurveFit[][] {
  const columns = lay(x, y, w, rates);
  let at = kernel().fitCurves(columns, x.length, first, last, step, rates.length, sloped ? 1 : 0) / 8;
  renewViews();
  const out: CurveFit[][] = [];
  for (let cell = first; cell < last; cell += step) {
    out.push(
      rates.map(() => {
        const fit = { base: doubles[at]!, slope: doubles[at + 1]!, size: doubles[at + 2]!, sse: doubles[at + 3]! };
        at += 4;
        return fit;
      }),
    );
  }
  return out;
}

/** Medians of the five values about each (fewer at the ends), NaN left out; 0 where there is nothing else. */
export function mediansOfFive(values: Float64Array): Float64Array {
  const address = kernel().mediansOfFive(lay(values), values.length);
  renewViews();
  return doubles.slice(address / 8, address / 8 + values.length);
}

/** Numbers of a cell in a store: points, sums of t, y and load over them, points with a load, the first point's t, index and tag. */
export const CELL_NUMBERS = 8;

/** Joins neighbours among the first `n` cells, in place, until at most `most` are left, and returns how many are and the share of age at which. */
export function joinCells(rows: Float64Array, n: number, share: number, most: number): { n: number; share: number } {
  const address = lay(rows.subarray(0, n * CELL_NUMBERS));
  const left = kernel().compact(address, n, share, most);
  rows.set(doubles.subarray(address / 8, address / 8 + left * CELL_NUMBERS));
  return { n: left, share: doubles[NUMBER]! };
}

/** Means of cells as arrays; `first` is each one's first cell in the store, loads are NaN where the caller gave none. */
export interface CellMeans {
  t: Float64Array;
  y: Float64Array;
  size: Float64Array;
  load: Float64Array;
  first: Int32Array;
}

/** Of the first `n` cells: the oldest `old` in groups of `step`, the others as they are. */
export function meansOf(rows: Float64Array, n: number, old: number, step: number): CellMeans {
  const address = kernel().means(lay(rows.subarray(0, n * CELL_NUMBERS)), n, old, step);
  renewViews();
  const first = listAt(FIRST_LIST);
  const [t, y, size, load] = columnsAt(address, first.length, 4);
  return { t: t!, y: y!, size: size!, load: load!, first };
}

/** Moving average of what the cells from `from` on differ from a line, `slope` a second from `level` at the first cell; `record`: the farthest from 0 that it was before the newest. */
export function chart(
  { t, y }: CellMeans,
  from: number,
  level: number,
  slope: number,
): { average: number; record: number } {
  const average = kernel().chart(lay(t, y), t.length, from, SCREEN_NEWEST, level, slope);
  return { average, record: doubles[NUMBER]! };
}
