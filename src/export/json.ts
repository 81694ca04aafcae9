// In: events. Out: one JSON document with the result: per process its sums, bends and findings, the last dump and heap text.
// `gcbend diff` reads two of them.
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
import { type ProcessResult, Results } from './results.ts';
import type { EventSink } from './types.ts';

/** The document. `document` tells it from other JSON; `schema` is that of the events in it. */
export interface ResultDocument {
  schema: 1;
  document: 'gcbend-result';
  sources: string[];
  /** What must be known of the input before anything is believed, a sentence each. */
  notes?: readonly string[];
  /** Number of events by type. */
  counts: Record<string, number>;
  processes: ProcessResult[];
  /** Of no process: dumps and heap texts. */
  findings: FindingEvent[];
  inflections: InflectionEvent[];
  /** The last of each kind. */
  goroutines?: GoroutinesEvent;
  heap?: HeapEvent;
  memstats?: MemStatsEvent;
  contention?: ContentionEvent[];
  threads?: ThreadsEvent;
  health?: HealthEvent;
  summary?: SummaryEvent;
}

/** The result of the events so far as one plain value. */
function toResultDocument(results: Results, notes: readonly string[]): ResultDocument {
  const { goroutines, heap, memstats, threads, health, summary } = results;
  return {
    schema: 1,
    document: 'gcbend-result',
    sources: [...results.sources],
    ...(notes.length === 0 ? {} : { notes }),
    counts: results.counts,
    processes: results.processes(),
    findings: results.findingsOfNoProcess(),
    inflections: results.inflectionsOfNoProcess(),
    ...(goroutines === undefined ? {} : { goroutines }),
    ...(heap === undefined ? {} : { heap }),
    ...(memstats === undefined ? {} : { memstats }),
    ...(results.contention.size === 0 ? {} : { contention: [...results.contention.values()] }),
    ...(threads === undefined ? {} : { threads }),
    ...(health === undefined ? {} : { health }),
    ...(summary === undefined ? {} : { summary }),
  };
}

/** True for a value that `--format json` wrote. */
export function isResultDocument(value: unknown): value is ResultDocument {
  return typeof value === 'object' && value !== null && (value as { document?: unknown }).document === 'gcbend-result';
}

/** The events that a saved document holds: what `gcbend diff` compares. */
export function eventsOfResult(document: ResultDocument): GcbendEvent[] {
  const { goroutines, heap, memstats, contention = [], threads, health } = document;
  const perProcess = document.processes.flatMap(({ inflections, findings }) => [...inflections, ...findings]);
  const lasts = [goroutines, heap, memstats, ...contention, threads, health].filter((event) => event !== undefined);
  return [...perProcess, ...document.inflections, ...document.findings, ...lasts];
}

/** One document, indented by two, at the end. */
export function createJsonSink(): EventSink {
  const results = new Results();
  return {
    push(event: GcbendEvent) {
      results.push(event);
      return undefined;
    },
    finish: (notes = []) => `${JSON.stringify(toResultDocument(results, notes), undefined, 2)}\n`,
  };
}
