// In: the cycles of one process, its dumps with a time, its inflections. Out: what a report shows of it, from bounded memory.
import type { FindingEvent, GcEvent, GoroutinesEvent, InflectionEvent, ProcessEvent } from '../events/types.ts';
import { addSums, type CycleSums, clearSums, emptySums } from '../series/cycle-sums.ts';
import { ProcessStats, type ProcessSummary } from '../series/process-stats.ts';
import type { WatchedSignal } from '../series/signals.ts';
import type { TimeBase } from '../series/trace-series.ts';
import { BucketedSeries } from './bucketed-series.ts';
import { SurestInflections } from './surest-inflections.ts';

/** Drawn as every cycle prints them. */
const PLAIN_SIGNALS = ['heapLive', 'heapGoal', 'pause', 'stacks'] as const;
/** Drawn over at least `POOL_SECONDS`: see `#pushRates`. */
type RateSignal = 'gcCpu' | 'allocRate' | 'assistShare';
/** With dumps on the same time axis also how many goroutines there are, and how many of them wait for another one. */
export type ChartedSignal = ((typeof PLAIN_SIGNALS)[number] & WatchedSignal) | RateSignal | 'goroutines' | 'blocked';

/** The trace prints times in ms: a rate over one cycle of 2 ms may be off by half, over 100 ms by 1 %. */
const POOL_SECONDS = 0.1;
/** States in which a goroutine waits for another one: channels, locks, conditions, wait groups. */
const BLOCKED = /^(chan |select|sync\.|semacquire)/;

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

export class TracedProcess {
  readonly process: number;
  readonly inflections = new SurestInflections();
  readonly #source: string;
  #begun: Pick<ProcessEvent, 'format' | 'reason'> | undefined;
  readonly #stats = new ProcessStats();
  readonly #series: ProcessReport['series'] = {};
  /** Sums since the last point of the rates, which was at `#pooledFrom`. */
  readonly #pool = emptySums();
  #pooledFrom = Number.NEGATIVE_INFINITY;

  constructor(process: number, source: string) {
    this.process = process;
    this.#source = source;
  }

  get cycles(): number {
    return this.#stats.cycles;
  }

  /** Seconds that it was seen; where there is no time its cycles stand for them. */
  get length(): number {
    return this.#stats.seconds ?? this.#stats.cycles;
  }

  /** Undefined before the first cycle. */
  summary(): ProcessSummary | undefined {
    return this.#stats.summary();
  }

  begin({ format, reason }: ProcessEvent): void {
    this.#begun = { format, reason };
  }

  pushCycle(event: GcEvent): void {
    const sample = this.#stats.push(event);
    if (sample === undefined) return;
    const x = this.#stats.timeBase === 'index' ? sample.cycle : sample.t;
    for (const signal of PLAIN_SIGNALS) {
      const value = sample.values[signal];
      if (value !== undefined) this.#seriesOf(signal).push(x, value);
    }
    this.#pushRates(sample.t, x, sample.sums);
  }

  /** @param at its time, which the dump knows */
  pushDump(event: GoroutinesEvent, at: number): void {
    if (this.#stats.timeBase === 'index') return;
    this.#seriesOf('goroutines').push(at, event.total);
    // At debug=1 no states are printed: nothing is known, which is not the same as none.
    if (Object.keys(event.states).length === 0) return;
    let blocked = 0;
    for (const [name, count] of Object.entries(event.states)) if (BLOCKED.test(name)) blocked += count;
    this.#seriesOf('blocked').push(at, blocked);
  }

  /** @param findings its own */
  report(findings: FindingEvent[]): ProcessReport {
    return {
      process: this.process,
      source: this.#source,
      ...this.#begun,
      stats: this.#stats.summary()!,
      timeBase: this.#stats.timeBase ?? 'index',
      series: this.#series,
      inflections: this.inflections.inOrder(),
      inflectionsDropped: this.inflections.dropped,
      findings,
    };
  }

  /** Cycles that follow each other closely are taken together, so that rates are those of the process, not of rounded times. */
  #pushRates(t: number, x: number, sums: CycleSums): void {
    const pool = this.#pool;
    addSums(pool, sums);
    if (t - this.#pooledFrom < POOL_SECONDS) return;
    if (pool.capacityMs > 0) this.#seriesOf('gcCpu').push(x, pool.gcCpuMs / pool.capacityMs);
    if (pool.allocSeconds > 0) this.#seriesOf('allocRate').push(x, pool.allocatedMiB / pool.allocSeconds);
    if (pool.markMs > 0) this.#seriesOf('assistShare').push(x, pool.assistMs / pool.markMs);
    clearSums(pool);
    this.#pooledFrom = t;
  }

  #seriesOf(signal: ChartedSignal): BucketedSeries {
    this.#series[signal] ??= new BucketedSeries();
    return this.#series[signal];
  }
}
