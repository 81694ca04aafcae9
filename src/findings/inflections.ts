// In: bends of one process' series. Out: `inflection` events, each with the cycle, line and wall time of the record it lies at.
import type { Bend } from '../detect/index.ts';
import type { InflectionEvent } from '../events/types.ts';
import { SIGNALS, type TraceSignal } from '../series/index.ts';
import { type RuleContext, round3, timesOf } from './context.ts';
import { tidy } from './words.ts';

/** An inflection of `signal` at `bend`; slopes are per second, or per cycle where the trace has no times. */
export function makeInflection(
  about: {
    id: string;
    status: InflectionEvent['status'];
    signal: TraceSignal;
    revises?: string;
    detectedAt?: number;
  },
  bend: Bend,
  context: RuleContext,
): InflectionEvent {
  const { origin } = context;
  const cycle = context.index.cycleAt(bend.index);
  const times = timesOf(context, bend.t);
  const { tInterval, slopeAfterInterval } = bend;
  return {
    type: 'inflection',
    schema: 1,
    source: context.index.sourceAt(bend.index) ?? origin.source,
    line: bend.tag ?? origin.line,
    ...(origin.process === undefined ? {} : { process: origin.process }),
    ...times,
    id: about.id,
    status: about.status,
    ...(about.revises === undefined ? {} : { revises: about.revises }),
    signal: about.signal,
    kind: bend.kind,
    index: bend.index,
    ...(cycle === undefined ? {} : { cycle }),
    value: tidy(bend.value),
    unit: about.signal === 'scanRate' ? `${context.workUnit}/ms` : SIGNALS[about.signal].unit,
    slopeBefore: tidy(bend.slopeBefore),
    slopeAfter: tidy(bend.slopeAfter),
    growthChange: tidy(bend.slopeAfter - bend.slopeBefore),
    ...(bend.stepBy === undefined ? {} : { stepBy: tidy(bend.stepBy) }),
    confidence: tidy(bend.confidence),
    ...(about.detectedAt === undefined || !context.hasAt ? {} : { detectedAt: round3(about.detectedAt) }),
    ...(context.hasAt && bend.kind !== 'peak'
      ? { atInterval: { from: round3(tInterval.from), to: round3(tInterval.to) } }
      : {}),
    ...(bend.kind === 'peak'
      ? {}
      : { slopeAfterInterval: { from: tidy(slopeAfterInterval.from), to: tidy(slopeAfterInterval.to) } }),
  };
}
