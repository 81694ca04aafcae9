// In: bends of the rate-like signals. Out: stories: what changed first and what followed, each out of bends that are large, sure and
// lasting enough, and beyond what the signal swings by anyway.
import type { Bend } from '../detect/index.ts';
import type { WatchedSignal } from '../series/index.ts';
import { SIGNALS } from '../series/index.ts';
import type { Change, RuleContext } from './context.ts';
import type { HeldBend } from './watch.ts';
import { tidy } from './words.ts';

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
  /** The bends before and after it, or the ends of the series. */
  before: number;
  to: number;
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
): Candidate[] {
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
  const found: Candidate[] = [];
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

/** True when a change matters, and is by this factor at least. */
export function isLarge(signal: WatchedSignal, change: Change, wanted: number): boolean {
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
export function joinStories(candidates: readonly Candidate[], together: number): Story[] {
  const sorted = [...candidates].sort((a, b) => a.bend.t - b.bend.t);
  const groups: Candidate[][] = [];
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

/** What only follows may bend earlier or more clearly than its cause: an allocation rate that changed with it goes first. */
export function rootOf(
  { cause, before, from, to }: Story,
  changes: Partial<Record<WatchedSignal, Change>>,
  context: RuleContext,
): Candidate {
  const change = changes.allocRate;
  const { causeFactor } = context.thresholds.regime;
  if (CAUSES.has(cause.signal) || change === undefined || !isLarge('allocRate', change, causeFactor)) return cause;
  return isApart('allocRate', before, from, to, context) ? { ...cause, signal: 'allocRate', change } : cause;
}
