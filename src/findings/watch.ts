// In: points of one signal. Out: what the detector raised and took back, as numbers; the final segmentation. One per watched signal.
import {
  type Bend,
  createSegmentsDetector,
  type DetectorOptions,
  type DetectorResult,
  type DetectorUpdate,
  restoreSegmentsDetector,
  type Sensitivity,
  type StreamDetector,
} from '../detect/index.ts';
import { type SeriesPoint, SIGNALS, type WatchedSignal } from '../series/index.ts';

/** Makes detectors; tests put one of their own in. */
export interface DetectorFactory {
  create(options: DetectorOptions): StreamDetector;
  restore(state: unknown): StreamDetector;
}

export const segmentsFactory: DetectorFactory = { create: createSegmentsDetector, restore: restoreSegmentsDetector };

/** A bend as first raised, and whether it stands. */
export interface HeldBend {
  id: number;
  bend: Bend;
  detectedAt: number;
  /** Id of the `inflection` event that told it, once told. */
  told?: string;
}

interface WatchState {
  signal: WatchedSignal;
  detector: unknown;
  held: HeldBend[];
}

export class SignalWatch {
  readonly signal: WatchedSignal;
  #detector: StreamDetector;
  /** Raised and not taken back, oldest first. */
  held: HeldBend[] = [];

  constructor(signal: WatchedSignal, detector: StreamDetector) {
    this.signal = signal;
    this.#detector = detector;
  }

  static create(signal: WatchedSignal, sensitivity: Sensitivity, factory: DetectorFactory): SignalWatch {
    const { model, quantum, minEffect } = SIGNALS[signal];
    return new SignalWatch(signal, factory.create({ model, sensitivity, quantum, minEffect }));
  }

  static restore(state: unknown, factory: DetectorFactory): SignalWatch {
    const { signal, detector, held } = state as WatchState;
    const watch = new SignalWatch(signal, factory.restore(detector));
    watch.held = structuredClone(held);
    return watch;
  }

  state(): WatchState {
    return structuredClone({ signal: this.signal, detector: this.#detector.state(), held: this.held });
  }

  push(point: SeriesPoint): { raised: HeldBend[]; withdrawn: HeldBend[] } | undefined {
    const update = this.#detector.push(point);
    if (update === undefined) return undefined;
    return this.#apply(update);
  }

  #apply(update: DetectorUpdate): { raised: HeldBend[]; withdrawn: HeldBend[] } {
    const gone = new Set(update.withdrawn.map(({ id }) => id));
    const withdrawn = this.held.filter(({ id }) => gone.has(id));
    const raised: HeldBend[] = update.raised.map(({ id, bend, detectedAt }) => ({ id, bend, detectedAt }));
    this.held = [...this.held.filter(({ id }) => !gone.has(id)), ...raised].sort((a, b) => a.bend.t - b.bend.t);
    return { raised, withdrawn };
  }

  finish(): DetectorResult {
    return this.#detector.finish();
  }
}
