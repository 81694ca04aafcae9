// In: points of the live heap. Out: its inflections and the `heap-growth` finding, while streaming and at the end.
import type { CycleSample } from '../series/index.ts';
import {
  type GrowthEpisode,
  isWorthTelling,
  lastEpisode,
  loadRisesWith,
  risesThroughout,
  stalledSince,
} from './growth-episode.ts';
import { describeGrowth } from './heap-growth.ts';
import type { LimitState } from './memory-limit.ts';
import type { Story } from './regime.ts';
import type { Teller, Telling } from './teller.ts';
import type { SignalWatch, WatchResult } from './watch.ts';

export interface HeapStart {
  t: number;
  level: number;
}

const KEY = 'heap-growth';
/** A finding outlives the bend that it came from for so long: a segmentation that moves a bend may take it back for a while. */
const GRACE_SECONDS = 20;

/** Takes one cycle. @param shown whether inflections of the live heap are wanted */
export function pushHeap(
  watch: SignalWatch,
  sample: CycleSample,
  start: HeapStart,
  shown: boolean,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  const level = sample.values.heapLive;
  if (level === undefined) return;
  const point = { t: sample.t, y: level, index: sample.index, tag: sample.line };
  const update = watch.push(sample.load === undefined ? point : { ...point, load: sample.load });
  if (update === undefined) return;
  if (shown) {
    for (const held of update.withdrawn) teller.withdraw('heapLive', held, held.bend, sample.t, telling);
    for (const held of update.raised) teller.provisional('heapLive', held, held.bend, telling);
  }
  reviewGrowth(watch, sample, start, limit, teller, telling);
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
  const bends = watch.held.map(({ bend }) => bend);
  const episode = lastEpisode(bends, start, end, undefined);
  if (episode === undefined) {
    if (teller.log.get(KEY) === undefined) return;
    watch.lostAt ??= sample.t;
    if (sample.t - watch.lostAt < GRACE_SECONDS) return;
    teller.withdrawFinding(KEY, 'More cycles have shown that the heap does not grow.', telling);
    return;
  }
  delete watch.lostAt;
  if (isWorthTelling(episode, telling.context)) {
    const stalled = episode.until === undefined ? stalledSince(episode, telling.context) : undefined;
    if (stalled !== undefined) episode.until = Math.max(stalled, episode.from);
    teller.finding(KEY, describeGrowth(episode, telling.context, limit), telling);
  }
}

/** Final inflections of the live heap. @returns the last stretch of growth, if it is worth telling */
export function finishHeap(
  { final, dropped, tail }: WatchResult,
  start: HeapStart,
  shown: boolean,
  teller: Teller,
  telling: Telling,
): GrowthEpisode | undefined {
  const { context } = telling;
  if (shown) {
    for (const held of dropped) teller.withdraw('heapLive', held, held.bend, context.latest.t, telling);
    for (const { bend, held, detectedAt } of final) teller.final('heapLive', bend, held?.told, detectedAt, telling);
  }
  const bends = final.map(({ bend }) => bend);
  const end = { t: context.latest.t, level: context.latest.values.heapLive ?? start.level };
  const episode = lastEpisode(bends, start, end, tail);
  if (episode === undefined || !isWorthTelling(episode, context)) return undefined;
  if (!episode.hasOnset && (episode.until !== undefined || !risesThroughout(episode, context))) return undefined;
  const { givenBackShare } = context.thresholds.heapGrowth;
  if (isGivenBack(episode, end.level, givenBackShare)) return undefined;
  if (!episode.hasOnset) episode.followsLoad ||= loadRisesWith(episode, context);
  return episode;
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
