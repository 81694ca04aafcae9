// In: the `gc` events of one process, in order. Out: inflections, findings and health as they become known, and the last word at the end.
// A synchronous core: no I/O, no clock; `state()` is one plain JSON value from which another instance goes on as if nothing had happened.
import { detectPeaks, type Sensitivity } from '../detect/index.ts';
import type { GcbendEvent, GcEvent, RuntimeLineEvent } from '../events/types.ts';
import {
  type CycleCell,
  type CycleSample,
  noteObjects,
  type SeriesPoint,
  TRACE_SIGNALS,
  type TraceSignal,
  type WatchedSignal,
} from '../series/index.ts';
import type { KnownLimits, RuleContext } from './context.ts';
import { closeHealth, pushBlocks } from './health.ts';
import { finishGrowth, finishHeap, judgeGrowth, pushHeap, reviewGrowth, tellHeld } from './live-heap.ts';
import { describeLimit, pushLimit } from './memory-limit.ts';
import type { AnalysisResult } from './merge.ts';
import { CAUSE_ORDER } from './regime.ts';
import { finishRules, newRules, pushRules } from './rules.ts';
import { EARLY, findStories, finishStories, loadStoryOf, pushStories } from './stories.ts';
import type { Telling } from './teller.ts';
import { type ThresholdOverrides, type Thresholds, withThresholds } from './thresholds.ts';
import { newParts, newProgress, type Parts, type Progress, restoreParts, saveParts } from './trace-parts.ts';
import { type DetectorFactory, SignalWatch, segmentPast, segmentsFactory, type WatchResult } from './watch.ts';

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
  parts: unknown;
  progress: Progress;
}

/** A growth that was told is looked at again, has it stopped? after so many seconds, or this share of its age. */
const REVIEW_SECONDS = 4;
const REVIEW_SHARE = 0.02;

export class TraceAnalysis {
  readonly #options: TraceAnalysisOptions;
  readonly #thresholds: Thresholds;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #keepsPeaks: boolean;
  #parts: Parts;
  #progress = newProgress();
  #context: RuleContext | undefined;

