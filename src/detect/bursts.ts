// In: values and their noise scale. Out: which points are short bursts (they get weight 0) and where the bursts lie.

import { BURST_MIN_KEPT, BURST_START_SIGMA, BURST_STAY_SIGMA, BURST_WINDOW, BURST_WINDOW_SHARE } from './constants.ts';

export interface BurstMask {
  /** 1 = kept, 0 = part of a burst. */
  keep: Float64Array;
  /** First and last point of each burst. */
  bursts: { from: number; to: number }[];
}

/** Median of the `width` (odd) values about each point; the ends are repeated outwards. */
export function runningMedian(y: Float64Array, width: number): Float64Array {
  const n = y.length;
  const h = width >> 1;
  const at = (i: number) => y[Math.min(n - 1, Math.max(0, i))]!;
  // A sorted window, one value out and one in per step.
  const win = Array.from({ length: width }, (_, k) => at(k - h)).sort((a, b) => a - b);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    out[i] = win[h]!;
    win.splice(lowerBound(win, at(i - h)), 1);
    const v = at(i + h + 1);
    win.splice(lowerBound(win, v), 0, v);
  }
  return out;
}

function lowerBound(sorted: readonly number[], v: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (sorted[mid]! < v) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Runs that leave the running median by more than 5 sigma (of their weight) for at most half its window (counted in points; a single cell always may). */
export function maskBursts(y: Float64Array, sigma: number, w?: Float64Array, size?: Float64Array): BurstMask {
  const n = y.length;
  const keep = new Float64Array(n).fill(1);
  const width = Math.min(BURST_WINDOW, Math.floor(n * BURST_WINDOW_SHARE) | 1);
  if (width < 5) return { keep, bursts: [] };
  const mid = runningMedian(y, width);
  const bursts: { from: number; to: number }[] = [];
  let masked = 0;
  for (let i = 0; i < n; i++) {
    const r = y[i]! - mid[i]!;
    const sd = w ? sigma / Math.sqrt(w[i]!) : sigma;
    if (Math.abs(r) <= BURST_START_SIGMA * sd) continue;
    let j = i;
    while (j + 1 < n) {
      const next = y[j + 1]! - mid[j + 1]!;
      if (Math.abs(next) <= BURST_STAY_SIGMA * sd || next > 0 !== r > 0) break;
      j++;
    }
    let points = 0;
    for (let k = i; k <= j; k++) points += size ? size[k]! : 1;
    if (j === i || points <= width >> 1) {
      keep.fill(0, i, j + 1);
      masked += j - i + 1;
      bursts.push({ from: i, to: j });
    }
    i = j;
  }
  if (1 - masked / n < BURST_MIN_KEPT) return { keep: keep.fill(1), bursts: [] };
  return { keep, bursts };
}
