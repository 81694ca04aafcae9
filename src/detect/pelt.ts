// In: prefix sums, a penalty. Out: the cuts of the cheapest piecewise-linear fit.
// PELT: Killick, Fearnhead & Eckley (2012), Optimal detection of changepoints with a linear computational cost.

import { MIN_SEGMENT, PELT_NODES } from './constants.ts';
import { type Sums, sse, sseFrom } from './sums.ts';

/** Share of the penalty in the coarse pass: it must propose every cut that the exact pass may want. */
const COARSE_PENALTY = 0.4;

/**
 * Cuts (first point of each right side) that minimise sum SSE + beta per cut. Long series are searched in two passes:
 * a grid of at most PELT_NODES places at a lower penalty, then every cell near the places it proposed.
 */
export function findCuts(s: Sums, beta: number, minSegment: number = MIN_SEGMENT): number[] {
  const step = Math.max(1, Math.ceil(s.n / PELT_NODES));
  if (step === 1) return pelt(s, range(0, s.n, 1), beta, minSegment);
  const coarse = pelt(s, range(0, s.n, step), COARSE_PENALTY * beta, minSegment);
  const near = new Set([0, s.n]);
  for (const q of coarse) {
    for (let k = q - 2 * step; k <= q + 2 * step; k++) if (k > 0 && k < s.n) near.add(k);
  }
  return pelt(
    s,
    [...near].sort((a, b) => a - b),
    beta,
    minSegment,
  );
}

function range(from: number, to: number, step: number): number[] {
  const out: number[] = [];
  for (let k = from; k <= to - step; k += step) out.push(k);
  out.push(to);
  return out;
}

/** Writes the cost of [from[k], end) for the first `count` k into `out`. */
type CostsFrom = (s: Sums, from: Int32Array, count: number, end: number, out: Float64Array) => void;

/** Exact optimum among cuts at the given nodes (ascending, first 0, last n). */
export function pelt(
  s: Sums,
  nodes: readonly number[],
  beta: number,
  minSegment: number,
  costsFrom: CostsFrom = sseFrom,
): number[] {
  const last = nodes.length - 1;
  const best = new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(last + 1);
  best[0] = -beta;
  // Numbers of the nodes that may still be the last cut, and their places.
  const open = new Int32Array(last + 1);
  const places = new Int32Array(last + 1);
  const cost = new Float64Array(last + 1);
  let count = 0;
  let next = 0;
  for (let e = 1; e <= last; e++) {
    const end = nodes[e]!;
    if (end < minSegment) continue;
    for (; next < e && end - nodes[next]! >= minSegment; next++) {
      if (best[next]! === Number.POSITIVE_INFINITY) continue;
      places[count] = nodes[next]!;
      open[count++] = next;
    }
    costsFrom(s, places, count, end, cost);
    let low = Number.POSITIVE_INFINITY;
    let arg = 0;
    for (let k = 0; k < count; k++) {
      const c = best[open[k]!]! + cost[k]!;
      cost[k] = c;
      if (c < low) {
        low = c;
        arg = open[k]!;
      }
    }
    best[e] = low + beta;
    from[e] = arg;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      if (cost[k]! > low + beta) continue;
      places[kept] = places[k]!;
      open[kept++] = open[k]!;
    }
    count = kept;
  }
  const cuts: number[] = [];
  for (let e = from[last]!; e > 0; e = from[e]!) cuts.push(nodes[e]!);
  return cuts.reverse();
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
