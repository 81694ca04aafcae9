// In: values of a series, residuals of a fit. Out: the noise's scale, its long-run variance ratio, order statistics.

import { KAPPA_LAGS, KAPPA_MAX, KAPPA_MIN, MAD_TO_SD, ROUNDING_SD, TRIM_RMS, TRIM_SHARE } from './constants.ts';

/** Beyond this many values finding the middle one is cheaper than sorting. */
const SORTED = 256;

/** Middle value (mean of the two middle ones for an even count); 0 for nothing. */
export function median(values: ArrayLike<number>): number {
  const n = values.length;
  if (n === 0) return 0;
  const v = new Float64Array(values);
  const h = n >> 1;
  if (n > SORTED) select(v, h);
  else v.sort();
  if (n % 2) return v[h]!;
  let below = v[h - 1]!;
  for (let i = 0; i < h - 1; i++) if (v[i]! > below) below = v[i]!;
  return (below + v[h]!) / 2;
}

/** Puts the k-th smallest in its place, nothing greater before it, nothing smaller behind (Hoare 1961, Algorithm 65: FIND). */
function select(v: Float64Array, k: number): void {
  let lo = 0;
  let hi = v.length - 1;
  while (lo < hi) {
    const pivot = v[k]!;
    let i = lo;
    let j = hi;
    while (i <= j) {
      while (v[i]! < pivot) i++;
      while (pivot < v[j]!) j--;
      if (i > j) break;
      const t = v[i]!;
      v[i++] = v[j]!;
      v[j--] = t;
    }
    if (j < k) lo = i;
    if (k < i) hi = j;
  }
}

/** Median of `values` from `from` to `to` (exclusive), NaN left out, for few of them: insertion into `room`, nothing allocated. */
export function medianOfFew(values: Float64Array, from: number, to: number, room: Float64Array): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const v = values[i]!;
    if (Number.isNaN(v)) continue;
    let k = n++;
    for (; k > 0 && room[k - 1]! > v; k--) room[k] = room[k - 1]!;
    room[k] = v;
  }
  const h = n >> 1;
  if (n === 0) return 0;
  return n % 2 ? room[h]! : (room[h - 1]! + room[h]!) / 2;
}

/** Standard deviation from the median absolute deviation about the median. */
export function madSd(values: ArrayLike<number>): number {
  const m = median(values);
  const away = new Float64Array(values.length);
  for (let i = 0; i < away.length; i++) away[i] = Math.abs(values[i]! - m);
  return MAD_TO_SD * median(away);
}

/**
 * Noise scale of one point from second differences, which a straight line does not touch:
 * max(rms of the smallest 90 % of |d2| / 0.7866, MAD(d2) / 2, rounding), each d2 divided by its standard deviation
 * sqrt(v0 + 4 v1 + v2) under weights 1/v. The MAD alone is 0 or jumps in steps on rounded values; the rms is smooth.
 */
export function noiseScale(y: ArrayLike<number>, quantum: number, w?: Float64Array): number {
  const floor = quantum * ROUNDING_SD;
  const n = y.length;
  if (n < 10) return Math.max(n > 2 ? plainSd(y) : 1, floor);
  const d = new Float64Array(n - 2);
  for (let i = 0; i < d.length; i++) {
    const variance = w ? 1 / w[i]! + 4 / w[i + 1]! + 1 / w[i + 2]! : 6;
    d[i] = (y[i + 2]! - 2 * y[i + 1]! + y[i]!) / Math.sqrt(variance);
  }
  const a = d.map(Math.abs).sort();
  const k = Math.floor(TRIM_SHARE * a.length);
  let ss = 0;
  for (let i = 0; i < k; i++) ss += a[i]! * a[i]!;
  return Math.max(Math.sqrt(ss / k) / TRIM_RMS, 0.5 * madSd(d), floor);
}

function plainSd(y: ArrayLike<number>): number {
  let m = 0;
  for (let i = 0; i < y.length; i++) m += y[i]! / y.length;
  let ss = 0;
  for (let i = 0; i < y.length; i++) ss += (y[i]! - m) ** 2;
  return Math.sqrt(ss / y.length);
}

/**
 * Long-run variance over short-run variance of residuals, 1 + 2 sum (1 - l/(K+1)) rho_l with Bartlett's weights
 * (Newey & West 1987), residuals clipped at 3 MAD, bounded to KAPPA_MIN..KAPPA_MAX.
 */
export function longRunRatio(residuals: Float64Array, w: Float64Array): number {
  const n = residuals.length;
  const scale = madSd(residuals) || 1;
  const r = new Float64Array(n);
  let v = 0;
  for (let i = 0; i < n; i++) {
    r[i] = w[i]! > 0 ? Math.max(-3, Math.min(3, residuals[i]! / scale)) : 0;
    v += (r[i]! * r[i]!) / n;
  }
  if (v <= 0) return KAPPA_MIN;
  const lags = Math.min(Math.floor(2 * Math.cbrt(n)), KAPPA_LAGS);
  let k = 1;
  for (let l = 1; l <= lags && n > l + 5; l++) {
    let c = 0;
    for (let i = l; i < n; i++) c += r[i]! * r[i - l]!;
    k += (2 * (1 - l / (lags + 1)) * (c / (n - l))) / v;
  }
  return Math.max(KAPPA_MIN, Math.min(KAPPA_MAX, k));
}

/** Long-run variance of residuals: their variance (from the MAD, which misfit at a few bends does not move) x longRunRatio. */
export function longRunVariance(residuals: Float64Array, w: Float64Array): number {
  return madSd(residuals.filter((_, i) => w[i]! > 0)) ** 2 * longRunRatio(residuals, w);
}
