// In: samples. Out: points of the rate-like signals, one for at least half a second of cycles: a thousand cycles a second, each timed to a
// millisecond and a MiB, say nothing one by one, and the mean of their ratios is not the ratio of their sums.
import type { WatchedSignal } from './signals.ts';
import type { CycleSample } from './trace-series.ts';

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

/** Where a signal's sum stands in `sums`; what it is divided by stands behind it. */
const SIGNALS_OF_BINS: readonly BinnedSignal[] = [
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

interface OpenBin {
  t: number;
  index: number;
  line: number;
  sums: number[];
}

export class Bins {
  #open: OpenBin | undefined;

  static restore(state: unknown): Bins {
    const bins = new Bins();
    bins.#open = (structuredClone(state) as { open?: OpenBin }).open;
    return bins;
  }

  state(): unknown {
    return this.#open === undefined ? {} : { open: structuredClone(this.#open) };
  }

  /** @returns the points of the bin that this sample closes */
  push(sample: CycleSample): Bin | undefined {
    const width = Math.min(MOST_SECONDS, Math.max(BIN_SECONDS, SHARE_OF_TIME * sample.t));
    const closed = this.#open !== undefined && sample.t - this.#open.t >= width ? this.flush() : undefined;
    this.#open ??= {
      t: sample.t,
      index: sample.index,
      line: sample.line,
      sums: new Array<number>(2 * SIGNALS_OF_BINS.length).fill(0),
    };
    const { sums } = this.#open;
    const { values } = sample;
    const of = sample.sums;
    sums[0]! += of.allocatedMiB;
    sums[1]! += of.allocSeconds;
    sums[2]! += of.gcCpuMs;
    sums[3]! += of.capacityMs;
    sums[4]! += of.assistMs;
    sums[5]! += of.markMs;
    sums[6]! += of.markedMiB;
    sums[7]! += of.markedMs;
    addMean(sums, 8, values.heapGoal);
    addMean(sums, 10, values.goalRatio);
    addMean(sums, 12, values.gcInterval);
    addMean(sums, 14, values.pause);
    addMean(sums, 16, values.stacks);
    return closed;
  }

  /** The points of the bin that is still open. */
  flush(): Bin | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    this.#open = undefined;
    const bin: Bin = {};
    for (let i = 0; i < SIGNALS_OF_BINS.length; i++) {
      const below = open.sums[2 * i + 1]!;
      if (below <= 0) continue;
      bin[SIGNALS_OF_BINS[i]!] = { t: open.t, y: open.sums[2 * i]! / below, index: open.index, tag: open.line };
    }
    return bin;
  }
}

function addMean(sums: number[], at: number, value: number | undefined): void {
  if (value === undefined) return;
  sums[at]! += value;
  sums[at + 1]! += 1;
}
