// In: what is known of a process, and a gc record. Out: whether it can be the process' next one, and how badly it fits.
// Laws of runtime/mgc.go come first: cycles are never skipped, they do not overlap, the heap starts where marking left it.

/** Numbers of a gc record that tell processes apart where several may have printed it. Absent: not printed by that Go version. */
export interface GcDetails {
  /** Wall-clock time of the cycle: its line is printed when this has passed after `@`. */
  cycleMs: number;
  gcCpuPercent: number | undefined;
  stacksMiB: number | undefined;
  globalsMiB: number | undefined;
  procs: number | undefined;
}

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
  /** Wall time of the cycle's start in ms since 1970, by the log wrapper. */
  wallMs?: number | undefined;
  source: string;
  /** Shape of the line: a process never changes it. */
  shape?: number | undefined;
  /** Read only where more than one process may have printed the record. */
  details?: (() => GcDetails) | undefined;
}

export interface ProcessState {
  process: number;
  identity: string | undefined;
  source: string;
  shape: number | undefined;
  /** 0 as long as no gc record was seen (a sibling line opened the process). */
  cycle: number;
  atSeconds: number | undefined;
  heapStartMiB: number;
  heapLiveMiB: number;
  heapGoalMiB: number | undefined;
  /** Goal over the live heap of the cycle before: 1 + GOGC/100. */
  goalRatio: number | undefined;
  /** Of its last record, where they were needed. */
  details: GcDetails | undefined;
  /** Typical seconds between two cycles; 0 as long as there were none. */
  intervalSeconds: number;
  /** Wall time minus `at`: constant for one process, as long as nobody sets the clock. */
  startWallMs: number | undefined;
  /** The least that `at` lies behind the stream's own clock, by the order of its lines. */
  startSeconds: number;
  /** Its latest records, by cycle: to know them again when a collector sends them twice. */
  recent: Float64Array;
  /** Number of gc records seen from this process. */
  records: number;
  /** Tracker's clock (gc records of all processes) when this one was last seen. */
  lastSeen: number;
  /** Time of the stream then, seconds. */
  seenSeconds: number;
}

/** Time as the order of the lines tells it, where no wrapper does. */
export interface StreamClock {
  /** The latest at which a line was printed, in seconds since the first process began. */
  seconds: number;
  /** Typical step from line to line. */
  gapSeconds: number;
  /** How much too late lines typically seem to come. */
  lateSeconds: number;
  /** How far the wall time minus `at` wanders within a process: resolution of the wrapper's clock and delay of its lines. */
  wallSpreadMs: number;
}

/** A shift of the wall time beyond this is another process, or a clock that was set. */
const wallToleranceMs = 3000;
/** `@` is cut to milliseconds, the parts of a cycle are rounded to two digits. */
const atToleranceSeconds = 0.002;
/** Records of a process that are known again: a power of two. */
export const recentRecords = 512;
/** Printed MiB are cut to whole ones. */
const heapStepMiB = 1;
/** Below this many MiB the quotient of two whole numbers says nothing. */
const smallestRatioMiB = 8;

/** True for the same line once more: a collector sent it twice. */
export function repeats(state: ProcessState, gc: GcSighting): boolean {
  if (state.records === 0 || gc.atSeconds === undefined || gc.cycle !== state.cycle) return false;
  if (gc.atSeconds !== state.atSeconds || gc.identity !== state.identity || gc.shape !== state.shape) return false;
  if (gc.heapStartMiB !== state.heapStartMiB || gc.heapLiveMiB !== state.heapLiveMiB) return false;
  const { details } = state;
  return details === undefined || gc.details === undefined || details.cycleMs === gc.details().cycleMs;
}

/** True for a line that was there before, some way back: a collector sent a batch of lines twice. */
export function remembers(state: ProcessState, gc: GcSighting): boolean {
  if (gc.cycle >= state.cycle || gc.cycle + recentRecords <= state.cycle) return false;
  if (gc.identity !== state.identity || gc.shape !== state.shape || gc.atSeconds === undefined) return false;
  return state.recent[slotOf(gc.cycle)] === markOf(gc.atSeconds ?? 0, gc.heapStartMiB, gc.heapLiveMiB);
}

/** Place of a cycle among the latest ones: its remainder, without a division. */
function slotOf(cycle: number): number {
  return cycle & (recentRecords - 1);
}

/** One number that two records with one cycle number hardly share. */
function markOf(atSeconds: number, heapStartMiB: number, heapLiveMiB: number): number {
  return atSeconds * 1000 + heapStartMiB / 4096 + heapLiveMiB / 2 ** 28;
}

