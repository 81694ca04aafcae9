// In: times, loads and a growing stretch. Out: does the load explain the growth?

import { LOAD_RISE } from './constants.ts';
import { leastSquares } from './solve.ts';

/**
 * The load rose over the growing stretch [from, n) by more than LOAD_RISE of its mean over an equally long stretch
 * before it. Load that is not known explains nothing.
 */
export function loadExplains(t: Float64Array, load: Float64Array, from: number): boolean {
  const n = t.length;
  if (n - from < 6) return false;
  const after: number[] = [];
  const times: number[] = [];
  for (let i = from; i < n; i++) {
    if (Number.isNaN(load[i]!)) continue;
    after.push(load[i]!);
    times.push(t[i]! - t[from]!);
  }
  const before: number[] = [];
  for (let i = Math.max(5, 2 * from - n); i < from; i++) if (!Number.isNaN(load[i]!)) before.push(load[i]!);
  if (after.length < 6 || before.length === 0) return false;
  const ones = new Float64Array(after.length).fill(1);
  const slope = leastSquares([ones, Float64Array.from(times)], Float64Array.from(after), ones).coefficients[1]!;
  const mean = before.reduce((s, v) => s + v, 0) / before.length;
  return slope * (times.at(-1)! - times[0]!) > LOAD_RISE * Math.max(mean, 1e-9);
}
