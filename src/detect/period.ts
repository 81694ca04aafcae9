// In: a series. Out: its strongest period under a broken-line trend, and the columns of its harmonics.
// Harmonic regression on unevenly spaced times (Lomb 1976; Scargle 1982) with a free trend.

import {
  PERIOD_CELLS,
  PERIOD_MAX_TURNS,
  PERIOD_MIN_POINTS,
  PERIOD_MIN_SHARE,
  PERIOD_MIN_SIGMA,
  PERIOD_MIN_TURNS,
} from './constants.ts';
import { bestCut, findHinge, fitHarmonics, leastSquares, turnHarmonics } from './kernel/index.ts';

/** cos and sin columns of the first `k` harmonics of `turns` turns over x in 0..1. */
export function harmonicColumns(x: Float64Array, turns: number, k: number): Float64Array[] {
  const out: Float64Array[] = [];
  for (let h = 1; h <= k; h++) {
    const f = 2 * Math.PI * turns * h;
    out.push(
      x.map((v) => Math.cos(f * v)),
      x.map((v) => Math.sin(f * v)),
    );
  }
  return out;
}

/**
 * Finds what a season over x may stand on: 1, x and the better of a hinge and a step. The columns are good until the next
 * search: a look makes dozens, and columns of their own would be native memory that lives until a collection.
 */
export function trendFinder(x: Float64Array): (y: Float64Array, w: Float64Array) => Float64Array[] {
  const ones = x.map(() => 1);
  const bent = new Float64Array(x.length);
  const stepped = new Float64Array(x.length);
  const hinge = [ones, x, bent];
  const step = [ones, x, stepped];
  return (y, w) => {
    const { cut } = findHinge(x, y, w);
    const q = (x[cut]! + x[cut - 1]!) / 2;
    for (let i = 0; i < x.length; i++) bent[i] = Math.max(0, x[i]! - q);
    const at = bestCut(x, y, w, STEP_MARGIN);
    stepped.fill(0, 0, at).fill(1, at);
    return leastSquares(step, y, w).sse < leastSquares(hinge, y, w).sse ? step : hinge;
  };
}

const STEP_MARGIN = 6;

interface Trend {
  columns: Float64Array[];
  sse: number;
}

const COARSE_STEP = 0.15;
/** Fewest turns a refined period may end at. */
const FEWEST_TURNS = 2.1;

/**
 * Turns of the best period over x in 0..1, or undefined. Coarse grid with the trend of the raw series, the best of its
 * local minima refined with trend and season in turns, then its multiples tried.
 */
export function findPeriod(
  xAll: Float64Array,
  yAll: Float64Array,
  wAll: Float64Array,
  sigma: number,
): number | undefined {
  if (xAll.length < PERIOD_MIN_POINTS) return undefined;
  const { x, y, w } = thin(xAll, yAll, wAll, PERIOD_CELLS);
  const n = x.length;
  // Hundreds of fits share their columns, too.
  const findTrend = trendFinder(x);
  const rest = new Float64Array(n);
  const cos = new Float64Array(n);
  const sin = new Float64Array(n);
  const fit = (turns: number, trend: Trend): Season => {
    turnColumns(x, turns, cos, sin);
    return { turns, ...fitHarmonics({ x, y, w, hinge: trend.columns[2]!, cos, sin }) };
  };
  const trendWithout = (season: Season | undefined): Trend => {
    rest.set(y);
    if (season !== undefined) {
      turnColumns(x, season.turns, cos, sin);
      subtractSeason(rest, season.b, cos, sin);
    }
    const columns = findTrend(rest, w);
    return { columns, sse: leastSquares(columns, y, w).sse };
  };
  const refine = (turns: number, season: Season | undefined, steps: readonly number[]) => {
    let trend = trendWithout(season);
    let best = fit(turns, trend);
    for (const step of steps) {
      trend = trendWithout(best);
      let low = fit(best.turns, trend);
      for (let k = -4; k <= 4; k++) {
        const g = best.turns + (k * step * 6) / 4;
        if (k === 0 || g <= FEWEST_TURNS) continue;
        const c = fit(g, trend);
        if (c.sse < low.sse) low = c;
      }
      best = low;
    }
    return { ...best, trendSse: trend.sse };
  };

  const first = trendWithout(undefined);
  const grid = coarseCosts(x, y, w, first, Math.min(xAll.length / 8, PERIOD_MAX_TURNS));
  let best: ReturnType<typeof refine> | undefined;
  for (const k of candidates(grid.cost)) {
    const got = refine(grid.turns[k]!, undefined, [0.05, 0.02, 0.004]);
    if (!best || got.sse < best.sse) best = got;
  }
  if (!best) return undefined;
  for (const factor of [2, 1.5, 3, 0.5]) {
    const turns = best.turns * factor;
    if (turns <= FEWEST_TURNS || turns >= Math.min(xAll.length / 6, PERIOD_MAX_TURNS)) continue;
    const got = refine(turns, undefined, [0.05, 0.02, 0.004]);
    if (got.sse < (factor > 1 ? 1.05 : 0.95) * best.sse) best = got;
  }
  best = refine(best.turns, best, [0.02, 0.005, 0.001]);
  let weight = 0;
  for (const v of w) weight += v;
  const explained = best.trendSse - best.sse;
  const enough = best.turns >= PERIOD_MIN_TURNS && explained > PERIOD_MIN_SHARE * best.trendSse;
  return enough && explained / weight > (PERIOD_MIN_SIGMA * sigma) ** 2 ? best.turns : undefined;
}

