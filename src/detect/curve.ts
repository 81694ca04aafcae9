// In: bends that follow each other in one growth. Out: one bend where a single curve tells the same story cheaper.
// An exponential leak is not a staircase of slopes, a cache that fills is not a row of slow-downs.

import type { CellBend } from './classify.ts';
import type { Cells } from './fit.ts';
import { type CurveGrid, fitCurves } from './kernel/index.ts';
import { type Line, type Sums, sse, valuesOf } from './sums.ts';

/** Rates tried, in units of 1 / length of the growth: the curve is (exp(g u) - 1) / g after its onset. */
const RATES = [1, 1.7, 2.5, 3.5, 4.7, 6, 8, 11];
/** Then, about the best of them: */
const FINE_RATES = [0.6, 0.7, 0.78, 0.86, 0.93, 1, 1.07, 1.15, 1.25, 1.4];
/** Places tried for the onset. */
const PLACES = 48;
/** Parameters of a curve: base line (2), size, rate, onset; those of a cut: place, slope, level. */
const CURVE_PARAMETERS = 5;
const CUT_PARAMETERS = 3;

const RISING = new Set(['growth-onset', 'growth-up', 'step-up']);
const SLOWING = new Set(['growth-down', 'plateau', 'decline', 'step-down']);

interface Curve {
  from: number;
  cell: number;
  cellFrom: number;
  cellTo: number;
  rate: number;
  size: number;
  base: number;
  slope: number;
  sse: number;
  straight: number;
}

/** Replaces runs of bends by one (accelerating) or by onset and plateau (saturating) where the curve costs less. */
export function joinCurves(
  cells: Cells,
  sums: Sums,
  pieces: readonly Line[],
  bends: readonly CellBend[],
  perParameter: number,
): CellBend[] {
  const out: CellBend[] = [];
  for (let i = 0; i < bends.length; ) {
    const joined = joinFrom(cells, sums, pieces, bends, i, perParameter);
    if (joined) {
      out.push(...joined.bends);
      i = joined.next;
    } else out.push(bends[i++]!);
  }
  return out;
}

function joinFrom(
  cells: Cells,
  sums: Sums,
  pieces: readonly Line[],
  bends: readonly CellBend[],
  i: number,
  perParameter: number,
): { bends: CellBend[]; next: number } | undefined {
  if (!RISING.has(bends[i]!.kind)) return undefined;
  for (const sign of [1, -1]) {
    let j = i + 1;
    const goesOn = (k: number) => {
      const b = bends[k]!;
      if (sign > 0) return RISING.has(b.kind) && b.slopeAfter > bends[k - 1]!.slopeAfter;
      return (SLOWING.has(b.kind) || b.kind === 'step-up') && b.slopeAfter < bends[k - 1]!.slopeAfter;
    };
    while (j < bends.length && goesOn(j)) j++;
    // A step that settles is a step.
    if (sign < 0 && bends[i]!.kind === 'step-up' && bends[i]!.jump > (bends[j - 1]!.level - bends[i]!.level) / 2)
      continue;
    for (; j - i >= 2; j--) {
      const curve =
        fitCurve(cells, sums, pieces, i, j, sign, perParameter, false) ??
        fitCurve(cells, sums, pieces, i, j, sign, perParameter, true);
      if (curve)
        return {
          bends:
            sign > 0
              ? [accelerating(cells, bends, i, j, curve, perParameter)]
              : saturating(cells, bends, i, j, curve, perParameter),
          next: j,
        };
    }
  }
  return undefined;
}

