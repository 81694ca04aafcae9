// In: samples. Out: points of the rate-like signals, one for at least half a second of cycles: a thousand cycles a second, each timed to a
// millisecond and a MiB, say nothing one by one, and the mean of their ratios is not the ratio of their sums.
import type { WatchedSignal } from './signals.ts';
import type { CycleSample, CycleSums } from './trace-series.ts';
import { emptySums } from './trace-series.ts';

const BIN_SECONDS = 0.5;

/** A point of one signal, as the detector takes it; `tag` is the line of the record. */
export interface SeriesPoint {
  t: number;
  y: number;
  index: number;
  tag: number;
  load?: number;
}

interface BinState {
  open?: { t: number; index: number; line: number; sums: CycleSums; means: Record<string, [number, number]> };
}

/** Ratios of sums; everything else is a plain mean over the bin. */
const RATIOS: Partial<Record<WatchedSignal, readonly [keyof CycleSums, keyof CycleSums]>> = {
  allocRate: ['allocatedMiB', 'allocSeconds'],
  gcCpu: ['gcCpuMs', 'capacityMs'],
  assistShare: ['assistMs', 'markMs'],
  scanRate: ['markedMiB', 'markedMs'],
};

export class Bins {
  #state: BinState = {};

  static restore(state: unknown): Bins {
    const bins = new Bins();
    bins.#state = structuredClone(state) as BinState;
    return bins;
  }

  state(): unknown {
    return structuredClone(this.#state);
  }

  /** @returns the points of the bin that this sample closes, by signal */
  push(sample: CycleSample): Map<WatchedSignal, SeriesPoint> | undefined {
    const closed =
      this.#state.open !== undefined && sample.t - this.#state.open.t >= BIN_SECONDS ? this.flush() : undefined;
    this.#state.open ??= { t: sample.t, index: sample.index, line: sample.line, sums: emptySums(), means: {} };
    const open = this.#state.open;
    for (const key of Object.keys(open.sums) as (keyof CycleSums)[]) open.sums[key] += sample.sums[key];
    for (const [signal, value] of Object.entries(sample.values)) {
      if (RATIOS[signal as WatchedSignal] !== undefined || signal === 'heapLive') continue;
      const mean = open.means[signal];
      if (mean === undefined) open.means[signal] = [value, 1];
      else {
        mean[0] += value;
        mean[1]++;
      }
    }
    return closed;
  }

  /** The points of the bin that is still open. */
  flush(): Map<WatchedSignal, SeriesPoint> | undefined {
    const open = this.#state.open;
    if (open === undefined) return undefined;
    delete this.#state.open;
    const points = new Map<WatchedSignal, SeriesPoint>();
    const at = { t: open.t, index: open.index, tag: open.line };
    for (const [signal, ratio] of Object.entries(RATIOS) as [
      WatchedSignal,
      readonly [keyof CycleSums, keyof CycleSums],
    ][]) {
      const below = open.sums[ratio[1]];
      if (below > 0) points.set(signal, { ...at, y: open.sums[ratio[0]] / below });
    }
    for (const [signal, [sum, count]] of Object.entries(open.means)) {
      points.set(signal as WatchedSignal, { ...at, y: sum / count });
    }
    return points;
  }
}
