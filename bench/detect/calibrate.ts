// In: simulated series with fresh seeds. Out: the coefficients of src/detect/calibration.ts, and what they cover now.

import { confidenceFeatures, SLOPE_REACH } from '../../src/detect/calibration.ts';
import { type Bend, detectSegments } from '../../src/detect/index.ts';
import { HEAP_OPTIONS } from './score-simulated.ts';
import { KINDS, type Simulated, simulate } from './simulate.ts';
import { STRESS_KINDS, simulateStress } from './simulate-stress.ts';

export interface Judged {
  bend: Bend;
  n: number;
  /** Bends of the series. */
  beside: number;
  right: boolean;
  /** True slope after the bend, where it is one number. */
  slope?: number;
  /** Time of the true bend, where one matches. */
  trueT?: number;
}

const LINES: ReadonlySet<string> = new Set(['a_slow', 'a_fast', 'b_fixed', 'g_double']);

/** Every final bend of the simulations that is not in a free stretch, judged within 5 % (at least 5 points). */
export function judgeAll(seed0: number, seeds: number): Judged[] {
  const out: Judged[] = [];
  for (let s = seed0; s < seed0 + seeds; s++) {
    for (const n of [100, 300, 1000, 2000])
      for (const k of KINDS) if (k !== 'i_restart') out.push(...judge(simulate(k, n, s)));
    for (const n of [300, 1000]) for (const k of STRESS_KINDS) out.push(...judge(simulateStress(k, n, s)));
  }
  return out;
}

function judge(s: Simulated): Judged[] {
  const { final } = detectSegments(
    s.t.map((t, i) => ({ t, y: s.y[i]!, index: i })),
    HEAP_OPTIONS,
  );
  const margin = Math.max(5, 0.05 * s.n);
  return final.flatMap(({ bend }): Judged[] => {
    const k = s.bends.findIndex((b) => Math.abs(b.index - bend.index) <= margin);
    const free = s.free.some(([a, b]) => bend.index >= a && bend.index < b);
    if (k < 0 && free) return [];
    if (k < 0) return [{ bend, n: s.n, beside: final.length, right: false }];
    const slope = s.bends.slice(0, k + 1).reduce((sum, b) => sum + b.delta, 0);
    return [
      {
        bend,
        n: s.n,
        beside: final.length,
        right: true,
        trueT: s.t[s.bends[k]!.index]!,
        ...(LINES.has(s.kind) ? { slope } : {}),
      },
    ];
  });
}

export interface Coverage {
  slope: number;
  place: number;
  bins: { from: number; to: number; count: number; right: number }[];
  slopeReach: number;
}

export function coverageOf(all: readonly Judged[]): Coverage {
  const slopes = all.filter((j) => j.slope !== undefined);
  const within = (v: number, i: { from: number; to: number }) => v >= i.from && v <= i.to;
  const places = all.filter((j) => j.trueT !== undefined);
  const ratios = slopes
    .map(({ bend, slope }) => {
      const half = (bend.slopeAfterInterval.to - bend.slopeAfterInterval.from) / 2;
      return (SLOPE_REACH * Math.abs(bend.slopeAfter - slope!)) / half;
    })
    .sort((a, b) => a - b);
  const edges = [0, 0.5, 0.8, 0.9, 0.93, 0.97, 0.99, 1.0001];
  return {
    slope: slopes.filter((j) => within(j.slope!, j.bend.slopeAfterInterval)).length / slopes.length,
    place: places.filter((j) => within(j.trueT!, j.bend.tInterval)).length / places.length,
    slopeReach: ratios[Math.floor(0.95 * ratios.length)]!,
    bins: edges.slice(1).map((to, i) => {
      const of = all.filter((j) => j.bend.confidence >= edges[i]! && j.bend.confidence < to);
      return { from: edges[i]!, to, count: of.length, right: of.filter((j) => j.right).length };
    }),
  };
}

/** Logistic regression of `right` on the features, by gradient ascent with a small ridge. */
export function fitConfidence(all: readonly Judged[]): number[] {
  const rows = all.map((j) => confidenceFeatures(j.bend.evidence, j.n, j.bend.kind, j.beside));
  const w = rows[0]!.map(() => 0);
  for (let round = 0; round < 20_000; round++) {
    const gradient = w.map((v) => -0.5 * v);
    rows.forEach((x, i) => {
      const p = 1 / (1 + Math.exp(-x.reduce((s, v, k) => s + v * w[k]!, 0)));
      const error = (all[i]!.right ? 1 : 0) - p;
      x.forEach((v, k) => {
        gradient[k]! += error * v;
      });
    });
    gradient.forEach((g, k) => {
      w[k]! += (0.5 * g) / rows.length;
    });
  }
  return w;
}

if (process.argv[1]?.endsWith('calibrate.ts')) {
  const all = judgeAll(Number(process.argv[2] ?? 20_000), Number(process.argv[3] ?? 6));
  console.log('bends', all.length, 'right', all.filter((j) => j.right).length, fitConfidence(all));
  console.log(JSON.stringify(coverageOf(all), null, 1));
  for (const kind of ['growth-onset', 'growth-up', 'plateau', 'growth-down', 'decline', 'step-up', 'step-down']) {
    const of = all.filter((j) => j.bend.kind === kind);
    console.log(kind, of.length, of.filter((j) => j.right).length);
  }
}