/** Two harmonics over a trend: `b` holds the trend's coefficients, then those of cos and sin of one and two times the angle. */
interface Season {
  turns: number;
  b: Float64Array;
  sse: number;
}

/** The first harmonic of `turns` into `cos` and `sin`. */
function turnColumns(x: Float64Array, turns: number, cos: Float64Array, sin: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    cos[i] = Math.cos(2 * Math.PI * turns * x[i]!);
    sin[i] = Math.sin(2 * Math.PI * turns * x[i]!);
  }
}

function subtractSeason(from: Float64Array, b: Float64Array, cos: Float64Array, sin: Float64Array): void {
  for (let i = 0; i < from.length; i++) {
    const c = cos[i]!;
    const s = sin[i]!;
    from[i]! -= b[3]! * c + b[4]! * s + b[5]! * (c * c - s * s) + b[6]! * 2 * c * s;
  }
}

/** Means of neighbours until at most `cells` are left: the search needs the shape, not the noise. */
function thin(x: Float64Array, y: Float64Array, w: Float64Array, cells: number) {
  const step = Math.ceil(x.length / cells);
  if (step === 1) return { x, y, w };
  const n = Math.ceil(x.length / step);
  const out = { x: new Float64Array(n), y: new Float64Array(n), w: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    let ws = 0;
    let xs = 0;
    let ys = 0;
    const to = Math.min(x.length, (k + 1) * step);
    for (let i = k * step; i < to; i++) {
      ws += w[i]!;
      xs += x[i]!;
      ys += w[i]! * y[i]!;
    }
    out.x[k] = xs / (to - k * step);
    out.y[k] = ws > 0 ? ys / ws : 0;
    out.w[k] = ws;
  }
  return out;
}

/** SSE of trend + two harmonics on a grid of turns; the columns turn by rotation, so no cosine is computed twice. */
function coarseCosts(x: Float64Array, y: Float64Array, w: Float64Array, trend: Trend, most: number) {
  const cos = x.map((v) => Math.cos(2 * Math.PI * PERIOD_MIN_TURNS * v));
  const sin = x.map((v) => Math.sin(2 * Math.PI * PERIOD_MIN_TURNS * v));
  const dc = x.map((v) => Math.cos(2 * Math.PI * COARSE_STEP * v));
  const ds = x.map((v) => Math.sin(2 * Math.PI * COARSE_STEP * v));
  const hinge = trend.columns[2]!;
  const turns: number[] = [];
  for (let f = PERIOD_MIN_TURNS; f < most; f += COARSE_STEP) turns.push(f);
  return { turns, cost: turnHarmonics({ x, y, w, hinge, cos, sin }, dc, ds, turns.length) };
}

/** Local minima of the cost: the four lowest and the four that dip most below their surroundings. */
function candidates(cost: Float64Array): number[] {
  const reach = 3;
  const around = 15;
  const minima: { k: number; v: number; dip: number }[] = [];
  for (let k = 0; k < cost.length; k++) {
    const v = cost[k]!;
    let low = true;
    for (let j = Math.max(0, k - reach); j <= Math.min(cost.length - 1, k + reach); j++) if (cost[j]! < v) low = false;
    if (!low) continue;
    const near = cost.slice(Math.max(0, k - around), k + around + 1).sort();
    minima.push({ k, v, dip: near[near.length >> 1]! - v });
  }
  const low = [...minima].sort((a, b) => a.v - b.v).slice(0, 4);
  const dips = [...minima].sort((a, b) => b.dip - a.dip).slice(0, 3);
  return [...new Set([...low, ...dips].map((m) => m.k))].sort((a, b) => a - b);
}

/** Turns (1.15 to 2.2) of the single wave without a trend that fits best, and its SSE: a cycle seen for the first time. */
export function findWave(xAll: Float64Array, yAll: Float64Array, wAll: Float64Array): number {
  const { x, y, w } = thin(xAll, yAll, wAll, PERIOD_CELLS);
  const ones = x.map(() => 1);
  const cos = new Float64Array(x.length);
  const sin = new Float64Array(x.length);
  let best = { turns: WAVE_FEWEST, sse: Number.POSITIVE_INFINITY };
  for (let turns = WAVE_FEWEST; turns < PERIOD_MIN_TURNS; turns += 0.025) {
    turnColumns(x, turns, cos, sin);
    const { sse } = leastSquares([ones, cos, sin], y, w);
    if (sse < best.sse) best = { turns, sse };
  }
  return best.turns;
}

const WAVE_FEWEST = 1.15;
