// In: the bends of the live heap and how its series ends. Out: the last stretch of growth: from where, how fast, does it go on?
import type { Bend, DetectorResult, Interval } from '../detect/index.ts';
import { median } from '../series/index.ts';
import type { RuleContext } from './context.ts';

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

/** True when the growth is large enough to speak of. */
export function isWorthTelling(episode: GrowthEpisode, context: RuleContext): boolean {
  const { minGrowthMiB, minGrowthShare } = context.thresholds.heapGrowth;
  return episode.levelTo - episode.levelFrom >= Math.max(minGrowthMiB, minGrowthShare * Math.abs(episode.levelFrom));
}

/**
 * Growth since the first point may be nothing but the filling of caches, which slows down; a leak goes on. True when the last third of
 * the trace rose at least half as much as the middle third, and what was gained since the first third is worth telling.
 */
export function risesThroughout(episode: GrowthEpisode, context: RuleContext): boolean {
  const { minGrowthMiB, minGrowthShare } = context.thresholds.heapGrowth;
  const to = context.latest.t;
  const third = (to - episode.from) / 3;
  const [first, middle, last] = [0, 1, 2].map((i) =>
    context.history.typical('heapLive', episode.from + i * third, episode.from + (i + 1) * third),
  );
  // Too short for thirds: only a heap that has doubled is beyond doubt.
  if (first === undefined || middle === undefined || last === undefined)
    return episode.levelTo >= 2 * episode.levelFrom;
  return last - first >= Math.max(minGrowthMiB, 2 * minGrowthShare * first) && last - middle >= 0.5 * (middle - first);
}

/** The newest third of a growth brings half of what was gained since the oldest when it is a straight line, nothing when it is a step. */
const NEWEST_SHARE = 0.15;
/** Cycles that a growth must have been seen for, unless the heap is that many times as large already: a batch of work is over by then. */
const FEWEST_POINTS = 8;
const TOO_MUCH_TO_WAIT = 4;
/** What is left of a growth without its jumps. */
const WITHOUT_JUMPS = 0.3;
/** A jump: more than so many MiB from one point to the next, and so many times the usual way. */
const JUMP_MIB = 3;
const JUMP_TIMES = 4;

/**
 * True when the heap has gone on growing since the bend; a jump that only looks like growth from near is none.
 * @param levels the points since the bend, as many as are known
 */
export function goesOnGrowing(bend: Bend, levels: readonly number[], context: RuleContext): boolean {
  const [oldest, newest] = [levels[0] ?? 0, levels.at(-1) ?? 0];
  if (levels.length < FEWEST_POINTS && newest < TOO_MUCH_TO_WAIT * oldest) return false;
  const ways = levels.slice(1).map((level, i) => level - levels[i]!);
  const usual = median(ways.map(Math.abs));
  const gain = newest - oldest;
  const jumps = ways.filter((way) => way > Math.max(JUMP_MIB, JUMP_TIMES * usual)).reduce((sum, way) => sum + way, 0);
  if (jumps > 0 && gain - jumps < WITHOUT_JUMPS * gain) return false;
  const third = (context.latest.t - bend.t) / 3;
  const [first, middle, last] = [0, 1, 2].map((i) =>
    context.history.typical('heapLive', bend.t + i * third, bend.t + (i + 1) * third),
  );
  if (first === undefined || middle === undefined || last === undefined) return true;
  return last - middle >= NEWEST_SHARE * (last - first) && last > first;
}

/** Load explains growth while it has risen by more than this share. */
const LOAD_RISE = 0.25;
const LOAD_DIP = 0.2;

/** True when the allocation rate has risen all along with a heap that has grown since the first point. */
export function loadRisesWith(episode: GrowthEpisode, context: RuleContext): boolean {
  const third = (context.latest.t - episode.from) / 3;
  const [first, middle, last] = [0, 1, 2].map((i) =>
    context.history.typical('allocRate', episode.from + i * third, episode.from + (i + 1) * third),
  );
  if (first === undefined || middle === undefined || last === undefined) return false;
  return last > (1 + LOAD_RISE) * first && middle > (1 - LOAD_DIP) * first && last > (1 - LOAD_DIP) * middle;
}

/** Load and time that go together this closely (r²) cannot be told apart. */
const INSEPARABLE = 0.8;
/** The share of the growth that must be left at equal load for it to be none of the load's. */
const LEFT_AT_EQUAL_LOAD = 0.5;

/**
 * True when the heap grows at equal load: heap = a + b · allocation rate + c · time by least squares over the stretch, and c alone makes
 * half of the growth. A load that comes and goes is tested well by this after a turn or two; one that only rises is not: then false.
 */
export function growsAtEqualLoad(episode: GrowthEpisode, context: RuleContext): boolean {
  const to = context.latest.t;
  const length = to - episode.from;
  let n = 0;
  const sum = { t: 0, x: 0, y: 0, tt: 0, xx: 0, tx: 0, ty: 0, xy: 0 };
  for (const { t, weight, x, y } of context.history.pairs('allocRate', 'heapLive', episode.from, to)) {
    const s = (t - episode.from) / length;
    n += weight;
    sum.t += weight * s;
    sum.x += weight * x;
    sum.y += weight * y;
    sum.tt += weight * s * s;
    sum.xx += weight * x * x;
    sum.tx += weight * s * x;
    sum.ty += weight * s * y;
    sum.xy += weight * x * y;
  }
  if (n <= 0) return false;
  const of = (product: number, a: number, b: number) => product / n - (a / n) * (b / n);
  const tt = of(sum.tt, sum.t, sum.t);
  const xx = of(sum.xx, sum.x, sum.x);
  const tx = of(sum.tx, sum.t, sum.x);
  const ty = of(sum.ty, sum.t, sum.y);
  const xy = of(sum.xy, sum.x, sum.y);
  const left = tt * xx - tx * tx;
  if (!(left > (1 - INSEPARABLE) * tt * xx)) return false;
  const growthOverTime = (ty * xx - xy * tx) / left;
  return growthOverTime >= LEFT_AT_EQUAL_LOAD * (episode.levelTo - episode.levelFrom);
}

/** A growth that has stood still for so long, and for half of its own time, has stopped, seconds. */
const STALL_SECONDS = 30;

/**
 * While streaming: since when the heap has stood still, if it has: over the newer half of the time looked at it gained less than a fifth
 * of what its growth would have brought.
 */
export function stalledSince(episode: GrowthEpisode, context: RuleContext): number | undefined {
  const now = context.latest.t;
  const length = Math.max(STALL_SECONDS, 0.5 * (now - episode.from));
  const expected = (episode.slope * length) / 2;
  if (now - episode.from < length || expected < context.thresholds.heapGrowth.minGrowthMiB) return undefined;
  const before = context.history.typical('heapLive', now - length, now - length / 2);
  const after = context.history.typical('heapLive', now - length / 2, now);
  if (before === undefined || after === undefined || after - before >= 0.2 * expected) return undefined;
  return now - length;
}
