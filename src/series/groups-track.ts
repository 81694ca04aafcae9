// In: one dump after the other, as groups with counts and sampled ids. Out: how each group's count went, and which goroutines came, stayed, left.
// Samples hold the ids of least hash, so the same goroutines are sampled in every dump: what is missing below the sample's limit has ended.
import { mixId } from '../events/goroutines/index.ts';
import type { GoroutineGroup } from '../events/types.ts';

/** Ids followed at once over all groups; beyond, only those of lower hash are. */
const FOLLOWED = 50_000;
const ENDED_KEPT = 512;
/** Snapshots kept of a group's counts; longer series keep every second one, then every fourth ... */
const COUNTS_KEPT = 256;

/** A goroutine seen in some dump. Numbers are those of snapshots. */
export interface Followed {
  group: string;
  /** Snapshot it was first seen in. */
  first: number;
  /** Since which it stands in the same stack and state. */
  since: number;
  /** False: it may be older than `first` (it was there in the first dump, or came late into the sample). */
  birthSeen: boolean;
}

export interface Ended {
  first: number;
  end: number;
  birthSeen: boolean;
}

/** What is kept of one group over the series. */
export interface GroupHistory {
  /** As last seen. */
  group: GoroutineGroup;
  firstSeen: number;
  lastSeen: number;
  /** Count at every `stride`th snapshot from 0 on. */
  counts: number[];
  ended: Ended[];
  leaked: number;
  infrastructure: boolean;
}

interface TrackState {
  snapshots: number;
  stride: number;
  hashLimit: number;
  groups: [string, GroupHistory][];
  followed: [number, Followed][];
}

export class GroupTracker {
  readonly #groups = new Map<string, GroupHistory>();
  readonly #followed = new Map<number, Followed>();
  snapshots = 0;
  stride = 1;
  #hashLimit = 4294967296;
  /** The last snapshot, until somebody asks who was in it: of a lone dump nobody does. */
  #last: readonly GoroutineGroup[] | undefined;

  push(groups: readonly GoroutineGroup[]): void {
    this.#takeLast();
    const now = this.snapshots++;
    for (const group of groups) this.#count(group, now);
    this.#last = groups;
    if (now + 1 >= COUNTS_KEPT * this.stride) {
      this.#takeLast();
      this.#halve();
    }
  }

  get groups(): ReadonlyMap<string, GroupHistory> {
    this.#takeLast();
    return this.#groups;
  }

  get followed(): ReadonlyMap<number, Followed> {
    this.#takeLast();
    return this.#followed;
  }

  /** Follows the goroutines of the last snapshot. */
  #takeLast(): void {
    if (this.#last === undefined) return;
    const now = this.snapshots - 1;
    const limits = new Map<string, number>();
    const seen = new Map<number, string>();
    for (const { id: group, count, sampleIds = [] } of this.#last) {
      let highest = 0;
      for (const id of sampleIds) {
        const hash = mixId(id);
        if (hash > highest) highest = hash;
        if (id !== 0 && hash <= this.#hashLimit) seen.set(id, group);
      }
      limits.set(group, sampleIds.length >= count ? 4294967296 : highest);
    }
    this.#last = undefined;
    for (const [id, one] of this.#followed) {
      if (seen.has(id)) continue;
      this.#followed.delete(id);
      // Above the limit the sample says nothing: it may be there still.
      if (mixId(id) > (limits.get(one.group) ?? 4294967296)) continue;
      const history = this.#groups.get(one.group);
      if (history === undefined) continue;
      history.ended.push({ first: one.first, end: now, birthSeen: one.birthSeen });
      if (history.ended.length > ENDED_KEPT) history.ended.splice(0, ENDED_KEPT / 2);
    }
    for (const [id, group] of seen) this.#follow(id, group, now);
    this.#lastLimits = limits;
    if (this.#followed.size > FOLLOWED) this.#narrow();
  }

  #lastLimits = new Map<string, number>();

  state(): unknown {
    this.#takeLast();
    const state: TrackState & { limits: [string, number][] } = {
      snapshots: this.snapshots,
      stride: this.stride,
      hashLimit: this.#hashLimit,
      groups: [...this.#groups],
      followed: [...this.#followed],
      limits: [...this.#lastLimits],
    };
    return structuredClone(state);
  }

  static restore(saved: unknown): GroupTracker {
    const state = structuredClone(saved) as TrackState & { limits: [string, number][] };
    const tracker = new GroupTracker();
    tracker.snapshots = state.snapshots;
    tracker.stride = state.stride;
    tracker.#hashLimit = state.hashLimit;
    for (const [id, history] of state.groups) tracker.#groups.set(id, history);
    for (const [id, one] of state.followed) tracker.#followed.set(id, one);
    tracker.#lastLimits = new Map(state.limits);
    return tracker;
  }

  #count(group: GoroutineGroup, now: number): void {
    let history = this.#groups.get(group.id);
    if (history === undefined) {
      // Of a lone dump there is one count: an array that grows makes room for 16 more.
      const counts = now === 0 ? [group.count] : [];
      history = { group, firstSeen: now, lastSeen: now, counts, ended: [], leaked: 0, infrastructure: false };
      this.#groups.set(group.id, history);
    }
    history.group = group;
    history.lastSeen = now;
    history.leaked = group.leaked ?? 0;
    history.infrastructure = group.infrastructure === true;
    if (now % this.stride !== 0) return;
    const at = now / this.stride;
    while (history.counts.length < at) history.counts.push(0);
    history.counts[at] = group.count;
  }

  #follow(id: number, group: string, now: number): void {
    const one = this.#followed.get(id);
    if (one === undefined) {
      // A sample that could not have shown it in the dump before says nothing of its birth.
      const limitBefore = this.#lastLimits.get(group) ?? 4294967296;
      const birthSeen = now > 0 && mixId(id) <= limitBefore;
      this.#followed.set(id, { group, first: now, since: now, birthSeen });
    } else if (one.group !== group) {
      one.group = group;
      one.since = now;
    }
  }

  #narrow(): void {
    this.#hashLimit = Math.floor(this.#hashLimit / 2);
    for (const id of this.#followed.keys()) if (mixId(id) > this.#hashLimit) this.#followed.delete(id);
  }

  #halve(): void {
    this.stride *= 2;
    for (const history of this.#groups.values()) {
      history.counts = history.counts.filter((_, i) => i % 2 === 0);
    }
    // Groups that are long gone cannot be growing.
    for (const [id, history] of this.#groups) {
      if (history.lastSeen < this.snapshots / 2) this.#groups.delete(id);
    }
  }
}
