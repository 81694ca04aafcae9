// In: samples. Out: what they sum up to over half a second or more, as one row of numbers: what the history and the bins are made of.
import type { WatchedSignal } from './signals.ts';
import type { CycleSample } from './trace-series.ts';

/** Bounds in time, index and line of the first cycle, half-second cells and cycles that it is made of, then sums. */
const COLUMNS = [
  'from',
  'to',
  'index',
  'line',
  'cells',
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

/** Where each column stands in a cell. */
export const AT = Object.fromEntries(COLUMNS.map((name, i) => [name, i])) as Record<(typeof COLUMNS)[number], number>;

/** Plain JSON. */
export type CycleCell = number[];

/** Cycles closer than this share a cell, seconds (cycles where there is no time). */
export const CELL_WIDTH = 0.5;

/** Which two columns make the mean of a signal. */
export const MEANS: Readonly<Record<WatchedSignal, readonly [sum: number, count: number]>> = {
  heapLive: [AT.liveSum, AT.cycles],
  heapGoal: [AT.goalSum, AT.goalCount],
  goalRatio: [AT.ratioSum, AT.ratioCount],
  gcInterval: [AT.intervalSum, AT.intervalCount],
  allocRate: [AT.allocatedMiB, AT.allocSeconds],
  gcCpu: [AT.gcCpuMs, AT.capacityMs],
  assistShare: [AT.assistMs, AT.markMs],
  scanRate: [AT.markedMiB, AT.markedMs],
  pause: [AT.pauseSum, AT.pauseCount],
  stacks: [AT.stacksSum, AT.stacksCount],
};

/** A point of one signal, as the detector takes it; `tag` is the line of the record. */
export interface SeriesPoint {
  t: number;
  y: number;
  index: number;
  tag: number;
  load?: number;
  size?: number;
}

/** What the signal was on average in the cell; undefined when no cycle of it carries the signal. */
export function pointOf(cell: CycleCell, signal: WatchedSignal): SeriesPoint | undefined {
  const [sum, count] = MEANS[signal];
  const below = cell[count]!;
  if (below <= 0) return undefined;
  return { t: cell[AT.from]!, y: cell[sum]! / below, index: cell[AT.index]!, tag: cell[AT.line]! };
}

/** Fractions first, so that V8 keeps an array of doubles from the start and copies no cell when its first fraction comes. */
const EMPTY: readonly number[] = COLUMNS.map(() => 0.5).fill(0);

/** An empty cell that begins with this sample. @param used one that nobody needs any more, to be used again */
export function openCell(sample: CycleSample, used: CycleCell | undefined): CycleCell {
  const cell = used?.fill(0) ?? EMPTY.slice();
  cell[AT.from] = sample.t;
  cell[AT.index] = sample.index;
  cell[AT.line] = sample.line;
  cell[AT.cells] = 1;
  return cell;
}

export function addCycle(cell: CycleCell, { t, values, sums, forced }: CycleSample): void {
  const { heapLive, heapGoal, goalRatio, gcInterval, pause, stacks } = values;
  cell[AT.to] = t;
  cell[AT.cycles]! += 1;
  if (heapLive !== undefined) cell[AT.liveSum]! += heapLive;
  if (heapGoal !== undefined) {
    cell[AT.goalSum]! += heapGoal;
    cell[AT.goalCount]! += 1;
    if (goalRatio !== undefined) addPair(cell, heapGoal, goalRatio);
  }
  if (gcInterval !== undefined) {
    cell[AT.intervalSum]! += gcInterval;
    cell[AT.intervalCount]! += 1;
  }
  if (pause !== undefined) {
    cell[AT.pauseSum]! += pause;
    cell[AT.pauseCount]! += 1;
  }
  if (stacks !== undefined) {
    cell[AT.stacksSum]! += stacks;
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
  if (forced) cell[AT.forced]! += 1;
}

/** Goal and the live heap that it was made of. */
function addPair(cell: CycleCell, goal: number, ratio: number): void {
  const live = goal / ratio;
  cell[AT.ratioSum]! += ratio;
  cell[AT.ratioCount]! += 1;
  cell[AT.pairs]! += 1;
  cell[AT.pairLive]! += live;
  cell[AT.pairGoal]! += goal;
  cell[AT.pairLiveLive]! += live * live;
  cell[AT.pairGoalGoal]! += goal * goal;
}

/** Makes one cell of two that follow each other. */
export function joinCells(into: CycleCell, from: CycleCell): void {
  into[AT.to] = from[AT.to]!;
  for (let i = AT.cells; i < into.length; i++) into[i]! += from[i]!;
}
