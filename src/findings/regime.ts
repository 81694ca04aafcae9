// In: bends of the rate-like signals, the heap's bends, the memory limit's story. Out: stories: what changed first and what followed,
// one finding each. What the heap's growth or the limit explains is not told a second time.
import type { Bend } from '../detect/index.ts';
import type { WatchedSignal } from '../series/index.ts';
import { SIGNALS } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { type Change, changeAt, type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import type { HeldBend } from './watch.ts';
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

/**
 * Causes first: what a program or its operator does, then what only follows. Work per millisecond is left out: other programs on the
 * machine change it, and where it matters `gc-pressure` tells it.
 */
export const CAUSE_ORDER = [
  'goalRatio',
  'allocRate',
  'stacks',
  'pause',
  'assistShare',
  'gcCpu',
] as const satisfies readonly WatchedSignal[];

export type StorySignal = (typeof CAUSE_ORDER)[number];

const CAUSES: ReadonlySet<string> = new Set(['goalRatio', 'allocRate']);
const MACHINE: ReadonlySet<string> = new Set(['gcCpu']);

export interface Candidate {
  signal: StorySignal;
  bend: Bend;
  /** Usual level before and after, between the neighbouring bends of the signal. */
  change: Change;
  held?: HeldBend;
}

export interface Story {
  cause: Candidate;
  others: Candidate[];
  from: number;
  /** Until the next bend of the cause, or the end. */
  to: number;
  before: number;
}

/** Levels that come and go: a daily cycle, batches. Their turns are no change of regime. */
const TURNS_OF_A_CYCLE = 2;
const BENDS_OF_A_CYCLE = 4;

/** The bends of one signal that are large, sure and lasting enough to be told. */
export function candidatesOf(
  signal: StorySignal,
  bends: readonly { bend: Bend; held?: HeldBend }[],
  span: { from: number; to: number },
  context: RuleContext,
): (Candidate & { before: number; to: number })[] {
  if (bends.length === 0) return [];
  const limits = context.thresholds.regime;
  const levels: number[] = [];
  const edges = [span.from, ...bends.map(({ bend }) => bend.t), span.to];
  for (let i = 1; i < edges.length; i++) {
    levels.push(context.history.typical(signal, edges[i - 1]!, edges[i]!) ?? Number.NaN);
  }
  const directions = levels.slice(1).map((level, i) => Math.sign(level - levels[i]!));
  let turns = 0;
  for (let i = 1; i < directions.length; i++) if (directions[i] !== directions[i - 1]) turns++;
  if (bends.length >= BENDS_OF_A_CYCLE && turns >= TURNS_OF_A_CYCLE) return [];
  const swing = widestSwing(signal, edges, context);
  const wanted = CAUSES.has(signal)
    ? limits.causeFactor
    : MACHINE.has(signal)
      ? limits.machineFactor
      : limits.effectFactor;
  const found: (Candidate & { before: number; to: number })[] = [];
  for (const [i, { bend, held }] of bends.entries()) {
    const change: Change = { before: tidy(levels[i]!), after: tidy(levels[i + 1]!) };
    const lasts = Math.min(bend.t - edges[i]!, edges[i + 2]! - bend.t) >= limits.minSeconds;
    if (!lasts || bend.confidence < limits.minConfidence || !isLarge(signal, change, wanted)) continue;
    if (!isApart(signal, edges[i]!, bend.t, edges[i + 2]!, context)) continue;
    if (Math.max(change.after / change.before, change.before / change.after) <= BEYOND_SWING * swing) continue;
    found.push({
      signal,
      bend,
      change,
      before: edges[i]!,
      to: edges[i + 2]!,
      ...(held === undefined ? {} : { held }),
    });
  }
  return found;
}

/** Quantiles that must not overlap: a level that swings as widely as it changed has not changed. */
const APART = 0.2;

function isApart(signal: WatchedSignal, from: number, t: number, to: number, context: RuleContext): boolean {
  const { history } = context;
  const before = [history.quantile(signal, APART, from, t), history.quantile(signal, 1 - APART, from, t)] as const;
  const after = [history.quantile(signal, APART, t, to), history.quantile(signal, 1 - APART, t, to)] as const;
  if (before[0] === undefined || before[1] === undefined || after[0] === undefined || after[1] === undefined)
    return false;
  return after[0] > before[1] || after[1] < before[0];
}

/** A change has to go beyond what the signal swings by in any of its long stretches: a daily load is no change of regime. */
const BEYOND_SWING = 1.2;
/** A stretch is long when it lasts so many times the shortest that counts. */
const LONG = 3;

/** Largest ratio of a high to a low level (quantiles) within one stretch. */
function widestSwing(signal: WatchedSignal, edges: readonly number[], context: RuleContext): number {
  let widest = 1;
  for (let i = 1; i < edges.length; i++) {
    const [from, to] = [edges[i - 1]!, edges[i]!];
    if (to - from < LONG * context.thresholds.regime.minSeconds) continue;
    const low = context.history.quantile(signal, APART, from, to);
    const high = context.history.quantile(signal, 1 - APART, from, to);
    if (low !== undefined && high !== undefined && low > 0) widest = Math.max(widest, high / low);
  }
  return widest;
}

function isLarge(signal: WatchedSignal, change: Change, wanted: number): boolean {
  const { before, after } = change;
  if (!(Math.abs(after - before) >= SIGNALS[signal].minEffect)) return false;
  const ratio = Math.max(before, after) / Math.max(Math.min(before, after), Number.MIN_VALUE);
  return ratio >= wanted;
}

/** Bends nearer to each other than this belong to one story, seconds. */
export function togetherIn(context: RuleContext): number {
  const { togetherSeconds, togetherShare } = context.thresholds.regime;
  return Math.max(togetherSeconds, togetherShare * context.latest.t);
}

/** Joins candidates that belong together and puts the cause first. */
export function joinStories(
  candidates: readonly (Candidate & { before: number; to: number })[],
  together: number,
): Story[] {
  const sorted = [...candidates].sort((a, b) => a.bend.t - b.bend.t);
  const groups: (typeof sorted)[] = [];
  for (const candidate of sorted) {
    const group = groups.at(-1);
    if (group !== undefined && candidate.bend.t - group[0]!.bend.t <= together) group.push(candidate);
    else groups.push([candidate]);
  }
  return groups.map((group) => {
    const rank = (c: Candidate) => CAUSE_ORDER.indexOf(c.signal);
    const [cause, ...others] = [...group].sort((a, b) => rank(a) - rank(b) || a.bend.t - b.bend.t);
    return { cause: cause!, others, from: cause!.bend.t, to: cause!.to, before: cause!.before };
  });
}

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

/** What only follows may bend earlier or more clearly than its cause: an allocation rate that changed with it goes first. */
function rootOf(
  { cause, before, from, to }: Story,
  changes: Partial<Record<WatchedSignal, Change>>,
  context: RuleContext,
): Candidate {
  const change = changes.allocRate;
  const { causeFactor } = context.thresholds.regime;
  if (CAUSES.has(cause.signal) || change === undefined || !isLarge('allocRate', change, causeFactor)) return cause;
  return isApart('allocRate', before, from, to, context) ? { ...cause, signal: 'allocRate', change } : cause;
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
