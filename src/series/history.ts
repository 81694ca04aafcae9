// In: samples in order. Out: for any stretch of the past, what every signal was on average: the numbers behind a finding's evidence.
// Bounded for ever: cells of the far past are joined, so that a cell's width stays below 1 % of its age.
import {
  AT,
  addCycle,
  CELL_WIDTH,
  type CycleCell,
  joinCells,
  MEANS,
  openCell,
  pointOf,
  type SeriesPoint,
} from './cycle-cell.ts';
import type { WatchedSignal } from './signals.ts';
import type { CycleSample } from './trace-series.ts';

const MAX_CELLS = 1536;
const WIDTH_TO_AGE = 0.0025;
/** Cycles, and variance of the live heap (MiB²), that it takes to see what the goal follows. */
const MIN_PAIRS = 30;
const MIN_VARIANCE = 0.1;
/** Share of the cells that thinning leaves. */
const ROOM = 0.8;

export class History {
  #cells: CycleCell[] = [];
  /** Cells that were joined into others, to be used again: a long-lived cell that is dropped waits for a collection of the whole heap. */
  readonly #spare: CycleCell[] = [];

  static restore(state: unknown): History {
    const history = new History();
    history.#cells = structuredClone(state) as CycleCell[];
    return history;
  }

  state(): unknown {
    return structuredClone(this.#cells);
  }

  /** @returns the cell that this sample closes; it may be changed by the next call */
  add(sample: CycleSample): CycleCell | undefined {
    let cell = this.last;
    let closed: CycleCell | undefined;
    if (cell === undefined || sample.t - cell[AT.from]! >= CELL_WIDTH) {
      closed = cell;
      if (this.#cells.length >= MAX_CELLS) this.#thin(sample.t);
      cell = openCell(sample, this.#spare.pop());
      this.#cells.push(cell);
    }
    addCycle(cell, sample);
    return closed;
  }

  /** The cell that is still open. */
  get last(): CycleCell | undefined {
    return this.#cells[this.#cells.length - 1];
  }

  get from(): number | undefined {
    return this.#cells[0]?.[AT.from];
  }

  get to(): number | undefined {
    return this.last?.[AT.to];
  }

  /** Mean of a signal over the cells that lie in [from, to]; undefined when none of them carries it. */
  mean(signal: WatchedSignal, from: number, to: number): number | undefined {
    const [sum, count] = MEANS[signal];
    let above = 0;
    let below = 0;
    for (const cell of this.#within(from, to)) {
      above += cell[sum]!;
      below += cell[count]!;
    }
    return below > 0 ? above / below : undefined;
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
      if (cell[count]! <= 0) continue;
      const weight = Math.max(CELL_WIDTH, cell[AT.to]! - cell[AT.from]!);
      cells.push({ value: cell[sum]! / cell[count]!, weight });
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

  /** All of a signal that is kept, a point a cell. */
  points(signal: WatchedSignal): SeriesPoint[] {
    const points: SeriesPoint[] = [];
    for (const cell of this.#cells) {
      const point = pointOf(cell, signal);
      if (point === undefined) continue;
      point.size = cell[AT.cells]!;
      points.push(point);
    }
    return points;
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
      if (cell[xCount]! <= 0 || cell[yCount]! <= 0) continue;
      yield {
        t: (cell[AT.from]! + cell[AT.to]!) / 2,
        weight: Math.max(CELL_WIDTH, cell[AT.to]! - cell[AT.from]!),
        x: cell[xSum]! / cell[xCount]!,
        y: cell[ySum]! / cell[yCount]!,
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

  /** Joins neighbours, but for the newest cell, while a joined cell is narrow for its age; widens the allowance until there is room again. */
  #thin(now: number): void {
    const cells = this.#cells;
    for (let allowance = WIDTH_TO_AGE; cells.length > MAX_CELLS * ROOM; allowance *= 1.5) {
      const newest = cells.length - 1;
      let last = 0;
      for (let i = 1; i <= newest; i++) {
        const cell = cells[i]!;
        const into = cells[last]!;
        if (i < newest && cell[AT.to]! - into[AT.from]! <= allowance * (now - cell[AT.to]!)) {
          joinCells(into, cell);
          this.#spare.push(cell);
        } else cells[++last] = cell;
      }
      cells.length = last + 1;
    }
  }

  /** The cells whose middle lies in [from, to]. */
  #within(from: number, to: number): CycleCell[] {
    const first = firstBeyond(this.#cells, (middle) => middle >= from);
    return this.#cells.slice(
      first,
      firstBeyond(this.#cells, (middle) => middle > to),
    );
  }
}

/** Index of the first cell whose middle is beyond a bound; binary search. */
function firstBeyond(cells: readonly CycleCell[], isBeyond: (middle: number) => boolean): number {
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const at = (low + high) >> 1;
    const cell = cells[at]!;
    if (isBeyond((cell[AT.from]! + cell[AT.to]!) / 2)) high = at;
    else low = at + 1;
  }
  return low;
}
