// In: goroutine dumps of one program, oldest first. Out: findings `goroutine-growth` and `blocked-goroutines`, inflections of `goroutines` and `group:ID`.
// Dumps with ids (debug=2, SIGQUIT) and without (debug=1) are separate series; where both are there, the ids decide.
import type { Sensitivity } from '../detect/index.ts';
import { frameKey } from '../events/goroutines/index.ts';
import type { GcbendEvent, GoroutinesEvent, HeapEvent } from '../events/types.ts';
import { GroupTracker } from '../series/groups-track.ts';
import { type FindingBody, FindingLog, type Origin } from './finding-log.ts';
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
import { judgeRestart } from './goroutines-restart.ts';
import { addHeld, freshStream, STREAMS, type StreamName, streamAfter, streamOf } from './goroutines-streams.ts';

export interface GoroutineAnalysisOptions {
  /** Makes the ids of findings differ between series. */
  prefix?: string;
  sensitivity?: Sensitivity;
  growth?: Partial<GrowthThresholds>;
  blocked?: Partial<BlockedThresholds>;
}

interface SavedState {
  log: unknown;
  streams: [StreamName, Omit<DumpStream, 'tracker'> & { tracker: unknown }][];
  crash: GoroutinesEvent | undefined;
  ended: [string, EndedGrowth][];
  cycles: [string, number][];
  sinceCycles: StreamName[];
  notes: string[];
}

/** What grew in a process until it was restarted. */
interface EndedGrowth {
  origin: Origin;
  body: FindingBody;
}

/** So many dumps wait for one that tells a restarted process from one that has nothing to do. */
const MOST_HELD = 32;
/** Growths of earlier processes that are kept for the end. */
const ENDED_KEPT = 64;

/** Pure: no clock, no I/O. A process that was restarted begins a series of its own. */
export class GoroutineSeriesAnalysis {
  /** Restarts, for stderr. */
  readonly notes: string[] = [];
  readonly #growth: GrowthThresholds;
  readonly #blocked: BlockedThresholds;
  readonly #sensitivity: Sensitivity;
  readonly #streams = new Map<StreamName, DumpStream>();
  #log: FindingLog;
  /** The goroutines of a crash are no snapshot of the series, but they may be stuck. */
  #crash: GoroutinesEvent | undefined;
  readonly #ended = new Map<string, EndedGrowth>();
  /** NumGC of the last heap text of each kind, and the series that a dump has come to since. */
  readonly #cycles = new Map<string, number>();
  readonly #sinceCycles = new Set<StreamName>();

  constructor(options: GoroutineAnalysisOptions = {}) {
    this.#log = new FindingLog(options.prefix ?? 'goroutines');
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
    for (const [key, growth] of state.ended) analysis.#ended.set(key, growth);
    for (const [kind, cycles] of state.cycles) analysis.#cycles.set(kind, cycles);
    for (const name of state.sinceCycles) analysis.#sinceCycles.add(name);
    analysis.notes.push(...state.notes);
    for (const [name, stream] of state.streams) {
      analysis.#streams.set(name, { ...stream, tracker: GroupTracker.restore(stream.tracker) });
    }
    return analysis;
  }

  state(): unknown {
    const streams = [...this.#streams].map(([name, stream]) => [name, { ...stream, tracker: stream.tracker.state() }]);
    return structuredClone({
      log: this.#log.state(),
      streams,
      crash: this.#crash,
      ended: [...this.#ended],
      cycles: [...this.#cycles],
      sinceCycles: [...this.#sinceCycles],
      notes: this.notes,
    });
  }

  /** @param seconds since the first dump; left out where no time is known: rates are per dump then */
  push(event: GcbendEvent, seconds?: number): GcbendEvent[] {
    if (event.type === 'heap') return this.#takeCycles(event);
    if (event.type !== 'goroutines') return [];
    const name = streamOf(event);
    if (name === undefined) {
      if (event.cause === 'panic' || event.cause === 'fatal') this.#crash = event;
      return [];
    }
    const before = this.#stream(name);
    before.last = event;
    before.dumps++;
    this.#sinceCycles.add(name);
    // What was cut off would look as if it had ended.
    if (event.truncated === true) return [];
    before.held.push({ event, seconds });
    const verdict = judgeRestart(before);
    if (verdict === 'open' && before.held.length < MOST_HELD) return [];
    const out = typeof verdict === 'string' ? [] : this.#restart(event, verdict.restart);
    const stream = this.#stream(name);
    const { snapshots } = stream.tracker;
    addHeld(stream);
    const n = stream.tracker.snapshots;
    const due = n <= 32 || n % Math.ceil(n / 32) === 0;
    return n > snapshots && n >= this.#growth.minDumpsLive && due ? [...out, ...this.#tellGrowth(false)] : out;
  }

  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    for (const stream of this.#streams.values()) addHeld(stream);
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

  /** A heap text says how many cycles its process has had: less than before is a process that was restarted. */
  #takeCycles({ profile = 'heap', numGC, source, line }: HeapEvent): GcbendEvent[] {
    if (numGC === undefined) return [];
    const before = this.#cycles.get(profile);
    const isRestart = before !== undefined && numGC < before;
    // The other kinds come again with counts of the new process.
    if (isRestart) this.#cycles.clear();
    this.#cycles.set(profile, numGC);
    const out = isRestart ? this.#restart({ source, line }, `NumGC fell from ${before} to ${numGC}`) : [];
    this.#sinceCycles.clear();
    return out;
  }

  /** Begins all series anew. */
  #restart({ source, line }: Origin, reason: string): GcbendEvent[] {
    if (this.#streams.size === 0) return [];
    const text = `${source}: the process was restarted (${reason}); a new series of goroutine dumps begins.`;
    if (!this.notes.includes(text)) this.notes.push(text);
    for (const { stream, cause } of this.#causes()) {
      const body = growthBody(stream, cause);
      const detail = `${body.detail} The process was restarted then.`;
      const origin: Origin = stream.last ?? { source, line };
      this.#ended.delete(growthKey(cause));
      this.#ended.set(growthKey(cause), {
        origin: {
          source: origin.source,
          line: origin.line,
          ...(origin.process === undefined ? {} : { process: origin.process }),
        },
        body: { ...body, ongoing: false, detail },
      });
    }
    while (this.#ended.size > ENDED_KEPT) this.#ended.delete([...this.#ended.keys()][0]!);
    for (const [name, stream] of [...this.#streams])
      this.#streams.set(name, streamAfter(stream, this.#sinceCycles.has(name)));
    const out: GcbendEvent[] = [];
    for (const key of this.#log.openKeys) {
      const ended = this.#ended.get(key);
      if (ended !== undefined) this.#log.tell(key, ended.origin, ended.body, out);
    }
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
    for (const [key, { origin, body }] of this.#ended) {
      if (told.has(key)) continue;
      told.add(key);
      if (final) this.#log.finish(key, origin, body, out);
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
    if (tracker.snapshots < this.#growth.minDumps) return [];
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
