// In: a family's counts and its goroutines' births and ends over a series. Out: whether it leaks, how sure that is, and the numbers behind it.
// With identity (debug=2): in a leak the same goroutines stay where they are and new ones join them for good; under load they come and go.
// Without (debug=1): counts alone; what never falls and goes on rising leaks, what rises in ups and downs may be load.
import type { Ended, Followed, GroupTracker } from '../series/groups-track.ts';
import { type Arrivals, judgeArrivals, mannKendall, risesAndFalls } from '../series/groups-trend.ts';
import type { Family } from './goroutines-families.ts';

export const GROWTH_THRESHOLDS = {
  /** Fewest dumps that make a series. */
  minDumps: 3,
  /** Fewest dumps before a finding is raised while dumps still come. */
  minDumpsLive: 8,
  /** Goroutines that came during the series and stayed, for up to 4, up to 7 and more dumps. */
  minStayed: [1, 2, 3],
  /** Of those that stayed for long, so many may have ended after all. */
  maxEndedShare: 0.2,
  /** Of those that stayed, so many stand in one and the same stack and state (workers move about). */
  minStuckShare: 0.5,
  /** Falls of the count against its rises, where goroutines do not come and go besides. */
  maxShrinkShare: 0.1,
  /** debug=1: falls against rises up to which growth counts as never falling. */
  maxFallShare: 0.02,
  /** debug=1: up to so many dumps growth has to exceed chance (one and a half times the root of the first count). */
  fewDumps: 5,
  /** debug=1: growth with ups and downs is told from here on: p of the trend, share of the first third. */
  trendP: 0.01,
  minNoisyGrowth: 0.5,
};

export type GrowthThresholds = typeof GROWTH_THRESHOLDS;

/** Numbers behind a verdict. Snapshots are numbered from 0. */
export interface Growth {
  /** `leak`: told as such; `undecided`: it grows, but load would look the same. */
  verdict: 'leak' | 'undecided';
  confidence: number;
  counts: number[];
  /** Index in `counts` from which it grows. */
  onset: number;
  /** Goroutines that came and stayed / that stayed for long and ended (sampled ones in large groups). */
  stayed?: number;
  ended?: number;
  stuckShare?: number;
}

/** Sum of the members' counts at every kept snapshot. */
export function familyCounts(family: Family, tracker: GroupTracker): number[] {
  const length = Math.ceil(tracker.snapshots / tracker.stride);
  const counts = new Array<number>(length).fill(0);
  for (const { history } of family.members) {
    history.counts.forEach((count, i) => {
      counts[i]! += count;
    });
  }
  return counts;
}

/** Sampled goroutines by the group they stand in. */
export function followedByGroup(tracker: GroupTracker): Map<string, Followed[]> {
  const byGroup = new Map<string, Followed[]>();
  for (const one of tracker.followed.values()) {
    const list = byGroup.get(one.group);
    if (list === undefined) byGroup.set(one.group, [one]);
    else list.push(one);
  }
  return byGroup;
}

export function judgeIdentity(
  family: Family,
  tracker: GroupTracker,
  byGroup: ReadonlyMap<string, Followed[]>,
  thresholds: GrowthThresholds = GROWTH_THRESHOLDS,
): Growth | undefined {
  if (tracker.snapshots < thresholds.minDumps) return undefined;
  const alive: Followed[] = [];
  const ended: Ended[] = [];
  for (const member of family.members) {
    alive.push(...(byGroup.get(member.id) ?? []));
    ended.push(...member.history.ended);
  }
  const seen: Seen = {
    alive,
    ended,
    last: tracker.snapshots - 1,
    stride: tracker.stride,
    counts: familyCounts(family, tracker),
  };
  for (const lag of lagsFor(seen)) {
    const growth = judgeAtLag(seen, lag, thresholds);
    if (growth !== undefined) return growth;
  }
  return undefined;
}

/** What is known of a family's goroutines at the last dump. */
interface Seen {
  alive: readonly Followed[];
  ended: readonly Ended[];
  last: number;
  stride: number;
  counts: number[];
}

/**
 * Ages (snapshots) from which on a goroutine counts as staying. A quarter of the series is safe against work that lasts for a few dumps;
 * among healthy goroutines of long lives only the higher ages show the ones that never end; where none ends at all, any age will do.
 */
function lagsFor({ last, ended }: Seen): number[] {
  const n = last + 1;
  const lags = [n / 4, n / 3, n / 2, n / 8].map((lag) => Math.max(1, Math.floor(lag)));
  const safe = lags.filter((lag, i) => i < 3 || lag >= 3);
  if (ended.length === 0) safe.push(1);
  return [...new Set(safe)];
}