/** The cheapest curve over the pieces i..j, if it is cheaper than their lines. */
function fitCurve(
  cells: Cells,
  sums: Sums,
  pieces: readonly Line[],
  i: number,
  j: number,
  sign: number,
  perParameter: number,
  sloped: boolean,
): Curve | undefined {
  const from = pieces[i]!.from;
  const to = pieces[j]!.to;
  let lines = 0;
  for (let k = i; k <= j; k++) lines += sse(sums, pieces[k]!.from, pieces[k]!.to);
  const { y, w } = valuesOf(sums, from, to);
  const weight = sums.w[to]! - sums.w[from]!;
  const mean = weight > 0 ? (sums.y[to]! - sums.y[from]!) / weight : 0;
  const stretch = { x: cells.x.subarray(from, to), y: y.map((v) => v - mean), w };
  const first = 3;
  // The first cut stands where the curve can be told from a line: its onset lies before.
  const last = Math.min(to - 8, pieces[i + 1]!.from + 4) - from;
  const step = Math.max(1, Math.ceil((last - first) / PLACES));
  const length = cells.x[to - 1]! - cells.x[pieces[i]!.to]!;
  const grid = { first, last, step, sloped };
  const rough = bestRate(stretch, grid, sign / length);
  const rates = FINE_RATES.map((factor) => rough * factor);
  const straight = sse(sums, from, to);
  const places: Curve[] = [];
  let best: Curve | undefined;
  for (const [place, fits] of fitCurves(stretch.x, stretch.y, w, { ...grid, rates }).entries()) {
    const cell = from + first + place * step;
    let here: Curve | undefined;
    for (const [k, { base, slope, size, sse }] of fits.entries()) {
      if (!(size > 0) || (here && sse >= here.sse)) continue;
      const level = base + mean - slope * cells.x[from]!;
      here = { from, cell, cellFrom: cell, cellTo: cell, rate: rates[k]!, size, base: level, slope, sse, straight };
    }
    if (!here) continue;
    places.push(here);
    if (!best || here.sse < best.sse) best = here;
  }
  if (!best) return undefined;
  // Two cuts may be two leaks: the curve must fit as well as their lines. More cuts must pay for their parameters.
  const saved = j - i === 2 ? 0 : (CUT_PARAMETERS * (j - i) - (CURVE_PARAMETERS - 2)) * perParameter;
  if (best.sse > lines + saved) return undefined;
  // A soft beginning hardly tells its place: of those believed alike a late one, where it can be seen.
  const near = places.filter((p) => p.sse <= best.sse + perParameter);
  const chosen = near[Math.floor(LATE_SHARE * (near.length - 1))]!;
  return {
    ...chosen,
    cellFrom: Math.max(from, near[0]!.cell - step),
    cellTo: Math.min(to - 1, near.at(-1)!.cell + step),
  };
}

const LATE_SHARE = 0.7;

/** The best of RATES (in units of `unit`) over a coarse row of places. */
function bestRate({ x, y, w }: Stretch, grid: Omit<CurveGrid, 'rates'>, unit: number): number {
  let best = { rate: unit, sse: Number.POSITIVE_INFINITY };
  const rates = RATES.map((r) => r * unit);
  for (const fits of fitCurves(x, y, w, { ...grid, step: grid.step * 4, rates })) {
    fits.forEach(({ size, sse }, k) => {
      if (size > 0 && sse < best.sse) best = { rate: rates[k]!, sse };
    });
  }
  return best.rate;
}

/** Times, values about their mean and weights of the cells from the first one of the curve on. */
interface Stretch {
  x: Float64Array;
  y: Float64Array;
  w: Float64Array;
}

function onset(cells: Cells, first: CellBend, c: Curve, perParameter: number, slopeAfter: number): CellBend {
  return {
    ...first,
    kind: first.kind === 'step-up' ? 'growth-onset' : first.kind,
    cell: c.cell,
    cellFrom: Math.min(c.cell, c.cellFrom),
    cellTo: Math.max(c.cell, c.cellTo),
    x: cells.x[c.cell]!,
    kink: true,
    jump: 0,
    level: c.base + c.slope * cells.x[c.cell]!,
    slopeBefore: c.slope,
    slopeAfter,
    evidence: Math.max(first.evidence, (c.straight - c.sse) / (perParameter / Math.log(cells.x.length))),
  };
}

/** One onset; its slope after is the pace at the end, which is what matters for what comes. */
function accelerating(cells: Cells, bends: readonly CellBend[], i: number, j: number, c: Curve, per: number): CellBend {
  const last = bends[j - 1]!;
  return { ...onset(cells, bends[i]!, c, per, last.slopeAfter), slopeAfterSe: last.slopeAfterSe, after: last.after };
}

/** Onset, and a plateau where 95 % of the way is done: exp(-3). */
function saturating(cells: Cells, bends: readonly CellBend[], i: number, j: number, c: Curve, per: number): CellBend[] {
  const last = bends[j - 1]!;
  const rise = onset(cells, bends[i]!, c, per, c.slope + c.size);
  const done = cells.x[c.cell]! - 3 / c.rate;
  let cell = last.cell;
  while (cell > c.cell + 1 && cells.x[cell - 1]! >= done) cell--;
  if (last.kind === 'growth-down') return [rise];
  return [
    rise,
    {
      ...last,
      kind: 'plateau',
      cell,
      cellFrom: Math.min(cell, last.cellFrom),
      cellTo: Math.max(cell, last.cellTo),
      x: cells.x[cell]!,
      slopeBefore: rise.slopeAfter,
    },
  ];
}
