// In: points of one series (time, value). Out: bends. Numbers only: no Go words, no I/O, no clock.

/**
 * One point: `t` in seconds (or snapshot number where there is no time), `y` in the signal's unit. A point whose time or value is not
 * finite, or that lies before the last one, has no place in a series: it is passed over.
 */
export interface Point {
  t: number;
  y: number;
  /** 0-based number of the point in its series. */
  index: number;
  /** Whatever the caller wants back with the bend (a cycle number). */
  tag?: number;
  /** The load at that time (an allocation rate), if the caller knows one. */
  load?: number;
  /** How many points it is the mean of; default 1. */
  size?: number;
}

export type BendKind =
  | 'growth-onset'
  | 'growth-up'
  | 'growth-down'
  | 'plateau'
  | 'decline'
  | 'step-up'
  | 'step-down'
  | 'regime'
  | 'peak';

export interface Interval {
  from: number;
  to: number;
}

/** A place where the series bends. Slopes are per unit of `t`. */
export interface Bend {
  kind: BendKind;
  index: number;
  t: number;
  tag?: number;
  /** Fitted level at the bend. */
  value: number;
  slopeBefore: number;
  slopeAfter: number;
  slopeAfterInterval: Interval;
  /** Jump at the bend, absent for a kink. */
  stepBy?: number;
  /** Where the bend lies with 95 %. */
  tInterval: Interval;
  /** 0-1, calibrated: of bends given 0.95, 95 % are real. */
  confidence: number;
  /** (SSE merged - SSE split) / (sigma^2 * kappa): the evidence behind `confidence`. */
  evidence: number;
  /** The growth after the bend follows the load; it is not a leak by itself. */
  followsLoad: boolean;
}

/** `line`: pieces of straight lines over time (a heap, a count). `level`: piecewise constant on log(value) (rates, pauses, shares). */
export type SeriesModel = 'line' | 'level';

export type Sensitivity = 'low' | 'normal' | 'high';

export interface DetectorOptions {
  model: SeriesModel;
  sensitivity: Sensitivity;
  /** Rounding step of the values as printed (1 for whole MiB); 0 when exact. */
  quantum: number;
  /** Smallest change worth a word, in the signal's unit. */
  minEffect: number;
}

/** What one push changed: bends newly raised (provisional) and ids of earlier ones taken back. */
export interface DetectorUpdate {
  raised: { id: number; bend: Bend; detectedAt: number }[];
  withdrawn: { id: number; bend: Bend; detectedAt: number }[];
}

/** Final bends, each with the provisional one it revises, and what became of the rest. */
export interface DetectorResult {
  final: { bend: Bend; revises?: number; detectedAt: number }[];
  /** Provisional ids that the whole series does not bear out. */
  withdrawn: { id: number; bend: Bend; detectedAt: number }[];
  /** The last segment: is the series still growing at its end? `level` and `slope` at the last point. */
  tail:
    | { from: number; level: number; slope: number; slopeInterval: Interval; growing: boolean; followsLoad: boolean }
    | undefined;
  /** What the series does besides its bends. */
  cycle: { period: number; amplitude: number } | undefined;
  bursts: { from: number; to: number }[];
  sigma: number;
}

/** Bounded memory, bounded work per point; `state()` is one plain JSON value. */
export interface StreamDetector {
  push(point: Point): DetectorUpdate | undefined;
  finish(): DetectorResult;
  state(): unknown;
}
