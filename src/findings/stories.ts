// In: half-second points of the other signals. Out: for every story one finding and the inflection of its cause; for signals that the
// user named, every inflection.
import type { Bend } from '../detect/index.ts';
import { type CycleCell, pointOf, type TraceSignal, type WatchedSignal } from '../series/index.ts';
import type { RuleContext } from './context.ts';
import type { GrowthEpisode } from './growth-episode.ts';
import type { LimitState } from './memory-limit.ts';
import {
  CAUSE_ORDER,
  type Candidate,
  candidatesOf,
  joinStories,
  type Story,
  type StorySignal,
  togetherIn,
} from './regime.ts';
import { describeStory } from './regime-finding.ts';
import type { Teller, Telling } from './teller.ts';
import type { SignalWatch, WatchResult } from './watch.ts';

/** A new level is told while streaming once it has held so long, seconds. */
const CONFIRM_SECONDS = 10;
/** What was not convincing is looked at again when it is so many times as old. */
const LOOK_AGAIN = 1.3;

export type Watches = ReadonlyMap<WatchedSignal, SignalWatch>;

/** Signals whose stories are told while they stream; the others have their say at the end, out of the history. */
export const EARLY: readonly StorySignal[] = ['goalRatio', 'allocRate'];

/** `goalRatio` is told as the heap goal, in MiB: a step of what it was to what it is. */
function shownSignal(signal: WatchedSignal): TraceSignal {
  return signal === 'goalRatio' ? 'heapGoal' : signal;
}

function shownBend(signal: WatchedSignal, bend: Bend, context: RuleContext, before: number, to: number): Bend {
  if (signal !== 'goalRatio') return bend;
  const was = context.history.mean('heapGoal', before, bend.t) ?? bend.value;
  const is = context.history.mean('heapGoal', bend.t, to) ?? bend.value;
  const flat = { slopeBefore: 0, slopeAfter: 0, slopeAfterInterval: { from: 0, to: 0 } };
  return { ...bend, ...flat, kind: is < was ? 'step-down' : 'step-up', value: is, stepBy: is - was };
}

/** Takes the points of a closed bin. @param wanted signals whose every bend is to be told */
export function pushStories(
  watches: Watches,
  bin: CycleCell,
  wanted: ReadonlySet<string> | undefined,
  start: number,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  for (const [signal, watch] of watches) {
    const point = signal === 'heapLive' ? undefined : pointOf(bin, signal);
    if (point === undefined) continue;
    const update = watch.push(point);
    if (update !== undefined) {
      for (const held of update.withdrawn) {
        teller.withdraw(shownSignal(signal), held, held.bend, point.t, telling);
        teller.withdrawFinding(storyKey(signal, held.first), 'The new level did not last.', telling);
      }
      if (wanted?.has(signal)) {
        for (const held of update.raised) teller.provisional(shownSignal(signal), held, held.bend, telling);
      }
    }
  }
  if (limit.found !== undefined || limit.approach !== undefined) return;
  for (const signal of EARLY) {
    const watch = watches.get(signal);
    if (watch !== undefined) confirm(signal, watch, wanted, start, teller, telling);
  }
}

function storyKey(signal: WatchedSignal, id: number): string {
  return `gc-regime:${signal}:${id}`;
}

/** Tells the newest change of level once it has lasted. */
function confirm(
  signal: StorySignal,
  watch: SignalWatch,
  wanted: ReadonlySet<string> | undefined,
  start: number,
  teller: Teller,
  telling: Telling,
): void {
  const { context } = telling;
  const held = watch.held.at(-1);
  if (held === undefined || context.latest.t - held.bend.t < CONFIRM_SECONDS) return;
  const key = storyKey(signal, held.first);
  if (context.latest.t < (held.nextLook ?? 0) || teller.log.get(key) !== undefined) return;
  held.nextLook = held.bend.t + LOOK_AGAIN * (context.latest.t - held.bend.t);
  const bends = watch.held.map((one) => ({ bend: one.bend, held: one }));
  const candidate = candidatesOf(signal, bends, { from: start, to: context.latest.t }, context).find(
    (c) => c.held === held,
  );
  if (candidate === undefined) return;
  if (held.told === undefined && wanted === undefined) {
    teller.provisional(
      shownSignal(signal),
      held,
      shownBend(signal, held.bend, context, candidate.before, candidate.to),
      telling,
    );
  }
  const [story] = joinStories([candidate], 0);
  if (story !== undefined) teller.finding(key, describeStory(story, context), telling);
}

