// In: the cycle number, time and heap of each gc record, and who its wrapper says it is. Out: the process that printed it.
// A gctrace line carries no pid, so processes are told apart by what cannot happen inside one: cycle numbers are never skipped
// and never fall, `@` never falls, the heap starts where the last cycle left it (FORMATS section 0 and 1.2).

import {
  canFollow,
  type GcSighting,
  misfit,
  note,
  noteRows,
  type ProcessState,
  printedSeconds,
  recentRecords,
  remembers,
  repeats,
  type SightingRows,
  type StreamClock,
  strangerMisfit,
} from './process-fit.ts';

export type { GcDetails, GcSighting, ProcessState, SightingColumns, SightingRows } from './process-fit.ts';

export type OpenReason = 'first' | 'restart' | 'interleaved';

export interface Assignment {
  state: ProcessState;
  opened?: OpenReason;
  /** Processes that are over now: nothing of them is expected any more. */
  ended: ProcessState[];
}

/** A process that was silent for so many gc records of others is over. */
const silentRecords = 5000;
/** A successor with so many cycles proves that a restart was one, */
const successorCycles = 40;
/** and so does a silence longer than the two minutes after which the runtime forces a cycle (runtime/proc.go forcegcperiod). */
const silentSeconds = 130;
/** Two share a stream as long as an older one spoke again within so many records. */
const interleavedRecords = 200;
/** The first records of a process are looked at closely: replicas that start together differ in little. */
const closeRecords = 64;
/** Misfit of the first line of an older process: until one spoke again, they follow each other. */
const firstSwitch = 5;
const maxLive = 256;
const mostOver = 64;
/** So many processes of one cycle each, every one with the cycle before the last one's: the lines stand in reverse. */
const reverseCycles = 5;

/** Assigns every gc record of all inputs to a process. State is a plain value in `processes`. */
export class ProcessTracker {
  #live: ProcessState[] = [];
  /** The last ones that were taken to be over. */
  #over: ProcessState[] = [];
  #opened = 0;
  /** gc records so far. */
  #clock = 0;
  readonly #stream: StreamClock = { seconds: 0, gapSeconds: 0, lateSeconds: 0, wallSpreadMs: 500 };
  /** When an older process last spoke again after a younger one. */
  #interleavedAt = Number.NEGATIVE_INFINITY;
  #last: ProcessState | undefined;
  readonly #onReverse: ((source: string) => void) | undefined;
  #reverse = 0;

  /** `onReverse` is told of a source, once or more, whose newest line comes first: each cycle becomes a process of its own there. */
  constructor(onReverse?: (source: string) => void) {
    this.#onReverse = onReverse;
  }

  /** Number of processes opened so far. */
  get count(): number {
    return this.#opened;
  }

  /** The last cycle of each live process of that identity (undefined: of all), and when it began: the next one follows on it. */
  expectations(identity: string | undefined): { cycle: number; at: number }[] {
    const live = identity === undefined ? this.#live : this.#live.filter((state) => state.identity === identity);
    return live.map((state) => ({ cycle: state.cycle, at: state.atSeconds ?? 0 }));
  }

  /**
   * The process of a line that says nothing about its process (scavenger, pacer, dumps): the one that printed last, unless several
   * are printing at the same time without a wrapper's identity.
   */
  current(identity: string | undefined): ProcessState | undefined {
    if (identity !== undefined) {
      let found: ProcessState | undefined;
      for (const state of this.#live) {
        if (state.identity === identity && (found === undefined || state.lastSeen >= found.lastSeen)) found = state;
      }
      return found;
    }
    return this.ambiguous ? undefined : this.#last;
  }

  /** True when lines of several processes alternate and a line without a cycle number cannot be assigned. */
  get ambiguous(): boolean {
    return this.#live.length > 1 && this.#clock - this.#interleavedAt < interleavedRecords;
  }

  /** Opens a process for a sibling line that stands before any gc record. */
  open(identity: string | undefined, source: string): Assignment {
    const state = this.#open({ cycle: 0, heapStartMiB: 0, heapLiveMiB: 0, identity, source });
    return { state, opened: state.process === 1 ? 'first' : 'restart', ended: [] };
  }

  /** The only process there is, once it is known well enough to be followed without care. */
  get only(): ProcessState | undefined {
    const last = this.#last;
    return last !== undefined && this.#live.length === 1 && last.records >= closeRecords ? last : undefined;
  }

  /** By far the commonest case: the only process there is prints its next cycle. False: it is not that case, and nothing was done. */
  #follow(gc: GcSighting): boolean {
    const only = this.only;
    if (only === undefined || gc.cycle !== only.cycle + 1 || !canFollow(only, gc)) return false;
    only.details = undefined;
    note(only, gc, this.#stream);
    only.lastSeen = ++this.#clock;
    only.seenSeconds = this.#stream.seconds;
    return true;
  }

