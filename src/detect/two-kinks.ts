// In: cuts of a segmentation. Out: the same, with a doubtful leap replaced by two kinks where a continuous line fits better.
// Rise, flat, rise: one cut with a leap is cheaper for PELT than the two true kinks when the flat part is short.

import { MIN_SIDE, TINY } from './constants.ts';
import type { Cells, Segmentation } from './fit.ts';
import { leastSquares } from './kernel/index.ts';
import { fitPieces, type Line, lineAt, type Sums, sse, valuesOf } from './sums.ts';

/** A leap beyond this many sigma is no doubt a leap. */
const DOUBTFUL_SIGMA = 8;
/** Places tried for each kink. */
const PLACES = 28;

export function twoKinks(
  cells: Cells,
  s: Segmentation,
  cuts: readonly number[],
  c: number,
  smallest: number,
): number[] {
  const pieces = fitPieces(s.sums, cuts);
  const noise = cells.sigma * cells.sigma * s.kappa;
  return cuts.flatMap((q, i) => {
    const left = pieces[i]!;
    const right = pieces[i + 1]!;
    const at = (cells.x[q]! + cells.x[q - 1]!) / 2;
    const jump = lineAt(right, at) - lineAt(left, at);
    const moved = (l: Line) => l.slope * (cells.x[l.to - 1]! - cells.x[l.from]!) * -Math.sign(jump);
    const against = Math.min(moved(left), moved(right)) > smallest;
    if (!against || Math.abs(jump) > DOUBTFUL_SIGMA * cells.sigma) return [q];
    const found = bestKinks(cells, s.sums, left.from, right.to);
    const split = sse(s.sums, left.from, q) + sse(s.sums, q, right.to);
    return found && found.sse < split + c * Math.log(cells.x.length) * noise ? [found.first, found.second] : [q];
  });
}

/** Least squares on 1, x, (x - p)+, (x - q)+ over a grid of p < q. */
function bestKinks(cells: Cells, s: Sums, from: number, to: number) {
  const step = Math.max(1, Math.ceil((to - from) / PLACES));
  const { y: values, w } = valuesOf(s, from, to);
  const mean = (s.y[to]! - s.y[from]!) / Math.max(s.w[to]! - s.w[from]!, TINY);
  const y = values.map((v) => v - mean);
  const ones = new Float64Array(to - from).fill(1);
  const x = ones.map((_, i) => cells.x[from + i]! - cells.x[from]!);
  const rise = new Float64Array(to - from);
  const turn = new Float64Array(to - from);
  const bendAt = (column: Float64Array, place: number) => {
    for (let i = 0; i < column.length; i++) column[i] = Math.max(0, cells.x[from + i]! - cells.x[place]!);
  };
  let best: { first: number; second: number; sse: number } | undefined;
  for (let p = from + 4; p < to - MIN_SIDE; p += step) {
    bendAt(rise, p);
    for (let q = p + Math.max(step, MIN_SIDE); q < to - 4; q += step) {
      bendAt(turn, q);
      const { sse } = leastSquares([ones, x, rise, turn], y, w);
      if (!best || sse < best.sse) best = { first: p, second: q, sse };
    }
  }
  return best;
}
