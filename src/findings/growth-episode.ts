// In: the bends of the live heap and how its series ends. Out: the last stretch of growth: from where, how fast, does it go on?
import type { Bend, DetectorResult, Interval } from '../detect/index.ts';

const GROWS: ReadonlySet<string> = new Set(['growth-onset', 'growth-up', 'growth-down']);
const STOPS: ReadonlySet<string> = new Set(['plateau', 'decline']);

/** A growth that goes on at this share of its pace or more was slowed, not ended. */
const SLOWED = 0.15;
/** A slope before the onset below this share of the one after it is none. */
const NO_SLOPE = 0.3;

function isStop({ kind, slopeBefore, slopeAfter, slopeAfterInterval }: Bend): boolean {
  return STOPS.has(kind) && !(slopeAfterInterval.from > 0 && slopeAfter > SLOWED * slopeBefore);
}

/** One stretch in which the live heap grew, from its first bend to its end. */
export interface GrowthEpisode {
  from: number;
  /** Fitted level where it began and where it is now or ended, MiB. */
  levelFrom: number;
  levelTo: number;
  /** Absent while it goes on. */
  until?: number;
  /** MiB per second (per cycle without times) at the end of the stretch. */
  slope: number;
  slopeInterval: Interval;
  followsLoad: boolean;
  confidence: number;
  /** False when the series rose from its first point: nothing is known of the time before. */
  hasOnset: boolean;
  /** Of the onset. */
  line?: number;
  onsetInterval?: Interval;
}

/**
 * The last stretch of growth that bends tell of, in order. While streaming only bends are known; at the end of the input `tail` says
 * how the series ends.
 * @param start first time and level of the series
 */
export function lastEpisode(
  bends: readonly Bend[],
  start: { t: number; level: number },
  end: { t: number; level: number },
  tail: DetectorResult['tail'] | undefined,
): GrowthEpisode | undefined {
  let episode: GrowthEpisode | undefined;
  for (const bend of bends) {
    if (GROWS.has(bend.kind)) {
      if (episode === undefined || episode.until !== undefined) episode = begin(bend, start);
      episode.slope = bend.slopeAfter;
      episode.slopeInterval = bend.slopeAfterInterval;
      episode.followsLoad = bend.followsLoad;
      episode.confidence = Math.max(episode.confidence, bend.confidence);
    } else if (episode !== undefined && episode.until === undefined) {
      if (isStop(bend)) {
        episode.until = bend.t;
        episode.levelTo = bend.value;
      } else if (STOPS.has(bend.kind)) {
        episode.slope = bend.slopeAfter;
        episode.slopeInterval = bend.slopeAfterInterval;
      }
    }
  }
  if (tail === undefined) {
    if (episode !== undefined && episode.until === undefined) episode.levelTo = end.level;
    return episode;
  }
  if (tail.growing) {
    if (episode === undefined || episode.until !== undefined) {
      const last = bends.at(-1);
      episode = {
        from: last?.t ?? start.t,
        levelFrom: tail.level - tail.slope * (end.t - tail.from),
        levelTo: tail.level,
        slope: tail.slope,
        slopeInterval: tail.slopeInterval,
        followsLoad: tail.followsLoad,
        confidence: last?.confidence ?? 0.9,
        hasOnset: last !== undefined,
        ...(last?.tag === undefined ? {} : { line: last.tag }),
      };
    }
    episode.levelTo = tail.level;
    episode.slope = tail.slope;
    episode.slopeInterval = tail.slopeInterval;
    episode.followsLoad = tail.followsLoad;
    return episode;
  }
  const stairs = climbsStairs(bends, episode, end, tail.level);
  if (stairs !== undefined) return stairs;
  if (episode !== undefined && episode.until === undefined) {
    episode.until = tail.from;
    episode.levelTo = tail.level;
  }
  return episode;
}

/** Steps in a row that are one growth: a slice that doubles, batches that are all kept. */
const STAIRS = 3;

/** Growth by steps: the last bends are steps up, none was taken back, and the next one is not overdue. */
function climbsStairs(
  bends: readonly Bend[],
  open: GrowthEpisode | undefined,
  end: { t: number; level: number },
  level: number,
): GrowthEpisode | undefined {
  const turned = bends.findLastIndex(({ kind }) => kind === 'step-down' || STOPS.has(kind));
  const steps = bends.slice(turned + 1).filter(({ kind }) => kind === 'step-up');
  const first = steps[0];
  const last = steps.at(-1);
  const growing = open !== undefined && open.until === undefined ? open : undefined;
  if (first === undefined || last === undefined || steps.length < (growing === undefined ? STAIRS : STAIRS - 1))
    return undefined;
  const spacing = (last.t - first.t) / (steps.length - 1);
  if (end.t - last.t > 2 * spacing) return undefined;
  const from = growing?.from ?? first.t;
  const levelFrom = growing?.levelFrom ?? first.value - (first.stepBy ?? 0);
  const slope = (level - levelFrom) / Math.max(end.t - from, Number.MIN_VALUE);
  const reach = Math.abs(slope) / Math.sqrt(steps.length);
  return {
    ...(growing ?? {
      hasOnset: true,
      followsLoad: false,
      confidence: Math.min(...steps.map((step) => step.confidence)),
    }),
    ...(growing !== undefined || first.tag === undefined ? {} : { line: first.tag }),
    from,
    levelFrom,
    levelTo: level,
    slope,
    slopeInterval: { from: slope - reach, to: slope + reach },
  };
}

function begin(bend: Bend, start: { t: number; level: number }): GrowthEpisode {
  // `growth-up` with no growth told before it: the series has risen since its first point. `growth-down`: since its start-up at least.
  const fromStart = bend.kind === 'growth-up' && bend.slopeBefore > NO_SLOPE * bend.slopeAfter;
  return {
    from: fromStart ? start.t : bend.t,
    levelFrom: fromStart ? bend.value - bend.slopeBefore * (bend.t - start.t) : bend.value,
    levelTo: bend.value,
    slope: bend.slopeAfter,
    slopeInterval: bend.slopeAfterInterval,
    followsLoad: bend.followsLoad,
    confidence: bend.confidence,
    hasOnset: bend.kind !== 'growth-down' && !fromStart,
    ...(bend.tag === undefined ? {} : { line: bend.tag }),
    onsetInterval: bend.tInterval,
  };
}
