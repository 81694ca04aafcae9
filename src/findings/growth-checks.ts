// In: a stretch of growth and the history behind it. Out: is it worth telling, does it go on, was it a jump, does the load explain it?
import type { Bend } from '../detect/index.ts';
import { median } from '../series/index.ts';
import type { RuleContext } from './context.ts';
import type { GrowthEpisode } from './growth-episode.ts';

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
/** A step is whole within so many jumps. More of them are growth when they come evenly: the newest third brings nearly half. */
const STEP_POINTS = 2;
const EVEN_SHARE = 0.35;

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
  const jumps = ways.filter((way) => way > Math.max(JUMP_MIB, JUMP_TIMES * usual)).sort((a, b) => b - a);
  const isMade = (of: readonly number[]) => of.length > 0 && gain - sumOf(of) < WITHOUT_JUMPS * gain;
  if (isMade(jumps.slice(0, STEP_POINTS))) return false;
  const third = (context.latest.t - bend.t) / 3;
  const [first, middle, last] = [0, 1, 2].map((i) =>
    context.history.typical('heapLive', bend.t + i * third, bend.t + (i + 1) * third),
  );
  if (first === undefined || middle === undefined || last === undefined) return true;
  return last - middle >= (isMade(jumps) ? EVEN_SHARE : NEWEST_SHARE) * (last - first) && last > first;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** A heap needs a while to follow a new load, seconds; what it gains after that is its own. */
const LOAD_SETTLES = 5;
const LOAD_WATCHED = 4;
/** Seconds before a bend over which the load before it is taken. */
const LOAD_BEFORE = 30;
const GAIN_MIB = 2;
const GAIN_SHARE = 0.075;

/**
 * True while growth that began together with a higher load may be nothing but the heap's way to the level of that load.
 * @param levelsSince the newest points from a time on
 */
export function waitsForLoad(bend: Bend, levelsSince: (t: number) => readonly number[], context: RuleContext): boolean {
  const now = context.latest.t;
  const before = context.history.typical('allocRate', bend.t - LOAD_BEFORE, bend.t - 1);
  const after = context.history.typical('allocRate', bend.t + 1, now);
  if (before === undefined || after === undefined || after < (1 + LOAD_RISE) * before) return false;
  // The load may have come as late as the bend may.
  const settled = Math.max(bend.t, bend.tInterval.to) + LOAD_SETTLES;
  if (now - settled < LOAD_WATCHED) return true;
  const levels = levelsSince(settled);
  const third = Math.ceil(levels.length / 3);
  const from = median(levels.slice(0, third));
  return median(levels.slice(-third)) - from < Math.max(GAIN_MIB, GAIN_SHARE * from);
}

/** The two largest steps make this share of a growth: it was a jump. */
const JUMP_SHARE = 0.7;
const FEWEST_CELLS = 6;

/** True when a growth that is over was a step up seen through a slope: a step that stays is no leak. */
export function wasJump(episode: GrowthEpisode, context: RuleContext): boolean {
  const to = episode.until ?? context.latest.t;
  const levels = [...context.history.pairs('heapLive', 'heapLive', episode.from - 1, to + 1)].map(({ y }) => y);
  if (levels.length < FEWEST_CELLS) return false;
  const [first = 0, second = 0] = levels
    .slice(1)
    .map((level, i) => level - levels[i]!)
    .sort((a, b) => b - a);
  return first + Math.max(0, second) >= JUMP_SHARE * (episode.levelTo - episode.levelFrom);
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
