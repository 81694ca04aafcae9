// In: samples in order. Out: for any stretch of the past, what every signal was on average: the numbers behind a finding's evidence.
// Bounded for ever: cells of the far past are joined, so that a cell's width stays near 1 % of its age.
import type { WatchedSignal } from './signals.ts';
import type { CycleSample } from './trace-series.ts';

/** Columns of a cell: bounds, cycles, then sums. */
const COLUMNS = [
  'from',
  'to',
  'cycles',
  'liveSum',
  'goalSum',
  'goalCount',
  'ratioSum',
  'ratioCount',
  'intervalSum',
  'intervalCount',
  'allocatedMiB',
  'allocSeconds',
  'gcCpuMs',
  'capacityMs',
  'assistMs',
  'markMs',
  'markedMiB',
  'markedMs',
  'pauseSum',
  'pauseCount',
  'stacksSum',
  'stacksCount',
  'forced',
  'pairs',
  'pairLive',
  'pairGoal',
  'pairLiveLive',
  'pairGoalGoal',
] as const;

type Column = (typeof COLUMNS)[number];
const AT = Object.fromEntries(COLUMNS.map((name, i) => [name, i])) as Record<Column, number>;

type Cell = number[];

const MAX_CELLS = 768;
/** Cycles closer than this share a cell, seconds (cycles where there is no time). */
const CELL_WIDTH = 0.5;
const WIDTH_TO_AGE = 0.01;
/** Cycles, and variance of the live heap (MiB²), that it takes to see what the goal follows. */
const MIN_PAIRS = 30;
const MIN_VARIANCE = 0.1;
/** Share of the cells that thinning leaves. */
const ROOM = 0.8;

/** Which two columns make the mean of a signal. */
const MEANS: Readonly<Record<WatchedSignal, readonly [Column, Column]>> = {
  heapLive: ['liveSum', 'cycles'],
  heapGoal: ['goalSum', 'goalCount'],
  goalRatio: ['ratioSum', 'ratioCount'],
  gcInterval: ['intervalSum', 'intervalCount'],
  allocRate: ['allocatedMiB', 'allocSeconds'],
  gcCpu: ['gcCpuMs', 'capacityMs'],
  assistShare: ['assistMs', 'markMs'],
  scanRate: ['markedMiB', 'markedMs'],
  pause: ['pauseSum', 'pauseCount'],
  stacks: ['stacksSum', 'stacksCount'],
};

export class History {
  #cells: Cell[] = [];

  static restore(state: unknown): History {
    const history = new History();
    history.#cells = structuredClone(state) as Cell[];
    return history;
  }

