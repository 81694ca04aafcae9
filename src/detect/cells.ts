// In: points, one at a time. Out: at most MAX_CELLS means over time, fine where recent, coarse where old.

import { COMPACT_TO, MAX_CELLS } from './constants.ts';
import { CELL_NUMBERS, type CellMeans, joinCells, meansOf } from './kernel/index.ts';
import type { Point } from './types.ts';

/**
 * Cells one behind the other, `CELL_NUMBERS` each. They are joined so that a cell's length is a fixed share of its age: the number
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
/** What lies where in a cell, see kernel.ts. */
const FIRST_T = 5;
const FIRST_INDEX = 6;
const FIRST_TAG = 7;

export function makeCells(): CellStore {
  return { count: 0, share: 1 / COMPACT_TO, rows: new Float64Array(FEW_CELLS * CELL_NUMBERS) };
}

/** The point with `y` in place of its own value, standing for `size` points. */
export function addPoint(c: CellStore, p: Point, y: number, size: number): void {
  let { rows } = c;
  const at = c.count * CELL_NUMBERS;
  if (at === rows.length) {
    rows = new Float64Array(2 * at);
    rows.set(c.rows);
    c.rows = rows;
  }
  const { t, load } = p;
  rows[at] = size;
  rows[at + 1] = t * size;
  rows[at + 2] = y * size;
  rows[at + 3] = (load ?? 0) * size;
  rows[at + 4] = load === undefined ? 0 : size;
  rows[at + FIRST_T] = t;
  rows[at + FIRST_INDEX] = p.index;
  rows[at + FIRST_TAG] = p.tag ?? Number.NaN;
  c.count++;
  if (c.count <= MAX_CELLS) return;
  const joined = joinCells(rows, c.count, c.share, COMPACT_TO);
  c.count = joined.n;
  c.share = joined.share;
}

/** The first point of a cell. */
export function firstOf(c: CellStore, cell: number): { index: number; t: number; tag?: number } {
  const at = cell * CELL_NUMBERS;
  const tag = c.rows[at + FIRST_TAG]!;
  return {
    index: c.rows[at + FIRST_INDEX]!,
    t: c.rows[at + FIRST_T]!,
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
    Array.from(c.rows.subarray(k * CELL_NUMBERS, (k + 1) * CELL_NUMBERS), (v) => (Number.isNaN(v) ? null : v)),
  );
  return { share: c.share, cells };
}

export function restoreCells({ share, cells }: SavedCells): CellStore {
  const rows = new Float64Array(Math.max(FEW_CELLS, cells.length) * CELL_NUMBERS);
  cells.forEach((cell, k) => {
    rows.set(
      cell.map((v) => v ?? Number.NaN),
      k * CELL_NUMBERS,
    );
  });
  return { count: cells.length, share, rows };
}
