// In: events. Out: one table as CSV (RFC 4180: CRLF, quotes doubled), its columns named by the units they hold.
import { cleanText } from '../events/clean-text.ts';
import { Revisions } from '../events/revisions.ts';
import type { GcbendEvent, GcEvent, GoroutineGroup, HeapSite, InflectionEvent } from '../events/types.ts';
import type { EventSink } from './types.ts';

/** `cycles` and the tables of snapshots stream; `inflections` are known at the end. */
export type CsvTable = 'cycles' | 'inflections' | 'groups' | 'sites' | 'contention';

type Cell = string | number | boolean | undefined;
type Columns<T> = readonly (readonly [name: string, value: (row: T) => Cell])[];

const CYCLES: Columns<GcEvent> = [
  ['process', (gc) => gc.process],
  ['cycle', (gc) => gc.cycle],
  ['atSeconds', (gc) => gc.at],
  ['time', (gc) => gc.atTime ?? gc.loggedAt],
  ['heapStartMiB', (gc) => gc.heapMiB.start],
  ['heapEndMiB', (gc) => gc.heapMiB.end],
  ['heapLiveMiB', (gc) => gc.heapMiB.live],
  ['heapGoalMiB', (gc) => gc.heapMiB.goal],
  ['stacksMiB', (gc) => gc.stacksMiB],
  ['globalsMiB', (gc) => gc.globalsMiB],
  ['gcCpuPercent', (gc) => gc.gcCpuPercent],
  ['sweepTerminationMs', (gc) => gc.clockMs?.sweepTermination],
  ['markMs', (gc) => gc.clockMs?.mark],
  ['markTerminationMs', (gc) => gc.clockMs?.markTermination],
  ['sweepTerminationCpuMs', (gc) => gc.cpuMs?.sweepTermination],
  ['assistCpuMs', (gc) => gc.cpuMs?.assist],
  ['backgroundCpuMs', (gc) => gc.cpuMs?.background],
  ['idleCpuMs', (gc) => gc.cpuMs?.idle],
  ['markTerminationCpuMs', (gc) => gc.cpuMs?.markTermination],
  ['procs', (gc) => gc.procs],
  ['forced', (gc) => gc.forced === true],
  ['repaired', (gc) => gc.repaired === true],
  ['source', (gc) => gc.source],
  ['line', (gc) => gc.line],
];

const INFLECTIONS: Columns<InflectionEvent & { number: number }> = [
  ['no', (bend) => bend.number],
  ['process', (bend) => bend.process],
  ['signal', (bend) => bend.signal],
  ['kind', (bend) => bend.kind],
  ['atSeconds', (bend) => bend.at],
  ['time', (bend) => bend.atTime],
  ['cycle', (bend) => bend.cycle],
  ['index', (bend) => bend.index],
  ['value', (bend) => bend.value],
  ['unit', (bend) => bend.unit],
  ['slopeBeforePerSecond', (bend) => bend.slopeBefore],
  ['slopeAfterPerSecond', (bend) => bend.slopeAfter],
  ['growthChangePerSecond', (bend) => bend.growthChange],
  ['stepBy', (bend) => bend.stepBy],
  ['confidence', (bend) => bend.confidence],
  ['status', (bend) => bend.status],
];

const place = (frame: { function: string; file?: string; line?: number } | undefined) =>
  frame === undefined
    ? undefined
    : `${frame.function}${frame.file === undefined ? '' : ` ${frame.file}:${frame.line ?? ''}`}`;

const GROUPS: Columns<GoroutineGroup & { snapshot: number }> = [
  ['snapshot', (group) => group.snapshot],
  ['group', (group) => group.id],
  ['count', (group) => group.count],
  ['state', (group) => group.state],
  ['waitMinutesMin', (group) => group.waitMinutes?.min],
  ['waitMinutesMax', (group) => group.waitMinutes?.max],
  ['leaked', (group) => group.leaked],
  ['top', (group) => place(group.stack[0])],
  ['createdBy', (group) => place(group.createdBy)],
  ['stack', (group) => group.stack.map((frame) => frame.function).join(';')],
];

