// In: how the last round of polls went and what the caller has learnt from it. Out: how long to wait for the next one.
// Dense while something happens, sparse while the target suffers: pure, so that every rule can be tested without a clock.

/** One round seen from outside; the optional parts come from whoever reads the texts. */
export interface RoundObservation {
  /** Time that the target spent on the round's dumps. */
  tookMs: number;
  /** No dump differs from the one before. */
  unchanged: boolean;
  /** The target has been started or deployed anew since the last round. */
  restarted: boolean;
  /** Something grows: a provisional bend upwards is open. */
  growing?: boolean | undefined;
  /** Share of the CPU that the target's collector takes, 0–1. */
  gcCpuFraction?: number | undefined;
}

export interface IntervalState {
  intervalMs: number;
  /** Rounds that are still taken densely after a start. */
  denseRounds: number;
}

export const MIN_INTERVAL_MS = 1000;
export const BASE_INTERVAL_MS = 5000;
export const MAX_INTERVAL_MS = 60_000;
/** Twelve dense rounds are enough points to see where a level settles. */
const DENSE_ROUNDS = 12;
/** Dumping may take a fiftieth of the target's time, no more. */
const MAX_DUTY = 50;
const BUSY_GC_FRACTION = 0.25;

/** A start counts as a restart: nothing is known yet. */
export function startInterval(): IntervalState {
  return { intervalMs: MIN_INTERVAL_MS, denseRounds: DENSE_ROUNDS };
}

/** The wait from the start of the round just done to the start of the next, in `intervalMs` of the answer. */
export function nextInterval(state: IntervalState, seen: RoundObservation): IntervalState {
  const denseRounds = seen.restarted ? DENSE_ROUNDS : Math.max(0, state.denseRounds - 1);
  let wantedMs: number;
  if (denseRounds > 0) wantedMs = MIN_INTERVAL_MS;
  else if (seen.growing) wantedMs = state.intervalMs / 2;
  else if (seen.unchanged) wantedMs = state.intervalMs * 1.5;
  // Back to the ordinary pace in steps, so that one quiet round between two busy ones does not matter.
  else wantedMs = state.intervalMs + (BASE_INTERVAL_MS - state.intervalMs) / 4;
  // The target's health comes before the wish to know.
  if ((seen.gcCpuFraction ?? 0) > BUSY_GC_FRACTION)
    wantedMs = Math.max(wantedMs, state.intervalMs * 2, BASE_INTERVAL_MS);
  wantedMs = Math.max(wantedMs, seen.tookMs * MAX_DUTY);
  return { intervalMs: Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, wantedMs)), denseRounds };
}

/** The wait before the try that follows `failures` failed ones in a row. */
export function backOffMs(failures: number): number {
  return Math.min(30_000, 500 * 2 ** Math.min(failures - 1, 10));
}
