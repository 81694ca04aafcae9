// In: the `gc` events of one process, in order. Out: inflections, findings and health as they become known, and the last word at the end.
// A synchronous core: no I/O, no clock; `state()` is one plain JSON value from which another instance goes on as if nothing had happened.
import { detectPeaks, type Sensitivity } from '../detect/index.ts';
import type { GcbendEvent, GcEvent, RuntimeLineEvent } from '../events/types.ts';
import {
  type Bin,
  Bins,
  CycleIndex,
  type CycleSample,
  type HistogramState,
  History,
  noteObjects,
  type SeriesPoint,
  Spacing,
  TRACE_SIGNALS,
  TraceSeries,
  type TraceSignal,
  ValueHistogram,
  type WatchedSignal,
} from '../series/index.ts';
import type { KnownLimits, RuleContext } from './context.ts';
import type { Origin } from './finding-log.ts';
import { closeHealth, pushBlocks } from './health.ts';
import {
  finishGrowth,
  finishHeap,
  type HeapStart,
  judgeGrowth,
  pushHeap,
  reviewGrowth,
  tellHeld,
} from './live-heap.ts';
import { describeLimit, pushLimit } from './memory-limit.ts';
import { type AnalysisResult, LastWords } from './merge.ts';
import { CAUSE_ORDER } from './regime.ts';
import { finishRules, newRules, pushRules, type Rules } from './rules.ts';
import { findStories, finishStories, loadStoryOf, pushStories } from './stories.ts';
import { Teller, type Telling } from './teller.ts';
import { type ThresholdOverrides, type Thresholds, withThresholds } from './thresholds.ts';
import { type DetectorFactory, SignalWatch, segmentsFactory, type WatchResult } from './watch.ts';

export type DetectorName = 'segments' | 'peaks' | 'none';

export interface TraceAnalysisOptions extends KnownLimits {
  /** Number of the process, as its events carry it. */
  process: number;
  /** Default: `segments`. */
  detectors?: readonly DetectorName[];
  /** Signals whose bends are wanted, all of them; by default the live heap's, and of the others only those that begin a story. */
  signals?: readonly string[];
  sensitivity?: Sensitivity;
  thresholds?: ThresholdOverrides;
}

interface AnalysisState {
  version: 1;
  options: TraceAnalysisOptions;
  series: unknown;
  index: unknown;
  history: unknown;
  bins: unknown;
  spacing: unknown;
  pauses: HistogramState;
  watches: unknown[];
  teller: unknown;
  words: unknown;
  rules: Rules;
  latest?: CycleSample;
  start?: HeapStart;
  countsObjects: boolean;
  waiting?: CycleSample;
  binIndex: number;
  nextReview: number;
  cycles: number;
  forced: number;
  peaks: Partial<Record<TraceSignal, SeriesPoint[]>>;
}

/** A growth that was told is looked at again, has it stopped? after so many seconds, or this share of its age. */
const REVIEW_SECONDS = 4;
const REVIEW_SHARE = 0.02;

export class TraceAnalysis {
  readonly #options: TraceAnalysisOptions;
  readonly #thresholds: Thresholds;
  readonly #segments: boolean;
  readonly #wanted: ReadonlySet<string> | undefined;
  #series = new TraceSeries();
  #index = new CycleIndex();
  #history = new History();
  #bins = new Bins();
  #spacing = new Spacing();
  #pauses = new ValueHistogram();
  #watches = new Map<WatchedSignal, SignalWatch>();
  #teller: Teller;
  #words = new LastWords();
  #rules: Rules;
  #context: RuleContext | undefined;
  #latest: CycleSample | undefined;
  #start: HeapStart | undefined;
  /** Work is counted in objects: there are `scan:` lines. */
  #countsObjects = false;
  #waiting: CycleSample | undefined;
  /** Index of the first cycle of the open bin. */
  #binIndex = 0;
  #nextReview = 0;
  #cycles = 0;
  #forced = 0;
  /** Every point of the signals that `peaks` looks at: it needs them all. */
  #peaks: Partial<Record<TraceSignal, SeriesPoint[]>> = {};

