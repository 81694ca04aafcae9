// In: goroutine dumps of one program, oldest first. Out: findings `goroutine-growth` and `blocked-goroutines`, inflections of `goroutines` and `group:ID`.
// Dumps with ids (debug=2, SIGQUIT) and without (debug=1) are separate series; where both are there, the ids decide.
import type { Sensitivity } from '../detect/index.ts';
import { frameKey } from '../events/goroutines/index.ts';
import type { GcbendEvent, GoroutinesEvent } from '../events/types.ts';
import { GroupTracker } from '../series/groups-track.ts';
import { FindingLog, type Origin } from './finding-log.ts';
import { BLOCKED_THRESHOLDS, type BlockedThresholds, judgeBlocked } from './goroutines-blocked.ts';
import { type DumpStream, growthBody, growthKey } from './goroutines-body.ts';
import { makeFamilies } from './goroutines-families.ts';
import {
  followedByGroup,
  GROWTH_THRESHOLDS,
  type GrowthThresholds,
  judgeCounts,
  judgeIdentity,
} from './goroutines-growth.ts';
import { groupInflections, totalInflections } from './goroutines-inflections.ts';
import { type Cause, describeGrown, type Grown, mergeRelated } from './goroutines-related.ts';

export interface GoroutineAnalysisOptions {
  sensitivity?: Sensitivity;
  growth?: Partial<GrowthThresholds>;
  blocked?: Partial<BlockedThresholds>;
}

/** The surest first: what it names, the others need not name again. */
const STREAMS = ['identity', 'leaks', 'counts'] as const;

type StreamName = (typeof STREAMS)[number];

interface SavedState {
  log: unknown;
  streams: [StreamName, Omit<DumpStream, 'tracker'> & { tracker: unknown }][];
  crash: GoroutinesEvent | undefined;
}

/** Pure: no clock, no I/O. */
export class GoroutineSeriesAnalysis {
  readonly #growth: GrowthThresholds;
  readonly #blocked: BlockedThresholds;
  readonly #sensitivity: Sensitivity;
  readonly #streams = new Map<StreamName, DumpStream>();
  #log = new FindingLog('goroutines');
  /** The goroutines of a crash are no snapshot of the series, but they may be stuck. */
  #crash: GoroutinesEvent | undefined;

  constructor(options: GoroutineAnalysisOptions = {}) {
    this.#sensitivity = options.sensitivity ?? 'normal';
    const growth = { ...GROWTH_THRESHOLDS, ...options.growth };
    const factor = this.#sensitivity === 'low' ? 2 : this.#sensitivity === 'high' ? 0.5 : 1;
    this.#growth = { ...growth, minStayed: growth.minStayed.map((needed) => Math.max(1, Math.round(needed * factor))) };
    this.#blocked = { ...BLOCKED_THRESHOLDS, ...options.blocked };
  }

  static restore(saved: unknown, options: GoroutineAnalysisOptions = {}): GoroutineSeriesAnalysis {
    const state = structuredClone(saved) as SavedState;
    const analysis = new GoroutineSeriesAnalysis(options);
    analysis.#log = FindingLog.restore(state.log);
    analysis.#crash = state.crash;
    for (const [name, stream] of state.streams) {
      analysis.#streams.set(name, { ...stream, tracker: GroupTracker.restore(stream.tracker) });
    }
    return analysis;
  }