/** Could this record come from that process at all? */
export function canFollow(state: ProcessState, gc: GcSighting): boolean {
  if (state.identity !== gc.identity) return false;
  // Opened by a sibling line, no cycle seen yet: the first gc record near it is its own.
  if (state.records === 0) return state.source === gc.source;
  if (state.shape !== gc.shape) return false;
  if (gc.atSeconds === undefined || state.atSeconds === undefined) {
    // Go 1.0-1.4 print no time; under gctrace=2 they print each cycle twice.
    return (
      gc.atSeconds === state.atSeconds &&
      (gc.cycle === state.cycle + 1 || gc.cycle === state.cycle) &&
      state.source === gc.source
    );
  }
  if (gc.cycle <= state.cycle || gc.atSeconds < state.atSeconds) return false;
  const endSeconds = state.atSeconds + (state.details?.cycleMs ?? 0) * 0.00095 - atToleranceSeconds;
  if (gc.atSeconds < endSeconds) return false;
  // Sweeping never lowers the live estimate, so the next cycle starts at least where marking ended.
  if (gc.cycle === state.cycle + 1 && gc.heapStartMiB + heapStepMiB < state.heapLiveMiB) return false;
  if (state.source !== gc.source && gc.cycle !== state.cycle + 1) {
    // A log goes on in another file only without a gap, unless the wall time vouches for it.
    return gc.wallMs !== undefined && wallShiftMs(state, gc) <= wallToleranceMs;
  }
  // Inside one file lines may have been lost; a clock may be set, but hardly while lines are lost.
  return gc.cycle === state.cycle + 1 || wallShiftMs(state, gc) <= wallToleranceMs;
}

/**
 * About the negative logarithm of how likely it is: near 0 for the record that this process must print next, above
 * `strangerMisfit` for one that is rather the first seen of another process.
 */
export function misfit(state: ProcessState, gc: GcSighting, stream: StreamClock): number {
  if (state.records === 0) return 0.5;
  return (
    misfitOfLoss(gc.cycle - state.cycle - 1) +
    misfitOfHeap(state, gc) +
    misfitOfTime(state, gc, stream) +
    misfitOfDetails(state, gc)
  );
}

/** A record with this misfit, and lines lost before it, begins a process of its own. */
export const strangerMisfit = 30;

function misfitOfLoss(lost: number): number {
  return lost === 0 ? 0 : Math.min(4 + 1.5 * (lost - 1), 10);
}

function misfitOfHeap(state: ProcessState, gc: GcSighting): number {
  let sum = 0;
  const { heapGoalMiB, heapLiveMiB, goalRatio } = state;
  if (gc.heapGoalMiB !== undefined && heapGoalMiB !== undefined) {
    const change = Math.abs(Math.log((gc.heapGoalMiB + 2) / (heapGoalMiB + 2)));
    sum += Math.min(6 * change, 6);
    // The goal was set when the cycle before ended, from its live heap.
    if (gc.cycle === state.cycle + 1 && goalRatio !== undefined && heapLiveMiB >= smallestRatioMiB) {
      const expected = goalRatio * heapLiveMiB;
      const off = Math.abs(gc.heapGoalMiB - expected) / (heapStepMiB * goalRatio + 0.02 * expected);
      sum += Math.min(Math.max(0, off - 1), 6);
    }
  } else {
    sum += Math.min(4 * Math.abs(Math.log((gc.heapStartMiB + 2) / (state.heapStartMiB + 2))), 6);
  }
  const reach = Math.max(heapGoalMiB ?? heapLiveMiB, heapLiveMiB, 4);
  const below = Math.max(0, heapLiveMiB - gc.heapStartMiB - heapStepMiB);
  return sum + Math.min((4 * below) / reach, 6);
}

function misfitOfTime(state: ProcessState, gc: GcSighting, stream: StreamClock): number {
  const { atSeconds, intervalSeconds } = state;
  if (gc.atSeconds === undefined || atSeconds === undefined) return 0;
  let sum = 0;
  const interval = Math.max(intervalSeconds, 0.001);
  if (intervalSeconds > 0) {
    const each = (gc.atSeconds - atSeconds) / (gc.cycle - state.cycle);
    sum += Math.min(Math.log((each + 0.001) / interval) ** 2, 4);
  }
  if (gc.wallMs !== undefined && state.startWallMs !== undefined) {
    const shift = wallShiftMs(state, gc);
    return sum + Math.min(shift / (4 * stream.wallSpreadMs + 5), 30);
  }
  if (state.source !== gc.source) return sum;
  // Lines stand in the order in which they were printed: each moves the stream's clock on by little, and none back.
  const ahead = state.startSeconds + printedSeconds(gc) - stream.seconds;
  const scale = 0.002 + 4 * (ahead > 0 ? stream.gapSeconds : stream.lateSeconds);
  return sum + Math.min(Math.abs(ahead) / scale, ahead > 0 ? 5 : 14);
}

