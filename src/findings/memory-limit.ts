// In: half-second bins of one process. Out: `memory-limit`: the goal no longer follows the live heap, it stands still just above it, and
// cycles crowd: one story for the twenty bends that the limiter makes.
import { type CycleCell, pointOf, type WatchedSignal } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { changeAt, type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import { evidence, frequency, mib, moment, number, percent } from './words.ts';

export interface LimitState {
  /** Slow means of the time when the goal followed the live heap. */
  usual?: { bins: number; ratio: number; interval: number; goal: number; live: number };
  /** Since when the goal has stood still while the live heap nears it, and where: a limit before it is reached. */
  approach?: { from: number; bins: number; goalMiB: number };
  /** The crowded bins in a row. */
  run?: { from: number; line: number; cycles: number; goal: number };
  calm: number;
  found?: {
    from: number;
    line: number;
    goalMiB: number;
    usualInterval?: number;
    usualRatio?: number;
    usualLive?: number;
    /** Live heap and time when it was found and when the goal had first stood still. */
    liveMiB: number;
    approachFrom: number;
    ongoing: boolean;
    until?: number;
  };
}

export function newLimitState(): LimitState {
  return { calm: 0 };
}

/** Bins that the slow means look back on, and calm bins after which crowding is over. */
const MEAN_BINS = 200;
const CALM_BINS = 10;
/** While the ratio is this far below the usual one it is falling: the usual one is kept. */
const FALLING = 0.9;

/** @returns true when what is to be told has changed */
export function pushLimit(state: LimitState, bin: CycleCell, cycles: number, context: RuleContext): boolean {
  const limits = context.thresholds.memoryLimit;
  const ratio = pointOf(bin, 'goalRatio');
  const interval = pointOf(bin, 'gcInterval');
  const goal = pointOf(bin, 'heapGoal');
  if (ratio === undefined || interval === undefined || goal === undefined) return false;
  const { usual } = state;
  const live = goal.y / ratio.y;
  noteApproach(state, ratio.t, ratio.y, goal.y);
  const crowded =
    ratio.y <= limits.ratioAlone ||
    (usual !== undefined &&
      ratio.y <= limits.ratio &&
      usual.ratio / ratio.y >= limits.ratioFell &&
      interval.y <= limits.intervalShare * usual.interval &&
      goal.y >= FALLING * usual.goal);
  if (!crowded) {
    delete state.run;
    learn(state, ratio.y, interval.y, goal.y, live);
    state.calm++;
    if (state.found?.ongoing !== true || state.calm < CALM_BINS) return false;
    state.found.ongoing = false;
    state.found.until = ratio.t;
    return true;
  }
  state.calm = 0;
  state.run ??= { from: ratio.t, line: ratio.tag, cycles: 0, goal: goal.y };
  state.run.cycles += cycles;
  if (state.run.cycles < limits.minCycles || context.latest.t - state.run.from < limits.minSeconds) return false;
  if (state.found?.ongoing === true) return false;
  if (state.found !== undefined) {
    state.found.ongoing = true;
    delete state.found.until;
    return true;
  }
  state.found = {
    from: state.run.from,
    line: state.run.line,
    goalMiB: state.approach?.goalMiB ?? state.run.goal,
    liveMiB: live,
    approachFrom: state.approach?.from ?? state.run.from,
    ongoing: true,
  };
  if (usual !== undefined) {
    state.found.usualLive = usual.live;
    state.found.usualInterval = usual.interval;
    state.found.usualRatio = usual.ratio;
  }
  return true;
}

function noteApproach(state: LimitState, t: number, ratio: number, goal: number): void {
  const { usual } = state;
  if (state.found !== undefined) return;
  if (usual === undefined || ratio >= FALLING * usual.ratio || goal < FALLING * usual.goal) {
    delete state.approach;
    return;
  }
  state.approach ??= { from: t, bins: 0, goalMiB: goal };
  const { approach } = state;
  approach.bins = Math.min(approach.bins + 1, MEAN_BINS);
  approach.goalMiB += (goal - approach.goalMiB) / approach.bins;
}

/** The heap that a limit allows, MiB, as far as the goal gives it away: reached, or neared for long enough to be sure. */
export function heapLimitOf(state: LimitState): number | undefined {
  if (state.found !== undefined) return state.found.goalMiB;
  return state.approach !== undefined && state.approach.bins >= CALM_BINS ? state.approach.goalMiB : undefined;
}

/** So much larger than usual the live heap must be for its growth to be the reason of the crowding. */
const GREW = 1.15;

function learn(state: LimitState, ratio: number, interval: number, goal: number, live: number): void {
  const { usual } = state;
  // A ratio that fell together with the goal is another GOGC, not a limit: begin anew.
  if (usual === undefined || (ratio < FALLING * usual.ratio && goal < FALLING * usual.goal)) {
    state.usual = { bins: 1, ratio, interval, goal, live };
    return;
  }
  if (ratio < FALLING * usual.ratio) return;
  usual.bins = Math.min(usual.bins + 1, MEAN_BINS);
  usual.ratio += (ratio - usual.ratio) / usual.bins;
  usual.interval += (interval - usual.interval) / usual.bins;
  usual.goal += (goal - usual.goal) / usual.bins;
  usual.live += (live - usual.live) / usual.bins;
}

export function describeLimit(state: LimitState, context: RuleContext): FindingBody | undefined {
  const { found } = state;
  if (found === undefined) return undefined;
  const { from, goalMiB } = found;
  const heapGrew = found.usualLive !== undefined && found.liveMiB >= GREW * found.usualLive;
  const to = found.until ?? context.latest.t;
  const span = Math.max(to - from, 1);
  const at = (signal: WatchedSignal) => changeAt(context, signal, from, from - 3 * span - 30, to);
  const interval = context.history.mean('gcInterval', from, to);
  const gcCpu = at('gcCpu');
  const live = at('heapLive');
  const known = context.limits.goMemLimitBytes;
  const when = moment(from, context.hasTime);
  const limitText =
    known === undefined
      ? `about ${mib(goalMiB)} of heap (GOMEMLIMIT is that and what is not heap)`
      : `GOMEMLIMIT, ${mib(known / 2 ** 20)}`;
  const reason = heapGrew
    ? 'Cycles crowd because the live heap has grown up to the limit.'
    : 'Cycles crowd although the live heap does not grow: it has just too little room below the limit.';
  return {
    rule: 'memory-limit',
    severity: (gcCpu?.after ?? 0) >= 0.25 ? 'critical' : 'warning',
    ongoing: found.ongoing,
    ...timesOf(context, from),
    title: `The memory limit was reached at ${when}: collection runs ${interval === undefined ? 'all the time' : frequency(interval)}`,
    detail:
      `Since ${when} the goal of the heap no longer follows the live heap but stands at ${limitText}. ` +
      (interval === undefined
        ? ''
        : `A cycle starts ${frequency(interval)}${found.usualInterval === undefined ? '' : `, before it was ${frequency(found.usualInterval)}`}` +
          `${gcCpu === undefined ? '' : `; it takes ${percent(gcCpu.after)} of the CPU, before ${percent(gcCpu.before)}`}. `) +
      reason,
    confidence: 0.95,
    evidence: evidence({
      heapLimitMiB: goalMiB,
      goMemLimitBytes: known,
      goalOverLive: context.history.mean('goalRatio', from, to),
      goalOverLiveBefore: found.usualRatio,
      gcInterval: interval,
      gcIntervalBefore: found.usualInterval,
      gcCpu,
      heapLive: live,
      allocRate: at('allocRate'),
      cycles: context.history.cycles(from, to).total,
      heapGrew,
      until: found.until,
    }),
    advice: [
      ...ADVICE.memoryLimit,
      ...(heapGrew ? [] : [`Room below the limit: ${number(Math.max(0, goalMiB - (live?.after ?? goalMiB)))} MiB.`]),
    ],
  };
}
