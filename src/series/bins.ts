// In: samples. Out: points of the rate-like signals, one for at least half a second of cycles: a thousand cycles a second, each timed to a
// millisecond and a MiB, say nothing one by one, and the mean of their ratios is not the ratio of their sums.
import { AT, type CycleCell, joinCells, MEANS } from './cycle-cell.ts';
import type { WatchedSignal } from './signals.ts';

/** Half a second at first; an hour-old process is looked at every two seconds. */
const BIN_SECONDS = 0.5;
const MOST_SECONDS = 2;
const SHARE_OF_TIME = 1 / 2000;

/** A point of one signal, as the detector takes it; `tag` is the line of the record. */
export interface SeriesPoint {
  t: number;
  y: number;
  index: number;
  tag: number;
  load?: number;
}

type BinnedSignal = Exclude<WatchedSignal, 'heapLive'>;

/** One point of every signal that the bin carries. */
export type Bin = Partial<Record<BinnedSignal, SeriesPoint>>;

const BINNED: readonly BinnedSignal[] = [
  'allocRate',
  'gcCpu',
  'assistShare',
  'scanRate',
  'heapGoal',
  'goalRatio',
  'gcInterval',
  'pause',
  'stacks',
];

export class Bins {
  #open: CycleCell | undefined;

  static restore(state: unknown): Bins {
    const bins = new Bins();
    bins.#open = (structuredClone(state) as { open?: CycleCell }).open;
    return bins;
  }

  state(): unknown {
    return this.#open === undefined ? {} : { open: structuredClone(this.#open) };
  }

  /**
   * @param t where the next cell begins
   * @returns the points of the bin that is full with this cell
   */
  push(cell: CycleCell, t: number): Bin | undefined {
    if (this.#open === undefined) this.#open = cell.slice();
    else joinCells(this.#open, cell);
    const width = Math.min(MOST_SECONDS, Math.max(BIN_SECONDS, SHARE_OF_TIME * t));
    return t - this.#open[AT.from]! >= width ? this.#close(this.#open) : undefined;
  }

  /** The points of the last bin. @param cell the one that is still open, which ends it */
  finish(cell: CycleCell): Bin {
    if (this.#open !== undefined) joinCells(this.#open, cell);
    return this.#close(this.#open ?? cell);
  }

  #close(cell: CycleCell): Bin {
    this.#open = undefined;
    const bin: Bin = {};
    for (const signal of BINNED) {
      const [sum, count] = MEANS[signal];
      const below = cell[AT[count]]!;
      if (below <= 0) continue;
      bin[signal] = { t: cell[AT.from]!, y: cell[AT[sum]]! / below, index: cell[AT.index]!, tag: cell[AT.line]! };
    }
    return bin;
  }
}
