// In: the pieces of a segmentation. Out: whether they are a zigzag (a cycle), and whether its troughs drift (a leak under it).

import { CYCLE_DRIFT, CYCLE_RANGE, CYCLE_TURNS, TROUGH_TURNS } from './constants.ts';
import { median } from './kernel/index.ts';
import { type Line, lineAt } from './sums.ts';

/** A turning point: the cell it lies at, its time, its level. */
export interface Turn {
  cell: number;
  x: number;
  level: number;
}

/** Turning points of the fitted path that move by at least `reach` (Page's zigzag filter). */
export function findTurns(pieces: readonly Line[], x: Float64Array, reach: number): Turn[] {
  const corners: Turn[] = [];
  for (const p of pieces) {
    for (const cell of [p.from, p.to - 1]) corners.push({ cell, x: x[cell]!, level: lineAt(p, x[cell]!) });
  }
  const turns: Turn[] = [corners[0]!];
  let direction = 0;
  for (const c of corners.slice(1)) {
    const move = c.level - turns.at(-1)!.level;
    if (direction === 0 ? Math.abs(move) >= reach : direction * move < 0 && Math.abs(move) >= reach) {
      direction = move > 0 ? 1 : -1;
      turns.push(c);
    } else if (direction !== 0 && direction * move >= 0) {
      turns[turns.length - 1] = c;
    }
  }
  return turns;
}

/** Five or more turns whose troughs stay within 40 % of the amplitude (one outer trough may be cut off): a cycle. */
export function isCycle(turns: readonly Turn[]): boolean {
  if (turns.length < CYCLE_TURNS) return false;
  const inner = turns.slice(1, -1).map((t) => t.level);
  if (Math.max(...turns.slice(1).map((t) => t.level)) - Math.min(...inner) > CYCLE_RANGE * amplitude(turns))
    return false;
  const limit = CYCLE_DRIFT * amplitude(turns);
  const troughs = turns
    .filter((t, k) => (k + 1 < turns.length ? turns[k + 1]!.level > t.level : turns[k - 1]!.level > t.level))
    .map((t) => t.level);
  if (troughs.length < 2) return false;
  if (troughs.length >= MANY_TROUGHS) return isLevel(troughs.slice(1, -1), limit);
  const spread = (v: readonly number[]) => Math.max(...v) - Math.min(...v);
  if (spread(troughs) <= limit) return true;
  // Without the trough that is left out there must still be turns enough: a start-up and one level that came and went are no cycle.
  if (troughs.length < 3 || turns.length <= CYCLE_TURNS) return false;
  return spread(troughs.slice(1)) <= limit || spread(troughs.slice(0, -1)) <= limit;
}

/** So many troughs are judged by their halves, not by their extremes: teeth may be irregular. */
const MANY_TROUGHS = 6;

/** The medians of both halves agree within the limit, and the middle half of all lies within it. */
function isLevel(troughs: readonly number[], limit: number): boolean {
  const half = troughs.length >> 1;
  const sorted = [...troughs].sort((a, b) => a - b);
  const quartile = sorted.length >> 2;
  const middle = sorted.at(-1 - quartile)! - sorted[quartile]!;
  return Math.abs(median(troughs.slice(half)) - median(troughs.slice(0, half))) <= limit && middle <= limit;
}

/** Median swing of the zigzag. */
export function amplitude(turns: readonly Turn[]): number {
  return median(turns.slice(1).map((t, k) => Math.abs(t.level - turns[k]!.level)));
}

/** With fewer low-water marks than this a hinge fits nearly anything. */
const FEW_LOWS = 6;
/** Places tried for the bend of the troughs. */
const TROUGH_PLACES = 120;

/** Low-water marks that rise (or fall) from some time on: least squares of the troughs on a hinge. */
export function findTroughDrift(turns: readonly Turn[], reach: number): { x: number; growth: number } | undefined {
  if (turns.length < TROUGH_TURNS) return undefined;
  const lows = turns.filter(
    (t, k) => k > 0 && k < turns.length - 1 && turns[k - 1]!.level > t.level && turns[k + 1]!.level > t.level,
  );
  const m = lows.length;
  if (m < 4) return undefined;
  const mean = lows.reduce((s, t) => s + t.level, 0) / m;
  let none = 0;
  for (const t of lows) none += (t.level - mean) ** 2;
  let best = { sse: Number.POSITIVE_INFINITY, x: 0, slope: 0 };
  const [first, last] = [lows[0]!.x, lows[m - 2]!.x];
  for (let k = 0; k <= TROUGH_PLACES; k++) {
    const at = first + ((last - first) * k) / TROUGH_PLACES;
    const u = lows.map((t) => Math.max(0, t.x - at));
    const uMean = u.reduce((s, v) => s + v, 0) / m;
    let uu = 0;
    let uv = 0;
    lows.forEach((t, k) => {
      uu += (u[k]! - uMean) ** 2;
      uv += (u[k]! - uMean) * (t.level - mean);
    });
    const sse = none - (uu > 0 ? (uv * uv) / uu : 0);
    if (sse < best.sse) best = { sse, x: at, slope: uu > 0 ? uv / uu : 0 };
  }
  const spread = Math.sqrt(best.sse / Math.max(m - 3, 1));
  const growth = best.slope * (lows.at(-1)!.x - best.x);
  const real =
    Math.abs(growth) > Math.max(CYCLE_DRIFT * amplitude(turns), 3 * spread, reach) &&
    best.sse < (m < FEW_LOWS ? 0.2 : 0.35) * none;
  return real ? { x: best.x, growth } : undefined;
}