  constructor(options: TraceAnalysisOptions, factory: DetectorFactory = segmentsFactory) {
    this.#options = structuredClone(options);
    this.#thresholds = withThresholds(options.thresholds);
    const detectors = options.detectors ?? ['segments'];
    this.#segments = detectors.includes('segments');
    this.#wanted = options.signals === undefined || options.signals.length === 0 ? undefined : new Set(options.signals);
    this.#teller = new Teller(options.process);
    this.#rules = newRules();
    if (this.#segments) {
      for (const signal of this.#watched()) {
        this.#watches.set(signal, SignalWatch.create(signal, options.sensitivity ?? 'normal', factory));
      }
    }
    if (detectors.includes('peaks')) {
      for (const signal of TRACE_SIGNALS) {
        if (this.#wanted === undefined ? signal === 'heapLive' : this.#wanted.has(signal)) this.#peaks[signal] = [];
      }
    }
  }

  /** @param state what `state()` gave; a version of it that this build does not know is misuse */
  static restore(state: unknown, factory: DetectorFactory = segmentsFactory): TraceAnalysis {
    const saved = structuredClone(state) as AnalysisState;
    const analysis = new TraceAnalysis(saved.options, factory);
    analysis.#series = TraceSeries.restore(saved.series);
    analysis.#index = CycleIndex.restore(saved.index);
    analysis.#history = History.restore(saved.history);
    analysis.#bins = Bins.restore(saved.bins);
    analysis.#spacing = Spacing.restore(saved.spacing);
    analysis.#pauses = ValueHistogram.restore(saved.pauses);
    const watches = saved.watches.map((watch) => SignalWatch.restore(watch, factory));
    analysis.#watches = new Map(watches.map((watch) => [watch.signal, watch]));
    analysis.#teller = Teller.restore(saved.teller);
    analysis.#words = LastWords.restore(saved.words);
    analysis.#rules = saved.rules;
    analysis.#latest = saved.latest;
    analysis.#start = saved.start;
    analysis.#countsObjects = saved.countsObjects;
    analysis.#waiting = saved.waiting;
    analysis.#binIndex = saved.binIndex;
    analysis.#nextReview = saved.nextReview;
    analysis.#cycles = saved.cycles;
    analysis.#forced = saved.forced;
    analysis.#peaks = saved.peaks;
    return analysis;
  }

  /** Everything that is known of the process: one plain JSON value of bounded size (unless `peaks` was asked for). */
  state(): unknown {
    const state: AnalysisState = {
      version: 1,
      options: this.#options,
      series: this.#series.state(),
      index: this.#index.state(),
      history: this.#history.state(),
      bins: this.#bins.state(),
      spacing: this.#spacing.state(),
      pauses: this.#pauses.state(),
      watches: [...this.#watches.values()].map((watch) => watch.state()),
      teller: this.#teller.state(),
      words: this.#words.state(),
      rules: this.#rules,
      ...(this.#latest === undefined ? {} : { latest: this.#latest }),
      ...(this.#start === undefined ? {} : { start: this.#start }),
      countsObjects: this.#countsObjects,
      ...(this.#waiting === undefined ? {} : { waiting: this.#waiting }),
      binIndex: this.#binIndex,
      nextReview: this.#nextReview,
      cycles: this.#cycles,
      forced: this.#forced,
      peaks: this.#peaks,
    };
    return structuredClone(state);
  }

  /** What this one event makes known. */
  push(event: GcEvent | RuntimeLineEvent): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    if (event.type === 'gc') {
      const sample = this.#series.push(event);
      if (sample === undefined) return out;
      this.#index.add(sample, loggedMs(event));
      this.#release(out);
      if (this.#countsObjects) this.#waiting = sample;
      else this.#take(sample, out);
    } else if (event.grammar === 'scan' && event.scope === 'total') {
      this.#takeObjects(Number(event.objects), out);
    }
    return this.#remember(out);
  }

  /** The `scan:` line (gctrace=2) comes behind the line of its cycle: once there was one, cycles wait for theirs. */
  #takeObjects(objects: number, out: GcbendEvent[]): void {
    if (this.#waiting !== undefined) noteObjects(this.#waiting, objects);
    if (!this.#countsObjects) this.#rules.pressure = newRules().pressure;
    this.#countsObjects = true;
    this.#release(out);
  }

  #release(out: GcbendEvent[]): void {
    const sample = this.#waiting;
    this.#waiting = undefined;
    if (sample !== undefined) this.#take(sample, out);
  }

  #take(sample: CycleSample, out: GcbendEvent[]): void {
    this.#latest = sample;
    this.#start ??= { t: sample.t, level: sample.values.heapLive ?? 0 };
    this.#cycles++;
    if (sample.forced) this.#forced++;
    this.#history.add(sample);
    if (sample.values.pause !== undefined) this.#pauses.push(sample.values.pause);
    for (const signal in this.#peaks) {
      const points = this.#peaks[signal as TraceSignal] ?? [];
      const y = sample.values[signal as TraceSignal];
      if (y !== undefined) points.push({ t: sample.t, y, index: sample.index, tag: sample.line });
    }
    const telling: Telling = { context: this.#contextAt(sample), origin: this.#origin(sample), out };
    const heap = this.#watches.get('heapLive');
    if (heap !== undefined) {
      pushHeap(
        heap,
        this.#spacing,
        sample,
        this.#start,
        this.#shows('heapLive'),
        this.#rules.limit,
        this.#teller,
        telling,
      );
    }
    const bin = this.#bins.push(sample);
    if (bin !== undefined) this.#pushBin(bin, sample.index, telling);
    pushRules(this.#rules, sample, this.#pauses, this.#teller, telling);
  }

  #pushBin(bin: Bin, nextIndex: number, telling: Telling): void {
    const { context } = telling;
    const { limit } = this.#rules;
    const cycles = nextIndex - this.#binIndex;
    this.#binIndex = nextIndex;
    const start = this.#start ?? { t: 0, level: 0 };
    pushStories(this.#watches, bin, this.#wanted, start.t, limit, this.#teller, telling);
    if (pushLimit(limit, bin, cycles, context)) {
      this.#teller.finding('memory-limit', describeLimit(limit, context), telling);
    }
    const heap = this.#watches.get('heapLive');
    if (heap !== undefined) tellHeld(heap, this.#spacing, this.#shows('heapLive'), this.#teller, telling);
    if (heap === undefined || (heap.held.length === 0 && heap.lostAt === undefined)) return;
    const now = context.latest.t;
    if (now < this.#nextReview) return;
    const since = heap.held[0]?.bend.t ?? now;
    this.#nextReview = now + Math.max(REVIEW_SECONDS, REVIEW_SHARE * (now - since));
    reviewGrowth(heap, context.latest, start, limit, this.#teller, telling);
  }

  /** Goroutines that blocked since the last call, for the health score of the present window. */
  pushBlocks(count: number): void {
    pushBlocks(this.#rules.health, count);
  }

  /** The last word: final inflections, findings in their final state. Call it once. */
  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    this.#release(out);
    const latest = this.#latest;
    if (latest === undefined) return out;
    const telling: Telling = { context: this.#contextAt(latest), origin: this.#origin(latest), out };
    const bin = this.#bins.flush();
    if (bin !== undefined) this.#pushBin(bin, latest.index + 1, telling);
    closeHealth(this.#rules.health, telling.origin, telling.context, out);
    const { context } = telling;
    const results = new Map<WatchedSignal, WatchResult>();
    for (const [signal, watch] of this.#watches) results.set(signal, watch.finish(latest.t));
    const { limit } = this.#rules;
    const start = this.#start ?? { t: 0, level: 0 };
    const heap = results.get('heapLive');
    const grown = heap === undefined ? undefined : judgeGrowth(heap, start, context);
    const stories = findStories(results, start.t, limit, grown, context);
    if (heap !== undefined && this.#shows('heapLive')) {
      finishHeap(heap, this.#wanted === undefined ? stories : [], this.#teller, telling);
    }
    finishGrowth(grown, loadStoryOf(stories, grown, context), limit, this.#teller, telling);
    finishStories(stories, results, this.#wanted, start.t, this.#teller, telling);
    this.#finishPeaks(telling);
    finishRules(this.#rules, this.#pauses, this.#teller, telling);
    return this.#remember(out);
  }

  #finishPeaks(telling: Telling): void {
    for (const [signal, points] of Object.entries(this.#peaks) as [TraceSignal, SeriesPoint[]][]) {
      for (const bend of detectPeaks(points)) {
        this.#teller.final(signal, bend, undefined, telling.context.latest.t, telling);
      }
    }
  }

  /** What is known so far, for `mergeResults`. */
  result(): AnalysisResult {
    const latest = this.#latest;
    if (latest === undefined) return { version: 1, processes: [] };
    const lowestHealth = this.#words.lowestHealth;
    return {
      version: 1,
      processes: [
        {
          source: this.#index.sourceAt(0) ?? latest.source,
          process: this.#options.process,
          cycles: this.#cycles,
          forcedCycles: this.#forced,
          ...(this.#start === undefined ? {} : { from: this.#start.t }),
          to: latest.t,
          pausesMs: this.#pauses.state(),
          inflections: structuredClone(this.#words.inflections),
          findings: structuredClone(this.#words.findings),
          ...(lowestHealth === undefined ? {} : { lowestHealth }),
        },
      ],
    };
  }

  #shows(signal: TraceSignal): boolean {
    return this.#wanted === undefined || this.#wanted.has(signal);
  }

  #watched(): WatchedSignal[] {
    const watched = new Set<WatchedSignal>(['heapLive', ...CAUSE_ORDER]);
    for (const signal of TRACE_SIGNALS) if (this.#wanted?.has(signal)) watched.add(signal);
    return [...watched];
  }

  /** One object for all cycles, its `latest` moved on: it is made anew only after a restore. */
  #contextAt(latest: CycleSample): RuleContext {
    if (this.#context === undefined) {
      const { limitBytes, goMemLimitBytes } = this.#options;
      const base = this.#series.timeBase;
      this.#context = {
        history: this.#history,
        index: this.#index,
        thresholds: this.#thresholds,
        limits: {
          ...(limitBytes === undefined ? {} : { limitBytes }),
          ...(goMemLimitBytes === undefined ? {} : { goMemLimitBytes }),
        },
        hasTime: base !== 'index',
        hasAt: base === 'process',
        workUnit: 'MiB',
        latest,
      };
    }
    this.#context.workUnit = this.#countsObjects ? 'objects' : 'MiB';
    this.#context.latest = latest;
    return this.#context;
  }

  #origin(sample: CycleSample): Origin {
    return { source: sample.source, line: sample.line, process: this.#options.process };
  }

  #remember(out: GcbendEvent[]): GcbendEvent[] {
    for (const event of out) {
      if (event.type === 'inflection' || event.type === 'finding' || event.type === 'health') this.#words.add(event);
    }
    return out;
  }
}

/** Wall time of a record, Unix ms: when it was logged, or when its cycle began. */
function loggedMs(event: GcEvent): number | undefined {
  const text = event.loggedAt ?? event.atTime;
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
