// In: the values of a series. Out: whether they come back to one floor again and again, however irregular the teeth between.

import { CYCLE_RANGE, FLOOR_LONGEST, FLOOR_SIGMA, FLOOR_VISITS } from './constants.ts';
import type { Cells } from './fit.ts';
import { amplitude, type Turn } from './zigzag.ts';

/** Turning points of the values themselves (medians of three, bursts left out) that move by at least `reach`. */
function findRawTurns({ x, y, w }: Cells, reach: number): Turn[] {
  const turns: Turn[] = [];
  let direction = 0;
  for (let i = 1; i + 1 < y.length; i++) {
    if (w[i]! <= 0) continue;
    const [a, b] = [Math.min(y[i - 1]!, y[i]!), Math.max(y[i - 1]!, y[i]!)];
    const turn = { cell: i, x: x[i]!, level: Math.max(a, Math.min(b, y[i + 1]!)) };
    const last = turns.at(-1);
    const move = last ? turn.level - last.level : 0;
    if (!last || (Math.abs(move) >= reach && direction * move <= 0)) {
      if (last) direction = move > 0 ? 1 : -1;
      turns.push(turn);
    } else if (direction * move > 0) turns[turns.length - 1] = turn;
  }
  return turns;
}

/**
 * The turns of a series whose low-water marks agree within `smallest`, so that nothing worth a word has changed under its
 * swings; undefined when they do not, are too few, or when the last one is longer ago than a swing ever took.
 */
export function findFloor(cells: Cells, smallest: number): Turn[] | undefined {
  const turns = findRawTurns(cells, Math.max(FLOOR_SIGMA * cells.sigma, smallest));
  const inner = turns.slice(1, -1);
  const lows = inner.filter((t, k) => turns[k]!.level > t.level);
  if (lows.length < FLOOR_VISITS) return undefined;
  const levels = lows.map((t) => t.level);
  const lowest = Math.min(...levels);
  if (Math.max(...levels) - lowest > smallest) return undefined;
  const height = turns.reduce((m, t) => Math.max(m, t.level - lowest), 0);
  const between = lows.slice(1).map((t, k) => t.x - lows[k]!.x);
  const since = Math.max(1 - lows.at(-1)!.x, lows[0]!.x);
  const steady = height <= CYCLE_RANGE * amplitude(turns) && since <= FLOOR_LONGEST * Math.max(...between);
  return steady ? turns : undefined;
}
