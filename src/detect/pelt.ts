// In: prefix sums, a penalty. Out: the cuts of the cheapest piecewise-linear fit.
// PELT: Killick, Fearnhead & Eckley (2012), Optimal detection of changepoints with a linear computational cost.

import { MIN_SEGMENT, PELT_NODES } from './constants.ts';
import { type Sums, sse } from './sums.ts';

/**
 * Cuts (first point of each right side) that minimise sum SSE + beta per cut. Long series are searched on a grid of at
 * most PELT_NODES places, then every cut moves to the best cell between its neighbours near it.
 */
export function findCuts(s: Sums, beta: number, minSegment: number = MIN_SEGMENT): number[] {
  const step = Math.max(1, Math.ceil(s.n / PELT_NODES));
  const cuts = peltOnGrid(s, beta, step, minSegment);
  return step === 1 ? cuts : refineCuts(s, cuts, step, minSegment);
}

function peltOnGrid(s: Sums, beta: number, step: number, minSegment: number): number[] {
  const nodes = Math.floor(s.n / step);
  const at = (k: number) => (k === nodes ? s.n : k * step);
  const best = new Float64Array(nodes + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(nodes + 1);
  best[0] = -beta;
  const open = new Int32Array(nodes + 1);
  const cost = new Float64Array(nodes + 1);
  let count = 0;
  let next = 0;
  for (let e = 1; e <= nodes; e++) {
    const end = at(e);
    if (end < minSegment) continue;
    while (next < e && end - at(next) >= minSegment) {
      if (best[next]! < Number.POSITIVE_INFINITY) open[count++] = next;
      next++;
    }
    let low = Number.POSITIVE_INFINITY;
    let arg = 0;
    for (let k = 0; k < count; k++) {
      const c = best[open[k]!]! + sse(s, at(open[k]!), end);
      cost[k] = c;
      if (c < low) {
        low = c;
        arg = open[k]!;
      }
    }
    best[e] = low + beta;
    from[e] = arg;
    let kept = 0;
    for (let k = 0; k < count; k++) if (cost[k]! <= low + beta) open[kept++] = open[k]!;
    count = kept;
  }
  const cuts: number[] = [];
  for (let e = from[nodes]!; e > 0; e = from[e]!) cuts.push(at(e));
  return cuts.reverse();
}

/** Moves every cut to the cheapest cell within `reach` of it, twice over. */
function refineCuts(s: Sums, cuts: readonly number[], reach: number, minSegment: number): number[] {
  const out = [...cuts];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < out.length; i++) {
      const a = out[i - 1] ?? 0;
      const b = out[i + 1] ?? s.n;
      out[i] = bestCut(s, a, b, Math.max(a + minSegment, out[i]! - reach), Math.min(b - minSegment, out[i]! + reach));
    }
  }
  return out;
}

/** The cut of [a, b) within [lo, hi] with the smallest SSE of its two lines. */
export function bestCut(s: Sums, a: number, b: number, lo: number, hi: number): number {
  let low = Number.POSITIVE_INFINITY;
  let arg = lo;
  for (let q = lo; q <= hi; q++) {
    const c = sse(s, a, q) + sse(s, q, b);
    if (c < low) {
      low = c;
      arg = q;
    }
  }
  return arg;
}