const SITES: Columns<HeapSite & { snapshot: number }> = [
  ['snapshot', (site) => site.snapshot],
  ['function', (site) => site.function],
  ['file', (site) => site.file],
  ['line', (site) => site.line],
  ['inUseObjects', (site) => site.inUse.objects],
  ['inUseBytes', (site) => site.inUse.bytes],
  ['allocatedObjects', (site) => site.allocated.objects],
  ['allocatedBytes', (site) => site.allocated.bytes],
  ['stack', (site) => site.stack.map((frame) => frame.function).join(';')],
];

interface ContentionRow {
  snapshot: number;
  profile: string;
  function: string;
  file?: string;
  line?: number;
  count: number;
  delayNs: number;
}
const CONTENTION: Columns<ContentionRow> = [
  ['snapshot', (site) => site.snapshot],
  ['profile', (site) => site.profile],
  ['function', (site) => site.function],
  ['file', (site) => site.file],
  ['line', (site) => site.line],
  ['count', (site) => site.count],
  ['delayNs', (site) => site.delayNs],
];

const COLUMNS = { cycles: CYCLES, inflections: INFLECTIONS, groups: GROUPS, sites: SITES, contention: CONTENTION };
const TABLE_OF: Partial<Record<GcbendEvent['type'], CsvTable>> = {
  gc: 'cycles',
  goroutines: 'groups',
  heap: 'sites',
  contention: 'contention',
};

/**
 * A cell. Text from input loses its control bytes; text that a spreadsheet would run as a formula gets an apostrophe before it.
 */
function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const clean = cleanText(value);
  const safe = /^[=+\-@]/.test(clean) && clean !== '-' ? `'${clean}` : clean;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of a table. */
export function csvRow(cells: readonly Cell[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function row<T>(columns: Columns<T>, value: T): string {
  return csvRow(columns.map(([, read]) => read(value)));
}

/** Header line of a table. */
function csvHeader(table: CsvTable): string {
  return `${COLUMNS[table].map(([name]) => name).join(',')}\r\n`;
}

/**
 * @param chosen which table; without it the first gc, goroutines, heap or contention event decides: `cycles`, `groups`, `sites` or
 * `contention`. Events of other kinds are left out: one CSV is one table.
 */
export function createCsvSink(chosen?: CsvTable): EventSink {
  let table = chosen;
  let headerDue = true;
  let snapshots = 0;
  const inflections = new Revisions<InflectionEvent>();

  const header = () => {
    if (!headerDue) return '';
    headerDue = false;
    return csvHeader(table ?? 'cycles');
  };
  const rowsOf = (event: GcbendEvent): string => {
    if (event.type === 'gc') return row(CYCLES, event);
    const snapshot = ++snapshots;
    if (event.type === 'goroutines') return event.groups.map((group) => row(GROUPS, { ...group, snapshot })).join('');
    if (event.type === 'heap') return event.sites.map((site) => row(SITES, { ...site, snapshot })).join('');
    if (event.type !== 'contention') return '';
    const { profile } = event;
    return event.sites.map((site) => row(CONTENTION, { ...site, snapshot, profile })).join('');
  };
  return {
    push(event) {
      if (table === 'inflections') {
        if (event.type === 'inflection') inflections.push(event);
        return undefined;
      }
      const own = TABLE_OF[event.type];
      if (own === undefined) return undefined;
      table ??= own;
      return own === table ? header() + rowsOf(event) : undefined;
    },
    finish() {
      const bends = inflections
        .values()
        .sort((a, b) => (a.process ?? 0) - (b.process ?? 0) || (a.at ?? a.index) - (b.at ?? b.index));
      return header() + bends.map((bend, index) => row(INFLECTIONS, { ...bend, number: index + 1 })).join('');
    },
  };
}
