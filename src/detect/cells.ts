// In: points, one at a time. Out: at most MAX_CELLS means over time, fine where recent, coarse where old.

import { COMPACT_TO, MAX_CELLS } from './constants.ts';
import { CELL, type CellMeans, joinCells, meansOf } from './kernel.ts';
import type { Point } from './types.ts';

/**
 * Cells one behind the other, `CELL.numbers` each. They are joined so that a cell's length is a fixed share of its age: the number
 * of cells grows with ln(age) only, the newest points stay single, and a flood of points (1,000 cycles a second at a memory limit)
 * does not wash out what came before it.
 */
export interface CellStore {
  /** Cells in use. */
  count: number;
  /** Cell length as a share of age that the last compaction came to. */
  share: number;
  rows: Float64Array;
}

const FEW_CELLS = 32;

export function makeCells(): CellStore {
  return { count: 0, share: 1 / COMPACT_TO, rows: new Float64Array(FEW_CELLS * CELL.numbers) };
}

/** The point with `y` in place of its own value. */
export function addPoint(c: CellStore, p: Point, y: number): void {
  let { rows } = c;
  const at = c.count * CELL.numbers;
  if (at === rows.length) {
    rows = new Float64Array(2 * at);
    rows.set(c.rows);
    c.rows = rows;
  }
  rows[at] = 1;
  rows[at + CELL.t] = p.t;
  rows[at + CELL.y] = y;
  rows[at + CELL.load] = p.load ?? 0;
  rows[at + CELL.loads] = p.load === undefined ? 0 : 1;
  rows[at + CELL.firstT] = p.t;
  rows[at + CELL.firstIndex] = p.index;
  rows[at + CELL.firstTag] = p.tag ?? Number.NaN;
  c.count++;
  if (c.count <= MAX_CELLS) return;
  const joined = joinCells(rows, c.count, c.share, COMPACT_TO);
  c.count = joined.n;
  c.share = joined.share;
}

/** One number of every cell; sums of points, unless the cell has but one. */
export function columnOf(c: CellStore, field: number): Float64Array {
  return Float64Array.from({ length: c.count }, (_, k) => c.rows[k * CELL.numbers + field]!);
}

/** The first point of a cell. */
export function firstOf(c: CellStore, cell: number): { t: number; index: number; tag?: number } {
  const at = cell * CELL.numbers;
  const tag = c.rows[at + CELL.firstTag]!;
  return {
    t: c.rows[at + CELL.firstT]!,
    index: c.rows[at + CELL.firstIndex]!,
    ...(Number.isNaN(tag) ? {} : { tag }),
  };
}

/** The newest `fine` cells as they are, the older ones joined into at most `coarse` groups of neighbours. */
export function cellMeans(c: CellStore, fine = Number.POSITIVE_INFINITY, coarse = 0): CellMeans {
  const old = Math.max(0, c.count - fine);
  return meansOf(c.rows, c.count, old, old > coarse ? Math.ceil(old / coarse) : 1);
}

/** As one plain JSON value: tags that are missing are null. */
export interface SavedCells {
  share: number;
  cells: (number | null)[][];
}

export function saveCells(c: CellStore): SavedCells {
  const cells = Array.from({ length: c.count }, (_, k) =>
    Array.from(c.rows.subarray(k * CELL.numbers, (k + 1) * CELL.numbers), (v) => (Number.isNaN(v) ? null : v)),
  );
  return { share: c.share, cells };
}

export function restoreCells({ share, cells }: SavedCells): CellStore {
  const rows = new Float64Array(Math.max(FEW_CELLS, cells.length) * CELL.numbers);
  cells.forEach((cell, k) => {
    rows.set(
      cell.map((v) => v ?? Number.NaN),
      k * CELL.numbers,
    );
  });
  return { count: cells.length, share, rows };
}
