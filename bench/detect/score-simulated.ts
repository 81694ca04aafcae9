// In: simulated series and what a detector said of them. Out: F1 within a margin, false points per 1,000 healthy points.

import { type DetectorOptions, detectSegments as segmentWhole } from '../../src/detect/index.ts';
import type { Simulated } from './simulate.ts';

export type Detect = (s: Simulated) => { index: number; kind: string }[];

export interface SimulatedScore {
  f1: number;
  f1At5: number;
  falsePerThousand: number;
  true: number;
  healthyPoints: number;
}

export const HEAP_OPTIONS: DetectorOptions = { model: 'line', sensitivity: 'normal', quantum: 1, minEffect: 1 };

/** Every process of the series by itself; a restart is reported where the cycle number falls. */
export const detectSegments: Detect = (s) => {
  const out: { index: number; kind: string }[] = [];
  let from = 0;
  for (let i = 1; i <= s.n; i++) {
    if (i < s.n && s.cycle[i]! > s.cycle[i - 1]! && s.t[i]! >= s.t[i - 1]!) continue;
    const points = [];
    for (let k = from; k < i; k++) points.push({ t: s.t[k]!, y: s.y[k]!, index: k });
    for (const f of segmentWhole(points, HEAP_OPTIONS).final) out.push({ index: f.bend.index, kind: f.bend.kind });
    if (i < s.n) out.push({ index: i, kind: 'restart' });
    from = i;
  }
  return out;
};

interface Counts {
  tp: number;
  fp: number;
  fn: number;
}

export interface Tally {
  at2: Counts;
  at5: Counts;
  falsePoints: number;
  healthyPoints: number;
  trueBends: number;
}

export function tally(): Tally {
  const none = () => ({ tp: 0, fp: 0, fn: 0 });
  return { at2: none(), at5: none(), falsePoints: 0, healthyPoints: 0, trueBends: 0 };
}

/** One-to-one matching, nearest pairs first; bends in free stretches that match nothing cost nothing. */
export function addTo(sum: Tally, s: Simulated, found: readonly { index: number }[]): void {
  for (const [counts, share] of [
    [sum.at2, 0.02],
    [sum.at5, 0.05],
  ] as const) {
    const margin = Math.max(5, share * s.n);
    const matched = matchNearest(
      s.bends.map((b) => b.index),
      found.map((b) => b.index),
      margin,
    );
    const free = (i: number) => s.free.some(([a, b]) => i >= a && i < b);
    counts.tp += matched.size;
    counts.fn += s.bends.length - matched.size;
    counts.fp += found.filter((f, k) => ![...matched.values()].includes(k) && !free(f.index)).length;
  }
  sum.trueBends += s.bends.length;
  if (s.healthy) {
    sum.healthyPoints += s.n;
    sum.falsePoints += found.filter((f) => !s.free.some(([a, b]) => f.index >= a && f.index < b)).length;
  }
}

function matchNearest(truth: readonly number[], found: readonly number[], margin: number): Map<number, number> {
  const pairs = truth
    .flatMap((t, i) => found.map((f, k) => ({ i, k, d: Math.abs(t - f) })))
    .filter((p) => p.d <= margin);
  pairs.sort((a, b) => a.d - b.d);
  const out = new Map<number, number>();
  const used = new Set<number>();
  for (const p of pairs) {
    if (out.has(p.i) || used.has(p.k)) continue;
    out.set(p.i, p.k);
    used.add(p.k);
  }
  return out;
}

export function scoreOf(sum: Tally): SimulatedScore {
  const f1 = (c: Counts) => (c.tp ? (2 * c.tp) / (2 * c.tp + c.fp + c.fn) : 0);
  return {
    f1: f1(sum.at2),
    f1At5: f1(sum.at5),
    falsePerThousand: (1000 * sum.falsePoints) / Math.max(1, sum.healthyPoints),
    true: sum.trueBends,
    healthyPoints: sum.healthyPoints,
  };
}