function misfitOfDetails(state: ProcessState, gc: GcSighting): number {
  const before = state.details;
  const now = gc.details?.();
  if (before === undefined || now === undefined) return 0;
  let sum = 0;
  if (now.procs !== before.procs) sum += 6;
  if (now.globalsMiB !== before.globalsMiB) sum += 6;
  if (now.stacksMiB !== undefined && before.stacksMiB !== undefined) {
    sum += Math.min(Math.abs(now.stacksMiB - before.stacksMiB) / (1 + 0.2 * before.stacksMiB), 4);
  }
  if (now.gcCpuPercent !== undefined && before.gcCpuPercent !== undefined && (state.atSeconds ?? 0) > 0) {
    // The share is that since the process began: within a short time it moves by little.
    const most = 1 + (100 * ((gc.atSeconds ?? 0) - (state.atSeconds ?? 0))) / Math.max(gc.atSeconds ?? 0, 0.001);
    const moved = Math.abs(now.gcCpuPercent - before.gcCpuPercent);
    sum += moved > most ? Math.min(2 + moved - most, 6) : (1.5 * moved) / most;
  }
  return sum;
}

/** Seconds since its process began when the line was printed. */
export function printedSeconds(gc: GcSighting): number {
  return (gc.atSeconds ?? 0) + (gc.details?.().cycleMs ?? 0) / 1000;
}

function wallShiftMs(state: ProcessState, gc: GcSighting): number {
  if (gc.wallMs === undefined || gc.atSeconds === undefined || state.startWallMs === undefined) return 0;
  return Math.abs(gc.wallMs - gc.atSeconds * 1000 - state.startWallMs);
}

/** Takes the record into what is known of the process and of the stream's wall times. */
export function note(state: ProcessState, gc: GcSighting, stream: StreamClock): void {
  const cycles = gc.cycle - state.cycle;
  if (state.records > 0 && cycles > 0 && gc.atSeconds !== undefined && state.atSeconds !== undefined) {
    state.intervalSeconds = meanInterval(state.intervalSeconds, (gc.atSeconds - state.atSeconds) / cycles);
  }
  if (cycles === 1 && gc.heapGoalMiB !== undefined && state.heapLiveMiB >= smallestRatioMiB) {
    state.goalRatio = gc.heapGoalMiB / state.heapLiveMiB;
  }
  if (gc.wallMs !== undefined && gc.atSeconds !== undefined) {
    const shift = wallShiftMs(state, gc);
    if (shift <= wallToleranceMs) stream.wallSpreadMs += 0.1 * (shift - stream.wallSpreadMs);
    state.startWallMs = gc.wallMs - gc.atSeconds * 1000;
  }
  state.recent[slotOf(gc.cycle)] = markOf(gc.atSeconds ?? 0, gc.heapStartMiB, gc.heapLiveMiB);
  state.cycle = gc.cycle;
  state.atSeconds = gc.atSeconds;
  state.heapStartMiB = gc.heapStartMiB;
  state.heapLiveMiB = gc.heapLiveMiB;
  state.heapGoalMiB = gc.heapGoalMiB;
  state.source = gc.source;
  state.shape = gc.shape;
  state.records++;
}

/** A mean of logarithms would cost one at every line; this one forgets a pause as fast. */
function meanInterval(before: number, seconds: number): number {
  return before === 0 ? seconds : 0.8 * before + 0.2 * seconds;
}

/** Sightings as numbers, one row of `width` values each. */
export interface SightingRows extends SightingColumns {
  values: Float64Array;
  width: number;
}

/** Where in a row they stand. */
export interface SightingColumns {
  cycle: number;
  atSeconds: number;
  heapStartMiB: number;
  heapLiveMiB: number;
  heapGoalMiB: number;
}

/**
 * `canFollow` and `note` for the rows from `from` that are the next cycles of the process, one after the other; returns behind the last
 * of them. They must have come from where its last record came from, and nothing but these numbers may be known of them.
 */
export function noteRows(state: ProcessState, rows: SightingRows, from: number, to: number): number {
  const { values, width } = rows;
  const { recent } = state;
  let { cycle, heapStartMiB, heapLiveMiB, intervalSeconds } = state;
  let atSeconds = state.atSeconds ?? 0;
  let heapGoalMiB = state.heapGoalMiB ?? 0;
  let goalRatio = state.goalRatio;
  let row = from;
  for (let at = from * width; row < to; row++, at += width) {
    const began = values[at + rows.atSeconds]!;
    const start = values[at + rows.heapStartMiB]!;
    if (values[at + rows.cycle] !== cycle + 1 || began < atSeconds || start + heapStepMiB < heapLiveMiB) break;
    cycle++;
    intervalSeconds = meanInterval(intervalSeconds, began - atSeconds);
    heapGoalMiB = values[at + rows.heapGoalMiB]!;
    if (heapLiveMiB >= smallestRatioMiB) goalRatio = heapGoalMiB / heapLiveMiB;
    atSeconds = began;
    heapStartMiB = start;
    heapLiveMiB = values[at + rows.heapLiveMiB]!;
    recent[slotOf(cycle)] = markOf(began, start, heapLiveMiB);
  }
  if (row > from) {
    Object.assign(state, { cycle, atSeconds, heapStartMiB, heapLiveMiB, heapGoalMiB, goalRatio, intervalSeconds });
    state.records += row - from;
  }
  return row;
}
