// In: cells of a rate-like signal. Out: where its level jumps: piecewise constant on log(value), bends of kind `regime`.
// Heavy tails are met by medians of three before this point, drift by asking for a jump between two slanted lines.

import { maskBursts } from './bursts.ts';
import { PLACE_REACH } from './calibration.ts';
import type { CellBend } from './classify.ts';
import {
  LEVEL_EVIDENCE,
  LEVEL_JUMP_SHARE,
  LEVEL_MIN_SIDE,
  LEVEL_OFFSET,
  LEVEL_PENALTY,
  LEVEL_RATIO,
  LEVEL_T,
  MEAN_FLOOR,
  MIN_POINTS,
  PENALTY,
  strictness,
} from './constants.ts';
import { effectOf } from './effects.ts';
import { longRunRatio, median, noiseScale } from './noise.ts';
import { pelt } from './pelt.ts';
import type { SeriesInput, WholeFit } from './segments.ts';
import { fitLine, makeSums, type Sums } from './sums.ts';
import { amplitude, findTurns, isCycle } from './zigzag.ts';

/** Weighted sum of squares of [a, b) about its mean. */
export function sseOfMean(s: Sums, a: number, b: number): number {
  const w = Math.max(s.w[b]! - s.w[a]!, 1e-9);
  const sy = s.y[b]! - s.y[a]!;
  return Math.max(0, s.yy[b]! - s.yy[a]! - (sy * sy) / w);
}

/** `sseOfMean` of [from[k], end) for the first `count` k, into `out`. */
function sseOfMeansFrom(s: Sums, from: Int32Array, count: number, end: number, out: Float64Array): void {
  for (let k = 0; k < count; k++) out[k] = sseOfMean(s, from[k]!, end);
}

/** Values on a log scale; the offset keeps zeros finite and changes too small to matter small. */
export function logOffset(y: Float64Array, minEffect: number, quantum: number): number {
  const positive = y.filter((v) => v > 0);
  return Math.max(minEffect, quantum, LEVEL_OFFSET * median(positive), 1e-9);
}

/** Everything in log units but `offset`, which turns them back: value = exp(level) - offset. */
export function segmentLevels(input: SeriesInput): (WholeFit & { offset: number }) | undefined {
  const { t, quantum, minEffect } = input;
  const n = t.length;
  if (n < 2 * LEVEL_MIN_SIDE || n < MIN_POINTS) return undefined;
  const offset = logOffset(input.y, minEffect, quantum);
  const z = input.y.map((v) => Math.log(Math.max(v, 0) + offset));
  const size = input.size.map((m) => (1 + MEAN_FLOOR) / (1 / m + MEAN_FLOOR));
  const sigma = Math.max(noiseScale(z, 0, size), 0.01);
  const { keep, bursts } = maskBursts(z, sigma, size);
  const w = keep.map((k, i) => k * size[i]!);
  const scale = t[n - 1]! - t[0]! || 1;
  const x = t.map((v) => (v - t[0]!) / scale);
  const sums = makeSums(x, z, w);
  const unit = LEVEL_PENALTY * PENALTY[input.sensitivity] * Math.log(Math.max(n, 50)) * sigma * sigma;
  const nodes = everyCell(n);
  const first = pelt(sums, nodes, 2 * unit, LEVEL_MIN_SIDE, sseOfMeansFrom);
  const kappa = longRunRatio(residualsOfMeans(z, w, first), w);
  const cuts = keepJumps(
    sums,
    x,
    pelt(sums, nodes, kappa * unit, LEVEL_MIN_SIDE, sseOfMeansFrom),
    sigma,
    kappa,
    strictness(input.sensitivity),
  );
  const pieces = levelPieces(sums, cuts);
  const turns = findTurns(pieces, x, Math.log(LEVEL_RATIO) / 2);
  const zigzag = isCycle(turns);
  const shared = {
    tail: pieces.at(-1)!,
    tailSe: 0,
    growing: false,
    scale,
    sigma,
    kappa,
    smallest: Math.log(LEVEL_RATIO),
    x,
    weight: w,
    season: new Float64Array(n),
    turns: [],
    bursts,
    offset,
  };
  if (zigzag) {
    const period = (2 * (turns.at(-1)!.x - turns[0]!.x) * scale) / (turns.length - 1);
    return { ...shared, bends: [], cycle: { period, amplitude: amplitude(turns) / 2 } };
  }
  const bends = cuts.flatMap((q, i) => {
    const left = pieces[i]!;
    const right = pieces[i + 1]!;
    const move = Math.abs(Math.exp(right.intercept) - Math.exp(left.intercept));
    return move < minEffect ? [] : [regimeBend(sums, x, q, left.from, right.to, sigma * sigma * kappa)];
  });
  return { ...shared, bends, cycle: undefined };
}

