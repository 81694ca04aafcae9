// In: a segmentation. Out: how much each cut changes, and the cuts that change enough to be worth a word.

import {
  EFFECT_SHARE,
  EFFECT_SIGMA,
  MIN_SIDE,
  PACE_SHARE,
  SHORT_SIDE_EVIDENCE,
  START_CELLS,
  strictness,
} from './constants.ts';
import type { Cells } from './fit.ts';
import { lowerQuartile } from './kernel/index.ts';
import { fitLine, fitPieces, type Line, lineAt, type Sums, sse } from './sums.ts';
import type { Sensitivity } from './types.ts';

export interface Effect {
  /** Jump between the two lines at the cut, and its standard error. */
  jump: number;
  jumpSe: number;
  /** Change of slope, per unit of x. */
  slopeChange: number;
  /** Length of the two sides in x. */
  before: number;
  after: number;
}

/**
 * Smallest effect worth a word anywhere in the series: max(4 sigma at `normal`, what the caller asks, 2 % of a low level, its lower
 * quartile); `dropWeakCuts` asks for 2 % of the level at each cut.
 */
export function smallestEffect(cells: Cells, minEffect: number, sensitivity: Sensitivity): number {
  const low = lowerQuartile(cells.y);
  return Math.max(EFFECT_SIGMA * Math.sqrt(strictness(sensitivity)) * cells.sigma, minEffect, EFFECT_SHARE * low);
}

export function effectOf(left: Line, right: Line, x: Float64Array, sigma: number, kappa: number): Effect {
  const at = (x[right.from]! + x[right.from - 1]!) / 2;
  const variance = (l: Line) => 1 / l.weight + (at - l.xMean) ** 2 / Math.max(l.sxx, 1e-9);
  return {
    jump: lineAt(right, at) - lineAt(left, at),
    jumpSe: sigma * Math.sqrt(kappa * (variance(left) + variance(right))),
    slopeChange: right.slope - left.slope,
    before: at - x[left.from]!,
    after: x[right.to - 1]! - at,
  };
}

/**
 * What the bend did to the series: max(|jump|, |change of slope| x shorter side); a beginning growth counts with the
 * geometric mean of the sides. A mere change of pace (slopes of one sign and like size) counts with its jump only.
 */
export function sizeOf(e: Effect, left: number, right: number): number {
  const jump = Math.abs(e.jump);
  const faster = Math.max(Math.abs(left), Math.abs(right));
  if (left * right > 0 && Math.min(Math.abs(left), Math.abs(right)) > PACE_SHARE * faster) return jump;
  const begins = right > 0 && e.slopeChange > 0;
  const side = begins ? Math.sqrt(e.before * e.after) : Math.min(e.before, e.after);
  return Math.max(jump, Math.abs(e.slopeChange) * side);
}

/** Drops the weakest cut until all are at least `smallest`, then those with a side too short to trust. */
export function dropWeakCuts(
  cells: Cells,
  sums: Sums,
  cuts: readonly number[],
  kappa: number,
  smallest: number,
): number[] {
  const kept = [...cuts];
  const sizeBetween = (left: Line, right: Line) => {
    const e = effectOf(left, right, cells.x, cells.sigma, kappa);
    const level = Math.abs(lineAt(right, cells.x[right.from]!));
    return sizeOf(e, left.slope, right.slope) / Math.max(smallest, EFFECT_SHARE * level);
  };
  const effects = (c: readonly number[]) => {
    const p = fitPieces(sums, c);
    return c.map((_, i) => sizeBetween(p[i]!, p[i + 1]!));
  };
  /** Is the piece between cuts i and i + 1 a burst: do the pieces beside it go on as if it were not there? */
  const goesOn = (edges: readonly number[], i: number) => {
    const left = fitLine(sums, edges[i]!, edges[i + 1]!);
    const right = fitLine(sums, edges[i + 2]!, edges[i + 3]!);
    return sizeBetween(left, right) < 1;
  };
  while (kept.length > 0) {
    const sizes = effects(kept);
    const weakest = sizes.indexOf(Math.min(...sizes));
    if (sizes[weakest]! >= 1) break;
    kept.splice(weakest, 1);
  }
  const noise = cells.sigma * cells.sigma * kappa;
  for (;;) {
    const edges = [0, ...kept, sums.n];
    const short = kept.map((q, i) => {
      const [a, b] = [edges[i]!, edges[i + 2]!];
      if (Math.min(q - a, b - q) >= MIN_SIDE) return Number.POSITIVE_INFINITY;
      const evidence = (sse(sums, a, b) - sse(sums, a, q) - sse(sums, q, b)) / noise;
      // Only a start-up may be told in short pieces; elsewhere a short piece is a burst or an end not yet seen.
      return q <= START_CELLS && evidence > SHORT_SIDE_EVIDENCE ? Number.POSITIVE_INFINITY : evidence;
    });
    const weakest = short.indexOf(Math.min(...short));
    if (weakest < 0 || short[weakest] === Number.POSITIVE_INFINITY) return kept;
    const a = edges[weakest]!;
    const q = kept[weakest]!;
    // The short piece lies before the cut or behind it.
    const first = q - a < MIN_SIDE ? weakest - 1 : weakest;
    if (first >= 0 && first + 1 < kept.length && goesOn(edges, first)) kept.splice(first, 2);
    else kept.splice(weakest, 1);
  }
}
