// In: points of the live heap. Out: its inflections and the `heap-growth` finding, while streaming and at the end.
import type { Bend } from '../detect/index.ts';
import type { CycleSample, Spacing } from '../series/index.ts';
import type { RuleContext } from './context.ts';
import {
  goesOnGrowing,
  growsAtEqualLoad,
  isWorthTelling,
  loadRisesWith,
  risesThroughout,
  stalledSince,
  waitsForLoad,
  wasJump,
} from './growth-checks.ts';
import { type GrowthEpisode, lastEpisode } from './growth-episode.ts';
import { describeGrowth } from './heap-growth.ts';
import type { LimitState } from './memory-limit.ts';
import { type Story, togetherIn } from './regime.ts';
import type { Teller, Telling } from './teller.ts';
import type { HeldBend, SignalWatch, WatchResult } from './watch.ts';

export interface HeapStart {
  t: number;
  level: number;
}

const KEY = 'heap-growth';
/** A plateau or a step is told while streaming once it has stood so long, seconds; growth at once. */
const LASTING_SECONDS = 10;
/** A finding outlives the bend that it came from for so long: a segmentation that moves a bend may take it back for a while. */
const GRACE_SECONDS = 20;

/** Takes one cycle. @param shown whether inflections of the live heap are wanted */
export function pushHeap(
  watch: SignalWatch,
  spacing: Spacing,
  sample: CycleSample,
  start: HeapStart,
  shown: boolean,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  const point = spacing.push(sample);
  if (point === undefined) return;
  const update = watch.push(point);
  if (update === undefined) return;
  if (shown) for (const held of update.withdrawn) teller.withdraw('heapLive', held, held.bend, sample.t, telling);
  tellHeld(watch, spacing, shown, teller, telling);
  reviewGrowth(watch, sample, start, limit, teller, telling);
}

/** Tells growth as soon as the heap bears it out, the rest, which nobody has to hear at once, when it has stood for a while. */
export function tellHeld(watch: SignalWatch, spacing: Spacing, shown: boolean, teller: Teller, telling: Telling): void {
  const now = telling.context.latest.t;
  for (const held of watch.held) {
    if (held.borneOut === true) continue;
    const ready = isGrowth(held)
      ? goesOnGrowing(held.bend, spacing.levelsSince(held.bend.t), telling.context) &&
        !waitsForLoad(held.bend, (t) => spacing.levelsSince(t), telling.context)
      : now - held.detectedAt >= LASTING_SECONDS;
    if (!ready) continue;
    held.borneOut = true;
    if (shown && held.told === undefined) {
      held.detectedAt = now;
      teller.provisional('heapLive', held, held.bend, telling);
    }
  }
}

/** The heap itself against the pace that was told: half of it, since the bend was taken back, is growth still. */
function keptGrowing(from: number, to: number, teller: Teller, { context }: Telling): boolean {
  const finding = teller.log.get(KEY);
  const slope = Number(finding?.evidence.slopeMiBPerSecond ?? finding?.evidence.slopePerCycleMiB);
  const quarter = (to - from) / 4;
  const before = context.history.typical('heapLive', from, from + quarter);
  const after = context.history.typical('heapLive', to - quarter, to);
  if (finding?.ongoing !== true || before === undefined || after === undefined) return false;
  return after - before >= 0.5 * slope * 3 * quarter;
}

function isGrowth({ bend }: HeldBend): boolean {
  return isGrowthKind(bend);
}

function isGrowthKind({ kind }: Bend): boolean {
  return kind === 'growth-onset' || kind === 'growth-up';
}

