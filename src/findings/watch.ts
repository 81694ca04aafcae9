// In: points of one signal. Out: what the detector raised and took back, as numbers; the final segmentation. One per watched signal.
import {
  type Bend,
  createSegmentsDetector,
  type DetectorOptions,
  type DetectorResult,
  type DetectorUpdate,
  detectSegments,
  restoreSegmentsDetector,
  type Sensitivity,
  type StreamDetector,
} from '../detect/index.ts';
import { type History, type SeriesPoint, SIGNALS, type WatchedSignal } from '../series/index.ts';

/** Makes detectors; tests put one of their own in. */
export interface DetectorFactory {
  create(options: DetectorOptions): StreamDetector;
  restore(state: unknown): StreamDetector;
}

export const segmentsFactory: DetectorFactory = { create: createSegmentsDetector, restore: restoreSegmentsDetector };

/** A bend as last raised. */
export interface HeldBend {
  /** The detector's number for it. */
  id: number;
  /** The number under which it was raised first: it stays when the detector moves the bend. */
  first: number;
  bend: Bend;
  detectedAt: number;
  /** Id of the `inflection` event that told it, once told. */
  told?: string;
  /** True once the series itself went on as the bend says. */
  borneOut?: boolean;
  /** When it is worth another look, seconds. */
  nextLook?: number;
}

interface WatchState {
  signal: WatchedSignal;
  detector: unknown;
  held: HeldBend[];
  lostAt?: number;
}

export class SignalWatch {
  readonly signal: WatchedSignal;
  #detector: StreamDetector;
  /** Raised and not taken back, oldest first. */
  held: HeldBend[] = [];
  /** Since when no bend stands by the finding that was made of them. */
  lostAt?: number;

  constructor(signal: WatchedSignal, detector: StreamDetector) {
    this.signal = signal;
    this.#detector = detector;
  }

  static create(signal: WatchedSignal, sensitivity: Sensitivity, factory: DetectorFactory): SignalWatch {
    const { model, quantum, minEffect } = SIGNALS[signal];
    return new SignalWatch(signal, factory.create({ model, sensitivity, quantum, minEffect }));
  }

  static restore(state: unknown, factory: DetectorFactory): SignalWatch {
    const { signal, detector, held, lostAt } = state as WatchState;
    const watch = new SignalWatch(signal, factory.restore(detector));
    watch.held = structuredClone(held);
    if (lostAt !== undefined) watch.lostAt = lostAt;
    return watch;
  }

  state(): WatchState {
    const state: WatchState = { signal: this.signal, detector: this.#detector.state(), held: this.held };
    if (this.lostAt !== undefined) state.lostAt = this.lostAt;
    return structuredClone(state);
  }

  /** What the point changed; a bend that was only moved is neither raised nor withdrawn. */
  push(point: SeriesPoint): { raised: HeldBend[]; withdrawn: HeldBend[] } | undefined {
    const update = this.#detector.push(point);
    return update === undefined ? undefined : this.#apply(update, point.t);
  }

  #apply(update: DetectorUpdate, now: number): { raised: HeldBend[]; withdrawn: HeldBend[] } {
    const gone = new Set(update.withdrawn.map(({ id }) => id));
    const raised: HeldBend[] = [];
    const free = [...this.held];
    const added: HeldBend[] = [];
    for (const { id, bend, detectedAt } of update.raised) {
      const before = takeNearest(free, bend, now);
      if (before === undefined) {
        const held = { id, first: id, bend, detectedAt };
        raised.push(held);
        added.push(held);
      } else {
        added.push({ ...before, id, bend });
      }
    }
    const withdrawn = free.filter(({ id }) => gone.has(id));
    this.held = [...free.filter(({ id }) => !gone.has(id)), ...added].sort((a, b) => a.bend.t - b.bend.t);
    return { raised, withdrawn };
  }

  /** The final bends, each with what was raised for it before, and what was raised in vain. */
  finish(now: number): WatchResult {
    const { final, tail } = this.#detector.finish();
    const free = [...this.held];
    const matched: FinalBend[] = final.map(({ bend, revises, detectedAt }) => {
      const k = revises === undefined ? -1 : free.findIndex(({ id }) => id === revises);
      return k < 0 ? { bend, detectedAt } : { bend, detectedAt, held: free.splice(k, 1)[0]! };
    });
    for (const one of matched) {
      const held = one.held === undefined ? takeNearest(free, one.bend, now) : undefined;
      if (held !== undefined) one.held = held;
    }
    return { final: matched, dropped: free, tail };
  }
}

/** A bend of the whole series. */
interface FinalBend {
  bend: Bend;
  detectedAt: number;
  held?: HeldBend;
}

export interface WatchResult {
  final: FinalBend[];
  dropped: HeldBend[];
  tail: DetectorResult['tail'];
}

/** A signal that nobody waited for: its whole past at once. */
export function segmentPast(signal: WatchedSignal, history: History, sensitivity: Sensitivity): WatchResult {
  const { model, quantum, minEffect } = SIGNALS[signal];
  const points = history.points(signal);
  const { final, tail } = detectSegments(points, { model, sensitivity, quantum, minEffect });
  return { final: final.map(({ bend, detectedAt }) => ({ bend, detectedAt })), dropped: [], tail };
}

/** Two bends nearer than this, or than this share of the run, may be one, seconds. */
const SAME_SECONDS = 3;
const SAME_SHARE = 0.03;

/** Takes out of `free` the bend that `bend` is a better sight of: of its direction, and where it was or near. */
function takeNearest(free: HeldBend[], bend: Bend, now: number): HeldBend | undefined {
  const near = Math.max(SAME_SECONDS, SAME_SHARE * now);
  let best = -1;
  let distance = Infinity;
  for (const [i, other] of free.entries()) {
    const apart = Math.abs(other.bend.t - bend.t);
    const overlap = other.bend.tInterval.from <= bend.tInterval.to && bend.tInterval.from <= other.bend.tInterval.to;
    if (directionOf(other.bend) === directionOf(bend) && (overlap || apart <= near) && apart < distance) {
      best = i;
      distance = apart;
    }
  }
  return best < 0 ? undefined : free.splice(best, 1)[0];
}

function directionOf(bend: Bend): string {
  if (bend.kind === 'regime') return (bend.stepBy ?? 0) < 0 ? 'level-down' : 'level-up';
  if (bend.kind === 'step-up' || bend.kind === 'step-down') return bend.kind;
  return bend.slopeAfter > bend.slopeBefore ? 'faster' : 'slower';
}
