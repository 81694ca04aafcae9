// In: times, values, loads and a growing stretch. Out: does the load explain the growth, and is the growth running out?

import { LOAD_RISE, LOAD_STEADY, LOAD_STEADY_POINTS, LOAD_STEADY_SHARE } from './constants.ts';
import { leastSquares, median, mediansOfFive } from './kernel/index.ts';

export interface Stretch {
  t: Float64Array;
  y: Float64Array;
  load: Float64Array;
  /** The growing points [from, to). */
  from: number;
  to: number;
  /** Standard deviation of one point's slow noise (sigma sqrt kappa), and the smallest effect. */
  noise: number;
  smallest: number;
  /** A known cycle's length: the load is then averaged over whole turns. */
  period: number | undefined;
}

/**
 * Load explains growth while it is more than LOAD_RISE above its level before the growth, until it has been steady for a
 * while and the series grows on. A leak under a cycle shows when the load falls back, one that begins with load when the
 * load is steady, and the first turn of a cycle never. Load that is not known explains nothing.
 */
export function loadExplains(s: Stretch): boolean {
  const { from, to } = s;
  if (to - from < 6) return false;
  const load = smoothLoad(s);
  const before = load.subarray(Math.max(Math.min(5, from), 2 * from - to), from).filter((v) => !Number.isNaN(v));
  const after = load.subarray(from, to).filter((v) => !Number.isNaN(v));
  if (after.length < 6 || before.length < 3) return false;
  const recent = after.subarray(-Math.max(4, after.length >> 2));
  // In the trough of a cycle the growth begins at less load than there was before it.
  const atBend = load
    .subarray(from, Math.min(to, from + Math.max(3, (to - from) >> 3)))
    .filter((v) => !Number.isNaN(v));
  const usual = Math.max(Math.min(median(before), median(atBend)), 1e-9);
  const risen = median(recent) - usual;
  if (risen <= LOAD_RISE * usual) return false;
  const steady = steadyFrom(s.t, load, from, to, risen);
  if (steady === undefined) return true;
  return !growsOver(s, (steady + to) >> 1, to) || !growsOver(s, steady, to);
}

/** Median of five (a mean over whole turns where a cycle is known). */
function smoothLoad(s: Stretch): Float64Array {
  const { t, load, period } = s;
  if (period === undefined) return mediansOfFive(load);
  const out = new Float64Array(load.length);
  for (let i = 0, a = 0; i < load.length; i++) {
    while (t[a]! < t[i]! - period) a++;
    let sum = 0;
    let n = 0;
    for (let k = a; k <= i; k++) {
      if (Number.isNaN(load[k]!)) continue;
      sum += load[k]!;
      n++;
    }
    out[i] = n > 0 ? sum / n : Number.NaN;
  }
  return out;
}

/** Start of the longest stretch up to `to` over which the load moves by at most LOAD_STEADY of its rise. */
function steadyFrom(t: Float64Array, load: Float64Array, from: number, to: number, risen: number): number | undefined {
  const step = Math.max(1, (to - from) >> 5);
  const length = t[to - 1]! - t[from]!;
  for (let a = from; a <= to - LOAD_STEADY_POINTS; a += step) {
    const span = t[to - 1]! - t[a]!;
    if (span < LOAD_STEADY_SHARE * length) return undefined;
    const { slope } = line(t, load, a, to);
    const half = (a + to) >> 1;
    const move = Math.abs(median(load.subarray(half, to)) - median(load.subarray(a, half)));
    if (Math.max(Math.abs(slope * span), move) <= LOAD_STEADY * risen) return a;
  }
  return undefined;
}

/** The series rises significantly over [a, to): t > 3 and, over the whole of it, half the smallest effect a stretch. */
function growsOver(s: Stretch, a: number, to: number): boolean {
  const { slope, sxx } = line(s.t, s.y, a, to);
  const rise = slope * (s.t[to - 1]! - s.t[a]!);
  return sxx > 0 && slope > (3 * s.noise) / Math.sqrt(sxx) && rise > s.smallest / 3;
}

function line(t: Float64Array, v: Float64Array, a: number, b: number): { slope: number; mean: number; sxx: number } {
  let n = 0;
  let tMean = 0;
  let mean = 0;
  for (let i = a; i < b; i++) {
    if (Number.isNaN(v[i]!)) continue;
    n++;
    tMean += t[i]!;
    mean += v[i]!;
  }
  tMean /= n || 1;
  mean /= n || 1;
  let sxx = 0;
  let sxy = 0;
  for (let i = a; i < b; i++) {
    if (Number.isNaN(v[i]!)) continue;
    sxx += (t[i]! - tMean) ** 2;
    sxy += (t[i]! - tMean) * (v[i]! - mean);
  }
  return { slope: sxx > 0 ? sxy / sxx : 0, mean, sxx };
}

/** The stretch bends down for certain (curvature's t below -3) and ends at less than half its mean slope. */
export function isRunningOut(s: Pick<Stretch, 't' | 'y' | 'from' | 'to' | 'noise'>): boolean {
  const { t, y, from, to, noise } = s;
  const n = to - from;
  if (n < 6) return false;
  const length = t[to - 1]! - t[from]!;
  const u = t.slice(from, to).map((v) => (v - t[from]!) / length - 0.5);
  const ones = new Float64Array(n).fill(1);
  const square = u.map((v) => v * v - 1 / 12);
  const values = y.slice(from, to);
  const { coefficients } = leastSquares([ones, u, square], values, ones);
  const [, slope, curvature] = coefficients;
  const left = leastSquares([ones, u], square, ones).sse;
  return curvature! * Math.sqrt(left) < -3 * noise && slope! + curvature! < 0.5 * slope!;
}
