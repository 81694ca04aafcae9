// In: nothing. Out: what every signal of a trace is: its unit, how it moves, how finely it is printed, words for its directions.
// The detector knows none of this; `TraceAnalysis` hands it the numbers and keeps the words for the sentences.

export const TRACE_SIGNALS = [
  'heapLive',
  'heapGoal',
  'stacks',
  'pause',
  'gcInterval',
  'allocRate',
  'gcCpu',
  'assistShare',
  'scanRate',
] as const;

export type TraceSignal = (typeof TRACE_SIGNALS)[number];

/** `goalRatio` (goal / live of the cycle before) is what GOGC sets; it is watched, and reported under `heapGoal`. */
export type WatchedSignal = TraceSignal | 'goalRatio';

export interface SignalSpec {
  name: WatchedSignal;
  /** What the signal is, as it stands in a sentence. */
  title: string;
  unit: string;
  /** `line`: pieces of straight lines over time. `level`: piecewise constant on the logarithm. */
  model: 'line' | 'level';
  /** Rounding step of the printed values, 0 when practically exact. */
  quantum: number;
  /** Smallest change worth a word, in `unit`. */
  minEffect: number;
  up: string;
  down: string;
}

/**
 * Units: MiB; ms; s between the starts of two cycles; MiB/s; shares between 0 and 1 (of the processors' time, of the marking CPU);
 * MiB marked per ms of marking CPU (objects where `scan:` lines count them, see `TraceSeries`).
 */
export const SIGNALS: Readonly<Record<WatchedSignal, SignalSpec>> = {
  heapLive: spec('heapLive', 'live heap', 'MiB', 'line', 1, 1, 'grows', 'shrinks'),
  heapGoal: spec('heapGoal', 'heap goal', 'MiB', 'line', 1, 2, 'rises', 'falls'),
  stacks: spec('stacks', 'stack memory', 'MiB', 'line', 1, 2, 'grows', 'shrinks'),
  pause: spec('pause', 'stop-the-world pause', 'ms', 'level', 0, 0.02, 'become longer', 'become shorter'),
  gcInterval: spec('gcInterval', 'time between cycles', 's', 'level', 0, 0.002, 'come further apart', 'crowd'),
  allocRate: spec('allocRate', 'allocation rate', 'MiB/s', 'level', 0, 1, 'rises', 'falls'),
  gcCpu: spec('gcCpu', 'share of the CPU that collection takes', 'share', 'level', 0, 0.002, 'rises', 'falls'),
  assistShare: spec('assistShare', 'assist share', 'share', 'level', 0, 0.1, 'rises', 'falls'),
  scanRate: spec('scanRate', 'marking work per millisecond', 'MiB/ms', 'level', 0, 0.5, 'rises', 'falls'),
  goalRatio: spec('goalRatio', 'heap goal over live heap', 'ratio', 'level', 0, 0.15, 'rises', 'falls'),
};

function spec(
  name: WatchedSignal,
  title: string,
  unit: string,
  model: 'line' | 'level',
  quantum: number,
  minEffect: number,
  up: string,
  down: string,
): SignalSpec {
  return { name, title, unit, model, quantum, minEffect, up, down };
}
