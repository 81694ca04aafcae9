// In: points, one at a time. Out: at most MAX_CELLS means over time, fine where recent, coarse where old; one plain JSON value.

import { COMPACT_TO, MAX_CELLS } from './constants.ts';
import type { Point } from './types.ts';

/** Parallel columns, one entry a cell. */
export interface CellStore {
  /** Points so far. */
  points: number;
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
  return { points: 0, size: [], t: [], y: [], load: [], loads: [], firstT: [], firstIndex: [], firstTag: [] };
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
 * Joins neighbours whose joint size is at most r x their age in points, r growing until COMPACT_TO cells are left: cell
 * size is a fixed share of age, so the number of cells grows with ln(age) only and the newest points stay single.
 */
function compact(c: CellStore): void {
  for (let r = 1 / COMPACT_TO; c.size.length > COMPACT_TO; r *= 1.15) joinOld(c, r);
}

function joinOld(c: CellStore, r: number): void {
  const n = c.size.length;
  let age = c.points;
  let out = 0;
  for (let i = 0; i < n; out++) {
    copyCell(c, i, out);
    let size = c.size[i]!;
    let j = i + 1;
    while (j < n && size + c.size[j]! <= r * (age - size - c.size[j]!)) {
      size += c.size[j]!;
      addCell(c, j, out);
      j++;
    }
    age -= size;
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

/** Means of the cells as arrays; loads are NaN where the caller gave none. */
export function cellMeans(c: CellStore): {
  t: Float64Array;
  y: Float64Array;
  size: Float64Array;
  load: Float64Array;
} {
  return {
    t: Float64Array.from(c.t, (v, i) => v / c.size[i]!),
    y: Float64Array.from(c.y, (v, i) => v / c.size[i]!),
    size: Float64Array.from(c.size),
    load: Float64Array.from(c.load, (v, i) => (c.loads[i]! > 0 ? v / c.loads[i]! : Number.NaN)),
  };
}
