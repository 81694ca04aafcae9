// In: events in stream order. Out: a Report: all that a report shows, from memory that does not grow with the input.

import { Revisions } from '../events/revisions.ts';
import type {
  ContentionEvent,
  EventBase,
  FindingEvent,
  GcbendEvent,
  GcEvent,
  GoroutinesEvent,
  HealthEvent,
  HeapEvent,
  InflectionEvent,
  MemStatsEvent,
  SummaryEvent,
  ThreadsEvent,
} from '../events/types.ts';
import { addSums, type CycleSums, clearSums, emptySums } from '../series/cycle-sums.ts';
import { ProcessStats, type ProcessSummary } from '../series/process-stats.ts';
import type { WatchedSignal } from '../series/signals.ts';
import type { TimeBase } from '../series/trace-series.ts';
import { BucketedSeries } from './bucketed-series.ts';
import { SnapshotSeries } from './snapshot-series.ts';
import { KIND_WORDS } from './words.ts';

/** Drawn as every cycle prints them. */
const PLAIN_SIGNALS = ['heapLive', 'heapGoal', 'pause', 'stacks'] as const;
/** Drawn over at least `POOL_SECONDS`: see `pushRates`. */
type RateSignal = 'gcCpu' | 'allocRate' | 'assistShare';
/** With dumps on the same time axis also how many goroutines there are, and how many of them wait for another one. */
export type ChartedSignal = ((typeof PLAIN_SIGNALS)[number] & WatchedSignal) | RateSignal | 'goroutines' | 'blocked';

/** The trace prints times in ms: a rate over one cycle of 2 ms may be off by half, over 100 ms by 1 %. */
const POOL_SECONDS = 0.1;

/** One process that printed a trace. */
export interface ProcessReport {
  process: number;
  /** Grammar id of its first record. */
  format?: string;
  reason?: string;
  source: string;
  stats: ProcessSummary;
  /** What x is: seconds of the process, seconds of the log, or (without any time) the cycle. */
  timeBase: TimeBase;
  series: Partial<Record<ChartedSignal, BucketedSeries>>;
  /** In the order of their signal's points; final ones where they exist. */
  inflections: InflectionEvent[];
  /** Inflections beyond the bound, the least sure, that were dropped. */
  inflectionsDropped: number;
  findings: FindingEvent[];
}

/** Processes too short to be worth a chart (compilers under `go build`), together. */
export interface ShortProcesses {
  count: number;
  cycles: number;
  longestSeconds: number;
  largestHeapMiB: number;
}

export interface Report {
  sources: string[];
  /** Longest-lived first. */
  processes: ProcessReport[];
  short: ShortProcesses | undefined;
  /** Findings and inflections that belong to no process with a trace (dumps, heap texts). */
  findings: FindingEvent[];
  inflections: InflectionEvent[];
  goroutines: SnapshotSeries<GoroutinesEvent> | undefined;
  heap: SnapshotSeries<HeapEvent> | undefined;
  memstats: { last: MemStatsEvent; count: number } | undefined;
  contention: ContentionEvent[];
  threads: ThreadsEvent | undefined;
  health: { last: HealthEvent; scores: BucketedSeries } | undefined;
  malformed: { count: number; reasons: { reason: string; count: number; firstLine: number; text: string }[] };
  /** Events by type. */
  counts: Record<string, number>;
  summary: SummaryEvent | undefined;
}

const MOST_PROCESSES = 64;
const MOST_INFLECTIONS = 500;
const MOST_FINDINGS = 500;
const MOST_REASONS = 20;
/** States in which a goroutine waits for another one: channels, locks, conditions, wait groups. */
const BLOCKED = /^(chan |select|sync\.|semacquire)/;
/** A process below both is summed up when a longer one is there. */
const SHORT_SECONDS = 5;
const SHORT_SHARE = 0.1;

