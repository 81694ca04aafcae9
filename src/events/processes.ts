// In: the cycle number, time and heap of each gc record, and who its wrapper says it is. Out: the process that printed it.
// A gctrace line carries no pid, so processes are told apart by what cannot happen inside one: cycle numbers are never skipped
// and never fall, `@` never falls, the heap starts where the last cycle left it (FORMATS section 0 and 1.2).

/** What the tracker needs of one gc record. `atSeconds` is absent for Go 1.0-1.4. */
export interface GcSighting {
  cycle: number;
  atSeconds?: number | undefined;
  heapStartMiB: number;
  /** Live heap after marking; the end of the cycle where live is not printed. */
  heapLiveMiB: number;
  heapGoalMiB?: number | undefined;
  /** Container, pod or pid by the log wrapper. */
  identity?: string | undefined;
  /** Wall time of the line in ms since 1970, by the log wrapper. */
  wallMs?: number | undefined;
  source: string;
}

export interface ProcessState {
  process: number;
  identity: string | undefined;
  source: string;
  /** 0 as long as no gc record was seen (a sibling line opened the process). */
  cycle: number;
  atSeconds: number | undefined;
  heapLiveMiB: number;
  heapGoalMiB: number | undefined;
  /** Wall time minus `at`: constant for one process. */
  startWallMs: number | undefined;
  /** Number of gc records seen from this process. */
  records: number;
  /** Tracker's clock (gc records of all processes) when this one was last seen. */
  lastSeen: number;
}

export type OpenReason = 'first' | 'restart' | 'interleaved';

export interface Assignment {
  state: ProcessState;
  opened?: OpenReason;
  /** Processes that are over now: nothing of them is expected any more. */
  ended: ProcessState[];
}

/** Wrappers round to seconds and the line is printed at the end of its cycle. */
const startWallToleranceMs = 3000;
/** A process that was silent for so many gc records of others is over. */
const silentRecords = 5000;
/** A successor with so many cycles proves that a restart was one. */
const successorCycles = 40;
const maxLive = 256;

/** Assigns every gc record of all inputs to a process. State is a plain value in `processes`. */
export class ProcessTracker {
  #live: ProcessState[] = [];
  #opened = 0;
  #clock = 0;
  #interleaving = false;
  #last: ProcessState | undefined;

  /** Number of processes opened so far. */
  get count(): number {
    return this.#opened;
  }

  /** What the next gc record of each live process must look like. */
  expectations(): { cycle: number; at: number }[] {
    return this.#live.map((state) => ({ cycle: state.cycle + 1, at: state.atSeconds ?? 0 }));
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
    return this.#interleaving ? undefined : this.#last;
  }

  /** True when lines of several processes alternate and a line without a cycle number cannot be assigned. */
  get ambiguous(): boolean {
    return this.#interleaving;
  }

  /** Opens a process for a sibling line that stands before any gc record. */
  open(identity: string | undefined, source: string): Assignment {
    const state = this.#open({ cycle: 0, heapStartMiB: 0, heapLiveMiB: 0, identity, source });
    return { state, opened: state.process === 1 ? 'first' : 'restart', ended: [] };
  }

  assign(gc: GcSighting): Assignment {
    this.#clock++;
    const before = this.#last;
    let state = this.#continuation(gc);
    let opened: OpenReason | undefined;
    if (state === undefined) {
      const rivals = this.#live.some((other) => other.identity === gc.identity);
      opened = this.#opened === 0 ? 'first' : this.#interleaving || !rivals ? 'interleaved' : 'restart';
      state = this.#open(gc);
    } else if (before !== undefined && before !== state && before.identity === state.identity && state.records > 0) {
      // An older process spoke again after a younger one: two share this stream.
      this.#interleaving = this.#live.length > 1;
    }
    state.cycle = gc.cycle;
    state.atSeconds = gc.atSeconds;
    state.heapLiveMiB = gc.heapLiveMiB;
    state.heapGoalMiB = gc.heapGoalMiB;
    state.source = gc.source;
    state.records++;
    state.lastSeen = this.#clock;
    if (gc.wallMs !== undefined && gc.atSeconds !== undefined) state.startWallMs = gc.wallMs - gc.atSeconds * 1000;
    this.#last = state;
    const ended = this.#live.length > 1 ? this.#retire(state) : [];
    return opened === undefined ? { state, ended } : { state, opened, ended };
  }

