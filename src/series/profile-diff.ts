// In: the events of two inputs (dumps, heap texts, traces, saved results). Out: tables of what grew, largest change first, as data.
// Only what both sides have is compared; rates and shares, not sums, where the two ran for different times.

import { heapScale } from '../events/profiles/index.ts';
import type {
  ContentionEvent,
  FindingEvent,
  GcbendEvent,
  GoroutinesEvent,
  HeapEvent,
  MemStatsEvent,
  ThreadsEvent,
} from '../events/types.ts';
import type { ProcessSummary } from './process-stats.ts';
import { addCell, type Cell, type DiffResult, type DiffRow, rowOf, tableOf } from './profile-diff-table.ts';
import { diffTraces, mainTrace } from './profile-diff-trace.ts';
import { differentBuilds, ownFrame } from './profile-own-frame.ts';

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