function everyCell(n: number): number[] {
  const step = Math.max(1, Math.ceil(n / 700));
  const out: number[] = [];
  for (let k = 0; k < n - step; k += step) out.push(k);
  out.push(n);
  return out;
}

function residualsOfMeans(z: Float64Array, w: Float64Array, cuts: readonly number[]): Float64Array {
  const out = new Float64Array(z.length);
  const edges = [0, ...cuts, z.length];
  for (let k = 0; k + 1 < edges.length; k++) {
    const middle = median(z.subarray(edges[k]!, edges[k + 1]!));
    for (let i = edges[k]!; i < edges[k + 1]!; i++) out[i] = (z[i]! - middle) * Math.sqrt(w[i]!);
  }
  return out;
}

function levelPieces(s: Sums, cuts: readonly number[]) {
  const edges = [0, ...cuts, s.n];
  return edges.slice(1).map((to, i) => {
    const line = fitLine(s, edges[i]!, to);
    return { ...line, intercept: line.intercept + line.slope * line.xMean, slope: 0 };
  });
}

/** Drops the weakest cut until each is a jump: 25 % between the means, most of it between slanted lines too, far from noise. */
function keepJumps(
  s: Sums,
  x: Float64Array,
  cuts: readonly number[],
  sigma: number,
  kappa: number,
  strict: number,
): number[] {
  const kept = [...cuts];
  while (kept.length > 0) {
    const edges = [0, ...kept, s.n];
    const strength = kept.map((q, i) => {
      const left = fitLine(s, edges[i]!, q);
      const right = fitLine(s, q, edges[i + 2]!);
      const flat = right.intercept + right.slope * right.xMean - (left.intercept + left.slope * left.xMean);
      const slanted = effectOf(left, right, x, sigma, kappa);
      const flatSe = sigma * Math.sqrt(kappa * (1 / left.weight + 1 / right.weight));
      const noise = sigma * sigma * kappa;
      const evidence =
        (sseOfMean(s, edges[i]!, edges[i + 2]!) - sseOfMean(s, edges[i]!, q) - sseOfMean(s, q, edges[i + 2]!)) / noise;
      return Math.min(
        Math.abs(flat) / Math.log(LEVEL_RATIO),
        (Math.sign(flat) * slanted.jump) / Math.log(LEVEL_RATIO),
        (Math.sign(flat) * slanted.jump) / (LEVEL_JUMP_SHARE * Math.abs(flat)),
        Math.abs(flat) / flatSe / (LEVEL_T * Math.sqrt(strict)),
        evidence / (LEVEL_EVIDENCE * strict),
      );
    });
    const weakest = strength.indexOf(Math.min(...strength));
    if (strength[weakest]! >= 1) break;
    kept.splice(weakest, 1);
  }
  return kept;
}

function regimeBend(s: Sums, x: Float64Array, q: number, from: number, to: number, noise: number): CellBend {
  const mean = (a: number, b: number) => (s.y[b]! - s.y[a]!) / Math.max(s.w[b]! - s.w[a]!, 1e-9);
  const split = (k: number) => sseOfMean(s, from, k) + sseOfMean(s, k, to);
  const best = split(q);
  let cellFrom = q;
  let cellTo = q;
  while (cellFrom > from + 1 && split(cellFrom - 1) <= best + PLACE_REACH * noise) cellFrom--;
  while (cellTo < to - 1 && split(cellTo + 1) <= best + PLACE_REACH * noise) cellTo++;
  return {
    kind: 'regime',
    cell: q,
    cellFrom,
    cellTo,
    x: x[q]!,
    after: x[to - 1]! - x[q]!,
    kink: false,
    jump: mean(q, to) - mean(from, q),
    level: mean(q, to),
    slopeBefore: 0,
    slopeAfter: 0,
    slopeAfterSe: 0,
    evidence: (sseOfMean(s, from, to) - best) / noise,
  };
}
