// In: bends of one series in order. Out: the same without the parts of one story told twice (a warm-up, an excursion).

import type { CellBend } from './classify.ts';

/** A decelerating climb from the start of a life is one warm-up; a short excursion that returns is a burst. */
export function tidyBends(bends: readonly CellBend[], n: number): CellBend[] {
  return dropExcursions(mergeWarmUp(bends, n), n);
}

/** Warm-up must end within this share of the series. */
const WARM_UP_SHARE = 0.6;
const WARM_UP_KINDS = new Set(['plateau', 'growth-down', 'step-up']);

function mergeWarmUp(bends: readonly CellBend[], n: number): CellBend[] {
  const first = bends[0];
  if (!first || first.slopeBefore <= 0) return [...bends];
  let k = 0;
  let slope = first.slopeBefore;
  while (k < bends.length) {
    const b = bends[k]!;
    const slower = b.slopeAfter < slope * 1.05 && slope > 0;
    if (!WARM_UP_KINDS.has(b.kind) || !slower || b.cell >= WARM_UP_SHARE * n) break;
    slope = b.slopeAfter;
    k++;
  }
  if (k === 0 || (k === 1 && first.slopeAfter >= 0.35 * first.slopeBefore)) return [...bends];
  return [{ ...bends[k - 1]!, kind: 'plateau' }, ...bends.slice(k)];
}

/** Two jumps within 12 cells (or 3 %) that cancel out. */
function dropExcursions(bends: readonly CellBend[], n: number): CellBend[] {
  const out = [...bends];
  for (let i = 0; i + 1 < out.length; ) {
    const a = out[i]!;
    const b = out[i + 1]!;
    const near = b.cell - a.cell <= Math.max(12, 0.03 * n);
    const largest = Math.max(Math.abs(a.jump), Math.abs(b.jump));
    if (near && a.jump * b.jump < 0 && Math.abs(a.jump + b.jump) < 0.4 * largest) out.splice(i, 2);
    else i++;
  }
  return out;
}
