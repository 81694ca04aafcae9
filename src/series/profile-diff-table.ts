// In: two columns of named values. Out: the rows of a comparison, largest change first, with what sampling leaves open.
// What every kind of diff (dumps, heap texts, traces, findings) has in common.
import type { Frame } from '../events/types.ts';

export interface DiffRow {
  name: string;
  /** `file:line`, or what tells rows of one name apart. */
  where?: string;
  base: number;
  next: number;
  change: number;
  /** next / base; absent when base is 0. */
  ratio?: number;
  /** Two standard errors of `change` by sampling; a smaller change may be chance. */
  error?: number;
}

export interface DiffTable {
  kind: 'goroutines' | 'heap' | 'allocated' | 'memstats' | 'contention' | 'threads' | 'trace' | 'findings';
  title: string;
  /** pprof's unit names (`count`, `bytes`, `nanoseconds`), or `mixed`: the row's name says it. */
  unit: string;
  /** Rows that changed, largest change first (trace and memstats: in their own order). */
  rows: DiffRow[];
  total?: { base: number; next: number };
  /** Rows that did not change. */
  unchanged: number;
}

export interface DiffResult {
  tables: DiffTable[];
  /** What to know before believing the tables: no cycle in between, other builds, other lengths. */
  notes: string[];
}

export interface Cell {
  name: string;
  where?: string;
  value: number;
  variance: number;
}

export function rowOf(name: string, where: string | undefined, base: number, next: number, variance = 0): DiffRow {
  const row: DiffRow = { name, base, next, change: next - base };
  if (where !== undefined) row.where = where;
  if (base !== 0) row.ratio = next / base;
  if (variance > 0) row.error = 2 * Math.sqrt(variance);
  return row;
}

export function tableOf(
  kind: DiffTable['kind'],
  title: string,
  unit: string,
  base: ReadonlyMap<string, Cell>,
  next: ReadonlyMap<string, Cell>,
): DiffTable {
  const rows: DiffRow[] = [];
  let unchanged = 0;
  const total = { base: 0, next: 0 };
  for (const key of new Set([...base.keys(), ...next.keys()])) {
    const before = base.get(key);
    const after = next.get(key);
    const cell = (after ?? before)!;
    const from = before?.value ?? 0;
    const to = after?.value ?? 0;
    total.base += from;
    total.next += to;
    if (from === to) unchanged++;
    else rows.push(rowOf(cell.name, cell.where, from, to, (before?.variance ?? 0) + (after?.variance ?? 0)));
  }
  rows.sort((a, b) => b.change - a.change || (a.name < b.name ? -1 : 1));
  return { kind, title, unit, rows, total, unchanged };
}

export function addCell(
  cells: Map<string, Cell>,
  key: string,
  frame: Frame | undefined,
  value: number,
  variance = 0,
): void {
  const known = cells.get(key);
  if (known !== undefined) {
    known.value += value;
    known.variance += variance;
    return;
  }
  const cell: Cell = { name: frame?.function ?? '(no symbols)', value, variance };
  if (frame?.file !== undefined) cell.where = `${frame.file}${frame.line === undefined ? '' : `:${frame.line}`}`;
  cells.set(key, cell);
}
