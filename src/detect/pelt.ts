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

/** What is known so far: of every node the least cost up to it and its last cut, and which nodes may still be a last cut. */
interface Search {
  best: Float64Array;
  lastCut: Int32Array;
  /** The open nodes by number and by place, and what a fit costs whose last piece begins there: `count` of each. */
  open: Int32Array;
  places: Int32Array;
  cost: Float64Array;
  count: number;
}

/** Exact optimum among cuts at the given nodes (ascending, first 0, last n). */
export function pelt(
  s: Sums,
  nodes: readonly number[],
  beta: number,
  minSegment: number,
  costsFrom: CostsFrom = sseFrom,
): number[] {
  const n = nodes.length;
  const search: Search = {
    best: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
    lastCut: new Int32Array(n),
    open: new Int32Array(n),
    places: new Int32Array(n),
    cost: new Float64Array(n),
    count: 0,
  };
  search.best[0] = -beta;
  let next = 0;
  for (let e = 1; e < n; e++) {
    const end = nodes[e]!;
    for (; next < e && end - nodes[next]! >= minSegment; next++) openNode(search, next, nodes[next]!);
    costsFrom(s, search.places, search.count, end, search.cost);
    closeNode(search, e, beta);
  }
  const { lastCut } = search;
  const cuts: number[] = [];
  for (let e = lastCut[n - 1]!; e > 0; e = lastCut[e]!) cuts.push(nodes[e]!);
  return cuts.reverse();
}

function openNode(search: Search, node: number, place: number): void {
  if (search.best[node] === Number.POSITIVE_INFINITY) return;
  search.places[search.count] = place;
  search.open[search.count++] = node;
}

/** Finds the last cut before node `e` and drops the open nodes that can be no last cut any more. */
function closeNode(search: Search, e: number, beta: number): void {
  const { best, open, places, cost, count } = search;
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
  search.lastCut[e] = arg;
  let kept = 0;
  for (let k = 0; k < count; k++) {
    if (cost[k]! > low + beta) continue;
    places[kept] = places[k]!;
    open[kept++] = open[k]!;
  }
  search.count = kept;
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
