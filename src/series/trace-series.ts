// In: the `gc` events of one process, in order. Out: one sample a cycle with the value of every signal it carries.
// The formulas are the contract's. What a Go version does not print yields no value; nothing is guessed.
import type { GcEvent } from '../events/types.ts';
import { type CycleSums, clearSums, emptySums } from './cycle-sums.ts';
import type { WatchedSignal } from './signals.ts';

/** `TraceSeries` uses its sample again for the next cycle. */
export interface CycleSample {
  /** 0-based number of the cycle in this process' trace: the `index` of every bend. */
  index: number;
  cycle: number;
  line: number;
  source: string;
  /** x of every series: seconds since the process started; seconds since the first line by the wrapper's clock; else the index. */
  t: number;
  values: Partial<Record<WatchedSignal, number | undefined>>;
  sums: CycleSums;
  /** Median of the last five allocation rates, MiB/s. */
  load?: number | undefined;
  /** Heap when marking ended: what is in use at its highest, MiB. */
  heapEndMiB?: number | undefined;
  globalsMiB?: number | undefined;
  /** The two stop-the-world parts of a cycle, ms. */
  pauseParts?: { sweepTermination: number; markTermination: number } | undefined;
  forced: boolean;
}

export type TimeBase = 'process' | 'logged' | 'index';

/** GOGC=off and forced cycles print a goal of the order of 2^63 bytes; no machine has a pebibyte. */
const NO_GOAL_MIB = 2 ** 30;
/** Below this a whole-MiB number has more than 25 % error: no ratio is made of it. */
const SMALLEST_RATIO_MIB = 4;
/** While the heap still doubles in a process' first second, rates describe its start, not its work. */
const STARTUP_SECONDS = 1;
const STARTUP_GROWTH = 1.25;

interface SeriesState {
  index: number;
  base?: TimeBase;
  loggedFrom?: number;
  last?: { cycle: number; t: number; start: number; end: number; live: number; stop: boolean };
  rates: number[];
  objects?: number;
}

export class TraceSeries {
  #state: SeriesState = { index: 0, rates: [] };
  readonly #sample: CycleSample = emptySample();

  /** @param state what `state()` of another one gave */
  static restore(state: unknown): TraceSeries {
    const series = new TraceSeries();
    series.#state = structuredClone(state) as SeriesState;
    return series;
  }

  /** One plain JSON value. */
  state(): unknown {
    return structuredClone(this.#state);
  }

  get timeBase(): TimeBase | undefined {
    return this.#state.base;
  }

  /**
   * @returns the sample, valid until the next call; undefined for an event that has no place in the series: a copy, time that runs
   * backwards, no time where the others have one, numbers that are none.
   */
  push(event: GcEvent): CycleSample | undefined {
    const state = this.#state;
    const t = this.#timeOf(event);
    const { start, end } = event.heapMiB ?? {};
    if (t === undefined || !isAmount(start) || !isAmount(end)) return undefined;
    if (state.last !== undefined && (t < state.last.t || this.isCopy(event))) return undefined;
    const stopTheWorld = !isAmount(event.heapMiB.live);
    const live = isAmount(event.heapMiB.live) ? event.heapMiB.live : end;
    const sample = this.#sample;
    sample.index = state.index++;
    sample.cycle = event.cycle;
    sample.line = event.line;
    sample.source = event.source;
    sample.t = t;
    sample.heapEndMiB = end;
    sample.forced = event.forced === true;
    clear(sample);
    sample.values.heapLive = live;
    this.#addOwnValues(sample, event, live);
    if (state.base !== 'index') this.#addRates(sample, event, start, live);
    sample.load = state.rates.length > 0 ? median(state.rates) : undefined;
    state.last = { cycle: event.cycle, t, start, end, live, stop: stopTheWorld };
    return sample;
  }

  /** A cycle that was there before: a collector sent its line twice, or two files overlap. */
  isCopy({ cycle }: GcEvent): boolean {
    const { base, last } = this.#state;
    return last !== undefined && base !== 'index' && cycle <= last.cycle;
  }

  #timeOf(event: GcEvent): number | undefined {
    const state = this.#state;
    if (state.base === 'process') return isAmount(event.at) ? event.at : undefined;
    const logged = event.loggedAt === undefined ? Number.NaN : Date.parse(event.loggedAt) / 1000;
    state.base ??= isAmount(event.at) ? 'process' : Number.isNaN(logged) ? 'index' : 'logged';
    if (state.base === 'process') return isAmount(event.at) ? event.at : undefined;
    if (state.base === 'index') return state.index;
    if (Number.isNaN(logged)) return undefined;
    state.loggedFrom ??= logged;
    return logged - state.loggedFrom;
  }