function judgeAtLag(seen: Seen, lag: number, thresholds: GrowthThresholds): Growth | undefined {
  const { alive, ended, last, stride, counts } = seen;
  const stayed = alive.filter((one) => one.birthSeen && last - one.first >= lag);
  const [few, some, many] = thresholds.minStayed;
  const needed = last < 4 ? few! : last < 7 ? some! : many!;
  if (stayed.length < needed) return undefined;
  const endedLate = ended.filter((one) => one.end - one.first >= lag).length;
  const share = endedLate / (stayed.length + endedLate);
  if (share > thresholds.maxEndedShare) return undefined;
  // Short lives beside the long ones, since the first of these came: then the young say nothing, most of them will end.
  const since = Math.min(...stayed.map((one) => one.first));
  const brief = ended.filter((one) => one.birthSeen && one.end - one.first < lag && one.end > since);
  const dumpsWithEnds = new Set(brief.map((one) => one.end)).size;
  const turnsOver = brief.length > 0.2 * stayed.length && dumpsWithEnds >= (last - since) / 2;
  // Where nobody comes and goes, what shrank on the way breathes.
  if (!turnsOver && !hardlyFalls(counts, thresholds)) return undefined;
  const arrivals = turnsOver ? arrivalsOf(stayed, stride) : risesOf(counts);
  const lastKept = counts.length - 1;
  const { goesOn, slowsDown, events } = judgeArrivals(
    arrivals,
    turnsOver ? Math.floor((last - lag) / stride) : lastKept,
  );
  const fewest = lastKept < 4 ? 2 : lag === 1 && lastKept > 9 ? 4 : 3;
  if (!goesOn || slowsDown || events < fewest) return undefined;
  const stuck = stayed.filter((one) => last - one.since >= lag).length / stayed.length;
  if (stuck < thresholds.minStuckShare) return undefined;
  const confidence = (1 - Math.exp(-(stayed.length + events) / 3)) * (1 - share) * (0.6 + 0.4 * stuck);
  return {
    verdict: 'leak',
    confidence: Math.min(0.99, confidence),
    counts,
    onset: Math.max(0, Math.min(...arrivals.map((one) => one.at)) - 1),
    stayed: stayed.length,
    ended: endedLate,
    stuckShare: stuck,
  };
}

function hardlyFalls(counts: readonly number[], thresholds: GrowthThresholds): boolean {
  const { rises, falls } = risesAndFalls(counts);
  return falls <= 1 + thresholds.maxShrinkShare * rises;
}

/** Rises of the counts from one kept dump to the next. */
function risesOf(counts: readonly number[]): Arrivals[] {
  const rises: Arrivals[] = [];
  for (let at = 1; at < counts.length; at++) {
    const amount = counts[at]! - counts[at - 1]!;
    if (amount > 0) rises.push({ at, amount });
  }
  return rises;
}

/** First sightings, by kept dump. */
function arrivalsOf(list: readonly Followed[], stride: number): Arrivals[] {
  const amounts = new Map<number, number>();
  for (const one of list) {
    const at = Math.floor(one.first / stride);
    amounts.set(at, (amounts.get(at) ?? 0) + 1);
  }
  return [...amounts].map(([at, amount]) => ({ at, amount }));
}

/** debug=1, or dumps without ids: counts alone. */
export function judgeCounts(
  family: Family,
  tracker: GroupTracker,
  thresholds: GrowthThresholds = GROWTH_THRESHOLDS,
): Growth | undefined {
  const counts = familyCounts(family, tracker);
  const n = counts.length;
  if (n < thresholds.minDumps) return undefined;
  const { rises, falls } = risesAndFalls(counts);
  const arrivals = risesOf(counts);
  const { goesOn, slowsDown, events } = judgeArrivals(arrivals, n - 1);
  const net = counts.at(-1)! - counts[0]!;
  const onset = (arrivals[0]?.at ?? 1) - 1;
  if (!goesOn || slowsDown || net < 2 || events < (n < 5 ? 2 : 3)) return undefined;
  // A few dumps may rise by chance: counts of independent goroutines vary by their root.
  if (n < thresholds.fewDumps && counts[0]! >= 5 && net < 1.5 * Math.sqrt(counts[0]!)) return undefined;
  if (falls <= thresholds.maxFallShare * rises) {
    const confidence = Math.min(0.9, 1 - Math.exp(-events / 2)) * (1 - falls / rises);
    return { verdict: 'leak', confidence, counts, onset };
  }
  const third = Math.max(1, Math.floor(n / 3));
  const floorBefore = Math.max(...counts.slice(0, third));
  const floorAfter = Math.min(...counts.slice(-third));
  const grew = floorAfter >= floorBefore + Math.max(3, thresholds.minNoisyGrowth * floorBefore);
  if (!grew || mannKendall(counts) > thresholds.trendP) return undefined;
  return { verdict: 'undecided', confidence: 0.5, counts, onset };
}