  #open(gc: GcSighting): ProcessState {
    const state: ProcessState = {
      process: ++this.#opened,
      identity: gc.identity,
      source: gc.source,
      cycle: 0,
      atSeconds: undefined,
      heapLiveMiB: gc.heapStartMiB,
      heapGoalMiB: undefined,
      startWallMs: undefined,
      records: 0,
      lastSeen: this.#clock,
    };
    this.#live.push(state);
    this.#last = state;
    return state;
  }

  #continuation(gc: GcSighting): ProcessState | undefined {
    // By far the commonest case: the process that printed last prints its next cycle.
    const last = this.#last;
    if (last !== undefined && this.#live.length === 1 && this.#fits(last, gc) && gc.cycle === last.cycle + 1)
      return last;
    let best: ProcessState | undefined;
    let bestMisfit = Number.POSITIVE_INFINITY;
    for (const state of this.#live) {
      if (!this.#fits(state, gc)) continue;
      const misfit = this.#misfit(state, gc);
      if (misfit < bestMisfit) {
        best = state;
        bestMisfit = misfit;
      }
    }
    return best;
  }

  /** Could this record come from that process at all? */
  #fits(state: ProcessState, gc: GcSighting): boolean {
    if (state.identity !== gc.identity) return false;
    // Opened by a sibling line, no cycle seen yet: the first gc record near it is its own.
    if (state.records === 0) return state.source === gc.source;
    if (gc.atSeconds === undefined || state.atSeconds === undefined) {
      // Go 1.0-1.4 print no time; under gctrace=2 they print each cycle twice.
      return (
        gc.atSeconds === state.atSeconds &&
        (gc.cycle === state.cycle + 1 || gc.cycle === state.cycle) &&
        state.source === gc.source
      );
    }
    if (gc.cycle <= state.cycle || gc.atSeconds < state.atSeconds) return false;
    // Sweeping never lowers the live estimate, so the next cycle starts at least where marking ended (whole MiB, floored).
    if (gc.cycle === state.cycle + 1 && gc.heapStartMiB + 1 < state.heapLiveMiB) return false;
    if (gc.wallMs !== undefined && state.startWallMs !== undefined) {
      if (Math.abs(gc.wallMs - gc.atSeconds * 1000 - state.startWallMs) > startWallToleranceMs) return false;
      return true;
    }
    // A log goes on in another file only without a gap; inside one file lines may have been lost.
    return state.source === gc.source ? gc.cycle > 1 : gc.cycle === state.cycle + 1;
  }

  /** 0 for the record that this process must print next; grows with lost cycles and with a heap that does not go on. */
  #misfit(state: ProcessState, gc: GcSighting): number {
    if (state.records === 0) return 0.5;
    const lost = gc.cycle - state.cycle - 1;
    const reach = Math.max(state.heapGoalMiB ?? state.heapLiveMiB, state.heapLiveMiB, 4);
    const below = Math.max(0, state.heapLiveMiB - gc.heapStartMiB);
    const above = Math.max(0, gc.heapStartMiB - reach);
    const heap = (below + above) / reach;
    const goal = state.heapGoalMiB === undefined ? 0 : Math.abs(gc.heapStartMiB - state.heapGoalMiB) / reach;
    const silent = (this.#clock - state.lastSeen) / 1000;
    return lost * 10 + heap * 4 + Math.min(goal, 2) + Math.min(silent, 1);
  }

  #retire(current: ProcessState): ProcessState[] {
    const ended: ProcessState[] = [];
    this.#live = this.#live.filter((state) => {
      if (state === current) return true;
      const silent = this.#clock - state.lastSeen;
      const replaced =
        !this.#interleaving &&
        current.identity === state.identity &&
        current.process > state.process &&
        current.records >= successorCycles;
      const over = silent > silentRecords || replaced;
      if (over) ended.push(state);
      return !over;
    });
    while (this.#live.length > maxLive) {
      const oldest = this.#live.reduce((a, b) => (b.lastSeen < a.lastSeen ? b : a));
      this.#live.splice(this.#live.indexOf(oldest), 1);
      ended.push(oldest);
    }
    if (this.#live.length === 1) this.#interleaving = false;
    return ended;
  }
}
