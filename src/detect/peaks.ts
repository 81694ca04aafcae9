// In: points of one series. Out: the peaks that scipy.signal.find_peaks(distance=20, prominence=2.0) sees in its
// moving average of 5, with one rule changed: of equally high peaks too close together the later one stays.

import type { Bend, Point } from './types.ts';

const WINDOW = 5;
const CENTRE = 2;
const DISTANCE = 20;
const PROMINENCE = 2;

/** Mean of every five values in a row (the valid part): sum / 5. */
export function smooth(y: ArrayLike<number>): Float64Array {
  const out = new Float64Array(Math.max(0, y.length - WINDOW + 1));
  for (let i = 0; i < out.length; i++) out[i] = (y[i]! + y[i + 1]! + y[i + 2]! + y[i + 3]! + y[i + 4]!) / WINDOW;
  return out;
}

/** Strict local maxima; of a plateau its middle (rounded down). The ends are never peaks. */
export function localMaxima(v: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let i = 1; i < v.length - 1; i++) {
    if (v[i - 1]! >= v[i]!) continue;
    let ahead = i + 1;
    while (ahead < v.length - 1 && v[ahead] === v[i]) ahead++;
    if (v[ahead]! < v[i]!) {
      out.push((i + ahead - 1) >> 1);
      i = ahead - 1;
    }
  }
  return out;
}

/** From the highest down, each peak removes those closer than `distance`; of equals the later goes first. */
export function keepDistant(peaks: readonly number[], v: ArrayLike<number>, distance: number): number[] {
  const order = peaks.map((_, k) => k).sort((a, b) => v[peaks[b]!]! - v[peaks[a]!]! || b - a);
  const keep = new Array<boolean>(peaks.length).fill(true);
  for (const k of order) {
    if (!keep[k]) continue;
    for (let j = k - 1; j >= 0 && peaks[k]! - peaks[j]! < distance; j--) keep[j] = false;
    for (let j = k + 1; j < peaks.length && peaks[j]! - peaks[k]! < distance; j++) keep[j] = false;
  }
  return peaks.filter((_, k) => keep[k]);
}

/** Height above the higher of the two lowest points on the way to higher ground (or to the end) on either side. */
export function prominence(v: ArrayLike<number>, peak: number): number {
  let left = v[peak]!;
  for (let i = peak; i >= 0 && v[i]! <= v[peak]!; i--) left = Math.min(left, v[i]!);
  let right = v[peak]!;
  for (let i = peak; i < v.length && v[i]! <= v[peak]!; i++) right = Math.min(right, v[i]!);
  return v[peak]! - Math.max(left, right);
}

/** Peaks of the whole series, in order. Slopes are least squares over the five smoothed points up to and from a peak. */
export function detectPeaks(points: readonly Point[]): Bend[] {
  const v = smooth(points.map((p) => p.y));
  const peaks = keepDistant(localMaxima(v), v, DISTANCE);
  return peaks.flatMap((p) => {
    const height = prominence(v, p);
    return height >= PROMINENCE ? [peakAt(points, v, p, height)] : [];
  });
}

function peakAt(points: readonly Point[], v: Float64Array, p: number, height: number): Bend {
  const point = points[p + CENTRE]!;
  const slopeAfter = slopeOf(points, v, p, Math.min(v.length - 1, p + WINDOW - 1));
  return {
    kind: 'peak',
    index: point.index,
    t: point.t,
    ...(point.tag === undefined ? {} : { tag: point.tag }),
    value: v[p]!,
    slopeBefore: slopeOf(points, v, Math.max(0, p - WINDOW + 1), p),
    slopeAfter,
    slopeAfterInterval: { from: slopeAfter, to: slopeAfter },
    tInterval: { from: point.t, to: point.t },
    confidence: 1,
    evidence: height,
    followsLoad: false,
  };
}

/** Least-squares slope of smoothed points a..b over the times of their centres. */
function slopeOf(points: readonly Point[], v: Float64Array, a: number, b: number): number {
  const n = b - a + 1;
  let tMean = 0;
  let yMean = 0;
  for (let i = a; i <= b; i++) {
    tMean += points[i + CENTRE]!.t / n;
    yMean += v[i]! / n;
  }
  let xx = 0;
  let xy = 0;
  for (let i = a; i <= b; i++) {
    const dx = points[i + CENTRE]!.t - tMean;
    xx += dx * dx;
    xy += dx * (v[i]! - yMean);
  }
  return xx > 0 ? xy / xx : 0;
}
