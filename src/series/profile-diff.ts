// In: the events of two inputs (dumps, heap texts, traces, saved results). Out: tables of what grew, largest change first, as data.
// Only what both sides have is compared; rates and shares, not sums, where the two ran for different times.

import { heapScale } from '../events/profiles/index.ts';
import type {
  ContentionEvent,
  FindingEvent,
  Frame,
  GcbendEvent,
  GcEvent,
  GoroutinesEvent,
  HeapEvent,
  MemStatsEvent,
  ThreadsEvent,
} from '../events/types.ts';
import { ProcessStats, type ProcessSummary } from './process-stats.ts';
import { differentBuilds, ownFrame } from './profile-own-frame.ts';

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

/** Sums of processes whose cycles are not at hand: what a saved result keeps of a trace. */
export interface SavedTraces {
  base?: readonly ProcessSummary[];
  next?: readonly ProcessSummary[];
}

/** Compares the newest of each kind on both sides. An empty `tables` means that they have no kind in common. */
export function diffEvents(
  base: readonly GcbendEvent[],
  next: readonly GcbendEvent[],
  saved: SavedTraces = {},
): DiffResult {
  const result: DiffResult = { tables: [], notes: [] };
  diffGoroutines(newest(base, 'goroutines'), newest(next, 'goroutines'), result);
  diffHeap(newest(base, 'heap'), newest(next, 'heap'), result);
  diffMemStats(newest(base, 'memstats'), newest(next, 'memstats'), result);
  for (const profile of ['block', 'mutex'] as const) {
    const of = (events: readonly GcbendEvent[]) =>
      events.findLast((e): e is ContentionEvent => e.type === 'contention' && e.profile === profile);
    diffContention(of(base), of(next), profile, result);
  }
  diffThreads(newest(base, 'threads'), newest(next, 'threads'), result);
  diffTraces(mainTrace(base, saved.base), mainTrace(next, saved.next), result);
  diffFindings(base, next, result);
  return result;
}

function newest<T extends GcbendEvent['type']>(
  events: readonly GcbendEvent[],
  type: T,
): Extract<GcbendEvent, { type: T }> | undefined {
  return events.findLast((event): event is Extract<GcbendEvent, { type: T }> => event.type === type);
}

interface Cell {
  name: string;
  where?: string;
  value: number;
  variance: number;
}

function rowOf(name: string, where: string | undefined, base: number, next: number, variance = 0): DiffRow {
  const row: DiffRow = { name, base, next, change: next - base };
  if (where !== undefined) row.where = where;
  if (base !== 0) row.ratio = next / base;
  if (variance > 0) row.error = 2 * Math.sqrt(variance);
  return row;
}

