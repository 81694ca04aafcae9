// In: cycles of one process. Out: `long-pause`: how long the program stood still, how often, and in which part of the cycle.
import type { CycleSample, ValueHistogram } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import { evidence, moment, number, percent } from './words.ts';

export interface PauseState {
  long: number;
  /** The longest one above the limit, and the last. */
  worst?: { t: number; line: number; cycle: number; ms: number; sweepTerminationMs: number; markTerminationMs: number };
  lastT?: number;
  /** How many of the long ones were long in the second part. */
  inMarkTermination: number;
}

export function newPauseState(): PauseState {
  return { long: 0, inMarkTermination: 0 };
}

/** @returns true when what is to be told has changed */
export function pushPause(state: PauseState, sample: CycleSample, context: RuleContext): boolean {
  const pause = sample.values.pause;
  const limits = context.thresholds.longPause;
  if (pause === undefined || pause <= limits.singleMs) return false;
  const { sweepTermination = 0, markTermination = 0 } = sample.pauseParts ?? {};
  state.long++;
  state.lastT = sample.t;
  if (markTermination > sweepTermination) state.inMarkTermination++;
  if (state.worst === undefined || pause > state.worst.ms) {
    state.worst = {
      t: sample.t,
      line: sample.line,
      cycle: sample.cycle,
      ms: pause,
      sweepTerminationMs: sweepTermination,
      markTerminationMs: markTermination,
    };
  }
  return true;
}

/** Percentiles below this many pauses are the largest value by another name. */
const MIN_FOR_P99 = 200;

export function describePauses(
  state: PauseState,
  histogram: ValueHistogram,
  context: RuleContext,
): FindingBody | undefined {
  const limits = context.thresholds.longPause;
  const p99 = histogram.percentile(0.99) ?? 0;
  const often = histogram.count >= MIN_FOR_P99 && p99 > limits.p99Ms;
  if (state.long === 0 && !often) return undefined;
  const { worst } = state;
  const many = often || state.long >= limits.cycles;
  const t = worst?.t ?? context.latest.t;
  const ongoing = many && (often || context.latest.t - (state.lastT ?? 0) <= Math.max(60, 0.1 * context.latest.t));
  const part = partOf(state);
  const longest = worst?.ms ?? histogram.max;
  return {
    rule: 'long-pause',
    severity: longest >= limits.criticalMs && many ? 'critical' : many ? 'warning' : 'info',
    ongoing,
    ...timesOf(context, t),
    title: many
      ? `The program stood still for up to ${number(longest)} ms at a time while the collector stopped the world`
      : `The program stood still once for ${number(longest)} ms at ${moment(t, context.hasTime)}`,
    detail:
      `${state.long} of ${histogram.count} stop-the-world pauses ${state.long === 1 ? 'was' : 'were'} longer than ${number(limits.singleMs)} ms` +
      `${part === undefined ? '' : `, the time went into ${part}`}. Half of all pauses are below ${number(histogram.percentile(0.5) ?? 0)} ms, ` +
      `99 % below ${number(p99)} ms, the longest took ${number(histogram.max)} ms. While the world is stopped no request is served.`,
    confidence: 0.95,
    evidence: evidence({
      pauses: histogram.count,
      longerThanMs: limits.singleMs,
      long: state.long,
      p50Ms: histogram.percentile(0.5),
      p90Ms: histogram.percentile(0.9),
      p99Ms: p99,
      p999Ms: histogram.percentile(0.999),
      maxMs: histogram.max,
      longest: worst,
      shareInMarkTermination: state.long === 0 ? undefined : state.inMarkTermination / state.long,
    }),
    advice: [...ADVICE.longPause],
  };
}

function partOf(state: PauseState): string | undefined {
  const { worst } = state;
  if (worst === undefined) return undefined;
  const first = worst.sweepTerminationMs >= worst.markTerminationMs;
  const share = Math.max(worst.sweepTerminationMs, worst.markTerminationMs) / worst.ms;
  return first
    ? `stopping the threads before marking began (sweep termination, ${percent(share)} of the longest)`
    : `ending the marking (mark termination, ${percent(share)} of the longest)`;
}
