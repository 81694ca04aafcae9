// In: a segmentation. Out: how much each cut changes, and the cuts that change enough to be worth a word.

import { EFFECT_SHARE, EFFECT_SIGMA, MIN_SIDE, SHORT_SIDE_EVIDENCE } from './constants.ts';
import type { Cells } from './fit.ts';
import { median } from './noise.ts';
import { fitPieces, type Line, lineAt, type Sums, sse } from './sums.ts';

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

/** Smallest effect worth a word: max(4 sigma, what the caller asks, 2 % of the level). */
export function smallestEffect(cells: Cells, minEffect: number): number {
  return Math.max(EFFECT_SIGMA * cells.sigma, minEffect, EFFECT_SHARE * Math.abs(median(cells.y)));
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

/** max(|jump|, |change of slope| x geometric mean of the two sides): what the bend did to the series. */
export function sizeOf(e: Effect): number {
  return Math.max(Math.abs(e.jump), Math.abs(e.slopeChange) * Math.sqrt(e.before * e.after));
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
  const effects = (c: readonly number[]) => {
    const p = fitPieces(sums, c);
    return c.map((_, i) => effectOf(p[i]!, p[i + 1]!, cells.x, cells.sigma, kappa));
  };
  while (kept.length > 0) {
    const sizes = effects(kept).map(sizeOf);
    const weakest = sizes.indexOf(Math.min(...sizes));
    if (sizes[weakest]! >= smallest) break;
    kept.splice(weakest, 1);
  }
  const p = fitPieces(sums, kept);
  const noise = cells.sigma * cells.sigma * kappa;
  return kept.filter((q, i) => {
    const a = p[i]!.from;
    const b = p[i + 1]!.to;
    const side = Math.min(q - a, b - q);
    return side >= MIN_SIDE || sse(sums, a, b) - sse(sums, a, q) - sse(sums, q, b) > SHORT_SIDE_EVIDENCE * noise;
  });
}
