// In: points, one at a time. Out: at most MAX_CELLS means over time, fine where recent, coarse where old; one plain JSON value.

import { COMPACT_TO, MAX_CELLS } from './constants.ts';
import type { Point } from './types.ts';

/** Parallel columns, one entry a cell. */
export interface CellStore {
  /** Points so far. */
  points: number;
  /** Cell length as a share of age that the last compaction came to. */
  share: number;
  size: number[];
  /** Sums over the cell's points. */
  t: number[];
  y: number[];
  load: number[];
  /** How many points carried a load. */
  loads: number[];
  /** The cell's first point. */
  firstT: number[];
  firstIndex: number[];
  firstTag: (number | null)[];
}

export function makeCells(): CellStore {
  return {
    points: 0,
    share: 1 / COMPACT_TO,
    size: [],
    t: [],
    y: [],
    load: [],
    loads: [],
    firstT: [],
    firstIndex: [],
    firstTag: [],
  };
}

export function addPoint(c: CellStore, p: Point): void {
  c.points++;
  c.size.push(1);
  c.t.push(p.t);
  c.y.push(p.y);
  c.load.push(p.load ?? 0);
  c.loads.push(p.load === undefined ? 0 : 1);
  c.firstT.push(p.t);
  c.firstIndex.push(p.index);
  c.firstTag.push(p.tag ?? null);
  if (c.size.length > MAX_CELLS) compact(c);
}

/**
 * Joins neighbours whose joint length in time is at most r x their age, r growing until COMPACT_TO cells are left: cell
 * length is a fixed share of age, so the number of cells grows with ln(age) only, the newest points stay single, and a
 * flood of points (1,000 cycles a second at a memory limit) does not wash out what came before it.
 */
function compact(c: CellStore): void {
  joinOld(c, c.share);
  while (c.size.length > COMPACT_TO) {
    c.share *= 1.1;
    joinOld(c, c.share);
  }
}

function joinOld(c: CellStore, r: number): void {
  const n = c.size.length;
  const now = c.firstT[n - 1]!;
  let out = 0;
  for (let i = 0; i < n; out++) {
    copyCell(c, i, out);
    const start = c.firstT[i]!;
    let j = i + 1;
    // The joint cell would end where the one after it begins.
    while (j + 1 < n && c.firstT[j + 1]! - start <= r * (now - c.firstT[j + 1]!)) {
      addCell(c, j, out);
      j++;
    }
    i = j;
  }
  for (const column of [c.size, c.t, c.y, c.load, c.loads, c.firstT, c.firstIndex, c.firstTag]) column.length = out;
}

function copyCell(c: CellStore, from: number, to: number): void {
  if (from === to) return;
  for (const column of [c.size, c.t, c.y, c.load, c.loads, c.firstT, c.firstIndex]) column[to] = column[from]!;
  c.firstTag[to] = c.firstTag[from]!;
}

function addCell(c: CellStore, from: number, to: number): void {
  for (const column of [c.size, c.t, c.y, c.load, c.loads]) column[to]! += column[from]!;
}

/** Means of cells as arrays; `first` is each one's first cell in the store, loads are NaN where the caller gave none. */
export interface CellMeans {
  t: Float64Array;
  y: Float64Array;
  size: Float64Array;
  load: Float64Array;
  first: Int32Array;
}

/** The newest `fine` cells as they are, the older ones joined into at most `coarse` groups of neighbours. */
export function cellMeans(c: CellStore, fine = Number.POSITIVE_INFINITY, coarse = 0): CellMeans {
  const n = c.size.length;
  const old = Math.max(0, n - fine);
  const step = old > coarse ? Math.ceil(old / coarse) : 1;
  const groups = Math.ceil(old / step);
  const m = groups + n - old;
  const make = () => new Float64Array(m);
  const out: CellMeans = { t: make(), y: make(), size: make(), load: make(), first: new Int32Array(m) };
  for (let k = 0; k < m; k++) {
    const from = k < groups ? k * step : old + k - groups;
    const to = k < groups ? Math.min(old, from + step) : from + 1;
    setMeans(out, k, c, from, to);
  }
  return out;
}

/** The `k`-th of the means: those of the cells `[from, to)`. */
function setMeans(out: CellMeans, k: number, c: CellStore, from: number, to: number): void {
  let [size, t, y, load, loads] = [0, 0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    size += c.size[i]!;
    t += c.t[i]!;
    y += c.y[i]!;
    load += c.load[i]!;
    loads += c.loads[i]!;
  }
  out.first[k] = from;
  out.size[k] = size;
  out.t[k] = t / size;
  out.y[k] = y / size;
  out.load[k] = loads > 0 ? load / loads : Number.NaN;
}
