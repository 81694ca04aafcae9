// In: dump events of several files, in any order. Out: the same events as series, oldest first, with seconds since the first where a time is known.
// Times in order of trust: the log wrapper's, LastGC of the text's own MemStats, a time in the file's name, LastGC of the heap text that bears
// the same number in the same folder, the file's own time. Without any the natural order of the names counts and there is no time.
import type { GcbendEvent } from '../events/types.ts';
import { compareNaturally } from '../input/natural-order.ts';

export interface HeldDump {
  event: GcbendEvent;
  /** Modification time of the file it came from, ms since 1970. */
  modifiedMs?: number | undefined;
}

export interface OrderedDump {
  event: GcbendEvent;
  /** Seconds since the first dump of all; absent when the kind has no time that can be trusted. */
  seconds?: number;
  wallMs?: number;
}

/** Files that were unpacked or cloned have times, too: closer together than this, they say nothing. */
const distrustedStepMs = 50;

export function orderDumps(held: readonly HeldDump[]): OrderedDump[] {
  const dumps = held.map((dump, index) => ({
    ...dump,
    index,
    key: keyOf(dump.event.source),
    kind: kindOf(dump.event),
  }));
  dumps.sort(
    (a, b) => compareNaturally(a.event.source, b.event.source) || a.event.line - b.event.line || a.index - b.index,
  );
  const byNumber = timesByNumber(dumps);
  const kinds = new Map<string, typeof dumps>();
  for (const dump of dumps) kinds.set(dump.kind, [...(kinds.get(dump.kind) ?? []), dump]);
  const timed: { event: GcbendEvent; wallMs: number | undefined; rank: number }[] = [];
  for (const series of kinds.values()) {
    const clocks: ((dump: (typeof dumps)[number]) => number | undefined)[] = [
      (dump) => parseTime((dump.event as { loggedAt?: string }).loggedAt),
      (dump) => parseTime(dump.event.atTime),
      (dump) => lastGcMs(dump.event),
      (dump) => dump.key.timeMs,
      (dump) => (dump.key.number === undefined ? undefined : byNumber.get(`${dump.key.folder}\0${dump.key.number}`)),
    ];
    let times = clocks.map((clock) => series.map(clock)).find((list) => isClock(list, series.length));
    const modified = series.map((dump) => dump.modifiedMs);
    if (times === undefined && isSteady(modified)) times = modified;
    const chosen = times;
    const entries = series.map((dump, rank) => ({ event: dump.event, wallMs: chosen?.[rank], rank }));
    if (chosen !== undefined) entries.sort((a, b) => a.wallMs! - b.wallMs! || a.rank - b.rank);
    timed.push(...entries.map((entry, rank) => ({ ...entry, rank })));
  }
  // Kinds with a time are merged by it; the others follow each other by their place in their series.
  const everyTimed = timed.every((entry) => entry.wallMs !== undefined);
  timed.sort((a, b) => (everyTimed ? a.wallMs! - b.wallMs! : 0) || a.rank - b.rank);
  const first = Math.min(...timed.map((entry) => entry.wallMs ?? Number.POSITIVE_INFINITY));
  return timed.map(({ event, wallMs }) =>
    wallMs === undefined ? { event } : { event, wallMs, seconds: (wallMs - first) / 1000 },
  );
}

/** A clock must know every dump of the series, and time must not stand still from its first to its last. */
function isClock(times: readonly (number | undefined)[], length: number): boolean {
  const known = times.filter((time) => time !== undefined);
  return known.length === length && (length < 2 || Math.max(...known) > Math.min(...known));
}

function isSteady(times: readonly (number | undefined)[]): boolean {
  return times.every((time, i) => time !== undefined && (i === 0 || time - times[i - 1]! >= distrustedStepMs));
}

function kindOf(event: GcbendEvent): string {
  switch (event.type) {
    case 'goroutines':
      return `goroutines ${event.debug} ${event.profile ?? ''}`;
    case 'contention':
    case 'heap':
      return `${event.type} ${event.profile ?? ''}`;
    case 'memstats':
      return 'heap ';
    default:
      return event.type;
  }
}

/** LastGC in ms of a heap text: when what it shows was true. */
function lastGcMs(event: GcbendEvent): number | undefined {
  const printed = event.type === 'heap' ? event.lastGC : event.type === 'memstats' ? event['LastGC'] : undefined;
  const ns = Number(printed);
  return Number.isFinite(ns) && ns > 0 ? ns / 1e6 : undefined;
}

function timesByNumber(dumps: readonly { event: GcbendEvent; key: FileKey }[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { event, key } of dumps) {
    const ms = lastGcMs(event);
    if (ms !== undefined && key.number !== undefined) times.set(`${key.folder}\0${key.number}`, ms);
  }
  return times;
}

interface FileKey {
  folder: string;
  /** The last number of the name: `004` of `heap-debug1-004.txt`. */
  number: string | undefined;
  timeMs: number | undefined;
}

function keyOf(source: string): FileKey {
  const slash = source.lastIndexOf('/');
  const name = source.slice(slash + 1).replace(/(\.(txt|log|out|gz|pb|pprof|zst|prof))+$/i, '');
  return { folder: source.slice(0, slash + 1), number: /(\d+)\D*$/.exec(name)?.[1], timeMs: timeInName(name) };
}

/** `2026-11-20T09:30:00Z`, `20261120-093000`, `2026-11-20_09.30.00`, seconds or milliseconds since 1970. */
function timeInName(name: string): number | undefined {
  const calendar =
    /(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_.T ]?(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?/.exec(
      name,
    );
  if (calendar !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = calendar;
    return parseTime(
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${(fraction ?? '0').slice(0, 3)}${zone ?? 'Z'}`,
    );
  }
  const epoch = /(?<!\d)(1\d{9})(\d{3})?(?!\d)/.exec(name);
  return epoch === null ? undefined : Number(epoch[1]) * 1000 + Number(epoch[2] ?? 0);
}

function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
