// In: a story of the collector's regime. Out: its finding: the cause, then what followed, in words and in numbers.
import type { WatchedSignal } from '../series/index.ts';
import { SIGNALS } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { type Change, changeAt, type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import { type Candidate, isLarge, rootOf, type Story } from './regime.ts';
import {
  capitalized,
  evidence,
  factor,
  frequency,
  mib,
  moment,
  number,
  percent,
  shortFrequency,
  tidy,
} from './words.ts';

const EVIDENCE_SIGNALS = [
  'allocRate',
  'goalRatio',
  'gcInterval',
  'gcCpu',
  'assistShare',
  'scanRate',
  'pause',
  'heapLive',
  'heapGoal',
  'stacks',
] as const satisfies readonly WatchedSignal[];

/** The goal varies by less than this share of what GOGC would make of the live heap's variance: something else sets it. */
const FOLLOWS = 0.2;

/** True when the goal has come down to a place of its own, which the live heap no longer moves: a memory limit, not a GOGC. */
function isLimit({ signal, change }: Candidate, from: number, to: number, context: RuleContext): boolean {
  if (signal !== 'goalRatio' || change.after >= change.before) return false;
  const follows = context.history.goalFollowsLive(from, to);
  return follows !== undefined && follows < FOLLOWS;
}

/** One story as a finding: the cause, then what followed. */
export function describeStory(story: Story, context: RuleContext): FindingBody {
  const { from } = story;
  const changes: Partial<Record<WatchedSignal, Change>> = {};
  for (const signal of EVIDENCE_SIGNALS) {
    const change = changeAt(context, signal, from, story.before, story.to);
    if (change !== undefined) changes[signal] = change;
  }
  changes[story.cause.signal] = story.cause.change;
  const cause = rootOf(story, changes, context);
  // A bend lies a bin or two beside the change: what follows it is looked at a little later.
  const settled = from + context.thresholds.regime.togetherSeconds;
  const limited = isLimit(cause, settled, story.to, context);
  const when = moment(from, context.hasTime);
  const followed = consequences(cause.signal, changes);
  const burden = context.thresholds.regime.burdenGcCpu;
  const gcCpu = changes.gcCpu;
  const heavy = gcCpu !== undefined && gcCpu.after >= burden && gcCpu.after >= 1.5 * gcCpu.before;
  const interval = changes.gcInterval;
  const crowds = interval !== undefined && interval.after < 0.67 * interval.before;
  const heap = changes.heapLive;
  const heapGrew = heap !== undefined && heap.after > 1.25 * heap.before;
  const goal = changes.heapGoal?.after;
  const sentences = [`${limited ? limitSentence(when, goal) : causeSentence(cause, when)}.`];
  if (followed.length > 0) sentences.push(`What followed: ${followed.join(', ')}.`);
  if (crowds) {
    sentences.push(
      heapGrew
        ? `Cycles come closer together while the live heap is also larger (${mib(heap.before)} before, ${mib(heap.after)} after).`
        : 'Cycles crowd, but not because the live heap grows: it is about what it was.',
    );
  }
  return {
    rule: limited ? 'memory-limit' : 'gc-regime',
    severity: heavy || (limited && crowds) ? 'warning' : 'info',
    ongoing: story.to >= context.latest.t,
    ...timesOf(context, from),
    title: capitalized([limited ? limitTitle(when, goal) : causeTitle(cause, when), ...followed].join(' → ')),
    detail: sentences.join(' '),
    confidence: tidy(cause.bend.confidence),
    evidence: evidence({
      cause: cause.signal === 'goalRatio' ? 'heapGoal' : cause.signal,
      from,
      until: story.to < context.latest.t ? story.to : undefined,
      heapLimitMiB: limited ? goal : undefined,
      gogcPercentBefore: cause.signal === 'goalRatio' ? gogc(cause.change.before) : undefined,
      gogcPercentAfter: cause.signal === 'goalRatio' && !limited ? gogc(cause.change.after) : undefined,
      ...changes,
      alsoBent: story.others.map(({ signal, bend }) => ({ signal, at: tidy(bend.t) })),
    }),
    advice: [
      ...(cause.signal === 'goalRatio' ? ADVICE.gogc : cause.signal === 'pause' ? ADVICE.longPause : ADVICE.regime),
    ],
  };
}

function gogc(ratio: number): number {
  return Math.round((ratio - 1) * 100);
}

function limitTitle(when: string, goal: number | undefined): string {
  return `A memory limit holds the heap${goal === undefined ? '' : ` at ${mib(goal)}`} from ${when} on`;
}

function limitSentence(when: string, goal: number | undefined): string {
  return (
    `At ${when} the goal of the heap came down${goal === undefined ? '' : ` to ${mib(goal)}`} and has stood there since, whatever the live heap does: ` +
    'that is a memory limit (debug.SetMemoryLimit, GOMEMLIMIT), not another GOGC'
  );
}

function causeTitle({ signal, change }: Candidate, when: string): string {
  if (signal === 'goalRatio') return `GOGC about ${gogc(change.before)} → ${gogc(change.after)} at ${when}`;
  return `${SIGNALS[signal].title} ${factor(change.after / Math.max(change.before, Number.MIN_VALUE))} at ${when}`;
}

function causeSentence({ signal, change }: Candidate, when: string): string {
  if (signal === 'goalRatio') {
    return (
      `At ${when} the room that the collector gives the heap changed: the goal was ${number(change.before)} times the live heap, ` +
      `now it is ${number(change.after)} times (as with GOGC ${gogc(change.before)} and ${gogc(change.after)})`
    );
  }
  return `At ${when} the ${SIGNALS[signal].title} changed from ${amount(signal, change.before)} to ${amount(signal, change.after)}`;
}

function amount(signal: WatchedSignal, value: number): string {
  const { unit } = SIGNALS[signal];
  if (unit === 'share') return percent(value);
  if (unit === 'MiB') return mib(value);
  return unit === 'ratio' ? number(value) : `${number(value)} ${unit}`;
}

/** Below these a change is true, and of no interest. */
const NOTABLE_PAUSE_MS = 1;
const NOTABLE_GC_CPU = 0.005;

/** What changed with it by half at least (assist share: by ten points), in the words of a chain. */
function consequences(cause: WatchedSignal, changes: Partial<Record<WatchedSignal, Change>>): string[] {
  const words: string[] = [];
  const moved = (signal: WatchedSignal): Change | undefined => {
    const change = changes[signal];
    return signal !== cause && change !== undefined && isLarge(signal, change, 1.5) ? change : undefined;
  };
  const interval = moved('gcInterval');
  if (interval !== undefined)
    words.push(`GC ${frequency(interval.after)} (was ${shortFrequency(interval.before, interval.after)})`);
  const gcCpu = moved('gcCpu');
  if (gcCpu !== undefined && Math.max(gcCpu.before, gcCpu.after) >= NOTABLE_GC_CPU)
    words.push(`GC takes ${percent(gcCpu.after)} of the CPU (was ${percent(gcCpu.before)})`);
  const assist = moved('assistShare');
  if (assist !== undefined) words.push(`assist share ${percent(assist.after)}`);
  const heap = moved('heapLive');
  if (heap !== undefined) words.push(`live heap ${mib(heap.after)} (was ${mib(heap.before)})`);
  const pause = moved('pause');
  if (pause !== undefined && Math.max(pause.before, pause.after) >= NOTABLE_PAUSE_MS)
    words.push(`mean pause ${number(pause.after)} ms (was ${number(pause.before)})`);
  return words;
}
