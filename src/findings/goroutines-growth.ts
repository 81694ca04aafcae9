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
  minDumpsLive: 5,
  /** Goroutines that came during the series and stayed, for up to 4, up to 7 and more dumps. */
  minStayed: [1, 2, 3],
  /** Of those that stayed for long, so many may have ended after all. */
  maxEndedShare: 0.2,
  /** Of those that stayed, so many stand in one and the same stack and state (workers move about). */
  minStuckShare: 0.5,
  /** debug=1: falls against rises up to which growth counts as never falling. */
  maxFallShare: 0.02,
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
  const n = tracker.snapshots;
  if (n < thresholds.minDumps) return undefined;
  const alive: Followed[] = [];
  const ended: Ended[] = [];
  for (const member of family.members) {
    alive.push(...(byGroup.get(member.id) ?? []));
    ended.push(...member.history.ended);
  }
  const last = n - 1;
  for (const lag of lagsFor(n)) {
    const growth = judgeAtLag(alive, ended, last, lag, thresholds);
    if (growth === undefined) continue;
    return { ...growth, onset: Math.floor(growth.onset / tracker.stride), counts: familyCounts(family, tracker) };
  }
  return undefined;
}

/** Ages (snapshots) from which on a goroutine counts as staying: the longest first, it is the safest. */
function lagsFor(n: number): number[] {
  const quarter = Math.max(1, Math.floor(n / 4));
  const eighth = Math.floor(n / 8);
  return eighth >= 3 ? [quarter, eighth] : [quarter];
}

function judgeAtLag(
  alive: readonly Followed[],
  ended: readonly Ended[],
  last: number,
  lag: number,
  thresholds: GrowthThresholds,
): Omit<Growth, 'counts'> | undefined {
  const stayed = alive.filter((one) => one.birthSeen && last - one.first >= lag);
  const [few, some, many] = thresholds.minStayed;
  const needed = last < 4 ? few! : last < 7 ? some! : many!;
  if (stayed.length < needed) return undefined;
  const endedLate = ended.filter((one) => one.end - one.first >= lag).length;
  const share = endedLate / (stayed.length + endedLate);
  if (share > thresholds.maxEndedShare) return undefined;
  // The young ones count as arrivals only as far as the family does not turn over anyway.
  const young = alive.filter((one) => one.birthSeen && last - one.first < lag);
  const turnsOver = ended.length > stayed.length;
  const arrivals = arrivalsOf(turnsOver ? stayed : [...stayed, ...young]);
  const { goesOn, slowsDown, events } = judgeArrivals(arrivals, turnsOver ? last - lag : last);
  if (!goesOn || slowsDown || events < (last < 4 ? 2 : 3)) return undefined;
  const stuck = stayed.filter((one) => last - one.since >= lag).length / stayed.length;
  if (stuck < thresholds.minStuckShare) return undefined;
  const confidence = (1 - Math.exp(-(stayed.length + events) / 3)) * (1 - share) * (0.6 + 0.4 * stuck);
  return {
    verdict: 'leak',
    confidence: Math.min(0.99, confidence),
    onset: Math.max(0, Math.min(...arrivals.map((one) => one.at)) - 1),
    stayed: stayed.length,
    ended: endedLate,
    stuckShare: stuck,
  };
}

function arrivalsOf(list: readonly Followed[]): Arrivals[] {
  const amounts = new Map<number, number>();
  for (const one of list) amounts.set(one.first, (amounts.get(one.first) ?? 0) + 1);
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
  const arrivals: Arrivals[] = [];
  for (let i = 1; i < n; i++)
    if (counts[i]! > counts[i - 1]!) arrivals.push({ at: i, amount: counts[i]! - counts[i - 1]! });
  const { goesOn, slowsDown, events } = judgeArrivals(arrivals, n - 1);
  const net = counts.at(-1)! - counts[0]!;
  const onset = (arrivals[0]?.at ?? 1) - 1;
  if (!goesOn || slowsDown || net < 2 || events < (n < 5 ? 2 : 3)) return undefined;
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