interface ProcessState {
  process: number;
  format?: string;
  reason?: string;
  source: string;
  stats: ProcessStats;
  series: Partial<Record<ChartedSignal, BucketedSeries>>;
  /** Sums since the last point of the rates. */
  pool: CycleSums & { from: number };
  inflections: Revisions<InflectionEvent>;
  inflectionsDropped: number;
}

/** Takes events one by one; `finish` may be called again after more events (a live view does). */
export class ReportModel {
  private readonly processes = new Map<number, ProcessState>();
  private readonly folded: ShortProcesses = { count: 0, cycles: 0, longestSeconds: 0, largestHeapMiB: 0 };
  private readonly foldedIds = new Set<number>();
  private readonly findings = new Revisions<FindingEvent>();
  private readonly looseInflections = new Revisions<InflectionEvent>();
  private readonly sources = new Set<string>();
  /** By kind: dumps of debug=1 and debug=2 of one moment are two series, and so are heap and allocs texts. */
  private readonly goroutines = new Map<string, SnapshotSeries<GoroutinesEvent>>();
  private readonly heap = new Map<string, SnapshotSeries<HeapEvent>>();
  private memstats: { last: MemStatsEvent; count: number } | undefined;
  private readonly contention = new Map<string, ContentionEvent>();
  private threads: ThreadsEvent | undefined;
  private health: { last: HealthEvent; scores: BucketedSeries } | undefined;
  private malformedCount = 0;
  private readonly malformedReasons = new Map<
    string,
    { reason: string; count: number; firstLine: number; text: string }
  >();
  private readonly counts: Record<string, number> = {};
  private summary: SummaryEvent | undefined;

  push(event: GcbendEvent): void {
    this.counts[event.type] = (this.counts[event.type] ?? 0) + 1;
    if (event.type !== 'summary' && this.sources.size < MOST_PROCESSES) this.sources.add(event.source);
    switch (event.type) {
      case 'process': {
        const state = this.processState(event.process, event.source);
        if (state === undefined) return;
        state.format = event.format;
        state.reason = event.reason;
        return;
      }
      case 'gc':
        this.pushGc(event);
        return;
      case 'inflection':
        this.pushInflection(event);
        return;
      case 'finding':
        if (!Object.hasOwn(severityRank, event.severity)) return;
        this.findings.push(event);
        if (this.findings.size > MOST_FINDINGS) this.findings.delete(this.findings.values()[0]!);
        return;
      case 'goroutines':
        snapshotsOf(this.goroutines, `${event.debug} ${event.profile ?? ''} ${event.cause}`).push(
          event,
          event.total,
          event.groups.map((group) => [group.id, group.count]),
        );
        this.pushBlocking(event);
        return;
      case 'heap':
        snapshotsOf(this.heap, event.profile ?? '').push(
          event,
          event.inUse.bytes,
          event.sites.map((site) => [siteKey(site), site.inUse.bytes]),
        );
        return;
      case 'memstats':
        this.memstats = { last: event, count: (this.memstats?.count ?? 0) + 1 };
        return;
      case 'contention':
        this.contention.set(event.profile, event);
        return;
      case 'threads':
        this.threads = event;
        return;
      case 'health':
        this.health ??= { last: event, scores: new BucketedSeries() };
        this.health.last = event;
        this.health.scores.push(event.window.to, event.score);
        return;
      case 'malformed': {
        this.malformedCount++;
        const known = this.malformedReasons.get(event.reason);
        if (known !== undefined) known.count++;
        else if (this.malformedReasons.size < MOST_REASONS) {
          const { reason, line, text } = event;
          this.malformedReasons.set(reason, { reason, count: 1, firstLine: line, text });
        }
        return;
      }
      case 'summary':
        this.summary = event;
        return;
    }
  }

  private pushGc(event: GcEvent): void {
    const state = this.processState(event.process ?? 1, event.source);
    if (state === undefined) {
      this.folded.cycles++;
      return;
    }
    const sample = state.stats.push(event);
    if (sample === undefined) return;
    const x = state.stats.timeBase === 'index' ? sample.cycle : sample.t;
    for (const signal of PLAIN_SIGNALS) {
      const value = sample.values[signal];
      if (value !== undefined) seriesOf(state, signal).push(x, value);
    }
    pushRates(state, sample.t, x, sample.sums);
  }

