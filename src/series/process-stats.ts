// In: the gc events of one process. Out: its totals and pause percentiles, from bounded memory.
import type { GcEvent } from '../events/types.ts';
import { addSums, emptySums } from './cycle-sums.ts';
import { addCpu, type CycleSample, type TimeBase, TraceSeries } from './trace-series.ts';
import { ValueHistogram } from './value-histogram.ts';

/** Milliseconds; percentiles within 0.8 %, `max` exact. */
export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** Plain values of one process; what its Go version does not print is absent. */
export interface ProcessSummary {
  cycles: number;
  forcedCycles: number;
  repairedCycles: number;
  /** Lines that said again what an earlier one had said; they are in no other number. */
  copiedCycles: number;
  firstCycle: number;
  lastCycle: number;
  /** Seconds since the process started. */
  firstAt?: number;
  lastAt?: number;
  /** Between the first and the last cycle seen. */
  seconds?: number;
  cyclesPerMinute?: number;
  procs: number;
  heapLiveMiB?: { first: number; last: number; min: number; max: number; mean: number };
  heapGoalMiB?: { last: number; max: number };
  stacksMiB?: { last: number; max: number };
  /** MiB allocated once the process had started up, from heap start, end and live. */
  allocatedMiB?: number;
  allocatedMiBPerSecond?: number;
  pausesMs?: {
    sweepTermination?: Percentiles;
    markTermination?: Percentiles;
    total: Percentiles;
    count: number;
    sum: number;
  };
  /** CPU milliseconds of all collections, and their share of procs x time. */
  gcCpuMs?: number;
  gcCpuShare?: number;
  /** The runtime's own cumulative percentage, as last printed. */
  gcCpuPercentPrinted?: number;
  assistShare?: number;
}

export class ProcessStats {
  cycles = 0;
  private readonly series = new TraceSeries();
  private forcedCycles = 0;
  private repairedCycles = 0;
  private copiedCycles = 0;
  private first: GcEvent | undefined;
  private last: GcEvent | undefined;
  private firstT: number | undefined;
  private lastT = 0;
  private readonly pauses = new ValueHistogram();
  private readonly sweepTermination = new ValueHistogram();
  private readonly markTermination = new ValueHistogram();
  private readonly live = {
    first: 0,
    last: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
    count: 0,
  };
  private readonly goal = { last: 0, max: Number.NEGATIVE_INFINITY };
  private readonly stacks = { last: 0, max: Number.NEGATIVE_INFINITY };
  private readonly sums = emptySums();
  private cpuMs = 0;
  private printedPercent: number | undefined;

  /** Takes one cycle, in stream order; returns its values, undefined when it has no place in the series. */
  push(gc: GcEvent): CycleSample | undefined {
    if (this.series.isCopy(gc)) {
      this.copiedCycles++;
      return undefined;
    }
    this.cycles++;
    if (gc.forced) this.forcedCycles++;
    if (gc.repaired) this.repairedCycles++;
    this.first ??= gc;
    this.last = gc;
    this.cpuMs = addCpu(this.cpuMs, gc.cpuMs);
    if (gc.gcCpuPercent !== undefined) this.printedPercent = gc.gcCpuPercent;
    const sample = this.series.push(gc);
    if (sample !== undefined) this.pushSample(sample);
    return sample;
  }

  private pushSample(sample: CycleSample): void {
    const { heapLive, heapGoal, stacks, pause } = sample.values;
    this.firstT ??= sample.t;
    this.lastT = sample.t;
    if (heapLive !== undefined) {
      if (this.live.count === 0) this.live.first = heapLive;
      this.live.last = heapLive;
      this.live.min = Math.min(this.live.min, heapLive);
      this.live.max = Math.max(this.live.max, heapLive);
      this.live.sum += heapLive;
      this.live.count++;
    }
    if (heapGoal !== undefined) keep(this.goal, heapGoal);
    if (stacks !== undefined) keep(this.stacks, stacks);
    if (pause !== undefined) this.pauses.push(pause);
    if (sample.pauseParts?.sweepTermination !== undefined)
      this.sweepTermination.push(sample.pauseParts.sweepTermination);
    if (sample.pauseParts?.markTermination !== undefined) this.markTermination.push(sample.pauseParts.markTermination);
    addSums(this.sums, sample.sums);
  }