  state(): unknown {
    const streams = [...this.#streams].map(([name, stream]) => [name, { ...stream, tracker: stream.tracker.state() }]);
    return structuredClone({ log: this.#log.state(), streams, crash: this.#crash });
  }

  /** @param seconds since the first dump; left out where no time is known: rates are per dump then */
  push(event: GcbendEvent, seconds?: number): GcbendEvent[] {
    if (event.type !== 'goroutines') return [];
    const name = streamOf(event);
    if (name === undefined) {
      if (event.cause === 'panic' || event.cause === 'fatal') this.#crash = event;
      return [];
    }
    const stream = this.#stream(name);
    stream.last = event;
    stream.dumps++;
    // What was cut off would look as if it had ended.
    if (event.truncated === true) return [];
    if (isRestart(stream.tracker, event)) this.#streams.set(name, freshStream(event));
    const current = this.#stream(name);
    current.last = event;
    addDump(current, event, seconds);
    const n = current.tracker.snapshots;
    const due = n <= 32 || n % Math.ceil(n / 32) === 0;
    return n >= this.#growth.minDumpsLive && due ? this.#tellGrowth(false) : [];
  }

  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    const total = this.#streams.get('identity') ?? this.#streams.get('counts');
    if (total !== undefined) out.push(...totalInflections(total, this.#sensitivity));
    const causes = this.#causes();
    for (const { stream, cause } of causes) out.push(...groupInflections(stream, cause, this.#sensitivity));
    out.push(...this.#tellGrowth(true));
    const members = causes.flatMap(({ cause }) => [cause, ...cause.also].flatMap((one) => one.family.members));
    // By id and by line: the ids of debug=1 are not those of debug=2.
    const told = new Set(members.flatMap((member) => [member.id, frameKey(member.site.blocking)]));
    const blocked = new Set<string>();
    const tellBlocked = (event: GoroutinesEvent, isSeries: boolean): void => {
      for (const { key, body } of judgeBlocked(event, isSeries, told, this.#blocked)) {
        if (blocked.has(key)) continue;
        blocked.add(key);
        this.#log.finish(key, event, body, out);
      }
    };
    for (const name of STREAMS) {
      const stream = this.#streams.get(name);
      if (stream?.last !== undefined) tellBlocked(stream.last, stream.tracker.snapshots >= this.#growth.minDumps);
    }
    if (this.#crash !== undefined) tellBlocked(this.#crash, false);
    return out;
  }

  #tellGrowth(final: boolean): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    const told = new Set<string>();
    for (const { stream, cause } of this.#causes()) {
      const key = growthKey(cause);
      const origin: Origin = stream.last ?? { source: '-', line: 1 };
      told.add(key);
      const body = growthBody(stream, cause);
      if (final) this.#log.finish(key, origin, body, out);
      else this.#log.tell(key, origin, body, out);
    }
    const [any] = this.#streams.values();
    for (const key of this.#log.openKeys) {
      if (!told.has(key) && any?.last !== undefined) this.#log.withdraw(key, any.last, 'It did not go on.', out);
    }
    return out;
  }

  #causes(): { stream: DumpStream; cause: Cause }[] {
    const found: { stream: DumpStream; cause: Cause }[] = [];
    const keys = new Set<string>();
    const identity = this.#streams.get('identity');
    const withIds = identity?.tracker.snapshots ?? 0;
    // A few dumps with ids beside a long series without do not make up for it.
    const decided =
      withIds >= this.#growth.minDumps && 4 * withIds >= (this.#streams.get('counts')?.tracker.snapshots ?? 0);
    for (const name of STREAMS) {
      const stream = this.#streams.get(name);
      // With ids in hand, counts alone have nothing to add.
      if (stream === undefined || (name === 'counts' && decided)) continue;
      for (const cause of this.#causesIn(stream, name)) {
        const key = growthKey(cause);
        if (keys.has(key)) continue;
        keys.add(key);
        found.push({ stream, cause });
      }
    }
    return found;
  }

  #causesIn(stream: DumpStream, name: StreamName): Cause[] {
    const { tracker } = stream;
    const identity = name === 'identity';
    const byGroup = identity ? followedByGroup(tracker) : undefined;
    const grown: Grown[] = [];
    for (const family of makeFamilies(tracker.groups, identity)) {
      if (family.members.every((member) => member.history.infrastructure)) continue;
      const growth =
        byGroup === undefined
          ? judgeCounts(family, tracker, this.#growth)
          : judgeIdentity(family, tracker, byGroup, this.#growth);
      if (growth === undefined) continue;
      const leaked = family.members.some((member) => member.history.leaked > 0);
      grown.push(
        describeGrown(family, leaked ? { ...growth, verdict: 'leak', confidence: 1 } : growth, tracker.snapshots - 1),
      );
    }
    return mergeRelated(grown);
  }

  #stream(name: StreamName): DumpStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = freshStream();
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** Totals and places are thinned out with the tracker's counts. */
function addDump(stream: DumpStream, event: GoroutinesEvent, seconds: number | undefined): void {
  const { tracker } = stream;
  const { snapshots, stride } = tracker;
  tracker.push(event.groups);
  if (snapshots % stride === 0) {
    const { source, line, atTime } = event;
    const place = { source, line, total: event.total };
    stream.places.push({
      ...place,
      ...(seconds === undefined ? {} : { seconds }),
      ...(atTime === undefined ? {} : { atTime }),
    });
  }
  if (tracker.stride !== stride) stream.places = stream.places.filter((_, i) => i % 2 === 0);
}

function freshStream(last?: GoroutinesEvent): DumpStream {
  return { tracker: new GroupTracker(), places: [], dumps: last === undefined ? 0 : 1, last };
}

/** Which series a dump belongs to; crashes and users' own profiles belong to none. */
function streamOf(event: GoroutinesEvent): StreamName | undefined {
  if (event.profile === 'goroutineleak') return 'leaks';
  if (event.profile !== undefined) return undefined;
  if (event.cause !== 'debug' && event.cause !== 'sigquit') return undefined;
  if (event.debug === 2 && printsItself(event)) return undefined;
  return event.debug === 2 ? 'identity' : 'counts';
}

/** One goroutine that printed its own stack is no dump of the program; a profile of a program with one goroutine is. */
function printsItself(event: GoroutinesEvent): boolean {
  if (event.total !== 1 || event.states['running'] !== 1) return false;
  return !event.groups.some((group) => group.stack.some((frame) => frame.function.startsWith('runtime/pprof.')));
}

/** Ids only ever go up: when all that were followed are gone and the new ones are low, it is another process. */
function isRestart(tracker: GroupTracker, event: GoroutinesEvent): boolean {
  if (tracker.followed.size < 4) return false;
  let before = 0;
  for (const id of tracker.followed.keys()) before = Math.max(before, id);
  let now = 0;
  let common = 0;
  for (const group of event.groups) {
    for (const id of group.sampleIds ?? []) {
      now = Math.max(now, id);
      if (id > 64 && tracker.followed.has(id)) common++;
    }
  }
  return now > 0 && common === 0 && now < before / 2;
}