  /** Dumps that know their time join the trace of their process, or of the only one there is. */
  private pushBlocking(event: GoroutinesEvent): void {
    if (event.at === undefined) return;
    const only = this.processes.size === 1 ? this.processes.keys().next().value : undefined;
    const state = this.processes.get(event.process ?? only ?? -1);
    if (state === undefined || state.stats.timeBase === 'index') return;
    seriesOf(state, 'goroutines').push(event.at, event.total);
    // At debug=1 no states are printed: nothing is known, which is not the same as none.
    if (Object.keys(event.states).length === 0) return;
    let blocked = 0;
    for (const [name, count] of Object.entries(event.states)) if (BLOCKED.test(name)) blocked += count;
    seriesOf(state, 'blocked').push(event.at, blocked);
  }

  private pushInflection(event: InflectionEvent): void {
    // Saved by a later version: a kind that has no words here.
    if (!Object.hasOwn(KIND_WORDS, event.kind)) return;
    const state = event.process === undefined ? undefined : this.processes.get(event.process);
    const inflections = state?.inflections ?? this.looseInflections;
    inflections.push(event);
    if (inflections.size <= MOST_INFLECTIONS) return;
    inflections.delete(inflections.values().reduce((a, b) => (b.confidence < a.confidence ? b : a)));
    if (state !== undefined) state.inflectionsDropped++;
  }

  /** The state of a process; undefined for one that has been folded into the sum of the short ones. */
  private processState(process: number, source: string): ProcessState | undefined {
    const known = this.processes.get(process);
    if (known !== undefined) return known;
    if (this.foldedIds.has(process)) return undefined;
    const state: ProcessState = {
      process,
      source,
      stats: new ProcessStats(),
      series: {},
      pool: { ...emptySums(), from: Number.NEGATIVE_INFINITY },
      inflections: new Revisions(),
      inflectionsDropped: 0,
    };
    this.processes.set(process, state);
    if (this.processes.size > MOST_PROCESSES) this.foldShortest(process);
    return state;
  }

  /** Makes room: the shortest process but the newest gives up its charts. */
  private foldShortest(newest: number): void {
    let shortest: ProcessState | undefined;
    for (const state of this.processes.values()) {
      if (state.process !== newest && (shortest === undefined || lengthOf(state) < lengthOf(shortest)))
        shortest = state;
    }
    if (shortest === undefined) return;
    this.processes.delete(shortest.process);
    this.foldedIds.add(shortest.process);
    if (this.foldedIds.size > 65536) this.foldedIds.delete(this.foldedIds.values().next().value!);
    sumUp(this.folded, shortest.stats.summary());
  }

  finish(): Report {
    const states = [...this.processes.values()].filter((state) => state.stats.cycles > 0);
    states.sort((a, b) => lengthOf(b) - lengthOf(a) || b.stats.cycles - a.stats.cycles || a.process - b.process);
    const longest = states[0] === undefined ? 0 : lengthOf(states[0]);
    const findings = this.findings.values().sort(bySeverity);
    const short: ShortProcesses = { ...this.folded };
    const processes: ProcessReport[] = [];
    for (const state of states) {
      const own = findings.filter((finding) => finding.process === state.process);
      const isShort =
        lengthOf(state) < Math.min(SHORT_SECONDS, longest * SHORT_SHARE) && own.every((f) => f.severity === 'info');
      if (isShort) sumUp(short, state.stats.summary());
      else processes.push(reportOf(state, own));
    }
    const shown = new Set(processes.map((process) => process.process));
    return {
      sources: [...this.sources],
      processes,
      short: short.count > 0 ? short : undefined,
      findings: findings.filter((finding) => finding.process === undefined || !shown.has(finding.process)),
      inflections: inOrder(this.looseInflections),
      goroutines: longestOf(this.goroutines),
      heap: longestOf(this.heap),
      memstats: this.memstats,
      contention: [...this.contention.values()],
      threads: this.threads,
      health: this.health,
      malformed: {
        count: this.malformedCount,
        reasons: [...this.malformedReasons.values()].sort((a, b) => b.count - a.count),
      },
      counts: { ...this.counts },
      summary: this.summary,
    };
  }
}

