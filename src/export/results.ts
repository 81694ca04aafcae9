// In: events in stream order. Out: what formats that are written at the end are made of: per process its sums, bends, findings.
import { Revisions } from '../events/revisions.ts';
import type {
  ContentionEvent,
  FindingEvent,
  GcbendEvent,
  GoroutinesEvent,
  HealthEvent,
  HeapEvent,
  InflectionEvent,
  MemStatsEvent,
  SummaryEvent,
  ThreadsEvent,
} from '../events/types.ts';
import { ProcessStats, type ProcessSummary } from '../series/process-stats.ts';

export interface ProcessResult {
  process: number;
  source: string;
  reason?: string;
  format?: string;
  /** Absent for a process without a good `gc` record. */
  stats?: ProcessSummary;
  inflections: InflectionEvent[];
  findings: FindingEvent[];
}

interface ProcessState {
  source: string;
  reason?: string;
  format?: string;
  stats: ProcessStats;
  inflections: Revisions<InflectionEvent>;
}

/** Keeps sums, the last snapshots, and the last word on bends and findings: memory grows with their number, not with the input. */
export class Results {
  readonly counts: Record<string, number> = {};
  readonly sources = new Set<string>();
  readonly contention = new Map<string, ContentionEvent>();
  goroutines: GoroutinesEvent | undefined;
  heap: HeapEvent | undefined;
  memstats: MemStatsEvent | undefined;
  threads: ThreadsEvent | undefined;
  health: HealthEvent | undefined;
  summary: SummaryEvent | undefined;
  private readonly states = new Map<number, ProcessState>();
  private readonly allFindings = new Revisions<FindingEvent>();
  private readonly otherInflections = new Revisions<InflectionEvent>();

  push(event: GcbendEvent): void {
    this.counts[event.type] = (this.counts[event.type] ?? 0) + 1;
    if (event.type !== 'summary') this.sources.add(event.source);
    switch (event.type) {
      case 'process': {
        const state = this.stateOf(event.process, event.source);
        state.reason = event.reason;
        state.format = event.format;
        break;
      }
      case 'gc':
        this.stateOf(event.process ?? 1, event.source).stats.push(event);
        break;
      case 'inflection':
        if (event.process === undefined) this.otherInflections.push(event);
        else this.stateOf(event.process, event.source).inflections.push(event);
        break;
      case 'finding':
        this.allFindings.push(event);
        break;
      case 'goroutines':
        this.goroutines = event;
        break;
      case 'heap':
        this.heap = event;
        break;
      case 'memstats':
        this.memstats = event;
        break;
      case 'contention':
        this.contention.set(event.profile, event);
        break;
      case 'threads':
        this.threads = event;
        break;
      case 'health':
        this.health = event;
        break;
      case 'summary':
        this.summary = event;
        break;
    }
  }

  private stateOf(process: number, source: string): ProcessState {
    let state = this.states.get(process);
    if (state === undefined) {
      state = { source, stats: new ProcessStats(), inflections: new Revisions() };
      this.states.set(process, state);
    }
    return state;
  }

  /** In order of appearance. */
  processes(): ProcessResult[] {
    const findings = this.findings();
    return [...this.states].map(([process, state]) => {
      const stats = state.stats.summary();
      return {
        process,
        source: state.source,
        ...(state.reason === undefined ? {} : { reason: state.reason }),
        ...(state.format === undefined ? {} : { format: state.format }),
        ...(stats === undefined ? {} : { stats }),
        inflections: inTime(state.inflections.values()),
        findings: findings.filter((finding) => finding.process === process),
      };
    });
  }

  /** All findings that stand, worst first. */
  findings(): FindingEvent[] {
    const rank = { critical: 0, warning: 1, info: 2 };
    return this.allFindings.values().sort((a, b) => rank[a.severity] - rank[b.severity] || b.confidence - a.confidence);
  }

  /** Findings of dumps and heap texts: of no process that is listed. */
  findingsOfNoProcess(): FindingEvent[] {
    return this.findings().filter((finding) => finding.process === undefined || !this.states.has(finding.process));
  }

  /** Bends of signals that belong to no process. */
  inflectionsOfNoProcess(): InflectionEvent[] {
    return inTime(this.otherInflections.values());
  }
}

function inTime(inflections: InflectionEvent[]): InflectionEvent[] {
  return inflections.sort((a, b) => (a.at ?? a.index) - (b.at ?? b.index) || a.index - b.index);
}
