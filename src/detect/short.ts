// In: a series too short to be cut into pieces. Out: whether it has grown from its first point to its last, without a break.
// A program that keeps all it allocates collects ever more seldom: ten cycles may be all there is of a leak of a gigabyte.

import type { Interval } from './types.ts';

/** Fewest points and seconds that can tell growth from a start-up. */
const MIN_POINTS = 5;
const MIN_SPAN = 8;
/** Slope over its standard error; the last point over the first; the second half's slope over the whole one's. */
const MIN_T = 8;
const MIN_RATIO = 2;
const MIN_LATE_SHARE = 0.6;
/** Two-sided 95 % quantile of Student's t with n - 2 degrees of freedom, n = 5 … 16. */
const STUDENT = [3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145];

export interface ShortGrowth {
  slope: number;
  slopeInterval: Interval;
  level: number;
  growing: boolean;
}

/**
 * Least squares line through all points; `growing` only when the slope is far beyond its error, no point falls back by more than the
 * noise, and the rise does not slow down. Undefined below five points, and where they are of one moment. `quantum`: rounding step of the values.
 */
export function describeShort(t: ArrayLike<number>, y: ArrayLike<number>, quantum: number): ShortGrowth | undefined {
  const n = y.length;
  if (n < MIN_POINTS || !(t[n - 1]! > t[0]!)) return undefined;
  let meanT = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    meanT += t[i]! / n;
    meanY += y[i]! / n;
  }
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i++) {
    sxx += (t[i]! - meanT) ** 2;
    sxy += (t[i]! - meanT) * (y[i]! - meanY);
  }
  const slope = sxy / sxx;
  let sse = 0;
  for (let i = 0; i < n; i++) sse += (y[i]! - meanY - slope * (t[i]! - meanT)) ** 2;
  const sigma = Math.max(Math.sqrt(sse / (n - 2)), quantum / Math.sqrt(12));
  const se = sigma / Math.sqrt(sxx);
  const reach = se * (STUDENT[n - MIN_POINTS] ?? 2.1);
  return {
    slope,
    slopeInterval: { from: slope - reach, to: slope + reach },
    level: meanY + slope * (t[n - 1]! - meanT),
    growing:
      t[n - 1]! - t[0]! >= MIN_SPAN &&
      slope > MIN_T * se &&
      y[n - 1]! >= MIN_RATIO * y[0]! &&
      !fallsBack(y, sigma) &&
      lateSlope(t, y) > MIN_LATE_SHARE * slope,
  };
}

function fallsBack(y: ArrayLike<number>, sigma: number): boolean {
  let highest = y[0]!;
  for (let i = 1; i < y.length; i++) {
    if (y[i]! < highest - 2 * sigma) return true;
    highest = Math.max(highest, y[i]!);
  }
  return false;
}

/** Slope over the second half of the time: from the last point before it to the end. */
function lateSlope(t: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = y.length;
  const middle = (t[0]! + t[n - 1]!) / 2;
  let from = n - 2;
  while (from > 0 && t[from]! > middle) from--;
  return (y[n - 1]! - y[from]!) / (t[n - 1]! - t[from]!);
}
