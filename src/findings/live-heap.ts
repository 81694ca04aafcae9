// In: points of the live heap. Out: its inflections and the `heap-growth` finding, while streaming and at the end.
import type { DetectorResult } from '../detect/index.ts';
import type { CycleSample } from '../series/index.ts';
import { type GrowthEpisode, isWorthTelling, lastEpisode, risesThroughout, stalledSince } from './growth-episode.ts';
import { describeGrowth } from './heap-growth.ts';
import type { LimitState } from './memory-limit.ts';
import type { Teller, Telling } from './teller.ts';
import type { SignalWatch } from './watch.ts';

export interface HeapStart {
  t: number;
  level: number;
}

const KEY = 'heap-growth';

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
    teller.withdrawFinding(KEY, 'More cycles have shown that the heap does not grow.', telling);
  } else if (isWorthTelling(episode, telling.context)) {
    const stalled = episode.until === undefined ? stalledSince(episode, telling.context) : undefined;
    if (stalled !== undefined) episode.until = Math.max(stalled, episode.from);
    teller.finding(KEY, describeGrowth(episode, telling.context, limit), telling);
  }
}

/** Final inflections and the final state of the finding. @returns the last stretch of growth, if it is worth telling */
export function finishHeap(
  watch: SignalWatch,
  result: DetectorResult,
  start: HeapStart,
  shown: boolean,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): GrowthEpisode | undefined {
  const { context } = telling;
  const told = new Map(watch.held.map((held) => [held.id, held]));
  if (shown) {
    for (const { id, bend, detectedAt } of result.withdrawn) {
      const held = told.get(id);
      if (held !== undefined) teller.withdraw('heapLive', held, bend, detectedAt, telling);
    }
    for (const { bend, revises, detectedAt } of result.final) {
      const held = revises === undefined ? undefined : told.get(revises);
      teller.final('heapLive', bend, held?.told, detectedAt, telling);
    }
  }
  const bends = result.final.map(({ bend }) => bend);
  const end = { t: context.latest.t, level: context.latest.values.heapLive ?? start.level };
  const episode = lastEpisode(bends, start, end, result.tail);
  const { givenBackShare } = context.thresholds.heapGrowth;
  const keep =
    episode !== undefined &&
    isWorthTelling(episode, context) &&
    (episode.hasOnset || (episode.until === undefined && risesThroughout(episode, context))) &&
    !isGivenBack(episode, end.level, givenBackShare);
  if (!keep) {
    teller.withdrawFinding(KEY, 'The whole trace does not bear the growth out.', telling);
    return undefined;
  }
  teller.finalFinding(KEY, describeGrowth(episode, context, limit), telling);
  return episode;
}

function isGivenBack(episode: GrowthEpisode, level: number, share: number): boolean {
  return episode.until !== undefined && episode.levelTo - level > share * (episode.levelTo - episode.levelFrom);
}
