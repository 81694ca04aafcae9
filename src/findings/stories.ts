// In: half-second points of the other signals. Out: for every story one finding and the inflection of its cause; for signals that the
// user named, every inflection.
import type { Bend, DetectorResult } from '../detect/index.ts';
import type { Bin, TraceSignal, WatchedSignal } from '../series/index.ts';
import type { RuleContext } from './context.ts';
import type { GrowthEpisode } from './growth-episode.ts';
import type { LimitState } from './memory-limit.ts';
import { CAUSE_ORDER, type Candidate, candidatesOf, describeStory, joinStories, type StorySignal } from './regime.ts';
import type { Teller, Telling } from './teller.ts';
import type { HeldBend, SignalWatch } from './watch.ts';

/** A new level is told while streaming once it has held so long, seconds. */
const CONFIRM_SECONDS = 10;

export type Watches = ReadonlyMap<WatchedSignal, SignalWatch>;

const EARLY: readonly StorySignal[] = ['goalRatio', 'allocRate'];

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
  bin: Bin,
  wanted: ReadonlySet<string> | undefined,
  start: number,
  limit: LimitState,
  teller: Teller,
  telling: Telling,
): void {
  for (const [signal, watch] of watches) {
    const point = signal === 'heapLive' ? undefined : bin[signal];
    if (point === undefined) continue;
    const update = watch.push(point);
    if (update !== undefined) {
      for (const held of update.withdrawn) {
        teller.withdraw(shownSignal(signal), held, held.bend, point.t, telling);
        teller.withdrawFinding(storyKey(signal, held.id), 'The new level did not last.', telling);
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
  const key = storyKey(signal, held.id);
  if (teller.log.get(key) !== undefined) return;
  const bends = watch.held.map(({ id, bend }) => ({ bend, revises: id }));
  const candidate = candidatesOf(signal, bends, { from: start, to: context.latest.t }, context).find(
    (c) => c.revises === held.id,
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

/** Final inflections and findings of all signals but the live heap. */
export function finishStories(
  watches: Watches,
  results: ReadonlyMap<WatchedSignal, DetectorResult>,
  wanted: ReadonlySet<string> | undefined,
  start: number,
  limit: LimitState,
  episode: GrowthEpisode | undefined,
  teller: Teller,
  telling: Telling,
): void {
  const { context } = telling;
  const span = { from: start, to: context.latest.t };
  const { togetherSeconds, togetherShare } = context.thresholds.regime;
  const together = Math.max(togetherSeconds, togetherShare * (span.to - span.from));
  const heapBends = results.get('heapLive')?.final.map(({ bend }) => bend) ?? [];
  const candidates = CAUSE_ORDER.flatMap((signal) =>
    candidatesOf(signal, results.get(signal)?.final ?? [], span, context),
  ).filter((candidate) => !isExplained(candidate, heapBends, limit, episode, together));
  const stories = joinStories(candidates, together);
  const causes = new Set<Bend>(stories.map(({ cause }) => cause.bend));
  for (const [signal, result] of results) {
    if (signal === 'heapLive') continue;
    const held = new Map((watches.get(signal)?.held ?? []).map((one) => [one.id, one]));
    const kept = new Set<number>();
    for (const { bend, revises, detectedAt } of result.final) {
      const isCause = causes.has(bend);
      if (!(wanted?.has(signal) ?? isCause)) continue;
      if (wanted !== undefined && signal === 'goalRatio') continue;
      const story = stories.find(({ cause }) => cause.bend === bend);
      const shown = shownBend(signal, bend, context, story?.before ?? span.from, story?.to ?? span.to);
      const earlier = revises === undefined ? undefined : held.get(revises);
      if (earlier !== undefined) kept.add(earlier.id);
      teller.final(shownSignal(signal), shown, earlier?.told, detectedAt, telling);
    }
    withdrawRest(signal, [...held.values()], kept, teller, telling);
  }
  for (const story of stories) {
    const { signal, revises } = story.cause;
    const key = revises === undefined ? `gc-regime:${signal}:at ${story.from}` : storyKey(signal, revises);
    teller.finalFinding(key, describeStory(story, context), telling);
  }
  for (const key of teller.log.openKeys) {
    if (key.startsWith('gc-regime:'))
      teller.withdrawFinding(key, 'The whole trace does not bear the change out.', telling);
  }
}

/** Provisional inflections that no final one revises. */
function withdrawRest(
  signal: WatchedSignal,
  held: readonly HeldBend[],
  kept: ReadonlySet<number>,
  teller: Teller,
  telling: Telling,
): void {
  for (const one of held) {
    if (!kept.has(one.id)) teller.withdraw(shownSignal(signal), one, one.bend, telling.context.latest.t, telling);
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
