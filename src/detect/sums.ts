// In: sums over a series. Out: the least-squares line of any stretch of it, and its cost, in O(1).

import { TINY } from './constants.ts';

/** Weighted prefix sums: entry i holds the sum over the first i points. */
export interface Sums {
  n: number;
  w: Float64Array;
  x: Float64Array;
  y: Float64Array;
  xx: Float64Array;
  xy: Float64Array;
  yy: Float64Array;
}

/** The weighted least-squares line of points [from, to): y = intercept + slope x. */
export interface Line {
  from: number;
  to: number;
  intercept: number;
  slope: number;
  /** Sum of weights, mean of x, and sum of weighted squares of x about it. */
  weight: number;
  xMean: number;
  sxx: number;
}

/** Weighted sum of squared residuals of [a, b) about its own least-squares line. */
export function sse(s: Sums, a: number, b: number): number {
  const w = Math.max(s.w[b]! - s.w[a]!, TINY);
  const sx = s.x[b]! - s.x[a]!;
  const sy = s.y[b]! - s.y[a]!;
  const xx = s.xx[b]! - s.xx[a]! - (sx * sx) / w;
  const xy = s.xy[b]! - s.xy[a]! - (sx * sy) / w;
  const yy = s.yy[b]! - s.yy[a]! - (sy * sy) / w;
  const left = xx > TINY ? yy - (xy * xy) / xx : yy;
  return Math.max(left, 0);
}

export function fitLine(s: Sums, from: number, to: number): Line {
  const weight = Math.max(s.w[to]! - s.w[from]!, TINY);
  const sx = s.x[to]! - s.x[from]!;
  const sy = s.y[to]! - s.y[from]!;
  const sxx = s.xx[to]! - s.xx[from]! - (sx * sx) / weight;
  const sxy = s.xy[to]! - s.xy[from]! - (sx * sy) / weight;
  const slope = sxx > TINY ? sxy / sxx : 0;
  return { from, to, intercept: (sy - slope * sx) / weight, slope, weight, xMean: sx / weight, sxx };
}

/** Lines of the pieces that the cuts (first point of the right side) leave. */
export function fitPieces(s: Sums, cuts: readonly number[]): Line[] {
  const edges = [0, ...cuts, s.n];
  return edges.slice(1).map((to, i) => fitLine(s, edges[i]!, to));
}

export function lineAt(line: Line, x: number): number {
  return line.intercept + line.slope * x;
}

/** Fitted values of the pieces at every x. */
export function fittedValues(pieces: readonly Line[], x: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (const p of pieces) for (let i = p.from; i < p.to; i++) out[i] = p.intercept + p.slope * x[i]!;
  return out;
}

/** Values (without their season, 0 where there is no weight) and weights of [a, b). */
export function valuesOf(s: Sums, a: number, b: number): { y: Float64Array; w: Float64Array } {
  const y = new Float64Array(b - a);
  const w = new Float64Array(b - a);
  for (let i = a; i < b; i++) {
    const wi = s.w[i + 1]! - s.w[i]!;
    w[i - a] = wi;
    y[i - a] = wi > 0 ? (s.y[i + 1]! - s.y[i]!) / wi : 0;
  }
  return { y, w };
}
