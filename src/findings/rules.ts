// In: cycles of one process. Out: what the rules that need no detector say of them: pressure, limit, pauses, health.
import type { CycleSample, ValueHistogram } from '../series/index.ts';
import { type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import { describePressure, newPressureState, type PressureState, pushPressure } from './gc-pressure.ts';
import { describeHealth, type HealthState, newHealthState, pushHealth } from './health.ts';
import { describePauses, newPauseState, type PauseState, pushPause } from './long-pause.ts';
import { describeLimit, type LimitState, newLimitState } from './memory-limit.ts';
import type { Teller, Telling } from './teller.ts';

/** State of the rules: plain values. */
export interface Rules {
  pressure: PressureState;
  limit: LimitState;
  pauses: PauseState;
  health: HealthState;
}

export function newRules(): Rules {
  return {
    pressure: newPressureState(),
    limit: newLimitState(),
    pauses: newPauseState(),
    health: newHealthState(),
  };
}

/** Pauses after which their percentiles are looked at again. */
const PAUSE_REVIEW = 1000;

export function pushRules(
  rules: Rules,
  sample: CycleSample,
  pauses: ValueHistogram,
  teller: Teller,
  telling: Telling,
): void {
  const { context, out } = telling;
  if (pushPressure(rules.pressure, sample, context)) tell(describePressure(rules.pressure, context), teller, telling);
  const review = pauses.count > 0 && pauses.count % PAUSE_REVIEW === 0;
  if (pushPause(rules.pauses, sample, context) || review) {
    tell(describePauses(rules.pauses, pauses, context), teller, telling);
  }
  if (pushHealth(rules.health, sample, context, out)) tell(healthOf(rules, context), teller, telling);
}

function tell(body: FindingBody | undefined, teller: Teller, telling: Telling): void {
  if (body !== undefined) teller.finding(body.rule, body, telling);
}

function healthOf(rules: Rules, context: RuleContext): FindingBody | undefined {
  return describeHealth(rules.health, context.thresholds.health, (t) => timesOf(context, t));
}

/** The last word of each rule; findings that nobody stands by any more are withdrawn. */
export function finishRules(rules: Rules, pauses: ValueHistogram, teller: Teller, telling: Telling): void {
  const { context } = telling;
  const bodies = [
    describeLimit(rules.limit, context),
    describePressure(rules.pressure, context),
    describePauses(rules.pauses, pauses, context),
    healthOf(rules, context),
  ];
  for (const body of bodies) if (body !== undefined) teller.finalFinding(body.rule, body, telling);
  for (const key of teller.log.openKeys) teller.withdrawFinding(key, 'The whole trace does not bear it out.', telling);
}
