// In: cuts of a segmentation. Out: the same, with a doubtful leap replaced by two kinks where a continuous line fits better.
// Rise, flat, rise: one cut with a leap is cheaper for PELT than the two true kinks when the flat part is short.

import { MIN_SIDE } from './constants.ts';
import type { Cells, Segmentation } from './fit.ts';
import { solveSymmetric } from './kernel.ts';
import { fitPieces, type Line, lineAt, type Sums, sse } from './sums.ts';

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
  let best: { first: number; second: number; sse: number } | undefined;
  for (let p = from + 4; p < to - MIN_SIDE; p += step) {
    for (let q = p + Math.max(step, MIN_SIDE); q < to - 4; q += step) {
      const cost = kinksSse(cells, s, from, to, p, q);
      if (!best || cost < best.sse) best = { first: p, second: q, sse: cost };
    }
  }
  return best;
}

/** Normal equations, overwritten by every fit. */
const normal = new Float64Array(16);

function kinksSse(cells: Cells, s: Sums, from: number, to: number, p: number, q: number): number {
  const gram = normal.fill(0);
  const rhs = new Float64Array(4);
  const row = [1, 0, 0, 0];
  const origin = cells.x[from]!;
  const mean = (s.y[to]! - s.y[from]!) / Math.max(s.w[to]! - s.w[from]!, 1e-9);
  let yy = 0;
  for (let k = from; k < to; k++) {
    const w = s.w[k + 1]! - s.w[k]!;
    if (w <= 0) continue;
    const y = (s.y[k + 1]! - s.y[k]!) / w - mean;
    row[1] = cells.x[k]! - origin;
    row[2] = Math.max(0, cells.x[k]! - cells.x[p]!);
    row[3] = Math.max(0, cells.x[k]! - cells.x[q]!);
    yy += w * y * y;
    for (let a = 0; a < 4; a++) {
      rhs[a]! += w * row[a]! * y;
      for (let b = 0; b <= a; b++) gram[a * 4 + b]! += w * row[a]! * row[b]!;
    }
  }
  const b = solveSymmetric(gram, rhs);
  let explained = 0;
  for (let a = 0; a < 4; a++) explained += b[a]! * rhs[a]!;
  return Math.max(0, yy - explained);
}
