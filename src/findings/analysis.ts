// In: events in stream order. Out: the events that follow from them: inflections, findings, health. One TraceAnalysis a process, one analysis
// for the goroutine dumps (one a process, where they stand in its log), one for the heap texts.
import type { GcbendEvent } from '../events/types.ts';
import { type HeldDump, orderDumps } from '../series/dump-order.ts';
import { type GoroutineAnalysisOptions, GoroutineSeriesAnalysis } from './goroutines.ts';
import { HealthSnapshots } from './health-snapshots.ts';
import { type HeapAnalysisOptions, HeapSeriesAnalysis } from './heap.ts';
import { TraceAnalysis, type TraceAnalysisOptions } from './trace.ts';

export interface AnalysisOptions extends Omit<TraceAnalysisOptions, 'process'> {
  /** Several files: dumps are put in the order of their times before they are compared. */
  orderDumps?: boolean;
  goroutines?: GoroutineAnalysisOptions;
  heap?: HeapAnalysisOptions;
}

/** Where an event comes from, as far as that says when it happened. */
export interface EventOrigin {
  /** Time of the file that holds it, ms since 1970. */
  modifiedMs?: number | undefined;
  /** It was read from NDJSON that gcbend wrote: one file that holds the events of many. */
  isReadBack?: true;
}

const traceTypes: ReadonlySet<string> = new Set(['gc', 'runtime', 'pacer']);
const dumpTypes: ReadonlySet<string> = new Set(['goroutines', 'heap', 'memstats', 'contention', 'threads']);

/** Dumps read from NDJSON that wait to show whether they come from one source. */
const MOST_READ_BACK = 200;

/** Pure: no clock, no I/O. */
export class Analysis {
  readonly #orderDumps: boolean;
  readonly #traceOptions: Omit<TraceAnalysisOptions, 'process'>;
  readonly #goroutineOptions: GoroutineAnalysisOptions;
  /** By process for dumps that stand in its own log; under 0 those that come from elsewhere. */
  readonly #goroutines = new Map<number, GoroutineSeriesAnalysis>();
  #goroutineSeries = 0;
  readonly #endedNotes: string[] = [];
  /** The log that a process prints to. */
  readonly #logs = new Map<number, string>();
  readonly #heap: HeapSeriesAnalysis;
  readonly #health: HealthSnapshots;
  readonly #traces = new Map<number, TraceAnalysis>();
  readonly #held: HeldDump[] = [];
  /** Dumps read from NDJSON that wait, and the sources of all events in it: whether those were several files shows later. */
  #readBack: GcbendEvent[] | undefined = [];
  readonly #readBackSources = new Set<string>();
  #zeroWallMs: number | undefined;

  constructor(options: AnalysisOptions) {
    const { orderDumps, goroutines, heap, ...traceOptions } = options;
    const { sensitivity } = options;
    this.#orderDumps = orderDumps ?? false;
    this.#traceOptions = traceOptions;
    this.#goroutineOptions = { ...(sensitivity === undefined ? {} : { sensitivity }), ...goroutines };
    this.#heap = new HeapSeriesAnalysis(heap);
    this.#health = new HealthSnapshots(options.thresholds === undefined ? {} : { thresholds: options.thresholds });
  }

