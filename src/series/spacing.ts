// In: samples of the live heap. Out: points no nearer to each other than a detector has use for: near a memory limit a thousand cycles a
// second all see the same heap, and as many points would pass its slow wander off as a thousand observations.
import type { SeriesPoint } from './bins.ts';
import type { CycleSample } from './trace-series.ts';

/** Points are at least this share of the series' age apart, and never have to be further than so many seconds. */
const SHARE_OF_AGE = 1 / 400;
const MOST_SECONDS = 0.25;

interface SpacingState {
  first?: number;
  last?: number;
  sum: number;
  count: number;
}

export class Spacing {
  #state: SpacingState = { sum: 0, count: 0 };

  static restore(state: unknown): Spacing {
    const spacing = new Spacing();
    spacing.#state = structuredClone(state) as SpacingState;
    return spacing;
  }

  state(): unknown {
    return { ...this.#state };
  }

  /** @returns the mean of what came since the last point, at the time and index of this sample; undefined while it is too near */
  push(sample: CycleSample): SeriesPoint | undefined {
    const level = sample.values.heapLive;
    if (level === undefined) return undefined;
    const state = this.#state;
    state.first ??= sample.t;
    state.sum += level;
    state.count++;
    const apart = Math.min(MOST_SECONDS, SHARE_OF_AGE * (sample.t - state.first));
    if (state.last !== undefined && sample.t - state.last < apart) return undefined;
    const point: SeriesPoint = { t: sample.t, y: state.sum / state.count, index: sample.index, tag: sample.line };
    if (sample.load !== undefined) point.load = sample.load;
    state.last = sample.t;
    state.sum = 0;
    state.count = 0;
    return point;
  }
}