  /** What the x of the samples is; undefined before the first. */
  get timeBase(): TimeBase | undefined {
    return this.series.timeBase;
  }

  /** Seconds between the first and the last cycle; undefined without times. */
  get seconds(): number | undefined {
    if (this.firstT === undefined || this.timeBase === 'index') return undefined;
    return this.lastT - this.firstT;
  }

  /** Undefined before the first cycle. */
  summary(): ProcessSummary | undefined {
    const { first, last, live, seconds, sums } = this;
    if (first === undefined || last === undefined) return undefined;
    const summary: ProcessSummary = {
      cycles: this.cycles,
      forcedCycles: this.forcedCycles,
      repairedCycles: this.repairedCycles,
      copiedCycles: this.copiedCycles,
      firstCycle: first.cycle,
      lastCycle: last.cycle,
      procs: last.procs,
    };
    if (first.at !== undefined) summary.firstAt = first.at;
    if (last.at !== undefined) summary.lastAt = last.at;
    if (seconds !== undefined) summary.seconds = tidy(seconds);
    if (seconds !== undefined && seconds > 0) summary.cyclesPerMinute = tidy(((this.cycles - 1) / seconds) * 60);
    if (live.count > 0) {
      const { first: firstLive, last: lastLive, min, max } = live;
      summary.heapLiveMiB = { first: firstLive, last: lastLive, min, max, mean: tidy(live.sum / live.count) };
    }
    if (this.goal.max >= 0) summary.heapGoalMiB = { ...this.goal };
    if (this.stacks.max >= 0) summary.stacksMiB = { ...this.stacks };
    if (sums.allocSeconds > 0) {
      summary.allocatedMiB = sums.allocatedMiB;
      summary.allocatedMiBPerSecond = tidy(sums.allocatedMiB / sums.allocSeconds);
    }
    const total = percentilesOf(this.pauses);
    if (total !== undefined) {
      const sweepTermination = percentilesOf(this.sweepTermination);
      const markTermination = percentilesOf(this.markTermination);
      summary.pausesMs = { total, count: this.pauses.count, sum: tidy(this.pauses.sum) };
      if (sweepTermination !== undefined) summary.pausesMs.sweepTermination = sweepTermination;
      if (markTermination !== undefined) summary.pausesMs.markTermination = markTermination;
    }
    if (this.cpuMs > 0) summary.gcCpuMs = tidy(this.cpuMs);
    if (sums.capacityMs > 0) summary.gcCpuShare = tidy(sums.gcCpuMs / sums.capacityMs);
    if (sums.markMs > 0) summary.assistShare = tidy(sums.assistMs / sums.markMs);
    if (this.printedPercent !== undefined) summary.gcCpuPercentPrinted = this.printedPercent;
    return summary;
  }
}

/** Nine significant digits: takes off what sums of floating point add. */
function tidy(value: number): number {
  return Number(value.toPrecision(9));
}

function keep(extent: { last: number; max: number }, value: number): void {
  extent.last = value;
  extent.max = Math.max(extent.max, value);
}

function percentilesOf(histogram: ValueHistogram): Percentiles | undefined {
  const at = (fraction: number) => histogram.percentile(fraction);
  const [p50, p90, p99, p999] = [at(0.5), at(0.9), at(0.99), at(0.999)];
  if (p50 === undefined || p90 === undefined || p99 === undefined || p999 === undefined) return undefined;
  return { p50, p90, p99, p999, max: histogram.max };
}
