// In: a stretch of a series. Out: where the best continuous broken line (hinge) bends, and its cost.

export interface Hinge {
  /** First point right of the bend, counted from the start of the stretch. */
  cut: number;
  sse: number;
}

/** Points that must lie on each side of a hinge. */
const MARGIN = 4;

/**
 * Least squares of y on 1, x, (x - q)+ for every q half-way between two points, in O(n) by suffix sums
 * (Hinkley 1969, Inference about the intersection in two-phase regression). With x and y centred, the hinge column h
 * takes (h'r)^2 / h'Mh off the SSE of the straight line, r its residuals and M the projection off (1, x).
 * `costs`, when given, receives the SSE of every cut (infinite where none is allowed).
 */
export function findHinge(
  x: Float64Array,
  y: Float64Array,
  w: Float64Array,
  from = 0,
  to: number = x.length,
  costs?: Float64Array,
): Hinge {
  const n = to - from;
  costs?.fill(Number.POSITIVE_INFINITY);
  const best: Hinge = { cut: n >> 1, sse: Number.POSITIVE_INFINITY };
  if (n < 2 * MARGIN + 1) return best;
  let s0 = 0;
  let xMean = 0;
  let yMean = 0;
  for (let i = from; i < to; i++) {
    s0 += w[i]!;
    xMean += w[i]! * x[i]!;
    yMean += w[i]! * y[i]!;
  }
  if (s0 <= 0) return best;
  xMean /= s0;
  yMean /= s0;
  let s2 = 0;
  let t1 = 0;
  let yy = 0;
  for (let i = from; i < to; i++) {
    const xi = x[i]! - xMean;
    const yi = y[i]! - yMean;
    s2 += w[i]! * xi * xi;
    t1 += w[i]! * xi * yi;
    yy += w[i]! * yi * yi;
  }
  if (s2 <= 0) return best;
  const straight = yy - (t1 * t1) / s2;
  let g0 = 0;
  let g1 = 0;
  let g2 = 0;
  let k0 = 0;
  let k1 = 0;
  for (let i = to - 1; i > from; i--) {
    const xi = x[i]! - xMean;
    const yi = y[i]! - yMean;
    g0 += w[i]!;
    g1 += w[i]! * xi;
    g2 += w[i]! * xi * xi;
    k0 += w[i]! * yi;
    k1 += w[i]! * xi * yi;
    const cut = i - from;
    if (cut < MARGIN || cut >= n - MARGIN) continue;
    const q = (xi + x[i - 1]! - xMean) / 2;
    const h0 = g1 - q * g0;
    const h1 = g2 - q * g1;
    const hh = g2 - 2 * q * g1 + q * q * g0;
    const hy = k1 - q * k0;
    const left = hh - (h0 * h0) / s0 - (h1 * h1) / s2;
    const gain = left > 1e-12 * s2 ? (hy - (h1 * t1) / s2) ** 2 / left : 0;
    const cost = Math.max(0, straight - gain);
    if (costs) costs[cut] = cost;
    if (cost <= best.sse) {
      best.sse = cost;
      best.cut = cut;
    }
  }
  return best;
}

/** Column (x - q)+ of a hinge between points cut - 1 and cut. */
export function hingeColumn(x: Float64Array, cut: number): Float64Array {
  const q = (x[cut]! + x[cut - 1]!) / 2;
  return x.map((v) => Math.max(0, v - q));
}
