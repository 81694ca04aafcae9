// In: events in stream order. Out: a Report: all that a report shows, from memory that does not grow with the input.

import { Revisions } from '../events/revisions.ts';
import type {
  ContentionEvent,
  FindingEvent,
  GcbendEvent,
  GoroutinesEvent,
  HealthEvent,
  HeapEvent,
  InflectionEvent,
  MalformedEvent,
  MemStatsEvent,
  SummaryEvent,
  ThreadsEvent,
} from '../events/types.ts';
import { BucketedSeries } from './bucketed-series.ts';
import { SnapshotKinds, type SnapshotSeries } from './snapshot-series.ts';
import { SurestInflections } from './surest-inflections.ts';
import type { ProcessReport } from './traced-process.ts';
import { type ShortProcesses, TracedProcesses } from './traced-processes.ts';
import { KIND_WORDS } from './words.ts';

export interface Report {
  sources: string[];
  /** What must be known of the input before anything is believed, a sentence each. */
  notes: readonly string[];
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
  malformed: { count: number; reasons: MalformedReason[] };
  /** Events by type. */
  counts: Record<string, number>;
  summary: SummaryEvent | undefined;
}

interface MalformedReason {
  reason: string;
  count: number;
  firstLine: number;
  text: string;
}

const MOST_SOURCES = 64;
const MOST_FINDINGS = 500;
const MOST_REASONS = 20;

/** Takes events one by one; `finish` may be called again after more events (a live view does). */
export class ReportModel {
  readonly #processes = new TracedProcesses();
  readonly #findings = new Revisions<FindingEvent>();
  readonly #looseInflections = new SurestInflections();
  readonly #sources = new Set<string>();
  readonly #goroutines = new SnapshotKinds<GoroutinesEvent>();
  readonly #heap = new SnapshotKinds<HeapEvent>();
  #memstats: Report['memstats'];
  readonly #contention = new Map<string, ContentionEvent>();
  #threads: ThreadsEvent | undefined;
  #health: Report['health'];
  #malformedCount = 0;
  readonly #malformedReasons = new Map<string, MalformedReason>();
  readonly #counts: Record<string, number> = {};
  #summary: SummaryEvent | undefined;

  push(event: GcbendEvent): void {
    this.#counts[event.type] = (this.#counts[event.type] ?? 0) + 1;
    if (event.type !== 'summary' && this.#sources.size < MOST_SOURCES) this.#sources.add(event.source);
    switch (event.type) {
      case 'process':
        this.#processes.begin(event);
        return;
      case 'gc':
        this.#processes.pushCycle(event);
        return;
      case 'inflection':
        // Saved by a later version: a kind that has no words here.
        if (!Object.hasOwn(KIND_WORDS, event.kind)) return;
        (this.#processes.get(event.process)?.inflections ?? this.#looseInflections).push(event);
        return;
      case 'finding':
        if (!Object.hasOwn(severityRank, event.severity)) return;
        this.#findings.push(event);
        if (this.#findings.size > MOST_FINDINGS) this.#findings.delete(this.#findings.values()[0]!);
        return;
      case 'goroutines':
        this.#goroutines.of(`${event.debug} ${event.profile ?? ''} ${event.cause}`).push(
          event,
          event.total,
          event.groups.map((group) => [group.id, group.count]),
        );
        this.#processes.pushDump(event);
        return;
      case 'heap':
        this.#heap.of(event.profile ?? '').push(
          event,
          event.inUse.bytes,
          event.sites.map((site) => [siteKey(site), site.inUse.bytes]),
        );
        return;
      case 'memstats':
        this.#memstats = { last: event, count: (this.#memstats?.count ?? 0) + 1 };
        return;
      case 'contention':
        this.#contention.set(event.profile, event);
        return;
      case 'threads':
        this.#threads = event;
        return;
      case 'health':
        this.#health ??= { last: event, scores: new BucketedSeries() };
        this.#health.last = event;
        this.#health.scores.push(event.window.to, event.score);
        return;
      case 'malformed':
        this.#pushMalformed(event);
        return;
      case 'summary':
        this.#summary = event;
        return;
    }
  }

  #pushMalformed({ reason, line, text }: MalformedEvent): void {
    this.#malformedCount++;
    const known = this.#malformedReasons.get(reason);
    if (known !== undefined) known.count++;
    else if (this.#malformedReasons.size < MOST_REASONS) {
      this.#malformedReasons.set(reason, { reason, count: 1, firstLine: line, text });
    }
  }

  finish(notes: readonly string[] = []): Report {
    const findings = this.#findings.values().sort(bySeverity);
    const { processes, short } = this.#processes.report(findings);
    const shown = new Set(processes.map((process) => process.process));
    return {
      sources: [...this.#sources],
      notes,
      processes,
      short,
      findings: findings.filter((finding) => finding.process === undefined || !shown.has(finding.process)),
      inflections: this.#looseInflections.inOrder(),
      goroutines: this.#goroutines.longest(),
      heap: this.#heap.longest(),
      memstats: this.#memstats,
      contention: [...this.#contention.values()],
      threads: this.#threads,
      health: this.#health,
      malformed: {
        count: this.#malformedCount,
        reasons: [...this.#malformedReasons.values()].sort((a, b) => b.count - a.count),
      },
      counts: { ...this.#counts },
      summary: this.#summary,
    };
  }
}

/** Key of a heap site in its series: where it is, not how much it holds. */
export function siteKey(site: { function: string; file?: string; line?: number }): string {
  return `${site.function} ${site.file ?? ''}:${site.line ?? ''}`;
}

const severityRank = { critical: 0, warning: 1, info: 2 };

function bySeverity(a: FindingEvent, b: FindingEvent): number {
  return severityRank[a.severity] - severityRank[b.severity] || b.confidence - a.confidence || a.id.localeCompare(b.id);
}