/** Says what the standing bends mean together. */
export function reviewGrowth(
  watch: SignalWatch,
  sample: CycleSample,
  start: HeapStart,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  const end = { t: sample.t, level: sample.values.heapLive ?? start.level };
  const bends = watch.held.filter((held) => !isGrowth(held) || held.borneOut === true).map(({ bend }) => bend);
  const episode = lastEpisode(bends, start, end, undefined);
  if (episode === undefined) {
    if (teller.log.get(KEY) === undefined) return;
    watch.lostAt ??= sample.t;
    if (sample.t - watch.lostAt < GRACE_SECONDS) return;
    if (keptGrowing(watch.lostAt, sample.t, teller, telling)) {
      watch.lostAt = sample.t;
      return;
    }
    delete watch.lostAt;
    teller.withdrawFinding(KEY, 'More cycles have shown that the heap does not grow.', telling);
    return;
  }
  delete watch.lostAt;
  if (isWorthTelling(episode, telling.context)) {
    const stalled = episode.until === undefined ? stalledSince(episode, telling.context) : undefined;
    if (stalled !== undefined) {
      // What is over before it was told is told at the end, if it still counts then.
      if (teller.log.get(KEY) === undefined) return;
      episode.until = Math.max(stalled, episode.from);
    }
    teller.finding(KEY, describeGrowth(episode, telling.context, limit), telling);
  }
}

/** @returns the last stretch of growth, if it is worth telling */
export function judgeGrowth(
  { final, tail }: WatchResult,
  start: HeapStart,
  context: RuleContext,
): GrowthEpisode | undefined {
  const bends = final.map(({ bend }) => bend);
  const end = { t: context.latest.t, level: context.latest.values.heapLive ?? start.level };
  const episode = lastEpisode(bends, start, end, tail);
  if (episode === undefined || !isWorthTelling(episode, context)) return undefined;
  if (!episode.hasOnset && (episode.until !== undefined || !risesThroughout(episode, context))) return undefined;
  const { givenBackShare } = context.thresholds.heapGrowth;
  if (isGivenBack(episode, end.level, givenBackShare)) return undefined;
  if (episode.until !== undefined && wasJump(episode, context)) return undefined;
  if (!episode.hasOnset) episode.followsLoad ||= loadRisesWith(episode, context);
  if (episode.followsLoad && growsAtEqualLoad(episode, context)) episode.followsLoad = false;
  return episode;
}

/** Final inflections of the live heap. Those that are a small part of another story are left to it. */
export function finishHeap(
  { final, dropped }: WatchResult,
  stories: readonly Story[],
  teller: Teller,
  telling: Telling,
): void {
  const { context } = telling;
  for (const held of dropped) teller.withdraw('heapLive', held, held.bend, context.latest.t, telling);
  for (const { bend, held, detectedAt } of final) {
    if (!isSideEffect(bend, stories, context)) teller.final('heapLive', bend, held?.told, detectedAt, telling);
    else if (held !== undefined) teller.withdraw('heapLive', held, bend, context.latest.t, telling);
  }
}

/** A level of the heap that changed by less than this, as a share, together with the load or GOGC is their doing. */
const SIDE_EFFECT = 0.25;
/** Seconds on both sides of a bend over which its level is taken. */
const BESIDE = 10;

function isSideEffect(bend: Bend, stories: readonly Story[], context: RuleContext): boolean {
  const near = togetherIn(context);
  if (!stories.some(({ cause, from }) => cause.signal !== 'stacks' && Math.abs(from - bend.t) <= near)) return false;
  if (isGrowthKind(bend)) return false;
  const before = context.history.typical('heapLive', bend.t - BESIDE, bend.t);
  const after = context.history.typical('heapLive', bend.t, bend.t + BESIDE);
  return (
    before !== undefined && after !== undefined && Math.abs(after - before) < SIDE_EFFECT * Math.max(before, after)
  );
}

/** The final state of the finding. @param cause a load that began with a growth which is over: then that is the story */
export function finishGrowth(
  episode: GrowthEpisode | undefined,
  cause: Story | undefined,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  if (episode === undefined) {
    teller.withdrawFinding(KEY, 'The whole trace does not bear the growth out.', telling);
  } else if (cause !== undefined && episode.until !== undefined) {
    teller.withdrawFinding(KEY, 'The heap found a new level with a new load.', telling);
  } else {
    teller.finalFinding(KEY, describeGrowth(episode, telling.context, limit), telling);
  }
}

function isGivenBack(episode: GrowthEpisode, level: number, share: number): boolean {
  return episode.until !== undefined && episode.levelTo - level > share * (episode.levelTo - episode.levelFrom);
}
