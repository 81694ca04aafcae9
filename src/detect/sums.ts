// In: x, y and weights of a series. Out: sums from which the least-squares line of any stretch costs O(1).

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

const TINY = 1e-9;

export function makeSums(x: Float64Array, y: Float64Array, w: Float64Array): Sums {
  const n = x.length;
  const make = () => new Float64Array(n + 1);
  const s: Sums = { n, w: make(), x: make(), y: make(), xx: make(), xy: make(), yy: make() };
  for (let i = 0; i < n; i++) {
    const wi = w[i]!;
    const wx = wi * x[i]!;
    const wy = wi * y[i]!;
    s.w[i + 1] = s.w[i]! + wi;
    s.x[i + 1] = s.x[i]! + wx;
    s.y[i + 1] = s.y[i]! + wy;
    s.xx[i + 1] = s.xx[i]! + wx * x[i]!;
    s.xy[i + 1] = s.xy[i]! + wx * y[i]!;
    s.yy[i + 1] = s.yy[i]! + wy * y[i]!;
  }
  return s;
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

/** `sse` of [from[k], end) for the first `count` k, into `out`: the innermost loop of the segmentation. */
export function sseFrom(s: Sums, from: Int32Array, count: number, end: number, out: Float64Array): void {
  const { w, x, y, xx, xy, yy } = s;
  const [w1, x1, y1, xx1, xy1, yy1] = [w[end]!, x[end]!, y[end]!, xx[end]!, xy[end]!, yy[end]!];
  for (let k = 0; k < count; k++) {
    const a = from[k]!;
    const weight = Math.max(w1 - w[a]!, TINY);
    const sx = x1 - x[a]!;
    const sy = y1 - y[a]!;
    const sxx = xx1 - xx[a]! - (sx * sx) / weight;
    const sxy = xy1 - xy[a]! - (sx * sy) / weight;
    const syy = yy1 - yy[a]! - (sy * sy) / weight;
    out[k] = Math.max(sxx > TINY ? syy - (sxy * sxy) / sxx : syy, 0);
  }
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