  /** What a person should know besides the findings: restarts, dumps that tell nothing, texts of different builds. */
  get notes(): readonly string[] {
    return [...this.#endedNotes, ...[...this.#goroutines.values()].flatMap(({ notes }) => notes), ...this.#heap.notes];
  }

  /** False: events of this type tell the analysis nothing. */
  wants(type: string): boolean {
    return traceTypes.has(type) || dumpTypes.has(type);
  }

  /** What this event makes known. */
  push(event: GcbendEvent, { modifiedMs, isReadBack }: EventOrigin = {}): GcbendEvent[] {
    if (isReadBack) this.#readBackSources.add(event.source);
    if (event.type === 'gc' || event.type === 'runtime' || event.type === 'pacer') {
      return event.process === undefined ? [] : this.#trace(event.process).push(event);
    }
    if (event.type === 'process') this.#logs.set(event.process, event.source);
    if (!dumpTypes.has(event.type)) return [];
    if (this.#orderDumps) {
      this.#held.push({ event, modifiedMs });
      return [];
    }
    if (isReadBack && this.#readBack !== undefined) {
      this.#readBack.push(event);
      // So many from one source were taken one after the other.
      return this.#readBack.length < MOST_READ_BACK || this.#readBackSources.size > 1 ? [] : this.#releaseReadBack();
    }
    return this.#pushDump(event, this.#secondsOf(event));
  }

  /** Nothing more comes from this process. */
  endProcess(process: number): GcbendEvent[] {
    const trace = this.#traces.get(process);
    this.#traces.delete(process);
    const goroutines = this.#goroutines.get(process);
    this.#goroutines.delete(process);
    this.#logs.delete(process);
    this.#endedNotes.push(...(goroutines?.notes ?? []));
    return [...(trace?.finish() ?? []), ...(goroutines?.finish() ?? [])];
  }

  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    if (this.#readBackSources.size > 1) for (const event of this.#readBack ?? []) this.#held.push({ event });
    else out.push(...this.#releaseReadBack());
    for (const { event, seconds } of orderDumps(this.#held)) out.push(...this.#pushDump(event, seconds));
    for (const process of [...this.#traces.keys()]) out.push(...this.endProcess(process));
    for (const goroutines of this.#goroutines.values()) out.push(...goroutines.finish());
    out.push(...this.#heap.finish(), ...this.#health.finish());
    return out;
  }

  #releaseReadBack(): GcbendEvent[] {
    const dumps = this.#readBack ?? [];
    this.#readBack = undefined;
    return dumps.flatMap((event) => this.#pushDump(event, this.#secondsOf(event)));
  }

  #trace(process: number): TraceAnalysis {
    let trace = this.#traces.get(process);
    if (trace === undefined) {
      trace = new TraceAnalysis({ ...this.#traceOptions, process });
      this.#traces.set(process, trace);
    }
    return trace;
  }

  /**
   * The series of the process in whose log a dump stands. One that was polled, or read from a file of its own, only comes at a time
   * when that process printed: all such dumps are one series.
   */
  #goroutinesOf({ type, process = 0, source }: GcbendEvent): GoroutineSeriesAnalysis | undefined {
    const key = this.#logs.get(process) === source ? process : 0;
    let series = this.#goroutines.get(key);
    if (series === undefined && type === 'goroutines') {
      const number = ++this.#goroutineSeries;
      series = new GoroutineSeriesAnalysis({
        prefix: number === 1 ? 'goroutines' : `goroutines-${number}`,
        ...this.#goroutineOptions,
      });
      this.#goroutines.set(key, series);
    }
    return series;
  }

  #pushDump(event: GcbendEvent, seconds: number | undefined): GcbendEvent[] {
    const out = [...(this.#goroutinesOf(event)?.push(event, seconds) ?? []), ...this.#health.push(event, seconds)];
    if (event.type === 'heap' || event.type === 'memstats' || event.type === 'goroutines')
      out.push(...this.#heap.push(event, seconds));
    return out;
  }

  /** Dumps that come one after the other in a stream: the wrapper's or the poll's time, if there is one. */
  #secondsOf(event: GcbendEvent): number | undefined {
    const wallMs = event.atTime === undefined ? Number.NaN : Date.parse(event.atTime);
    if (Number.isNaN(wallMs)) return event.at;
    // Dumps that know when their process started share the time axis of its trace, the later ones across its restarts too.
    this.#zeroWallMs ??= event.at === undefined ? wallMs : wallMs - event.at * 1000;
    return (wallMs - this.#zeroWallMs) / 1000;
  }
}