function tableOf(
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

function addCell(cells: Map<string, Cell>, key: string, frame: Frame | undefined, value: number, variance = 0): void {
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

function diffGoroutines(
  base: GoroutinesEvent | undefined,
  next: GoroutinesEvent | undefined,
  result: DiffResult,
): void {
  if (base === undefined || next === undefined) return;
  const isGrouped = [...base.groups, ...next.groups].some((group) => group.key !== undefined);
  const sameLevel = base.debug === next.debug;
  const cells = (event: GoroutinesEvent): Map<string, Cell> => {
    const map = new Map<string, Cell>();
    for (const { key, id, state, stack, count } of event.groups) {
      if (key !== undefined) {
        addCell(map, key, { function: key }, count);
        continue;
      }
      // debug=1 knows no states and creators: between the levels only the stacks can be compared.
      const place = sameLevel ? id : stack.map((frame) => `${frame.function}:${frame.line ?? ''}`).join('\n');
      addCell(map, place, ownFrame(stack), count);
      const cell = map.get(place)!;
      if (state !== undefined && sameLevel) cell.where = `${cell.where ?? ''} [${state}]`.trim();
    }
    return map;
  };
  if (!sameLevel && !isGrouped) {
    result.notes.push('The two goroutine dumps are of different debug levels: compared by stack alone.');
  }
  const title = isGrouped ? 'goroutines as grouped' : 'goroutines by stack';
  result.tables.push(tableOf('goroutines', title, 'count', cells(base), cells(next)));
}

function diffHeap(base: HeapEvent | undefined, next: HeapEvent | undefined, result: DiffResult): void {
  if (base === undefined || next === undefined) return;
  if (base.numGC !== undefined && base.numGC === next.numGC && base.lastGC === next.lastGC) {
    result.notes.push(
      `No cycle ended between the two heap texts (NumGC ${base.numGC} in both): their counts are those of the same cycle. ` +
        'Ask for heap?debug=1&gc=1, at the cost of a full cycle.',
    );
  }
  if (differentBuilds(base, next)) {
    result.notes.push(
      'The two heap texts come from different builds: lines may have moved, only function names compare.',
    );
  } else if (base.numGC !== undefined && next.numGC !== undefined && next.numGC < base.numGC) {
    result.notes.push(`NumGC fell from ${base.numGC} to ${next.numGC}: another process, or a restart.`);
  }
  const moved = differentBuilds(base, next);
  const cells = (event: HeapEvent, key: 'inUse' | 'allocated'): Map<string, Cell> => {
    const map = new Map<string, Cell>();
    for (const site of event.sites) {
      const frame = ownFrame(site.stack);
      const id = `${frame?.function ?? ''}\u0000${moved ? '' : `${frame?.file ?? ''}:${frame?.line ?? ''}`}`;
      const { objects, bytes } = site.raw[key];
      const scale = objects === 0 ? 1 : heapScale(bytes / objects, event.sampleRate);
      const one = objects === 0 ? 0 : (bytes / objects) * scale;
      addCell(map, id, frame, site[key].bytes, objects * one * one * (1 - 1 / scale));
    }
    return map;
  };
  result.tables.push(tableOf('heap', 'heap in use', 'bytes', cells(base, 'inUse'), cells(next, 'inUse')));
  result.tables.push(
    tableOf('allocated', 'allocated since the start', 'bytes', cells(base, 'allocated'), cells(next, 'allocated')),
  );
}

const MEMSTATS_FIELDS = [
  ['HeapAlloc', 'bytes'],
  ['HeapInuse', 'bytes'],
  ['HeapIdle', 'bytes'],
  ['HeapReleased', 'bytes'],
  ['StackInuse', 'bytes'],
  ['Sys', 'bytes'],
  ['NextGC', 'bytes'],
  ['MaxRSS', 'bytes'],
  ['HeapObjects', 'count'],
  ['Mallocs', 'count'],
  ['Frees', 'count'],
  ['NumGC', 'count'],
  ['GCCPUFraction', 'share'],
] as const;

function diffMemStats(base: MemStatsEvent | undefined, next: MemStatsEvent | undefined, result: DiffResult): void {
  if (base === undefined || next === undefined) return;
  const rows: DiffRow[] = [];
  let unchanged = 0;
  for (const [name, unit] of MEMSTATS_FIELDS) {
    const from = Number(base[name]);
    const to = Number(next[name]);
    if (base[name] === undefined || next[name] === undefined || Number.isNaN(from + to)) continue;
    if (from === to) unchanged++;
    else rows.push(rowOf(name, unit, from, to));
  }
  result.tables.push({ kind: 'memstats', title: 'MemStats', unit: 'mixed', rows, unchanged });
}

function diffContention(
  base: ContentionEvent | undefined,
  next: ContentionEvent | undefined,
  profile: string,
  result: DiffResult,
): void {
  if (base === undefined || next === undefined) return;
  const cells = (event: ContentionEvent): Map<string, Cell> => {
    const map = new Map<string, Cell>();
    for (const site of event.sites) {
      const frame = ownFrame(site.stack);
      addCell(map, `${frame?.function ?? ''}\u0000${frame?.file ?? ''}:${frame?.line ?? ''}`, frame, site.delayNs);
    }
    return map;
  };
  const title = profile === 'mutex' ? 'delay caused by holders of locks' : 'delay by waiting';
  result.tables.push(tableOf('contention', title, 'nanoseconds', cells(base), cells(next)));
}

function diffThreads(base: ThreadsEvent | undefined, next: ThreadsEvent | undefined, result: DiffResult): void {
  if (base === undefined || next === undefined) return;
  const rows = base.total === next.total ? [] : [rowOf('threads created', undefined, base.total, next.total)];
  result.tables.push({ kind: 'threads', title: 'threads', unit: 'count', rows, unchanged: rows.length === 0 ? 1 : 0 });
}

/** The process with the most cycles: the program, not the tools that `go run` started before it. */
interface Trace {
  summary: ProcessSummary | undefined;
  /** Least squares over the whole trace, MiB a second; unknown for a saved one. */
  slope: number | undefined;
  processes: number;
}

/** The process with the most cycles: of a saved result by its sums, else of the events. */
function mainTrace(events: readonly GcbendEvent[], saved: readonly ProcessSummary[] | undefined): Trace {
  if (saved !== undefined) {
    const [summary] = [...saved].sort((a, b) => b.cycles - a.cycles);
    return { summary, slope: undefined, processes: saved.length };
  }
  const byProcess = new Map<number, GcEvent[]>();
  for (const event of events) {
    if (event.type !== 'gc') continue;
    const list = byProcess.get(event.process ?? 1);
    if (list === undefined) byProcess.set(event.process ?? 1, [event]);
    else list.push(event);
  }
  let cycles: GcEvent[] = [];
  for (const list of byProcess.values()) if (list.length > cycles.length) cycles = list;
  const stats = new ProcessStats();
  for (const cycle of cycles) stats.push(cycle);
  return { summary: stats.summary(), slope: liveSlope(cycles), processes: byProcess.size };
}

function diffTraces(before: Trace, after: Trace, result: DiffResult): void {
  if (before.summary === undefined || after.summary === undefined) return;
  if (before.processes > 1 || after.processes > 1) {
    result.notes.push('A trace holds several processes: the one with the most cycles of each side is compared.');
  }
  const a = traceFigures(before.summary, before.slope);
  const b = traceFigures(after.summary, after.slope);
  const rows: DiffRow[] = [];
  let unchanged = 0;
  for (const [name, { value, unit }] of a) {
    const other = b.get(name)?.value;
    if (other === undefined) continue;
    if (other === value) unchanged++;
    else rows.push(rowOf(name, unit, value, other));
  }
  const seconds = [a.get('length')?.value, b.get('length')?.value];
  if (seconds[0] !== undefined && seconds[1] !== undefined) {
    const longer = Math.max(seconds[0], seconds[1]);
    const shorter = Math.min(seconds[0], seconds[1]);
    if (shorter < longer / 2) {
      result.notes.push(
        'One trace is more than twice as long as the other: levels and maxima of the longer one are not comparable.',
      );
    }
  }
  result.tables.push({ kind: 'trace', title: 'trace', unit: 'mixed', rows, unchanged });
}

function traceFigures(
  summary: ProcessSummary,
  slope: number | undefined,
): Map<string, { value: number; unit: string }> {
  const figures = new Map<string, { value: number; unit: string }>();
  const add = (name: string, value: number | undefined, unit: string): void => {
    if (value !== undefined && Number.isFinite(value)) figures.set(name, { value, unit });
  };
  add('length', summary.seconds, 's');
  add('cycles', summary.cycles, 'count');
  add('cycles per minute', summary.cyclesPerMinute, '1/min');
  add('live heap, first', summary.heapLiveMiB?.first, 'MiB');
  add('live heap, last', summary.heapLiveMiB?.last, 'MiB');
  add('live heap, mean', summary.heapLiveMiB?.mean, 'MiB');
  add('live heap, highest', summary.heapLiveMiB?.max, 'MiB');
  add('live heap, slope', slope, 'MiB/s');
  add('heap goal, highest', summary.heapGoalMiB?.max, 'MiB');
  add('allocation rate', summary.allocatedMiBPerSecond, 'MiB/s');
  add('pause p50', summary.pausesMs?.total.p50, 'ms');
  add('pause p90', summary.pausesMs?.total.p90, 'ms');
  add('pause p99', summary.pausesMs?.total.p99, 'ms');
  add('pause p99.9', summary.pausesMs?.total.p999, 'ms');
  add('pause, longest', summary.pausesMs?.total.max, 'ms');
  add('share of the CPU in collection', summary.gcCpuShare, 'share');
  add('assist share', summary.assistShare, 'share');
  return figures;
}

/** Least squares over the whole trace, MiB a second. */
function liveSlope(cycles: readonly GcEvent[]): number | undefined {
  const points = cycles.flatMap((gc) =>
    gc.at === undefined || gc.heapMiB.live === undefined ? [] : [{ t: gc.at, y: gc.heapMiB.live }],
  );
  if (points.length < 3) return undefined;
  const n = points.length;
  const mt = points.reduce((sum, point) => sum + point.t, 0) / n;
  const my = points.reduce((sum, point) => sum + point.y, 0) / n;
  let spread = 0;
  let product = 0;
  for (const { t, y } of points) {
    spread += (t - mt) ** 2;
    product += (t - mt) * (y - my);
  }
  return spread === 0 ? undefined : product / spread;
}

/** What two runs have been found to do: 1 where a finding stands, 0 where it does not. */
function diffFindings(base: readonly GcbendEvent[], next: readonly GcbendEvent[], result: DiffResult): void {
  const before = standingFindings(base);
  const after = standingFindings(next);
  if (before.size === 0 && after.size === 0) return;
  const cells = (found: ReadonlyMap<string, FindingEvent>): Map<string, Cell> =>
    new Map([...found].map(([key, f]) => [key, { name: f.rule, where: f.title, value: 1, variance: 0 }]));
  const { total: _total, ...table } = tableOf('findings', 'findings', 'count', cells(before), cells(after));
  result.tables.push(table);
}

/** The last word on each finding, unless it was withdrawn; `info` ones are no claims and are left out. */
function standingFindings(events: readonly GcbendEvent[]): Map<string, FindingEvent> {
  const byId = new Map<string, FindingEvent>();
  for (const event of events) if (event.type === 'finding') byId.set(event.revises ?? event.id, event);
  const standing = new Map<string, FindingEvent>();
  for (const finding of byId.values()) {
    if (finding.status === 'withdrawn' || finding.severity === 'info') continue;
    standing.set(`${finding.rule}\u0000${finding.site?.function ?? ''}`, finding);
  }
  return standing;
}
