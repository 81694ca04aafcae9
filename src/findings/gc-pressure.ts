// In: cycles of one process. Out: `gc-pressure`, the early sign: programs are made to mark (assist share above 30 %) while marking itself
// gets only half as much done per millisecond as it used to, three cycles in a row.
import { type CycleSample, median } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import { evidence, moment, number, percent } from './words.ts';

interface PressuredCycle {
  cycle: number;
  assistShare: number;
  workPerMs: number;
  gcCpu?: number;
}

export interface PressureState {
  /** Work per ms of the last cycles that were not under pressure. */
  baseline: number[];
  /** The cycles in a row that are. */
  run: PressuredCycle[];
  runFrom?: number;
  found?: {
    from: number;
    line: number;
    lastT: number;
    cycles: number;
    baselineWorkPerMs: number;
    first: PressuredCycle[];
    ongoing: boolean;
    worstGcCpu?: number;
  };
}

export function newPressureState(): PressureState {
  return { baseline: [], run: [] };
}

/** Pressure is over when no cycle showed it for so long. */
const QUIET_SECONDS = 10;

/** @returns true when what is to be told has changed */
export function pushPressure(state: PressureState, sample: CycleSample, context: RuleContext): boolean {
  const limits = context.thresholds.gcPressure;
  const { assistShare, scanRate, gcCpu } = sample.values;
  const { found } = state;
  if (assistShare === undefined || scanRate === undefined) return quieten(state, sample.t);
  const ready = state.baseline.length >= limits.minBaselineCycles && assistShare > limits.assistShare;
  const fast = !ready || mostAreAtMost(state.baseline, scanRate / limits.workShare);
  const usual = fast ? 0 : median(state.baseline);
  if (fast || scanRate >= limits.workShare * usual) {
    state.run = [];
    state.baseline.push(scanRate);
    if (state.baseline.length > limits.baselineCycles) state.baseline.shift();
    return quieten(state, sample.t);
  }
  if (state.run.length === 0) state.runFrom = sample.t;
  const pressured: PressuredCycle = { cycle: sample.cycle, assistShare, workPerMs: scanRate };
  if (gcCpu !== undefined) pressured.gcCpu = gcCpu;
  state.run.push(pressured);
  if (state.run.length > limits.cycles) state.run.shift();
  if (state.run.length < limits.cycles) return false;
  if (found === undefined) {
    state.found = {
      from: state.runFrom ?? sample.t,
      line: sample.line,
      lastT: sample.t,
      cycles: limits.cycles,
      baselineWorkPerMs: usual,
      first: [...state.run],
      ongoing: true,
    };
    noteWorst(state.found, state.run);
    return true;
  }
  const resumed = !found.ongoing;
  found.ongoing = true;
  found.lastT = sample.t;
  found.cycles++;
  noteWorst(found, [pressured]);
  return resumed;
}

/** More than half are, so that the median is too: in a healthy program nearly always, and found without sorting. */
function mostAreAtMost(values: readonly number[], bound: number): boolean {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! <= bound) count++;
  return 2 * count > values.length;
}

function noteWorst(found: NonNullable<PressureState['found']>, cycles: readonly PressuredCycle[]): void {
  for (const { gcCpu } of cycles) if (gcCpu !== undefined) found.worstGcCpu = Math.max(found.worstGcCpu ?? 0, gcCpu);
}

function quieten(state: PressureState, t: number): boolean {
  if (state.found === undefined || !state.found.ongoing || t - state.found.lastT < QUIET_SECONDS) return false;
  state.found.ongoing = false;
  return true;
}

export function describePressure(state: PressureState, context: RuleContext): FindingBody | undefined {
  const { found } = state;
  if (found === undefined) return undefined;
  const limits = context.thresholds.gcPressure;
  const mean = (pick: (cycle: PressuredCycle) => number) =>
    found.first.reduce((sum, cycle) => sum + pick(cycle), 0) / found.first.length;
  const assist = mean((cycle) => cycle.assistShare);
  const work = mean((cycle) => cycle.workPerMs);
  const heavy = (found.worstGcCpu ?? 0) >= 0.25;
  const when = moment(found.from, context.hasTime);
  return {
    rule: 'gc-pressure',
    severity: heavy ? 'critical' : 'warning',
    ongoing: found.ongoing,
    ...timesOf(context, found.from),
    title: `The collector fell behind at ${when}: the program's own goroutines did ${percent(assist)} of the marking`,
    detail:
      `From ${when} on, in ${found.cycles} cycles (first seen in ${limits.cycles} in a row), goroutines that wanted to allocate had to mark first ` +
      `(${percent(assist)} of the marking, ${percent(limits.assistShare)} is the limit), while a millisecond of marking got ` +
      `${number(work)} ${context.workUnit} done instead of ${number(found.baselineWorkPerMs)}. Requests get slower from here before anything else shows.`,
    confidence: 0.9,
    evidence: evidence({
      cycles: found.cycles,
      firstCycle: found.first[0]?.cycle,
      assistShare: assist,
      assistShareLimit: limits.assistShare,
      workPerMs: work,
      workUnit: context.workUnit,
      baselineWorkPerMs: found.baselineWorkPerMs,
      workShare: work / found.baselineWorkPerMs,
      workShareLimit: limits.workShare,
      cyclesInARow: limits.cycles,
      gcCpuWorst: found.worstGcCpu,
      until: found.ongoing ? undefined : found.lastT,
      each: found.first,
    }),
    advice: [...ADVICE.gcPressure],
  };
}