/** Cycles that follow each other closely are taken together, so that rates are those of the process, not of rounded times. */
function pushRates(state: ProcessState, t: number, x: number, sums: CycleSums): void {
  const { pool } = state;
  addSums(pool, sums);
  if (t - pool.from < POOL_SECONDS) return;
  if (pool.capacityMs > 0) seriesOf(state, 'gcCpu').push(x, pool.gcCpuMs / pool.capacityMs);
  if (pool.allocSeconds > 0) seriesOf(state, 'allocRate').push(x, pool.allocatedMiB / pool.allocSeconds);
  if (pool.markMs > 0) seriesOf(state, 'assistShare').push(x, pool.assistMs / pool.markMs);
  clearSums(pool);
  pool.from = t;
}

function seriesOf(state: ProcessState, signal: ChartedSignal): BucketedSeries {
  const series = state.series[signal] ?? new BucketedSeries();
  state.series[signal] = series;
  return series;
}

/** Key of a heap site in its series: where it is, not how much it holds. */
export function siteKey(site: { function: string; file?: string; line?: number }): string {
  return `${site.function} ${site.file ?? ''}:${site.line ?? ''}`;
}

function inOrder(inflections: Revisions<InflectionEvent>): InflectionEvent[] {
  return inflections.values().sort((a, b) => (a.at ?? a.index) - (b.at ?? b.index) || a.index - b.index);
}

function reportOf(state: ProcessState, findings: FindingEvent[]): ProcessReport {
  const { process, format, reason, source, stats, series, inflectionsDropped } = state;
  return {
    process,
    source,
    ...(format === undefined ? {} : { format }),
    ...(reason === undefined ? {} : { reason }),
    stats: stats.summary()!,
    timeBase: stats.timeBase ?? 'index',
    series,
    inflections: inOrder(state.inflections),
    inflectionsDropped,
    findings,
  };
}

/** Seconds that a process was seen; where there is no time its cycles stand for them. */
function lengthOf(state: ProcessState): number {
  return state.stats.seconds ?? state.stats.cycles;
}

function sumUp(short: ShortProcesses, summary: ProcessSummary | undefined): void {
  if (summary === undefined) return;
  short.count++;
  short.cycles += summary.cycles;
  short.longestSeconds = Math.max(short.longestSeconds, summary.seconds ?? 0);
  short.largestHeapMiB = Math.max(short.largestHeapMiB, summary.heapLiveMiB?.max ?? 0);
}

const severityRank = { critical: 0, warning: 1, info: 2 };

function bySeverity(a: FindingEvent, b: FindingEvent): number {
  return severityRank[a.severity] - severityRank[b.severity] || b.confidence - a.confidence || a.id.localeCompare(b.id);
}

function snapshotsOf<E extends EventBase>(series: Map<string, SnapshotSeries<E>>, kind: string): SnapshotSeries<E> {
  let found = series.get(kind);
  if (found === undefined) {
    found = new SnapshotSeries();
    series.set(kind, found);
  }
  return found;
}

/** The series that says most (debug=2 before debug=1, heap before allocs), unless another one has twice as many snapshots. */
function longestOf<E extends EventBase>(series: ReadonlyMap<string, SnapshotSeries<E>>): SnapshotSeries<E> | undefined {
  const kinds = [...series].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, snapshots]) => snapshots);
  return kinds.reduce<SnapshotSeries<E> | undefined>((best, next) => {
    return best !== undefined && best.count * 2 > next.count ? best : next;
  }, undefined);
}
