// In: what the analysis knows of one process. Out: what every rule needs to make a finding of it.
import type { CycleIndex, CycleSample, History, WatchedSignal } from '../series/index.ts';
import type { Origin } from './finding-log.ts';
import type { Thresholds } from './thresholds.ts';
import { tidy } from './words.ts';

/** Limits in bytes, as far as somebody knows them. */
export interface KnownLimits {
  /** What the process dies of: a container's limit, the machine's memory. */
  limitBytes?: number;
  /** GOMEMLIMIT: what the collector defends. */
  goMemLimitBytes?: number;
}

export interface RuleContext {
  history: History;
  index: CycleIndex;
  thresholds: Thresholds;
  limits: KnownLimits;
  /** False where the trace prints no times (Go 1.0–1.4 without a wrapper): `t` is the number of the cycle. */
  hasTime: boolean;
  /** True when `t` is the `at` of the trace. */
  hasAt: boolean;
  /** What work per millisecond counts. */
  workUnit: 'MiB' | 'objects';
  latest: CycleSample;
  /** Where the latest cycle was printed. */
  origin: Origin;
}

/** `at` and `atTime` of a time of the series. */
export function timesOf(context: RuleContext, t: number): { at?: number; atTime?: string } {
  const times: { at?: number; atTime?: string } = {};
  if (context.hasAt) times.at = round3(t);
  const wall = context.hasTime ? context.index.wallTime(t) : undefined;
  if (wall !== undefined) times.atTime = wall;
  return times;
}

export function round3(t: number): number {
  return Math.round(t * 1000) / 1000;
}

/** What a signal usually was before and after a moment (medians over time), as `evidence` shows it. */
export interface Change {
  before: number;
  after: number;
}

/** What a signal was in (from, t) and what it has been in (t, to); undefined when either side is unknown. */
export function changeAt(
  context: RuleContext,
  signal: WatchedSignal,
  t: number,
  from: number,
  to: number,
): Change | undefined {
  const before = context.history.typical(signal, from, t);
  const after = context.history.typical(signal, t, to);
  return before === undefined || after === undefined ? undefined : { before: tidy(before), after: tidy(after) };
}