  /**
   * The same for many sightings of one source and shape without identity and wall time. Returns how many were followed: what comes next
   * is not that case.
   */
  followRows(first: GcSighting, rows: SightingRows, count: number): number {
    if (!this.#follow(first)) return 0;
    const only = this.#last!;
    const followed = noteRows(only, rows, 1, count);
    this.#clock += followed - 1;
    only.lastSeen = this.#clock;
    return followed;
  }

  assign(gc: GcSighting): Assignment {
    if (this.#follow(gc)) return { state: this.#last!, ended: [] };
    this.#clock++;
    return this.#assignWithCare(gc, this.#last);
  }

  #assignWithCare(gc: GcSighting, before: ProcessState | undefined): Assignment {
    if (before !== undefined && repeats(before, gc)) return { state: before, ended: [] };
    let state = this.#continuation(gc) ?? this.#revive(gc);
    let opened: OpenReason | undefined;
    if (state === undefined) {
      const sentTwice = gc.cycle === 1 ? undefined : this.#live.find((other) => remembers(other, gc));
      if (sentTwice !== undefined) return { state: sentTwice, ended: [] };
      const rivals = this.#live.some((other) => other.identity === gc.identity);
      this.#noteReverse(gc);
      opened = this.#opened === 0 ? 'first' : this.ambiguous || !rivals ? 'interleaved' : 'restart';
      state = this.#open(gc);
    } else if (before !== undefined && before !== state && before.identity === state.identity && state.records > 0) {
      // An older process spoke again after a younger one: two share this stream.
      this.#interleavedAt = this.#clock;
    }
    const first = state.records === 0;
    note(state, gc, this.#stream);
    state.details = gc.details?.();
    state.lastSeen = this.#clock;
    this.#moveClock(state, gc, first);
    state.seenSeconds = this.#stream.seconds;
    this.#last = state;
    const ended = this.#live.length > 1 ? this.#retire(state) : [];
    return opened === undefined ? { state, ended } : { state, opened, ended };
  }

  #noteReverse(gc: GcSighting): void {
    const before = this.#live.findLast((state) => state.identity === gc.identity && state.source === gc.source);
    const isBefore = before?.records === 1 && before.cycle === gc.cycle + 1;
    const isEarlier = (gc.atSeconds ?? 0) <= (before?.atSeconds ?? 0);
    this.#reverse = isBefore && isEarlier ? this.#reverse + 1 : 0;
    if (this.#reverse === reverseCycles) this.#onReverse?.(gc.source);
  }

  /** Lines come in the order in which they were printed: what seems to come late began later than was known. */
  #moveClock(state: ProcessState, gc: GcSighting, first: boolean): void {
    const stream = this.#stream;
    const printed = printedSeconds(gc);
    const ahead = state.startSeconds + printed - stream.seconds;
    if (first || ahead < 0) state.startSeconds = stream.seconds - printed;
    if (first) return;
    stream.lateSeconds += 0.1 * (Math.max(0, -ahead) - stream.lateSeconds);
    stream.gapSeconds += 0.1 * (Math.max(0, ahead) - stream.gapSeconds);
    if (ahead > 0) stream.seconds += ahead;
  }

  #open(gc: GcSighting): ProcessState {
    const state: ProcessState = {
      process: ++this.#opened,
      identity: gc.identity,
      source: gc.source,
      shape: gc.shape,
      cycle: 0,
      atSeconds: undefined,
      heapStartMiB: gc.heapStartMiB,
      heapLiveMiB: gc.heapStartMiB,
      heapGoalMiB: undefined,
      goalRatio: undefined,
      details: undefined,
      intervalSeconds: 0,
      startWallMs: undefined,
      startSeconds: this.#stream.seconds,
      recent: new Float64Array(recentRecords),
      records: 0,
      lastSeen: this.#clock,
      seenSeconds: this.#stream.seconds,
    };
    this.#live.push(state);
    this.#last = state;
    return state;
  }

  #continuation(gc: GcSighting): ProcessState | undefined {
    let best: ProcessState | undefined;
    let least = Number.POSITIVE_INFINITY;
    const switching = this.ambiguous ? 0 : firstSwitch;
    for (const state of this.#live) {
      if (!canFollow(state, gc)) continue;
      const silent = Math.min((this.#clock - state.lastSeen) / 1000, 1);
      const off = misfit(state, gc, this.#stream) + silent + (state === this.#last ? 0 : switching);
      if (off < least) {
        best = state;
        least = off;
      }
    }
    if (best === undefined || best.records === 0 || gc.cycle === best.cycle + 1) return best;
    return least > strangerMisfit ? undefined : best;
  }

  /** A process that was taken to be over prints the one cycle that it had to print next: it was only silent for long. */
  #revive(gc: GcSighting): ProcessState | undefined {
    const at = this.#over.findIndex((state) => gc.cycle === state.cycle + 1 && canFollow(state, gc));
    if (at < 0) return undefined;
    const [state] = this.#over.splice(at, 1);
    this.#live.push(state!);
    return state;
  }

  #retire(current: ProcessState): ProcessState[] {
    const ended: ProcessState[] = [];
    const ambiguous = this.ambiguous;
    this.#live = this.#live.filter((state) => {
      if (state === current) return true;
      const silent = this.#clock - state.lastSeen;
      const replaced =
        !ambiguous &&
        current.identity === state.identity &&
        current.process > state.process &&
        current.records >= successorCycles &&
        (current.atSeconds === undefined || this.#stream.seconds - state.seenSeconds > silentSeconds);
      const over = silent > silentRecords || replaced;
      if (over) ended.push(state);
      return !over;
    });
    while (this.#live.length > maxLive) {
      const oldest = this.#live.reduce((a, b) => (b.lastSeen < a.lastSeen ? b : a));
      this.#live.splice(this.#live.indexOf(oldest), 1);
      ended.push(oldest);
    }
    if (ended.length > 0) this.#over = [...this.#over, ...ended].slice(-mostOver);
    return ended;
  }
}
