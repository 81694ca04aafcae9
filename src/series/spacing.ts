// In: samples of the live heap. Out: points no nearer to each other than a detector has use for: near a memory limit a thousand cycles a
// second all see the same heap, and as many points would pass its slow wander off as a thousand observations.
import type { SeriesPoint } from './cycle-cell.ts';
import type { CycleSample } from './trace-series.ts';

/** Points are at least this share of the series' age apart, and never have to be further than so many seconds. */
const SHARE_OF_AGE = 1 / 400;
const MOST_SECONDS = 0.25;

interface SpacingState {
  first?: number;
  last?: number;
  sum: number;
  count: number;
  /** The newest points, oldest first: time and level. */
  recent: [number, number][];
}

/** Newest points that are kept. */
const RECENT = 64;

export class Spacing {
  #state: SpacingState = { sum: 0, count: 0, recent: [] };

  static restore(state: unknown): Spacing {
    const spacing = new Spacing();
    spacing.#state = structuredClone(state) as SpacingState;
    return spacing;
  }

  state(): unknown {
    return structuredClone(this.#state);
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
    state.recent.push([point.t, point.y]);
    if (state.recent.length > RECENT) state.recent.shift();
    state.last = sample.t;
    state.sum = 0;
    state.count = 0;
    return point;
  }

  /** Levels of the newest points from `t` on; fewer than there were when they go back too far. */
  levelsSince(t: number): number[] {
    return this.#state.recent.filter(([at]) => at >= t).map(([, level]) => level);
  }
}