/** The stories of the whole series, causes first in each. */
export function findStories(
  results: ReadonlyMap<WatchedSignal, WatchResult>,
  start: number,
  limit: LimitState,
  episode: GrowthEpisode | undefined,
  context: RuleContext,
): Story[] {
  const span = { from: start, to: context.latest.t };
  const together = togetherIn(context);
  const heapBends = results.get('heapLive')?.final.map(({ bend }) => bend) ?? [];
  const candidates = CAUSE_ORDER.flatMap((signal) =>
    candidatesOf(signal, results.get(signal)?.final ?? [], span, context),
  ).filter((candidate) => !isExplained(candidate, heapBends, limit, episode, together));
  return joinStories(candidates, together);
}

/** The story of a load that began with this growth. */
export function loadStoryOf(
  stories: readonly Story[],
  episode: GrowthEpisode | undefined,
  context: RuleContext,
): Story | undefined {
  if (episode === undefined) return undefined;
  const near = togetherIn(context);
  return stories.find(
    ({ cause }) =>
      cause.signal === 'allocRate' &&
      cause.change.after > cause.change.before &&
      Math.abs(cause.bend.t - episode.from) <= near,
  );
}

/** Final inflections and findings of all signals but the live heap. */
export function finishStories(
  stories: readonly Story[],
  results: ReadonlyMap<WatchedSignal, WatchResult>,
  wanted: ReadonlySet<string> | undefined,
  start: number,
  teller: Teller,
  telling: Telling,
): void {
  const { context } = telling;
  for (const [signal, { final, dropped }] of results) {
    if (signal === 'heapLive') continue;
    const shown = shownSignal(signal);
    for (const held of dropped) teller.withdraw(shown, held, held.bend, context.latest.t, telling);
    for (const { bend, held, detectedAt } of final) {
      const story = stories.find(({ cause }) => cause.bend === bend);
      const isShown = wanted === undefined ? story !== undefined : signal !== 'goalRatio' && wanted.has(signal);
      if (isShown) {
        const as = shownBend(signal, bend, context, story?.before ?? start, story?.to ?? context.latest.t);
        teller.final(shown, as, held?.told, detectedAt, telling);
      } else if (held !== undefined) {
        teller.withdraw(shown, held, held.bend, context.latest.t, telling);
      }
    }
  }
  for (const story of stories) {
    const { signal, held } = story.cause;
    const key = held === undefined ? `gc-regime:${signal}:at ${story.from}` : storyKey(signal, held.first);
    teller.finalFinding(key, describeStory(story, context), telling);
  }
  for (const key of teller.log.openKeys) {
    if (!key.startsWith('gc-regime:')) continue;
    teller.withdrawFinding(key, 'The whole trace does not bear the change out.', telling);
  }
}

/** The heap's own bends, its growth and the memory limit move every other signal: that is told with them. */
function isExplained(
  { signal, bend }: Candidate,
  heapBends: readonly Bend[],
  limit: LimitState,
  episode: GrowthEpisode | undefined,
  together: number,
): boolean {
  const growing =
    episode !== undefined && bend.t >= episode.from - together && bend.t <= (episode.until ?? Infinity) + together;
  if (limit.found !== undefined && (growing || bend.t >= limit.found.approachFrom - together)) return true;
  if (signal === 'goalRatio' || signal === 'allocRate') return false;
  return growing || heapBends.some((other) => Math.abs(other.t - bend.t) <= together);
}