  /** What one line says by itself. */
  #addOwnValues(sample: CycleSample, event: GcEvent, live: number): void {
    const { values, sums } = sample;
    const goal = event.heapMiB.goal;
    if (isAmount(goal) && goal > 0 && goal < NO_GOAL_MIB) {
      values.heapGoal = goal;
      const before = this.#state.last?.live;
      if (before !== undefined && before >= SMALLEST_RATIO_MIB && !sample.forced) values.goalRatio = goal / before;
    }
    if (isAmount(event.stacksMiB)) values.stacks = event.stacksMiB;
    sample.globalsMiB = isAmount(event.globalsMiB) ? event.globalsMiB : undefined;
    const { sweepTermination, markTermination } = event.clockMs ?? {};
    if (isAmount(sweepTermination) && isAmount(markTermination)) {
      values.pause = sweepTermination + markTermination;
      sample.pauseParts = { sweepTermination, markTermination };
    }
    if (!isAmount(event.heapMiB.live)) {
      // Up to Go 1.4 the world is stopped all the while: the pause is the whole cycle.
      const parts = Object.values(event.clockMs ?? {}).filter(isAmount);
      if (parts.length > 0) values.pause = parts.reduce((sum, ms) => sum + ms, 0);
    }
    const { assist, background, idle } = event.cpuMs ?? {};
    if (isAmount(assist) && isAmount(background) && isAmount(idle)) {
      sums.assistMs = assist;
      sums.markMs = assist + background + idle;
      if (sums.markMs > 0) {
        values.assistShare = assist / sums.markMs;
        if (live >= SMALLEST_RATIO_MIB && isAmount(event.heapMiB.live)) {
          sums.markedMiB = live;
          sums.markedMs = sums.markMs;
          values.scanRate = live / sums.markMs;
        }
      }
    }
  }

  /** What needs the cycle before: intervals and rates. */
  #addRates(sample: CycleSample, event: GcEvent, start: number, live: number): void {
    const state = this.#state;
    const last = state.last;
    if (last === undefined) return;
    const seconds = sample.t - last.t;
    // Marking and allocating go on together since Go 1.5: what came while marking is end − start, and is lost without that term.
    const allocated = last.stop ? start - last.end : last.end - last.start + start - last.live;
    if (seconds <= 0 || this.#startingUp(sample, last.live, live)) return;
    const { values, sums } = sample;
    if (!sample.forced) values.gcInterval = seconds;
    values.allocRate = Math.max(0, allocated) / seconds;
    sums.allocatedMiB = Math.max(0, allocated);
    sums.allocSeconds = seconds;
    state.rates.push(values.allocRate);
    if (state.rates.length > 5) state.rates.shift();
    if (event.cpuMs !== undefined && event.procs > 0) {
      sums.gcCpuMs = addCpu(0, event.cpuMs);
      sums.capacityMs = seconds * 1000 * event.procs;
      values.gcCpu = sums.gcCpuMs / sums.capacityMs;
    }
  }

  #startingUp(sample: CycleSample, liveBefore: number, live: number): boolean {
    return this.#state.base === 'process' && sample.t < STARTUP_SECONDS && live > STARTUP_GROWTH * liveBefore;
  }
}

/**
 * What a `scan:` line (gctrace=2) says of a cycle: objects marked. From then on work per millisecond is counted in objects.
 * @param sample the cycle of the line
 */
export function noteObjects(sample: CycleSample, objects: number): void {
  if (!isAmount(objects) || sample.sums.markMs <= 0) return;
  sample.values.scanRate = objects / sample.sums.markMs;
  sample.sums.markedMiB = objects;
  sample.sums.markedMs = sample.sums.markMs;
}

function emptySample(): CycleSample {
  return {
    index: 0,
    cycle: 0,
    line: 0,
    source: '',
    t: 0,
    values: {
      heapLive: undefined,
      heapGoal: undefined,
      goalRatio: undefined,
      stacks: undefined,
      pause: undefined,
      assistShare: undefined,
      scanRate: undefined,
      gcInterval: undefined,
      allocRate: undefined,
      gcCpu: undefined,
    },
    sums: emptySums(),
    load: undefined,
    heapEndMiB: undefined,
    globalsMiB: undefined,
    pauseParts: undefined,
    forced: false,
  };
}

/** What the last cycle left and not every cycle sets. */
function clear({ values, sums }: CycleSample): void {
  values.heapGoal = undefined;
  values.goalRatio = undefined;
  values.stacks = undefined;
  values.pause = undefined;
  values.assistShare = undefined;
  values.scanRate = undefined;
  values.gcInterval = undefined;
  values.allocRate = undefined;
  values.gcCpu = undefined;
  clearSums(sums);
}

/** A sum of CPU milliseconds with those of one more collection. */
export function addCpu(sumMs: number, cpuMs: GcEvent['cpuMs']): number {
  let sum = sumMs;
  for (const part in cpuMs) {
    const ms = cpuMs[part as keyof typeof cpuMs];
    if (isAmount(ms)) sum += ms;
  }
  return sum;
}

/** No counter of the runtime is larger. */
const LARGEST = 2 ** 63;

/** A number that can be an amount: not negative, and within what the runtime can count. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LARGEST;
}

const sorted: number[] = [];

/** Median of a few numbers (mean of the two in the middle), 0 of none. */
export function median(values: readonly number[]): number {
  const n = values.length;
  if (n === 0) return 0;
  // Insertion into room that is there: five rates a cycle and 64 at most; twice as fast as a sort with a comparison function.
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    let j = i - 1;
    for (; j >= 0 && sorted[j]! > value; j--) sorted[j + 1] = sorted[j]!;
    sorted[j + 1] = value;
  }
  const middle = n >> 1;
  return n % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