  constructor(options: TraceAnalysisOptions, factory: DetectorFactory = segmentsFactory) {
    this.#options = structuredClone(options);
    this.#thresholds = withThresholds(options.thresholds);
    const detectors = options.detectors ?? ['segments'];
    this.#wanted = options.signals === undefined || options.signals.length === 0 ? undefined : new Set(options.signals);
    this.#parts = newParts(options.process);
    if (detectors.includes('segments')) {
      for (const signal of this.#watched()) {
        this.#parts.watches.set(signal, SignalWatch.create(signal, this.#sensitivity, factory));
      }
    }
    this.#keepsPeaks = detectors.includes('peaks');
    if (this.#keepsPeaks) {
      for (const signal of TRACE_SIGNALS) {
        if (this.#wanted === undefined ? signal === 'heapLive' : this.#wanted.has(signal))
          this.#progress.peaks[signal] = [];
      }
    }
  }

  /** @param state what `state()` gave; a version of it that this build does not know is misuse */
  static restore(state: unknown, factory: DetectorFactory = segmentsFactory): TraceAnalysis {
    const saved = structuredClone(state) as AnalysisState;
    const analysis = new TraceAnalysis(saved.options, factory);
    analysis.#parts = restoreParts(saved.parts, factory);
    analysis.#progress = saved.progress;
    return analysis;
  }

  /** Everything that is known of the process: one plain JSON value of bounded size (unless `peaks` was asked for). */
  state(): unknown {
    const parts = saveParts(this.#parts);
    const state: AnalysisState = { version: 1, options: this.#options, parts, progress: this.#progress };
    return structuredClone(state);
  }

  /** What this one event makes known. */
  push(event: GcEvent | RuntimeLineEvent): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    if (event.type === 'gc') {
      // The sample that waits is the one that the series uses again.
      this.#release(out);
      const sample = this.#parts.series.push(event);
      if (sample === undefined) return this.#remember(out);
      this.#parts.index.add(sample, loggedMs(event));
      if (this.#progress.countsObjects) this.#progress.waiting = sample;
      else this.#take(sample, out);
    } else if (event.grammar === 'scan' && event.scope === 'total') {
      this.#takeObjects(Number(event.objects), out);
    }
    return this.#remember(out);
  }

  /** The `scan:` line (gctrace=2) comes behind the line of its cycle: once there was one, cycles wait for theirs. */
  #takeObjects(objects: number, out: GcbendEvent[]): void {
    if (this.#progress.waiting !== undefined) noteObjects(this.#progress.waiting, objects);
    if (!this.#progress.countsObjects) this.#progress.rules.pressure = newRules().pressure;
    this.#progress.countsObjects = true;
    this.#release(out);
  }

  #release(out: GcbendEvent[]): void {
    const sample = this.#progress.waiting;
    if (sample === undefined) return;
    delete this.#progress.waiting;
    this.#take(sample, out);
  }

  #take(sample: CycleSample, out: GcbendEvent[]): void {
    this.#progress.latest = sample;
    this.#progress.start ??= { t: sample.t, level: sample.values.heapLive ?? 0 };
    this.#progress.cycles++;
    if (sample.forced) this.#progress.forced++;
    const closed = this.#parts.history.add(sample);
    if (sample.values.pause !== undefined) this.#parts.pauses.push(sample.values.pause);
    if (this.#keepsPeaks) this.#keepPeaks(sample);
    const telling: Telling = { context: this.#contextAt(sample), out };
    const heap = this.#parts.watches.get('heapLive');
    if (heap !== undefined) {
      pushHeap(
        heap,
        this.#parts.spacing,
        sample,
        this.#progress.start,
        this.#shows('heapLive'),
        this.#progress.rules.limit,
        this.#parts.teller,
        telling,
      );
    }
    const bin = closed === undefined ? undefined : this.#parts.bins.push(closed, sample.t);
    if (bin !== undefined) this.#pushBin(bin, sample.index, telling);
    pushRules(this.#progress.rules, sample, this.#parts.pauses, this.#parts.teller, telling);
  }

  #keepPeaks(sample: CycleSample): void {
    for (const [signal, points] of Object.entries(this.#progress.peaks) as [TraceSignal, SeriesPoint[]][]) {
      const y = sample.values[signal];
      if (y !== undefined) points.push({ t: sample.t, y, index: sample.index, tag: sample.line });
    }
  }

  #pushBin(bin: CycleCell, nextIndex: number, telling: Telling): void {
    const { context } = telling;
    const { limit } = this.#progress.rules;
    const cycles = nextIndex - this.#progress.binIndex;
    this.#progress.binIndex = nextIndex;
    const start = this.#progress.start ?? { t: 0, level: 0 };
    pushStories(this.#parts.watches, bin, this.#wanted, start.t, limit, this.#parts.teller, telling);
    if (pushLimit(limit, bin, cycles, context)) {
      this.#parts.teller.finding('memory-limit', describeLimit(limit, context), telling);
    }
    const heap = this.#parts.watches.get('heapLive');
    if (heap !== undefined) tellHeld(heap, this.#parts.spacing, this.#shows('heapLive'), this.#parts.teller, telling);
    if (heap === undefined || (heap.held.length === 0 && heap.lostAt === undefined)) return;
    const now = context.latest.t;
    if (now < this.#progress.nextReview) return;
    const since = heap.held[0]?.bend.t ?? now;
    this.#progress.nextReview = now + Math.max(REVIEW_SECONDS, REVIEW_SHARE * (now - since));
    reviewGrowth(heap, context.latest, start, limit, this.#parts.teller, telling);
  }

  /** Goroutines that blocked since the last call, for the health score of the present window. */
  pushBlocks(count: number): void {
    pushBlocks(this.#progress.rules.health, count);
  }

  /** The last word: final inflections, findings in their final state. Call it once. */
  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    this.#release(out);
    const latest = this.#progress.latest;
    if (latest === undefined) return out;
    const telling: Telling = { context: this.#contextAt(latest), out };
    const open = this.#parts.history.last;
    if (open !== undefined) this.#pushBin(this.#parts.bins.finish(open), latest.index + 1, telling);
    closeHealth(this.#progress.rules.health, telling.context, out);
    const { context } = telling;
    const results = new Map<WatchedSignal, WatchResult>();
    for (const [signal, watch] of this.#parts.watches) results.set(signal, watch.finish(latest.t));
    for (const signal of results.size === 0 ? [] : CAUSE_ORDER) {
      if (!results.has(signal)) results.set(signal, segmentPast(signal, context.history, this.#sensitivity));
    }
    const { limit } = this.#progress.rules;
    const start = this.#progress.start ?? { t: 0, level: 0 };
    const heap = results.get('heapLive');
    const grown = heap === undefined ? undefined : judgeGrowth(heap, start, context);
    const stories = findStories(results, start.t, limit, grown, context);
    if (heap !== undefined && this.#shows('heapLive')) {
      finishHeap(heap, this.#wanted === undefined ? stories : [], this.#parts.teller, telling);
    }
    finishGrowth(grown, loadStoryOf(stories, grown, context), limit, this.#parts.teller, telling);
    finishStories(stories, results, this.#wanted, start.t, this.#parts.teller, telling);
    this.#finishPeaks(telling);
    finishRules(this.#progress.rules, this.#parts.pauses, this.#parts.teller, telling);
    return this.#remember(out);
  }

  #finishPeaks(telling: Telling): void {
    for (const [signal, points] of Object.entries(this.#progress.peaks) as [TraceSignal, SeriesPoint[]][]) {
      for (const bend of detectPeaks(points)) {
        this.#parts.teller.final(signal, bend, undefined, telling.context.latest.t, telling);
      }
    }
  }

  /** What is known so far, for `mergeResults`. */
  result(): AnalysisResult {
    const latest = this.#progress.latest;
    if (latest === undefined) return { version: 1, processes: [] };
    const lowestHealth = this.#parts.words.lowestHealth;
    return {
      version: 1,
      processes: [
        {
          source: this.#parts.index.sourceAt(0) ?? latest.source,
          process: this.#options.process,
          cycles: this.#progress.cycles,
          forcedCycles: this.#progress.forced,
          ...(this.#progress.start === undefined ? {} : { from: this.#progress.start.t }),
          to: latest.t,
          pausesMs: this.#parts.pauses.state(),
          inflections: structuredClone(this.#parts.words.inflections),
          findings: structuredClone(this.#parts.words.findings),
          ...(lowestHealth === undefined ? {} : { lowestHealth }),
        },
      ],
    };
  }

  get #sensitivity(): Sensitivity {
    return this.#options.sensitivity ?? 'normal';
  }

  #shows(signal: TraceSignal): boolean {
    return this.#wanted === undefined || this.#wanted.has(signal);
  }

  #watched(): WatchedSignal[] {
    const watched = new Set<WatchedSignal>(['heapLive', ...EARLY]);
    for (const signal of TRACE_SIGNALS) if (this.#wanted?.has(signal)) watched.add(signal);
    return [...watched];
  }

  /** One object for all cycles, its `latest` moved on: it is made anew only after a restore. */
  #contextAt(latest: CycleSample): RuleContext {
    if (this.#context === undefined) {
      const { limitBytes, goMemLimitBytes } = this.#options;
      const base = this.#parts.series.timeBase;
      this.#context = {
        history: this.#parts.history,
        index: this.#parts.index,
        thresholds: this.#thresholds,
        limits: {
          ...(limitBytes === undefined ? {} : { limitBytes }),
          ...(goMemLimitBytes === undefined ? {} : { goMemLimitBytes }),
        },
        hasTime: base !== 'index',
        hasAt: base === 'process',
        workUnit: 'MiB',
        latest,
        origin: { source: latest.source, line: latest.line, process: this.#options.process },
      };
    }
    this.#context.workUnit = this.#progress.countsObjects ? 'objects' : 'MiB';
    this.#context.latest = latest;
    this.#context.origin.source = latest.source;
    this.#context.origin.line = latest.line;
    return this.#context;
  }

  #remember(out: GcbendEvent[]): GcbendEvent[] {
    for (const event of out) {
      if (event.type === 'inflection' || event.type === 'finding' || event.type === 'health')
        this.#parts.words.add(event);
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
