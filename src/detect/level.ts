// In: cells of a rate-like signal. Out: where its level jumps: piecewise constant on log(value), bends of kind `regime`.
// Heavy tails are met by medians of three before this point, drift by asking for a jump between two slanted lines.

import { PLACE_REACH } from './calibration.ts';
import type { CellBend } from './classify.ts';
import {
  LEVEL_EVIDENCE,
  LEVEL_JUMP_SHARE,
  LEVEL_LEAST_SIGMA,
  LEVEL_MIN_SIDE,
  LEVEL_OFFSET,
  LEVEL_PENALTY,
  LEVEL_RATIO,
  LEVEL_T,
  MIN_POINTS,
  PENALTY,
  strictness,
} from './constants.ts';
import { effectOf } from './effects.ts';
import { fitLevels, median, prepare } from './kernel/index.ts';
import type { SeriesInput, WholeFit } from './segments.ts';
import { fitLine, type Sums } from './sums.ts';
import { amplitude, findTurns, isCycle } from './zigzag.ts';

/** Weighted sum of squares of [a, b) about its mean. */
function sseOfMean(s: Sums, a: number, b: number): number {
  const w = Math.max(s.w[b]! - s.w[a]!, 1e-9);
  const sy = s.y[b]! - s.y[a]!;
  return Math.max(0, s.yy[b]! - s.yy[a]! - (sy * sy) / w);
}

/** Values on a log scale; the offset keeps zeros finite and changes too small to matter small. */
function logOffset(y: Float64Array, minEffect: number, quantum: number): number {
  const positive = y.filter((v) => v > 0);
  return Math.max(minEffect, quantum, LEVEL_OFFSET * median(positive), 1e-9);
}

export function toLog(value: number, offset: number): number {
  return Math.log(Math.max(value, 0) + offset);
}

/** Everything in log units but `offset`, which turns them back: value = exp(level) - offset; `z`: the values. */
export function segmentLevels(input: SeriesInput): (WholeFit & { offset: number; z: Float64Array }) | undefined {
  const { t, quantum, minEffect } = input;
  const n = t.length;
  if (n < 2 * LEVEL_MIN_SIDE || n < MIN_POINTS || t[n - 1] === t[0]) return undefined;
  const offset = logOffset(input.y, minEffect, quantum);
  const z = input.y.map((v) => toLog(v, offset));
  const { x, w, sigma, bursts, scale } = prepare(t, z, input.size, LEVEL_LEAST_SIGMA, false);
  const unit = LEVEL_PENALTY * PENALTY[input.sensitivity] * Math.log(Math.max(n, 50)) * sigma * sigma;
  const { sums, kappa, cuts: all } = fitLevels(x, z, w, unit);
  const cuts = keepJumps(sums, x, all, sigma, kappa, strictness(input.sensitivity));
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
    z,
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