  state(): unknown {
    return structuredClone(this.#cells);
  }

  add(sample: CycleSample): void {
    let cell = this.#cells.at(-1);
    if (cell === undefined || sample.t - cell[AT.from]! >= CELL_WIDTH) {
      cell = new Array<number>(COLUMNS.length).fill(0);
      cell[AT.from] = sample.t;
      if (this.#cells.length >= MAX_CELLS) this.#cells = thin(this.#cells, sample.t);
      this.#cells.push(cell);
    }
    const { values, sums } = sample;
    cell[AT.to] = sample.t;
    cell[AT.cycles]! += 1;
    cell[AT.liveSum]! += values.heapLive ?? 0;
    if (values.heapGoal !== undefined) {
      cell[AT.goalSum]! += values.heapGoal;
      cell[AT.goalCount]! += 1;
    }
    if (values.goalRatio !== undefined) {
      cell[AT.ratioSum]! += values.goalRatio;
      cell[AT.ratioCount]! += 1;
    }
    if (values.gcInterval !== undefined) {
      cell[AT.intervalSum]! += values.gcInterval;
      cell[AT.intervalCount]! += 1;
    }
    if (values.pause !== undefined) {
      cell[AT.pauseSum]! += values.pause;
      cell[AT.pauseCount]! += 1;
    }
    if (values.stacks !== undefined) {
      cell[AT.stacksSum]! += values.stacks;
      cell[AT.stacksCount]! += 1;
    }
    cell[AT.allocatedMiB]! += sums.allocatedMiB;
    cell[AT.allocSeconds]! += sums.allocSeconds;
    cell[AT.gcCpuMs]! += sums.gcCpuMs;
    cell[AT.capacityMs]! += sums.capacityMs;
    cell[AT.assistMs]! += sums.assistMs;
    cell[AT.markMs]! += sums.markMs;
    cell[AT.markedMiB]! += sums.markedMiB;
    cell[AT.markedMs]! += sums.markedMs;
    if (sample.forced) cell[AT.forced]! += 1;
    if (values.goalRatio !== undefined && values.heapGoal !== undefined) {
      const live = values.heapGoal / values.goalRatio;
      cell[AT.pairs]! += 1;
      cell[AT.pairLive]! += live;
      cell[AT.pairGoal]! += values.heapGoal;
      cell[AT.pairLiveLive]! += live * live;
      cell[AT.pairGoalGoal]! += values.heapGoal * values.heapGoal;
    }
  }

  get from(): number | undefined {
    return this.#cells[0]?.[AT.from];
  }

  get to(): number | undefined {
    return this.#cells.at(-1)?.[AT.to];
  }

  /** Mean of a signal over the cells that lie in [from, to]; undefined when none of them carries it. */
  mean(signal: WatchedSignal, from: number, to: number): number | undefined {
    const [sum, count] = MEANS[signal];
    return this.#ratio(sum, count, from, to);
  }

  /**
   * Median of a signal over time in [from, to], each cell weighing what it lasted: what was usual there. A single long pause or a burst
   * moves a mean, not this.
   */
  typical(signal: WatchedSignal, from: number, to: number): number | undefined {
    return this.quantile(signal, 0.5, from, to);
  }

  /** The level that a signal kept below for a share of the time in [from, to]. */
  quantile(signal: WatchedSignal, share: number, from: number, to: number): number | undefined {
    const [sum, count] = MEANS[signal];
    const cells: { value: number; weight: number }[] = [];
    let total = 0;
    for (const cell of this.#within(from, to)) {
      if (cell[AT[count]]! <= 0) continue;
      const weight = Math.max(CELL_WIDTH, cell[AT.to]! - cell[AT.from]!);
      cells.push({ value: cell[AT[sum]]! / cell[AT[count]]!, weight });
      total += weight;
    }
    cells.sort((a, b) => a.value - b.value);
    let seen = 0;
    for (const { value, weight } of cells) {
      seen += weight;
      if (seen >= share * total) return value;
    }
    return undefined;
  }

  /** Two signals side by side, cell by cell, where both are known. */
  *pairs(
    x: WatchedSignal,
    y: WatchedSignal,
    from: number,
    to: number,
  ): Generator<{ t: number; weight: number; x: number; y: number }> {
    const [xSum, xCount] = MEANS[x];
    const [ySum, yCount] = MEANS[y];
    for (const cell of this.#within(from, to)) {
      if (cell[AT[xCount]]! <= 0 || cell[AT[yCount]]! <= 0) continue;
      yield {
        t: (cell[AT.from]! + cell[AT.to]!) / 2,
        weight: Math.max(CELL_WIDTH, cell[AT.to]! - cell[AT.from]!),
        x: cell[AT[xSum]]! / cell[AT[xCount]]!,
        y: cell[AT[ySum]]! / cell[AT[yCount]]!,
      };
    }
  }

  /** Cycles that started in [from, to], as far as the cells' bounds tell. */
  cycles(from: number, to: number): { total: number; forced: number } {
    let total = 0;
    let forced = 0;
    for (const cell of this.#within(from, to)) {
      total += cell[AT.cycles]!;
      forced += cell[AT.forced]!;
    }
    return { total, forced };
  }

  /**
   * Variance of the goal over what GOGC would make of the variance of the live heap, (goal/live)² times it, in [from, to]: about 1 as
   * long as GOGC sets the goal, about 0 at a memory limit. Undefined when the live heap hardly moved.
   */
  goalFollowsLive(from: number, to: number): number | undefined {
    let [n, live, goal, liveLive, goalGoal] = [0, 0, 0, 0, 0];
    for (const cell of this.#within(from, to)) {
      n += cell[AT.pairs]!;
      live += cell[AT.pairLive]!;
      goal += cell[AT.pairGoal]!;
      liveLive += cell[AT.pairLiveLive]!;
      goalGoal += cell[AT.pairGoalGoal]!;
    }
    if (n < MIN_PAIRS) return undefined;
    const variance = liveLive / n - (live / n) ** 2;
    if (variance < MIN_VARIANCE) return undefined;
    return Math.max(0, goalGoal / n - (goal / n) ** 2) / (variance * (goal / live) ** 2);
  }

  #ratio(sum: Column, count: Column, from: number, to: number): number | undefined {
    let above = 0;
    let below = 0;
    for (const cell of this.#within(from, to)) {
      above += cell[AT[sum]]!;
      below += cell[AT[count]]!;
    }
    return below > 0 ? above / below : undefined;
  }

  *#within(from: number, to: number): Generator<Cell> {
    for (const cell of this.#cells) {
      const middle = (cell[AT.from]! + cell[AT.to]!) / 2;
      if (middle >= from && middle <= to) yield cell;
    }
  }
}

/** Joins neighbours while a joined cell is narrow for its age; widens the allowance until there is room again. Changes the cells. */
function thin(cells: Cell[], now: number): Cell[] {
  let kept = cells;
  for (let allowance = WIDTH_TO_AGE; kept.length > MAX_CELLS * ROOM; allowance *= 1.5) {
    const before = kept;
    kept = [];
    let last: Cell | undefined;
    for (const cell of before) {
      if (last !== undefined && cell[AT.to]! - last[AT.from]! <= allowance * (now - cell[AT.to]!)) {
        join(last, cell);
      } else {
        last = cell;
        kept.push(cell);
      }
    }
  }
  return kept;
}

function join(into: Cell, from: Cell): void {
  into[AT.to] = from[AT.to]!;
  for (let i = AT.cycles; i < into.length; i++) into[i]! += from[i]!;
}
