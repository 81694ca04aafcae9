// In: heap, pauses and blocking with their times. Out: a score of 0–100 for every ten seconds: 0.4 heap + 0.3 pause + 0.3 blocking.
// Each part falls from 100 by a logistic curve that passes 50 at its limit; parts that nobody measured are left out and named.
import type { GcbendEvent, HealthEvent } from '../events/types.ts';
import type { CycleSample } from '../series/index.ts';
import { ADVICE } from './advice.ts';
import { type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import type { Thresholds } from './thresholds.ts';
import { duration, evidence, mib, number, tidy } from './words.ts';

const HEALTH_WEIGHTS = { heap: 0.4, pause: 0.3, block: 0.3 } as const;

type Part = keyof typeof HEALTH_WEIGHTS;

/** How steep the curve is at the limit: half the limit keeps 92 of 100, twice the limit 1. */
const STEEPNESS = 5;

/** 100 at nothing, 50 at the limit, towards 0 beyond. */
export function partScore(value: number, limit: number): number {
  if (!(limit > 0)) return 0;
  const curve = (x: number) => 1 / (1 + Math.exp(STEEPNESS * (x - 1)));
  return (100 * curve(Math.max(0, value) / limit)) / curve(0);
}

/** Weighted mean of the parts there are; undefined when there are none. */
export function healthScore(parts: Partial<Record<Part, number>>): number | undefined {
  let sum = 0;
  let weights = 0;
  for (const part of Object.keys(HEALTH_WEIGHTS) as Part[]) {
    const score = parts[part];
    if (score === undefined) continue;
    sum += HEALTH_WEIGHTS[part] * score;
    weights += HEALTH_WEIGHTS[part];
  }
  return weights > 0 ? sum / weights : undefined;
}

/** What was measured in one window: the highest heap, the mean pause, what was blocked. */
export interface HealthInputs {
  heapMiB?: number;
  pauseMs?: number;
  blocksPerSecond?: number;
}

/** Scores one window. */
export function rateWindow(
  inputs: HealthInputs,
  limits: Thresholds['health'],
): { score: number; parts: Partial<Record<Part, number>>; absent: Part[] } | undefined {
  const parts: Partial<Record<Part, number>> = {};
  if (inputs.heapMiB !== undefined) parts.heap = tidy(partScore(inputs.heapMiB, limits.heapMiB));
  if (inputs.pauseMs !== undefined) parts.pause = tidy(partScore(inputs.pauseMs, limits.pauseMs));
  if (inputs.blocksPerSecond !== undefined)
    parts.block = tidy(partScore(inputs.blocksPerSecond, limits.blocksPerSecond));
  const score = healthScore(parts);
  if (score === undefined) return undefined;
  const absent = (Object.keys(HEALTH_WEIGHTS) as Part[]).filter((part) => parts[part] === undefined);
  return { score: Math.round(score * 10) / 10, parts, absent };
}

export interface HealthState {
  window?: { from: number; heapMiB: number; pauseSum: number; pauses: number; line: number; source: string };
  blocks: { sum: number; seen: boolean };
  low: number;
  found?: {
    from: number;
    line: number;
    lowest: number;
    lowestAt: number;
    windows: number;
    ongoing: boolean;
    parts: Partial<Record<Part, number>>;
  };
}

export function newHealthState(): HealthState {
  return { blocks: { sum: 0, seen: false }, low: 0 };
}

/** Takes a cycle; closes the window before it when it belongs to a later one. @returns true when `health-low` is to be told */
export function pushHealth(state: HealthState, sample: CycleSample, context: RuleContext, out: GcbendEvent[]): boolean {
  const { windowSeconds } = context.thresholds.health;
  const from = Math.floor(sample.t / windowSeconds) * windowSeconds;
  const changed = state.window !== undefined && from > state.window.from && closeHealth(state, context, out);
  state.window ??= { from, heapMiB: 0, pauseSum: 0, pauses: 0, line: sample.line, source: sample.source };
  const { window } = state;
  window.heapMiB = Math.max(window.heapMiB, sample.heapEndMiB ?? 0);
  window.line = sample.line;
  window.source = sample.source;
  if (sample.values.pause !== undefined) {
    window.pauseSum += sample.values.pause;
    window.pauses++;
  }
  return changed;
}

/** Goroutines that blocked since the last call, for the window that is open. */
export function pushBlocks(state: HealthState, count: number): void {
  state.blocks.sum += Math.max(0, count);
  state.blocks.seen = true;
}

/** Ends the open window. @returns true when `health-low` is to be told */
export function closeHealth(state: HealthState, context: RuleContext, out: GcbendEvent[]): boolean {
  const { window } = state;
  if (window === undefined) return false;
  delete state.window;
  const limits = context.thresholds.health;
  const inputs: HealthInputs = { heapMiB: window.heapMiB };
  if (window.pauses > 0) inputs.pauseMs = window.pauseSum / window.pauses;
  if (state.blocks.seen) inputs.blocksPerSecond = state.blocks.sum / limits.windowSeconds;
  state.blocks.sum = 0;
  const rated = rateWindow(inputs, limits);
  if (rated === undefined) return false;
  const to = window.from + limits.windowSeconds;
  out.push({
    type: 'health',
    schema: 1,
    source: window.source,
    line: window.line,
    ...(context.origin.process === undefined ? {} : { process: context.origin.process }),
    ...timesOf(context, to),
    window: { from: window.from, to },
    score: rated.score,
    parts: rated.parts,
    inputs: evidence({ ...inputs }) as Record<string, number>,
    ...(rated.absent.length === 0 ? {} : { absent: rated.absent }),
  } satisfies HealthEvent);
  return judgeHealth(state, { from: window.from, line: window.line, score: rated.score, parts: rated.parts }, limits);
}

/** Takes the score of a window. @returns true when `health-low` is to be told */
export function judgeHealth(
  state: Pick<HealthState, 'low' | 'found'>,
  rated: { from: number; line: number; score: number; parts: Partial<Record<Part, number>> },
  limits: Thresholds['health'],
): boolean {
  if (rated.score >= limits.warnScore) {
    state.low = 0;
    if (state.found?.ongoing !== true) return false;
    state.found.ongoing = false;
    return true;
  }
  state.low++;
  if (state.low < limits.windows) return false;
  const { found } = state;
  if (found === undefined) {
    const from = rated.from - (limits.windows - 1) * limits.windowSeconds;
    state.found = { ...rated, from, lowest: rated.score, lowestAt: rated.from, windows: state.low, ongoing: true };
    return true;
  }
  found.windows++;
  found.ongoing = true;
  if (rated.score < found.lowest) {
    found.lowest = rated.score;
    found.lowestAt = rated.from;
    found.parts = rated.parts;
  }
  return true;
}

const PART_WORDS: Readonly<Record<Part, string>> = {
  heap: 'the heap',
  pause: 'the pauses',
  block: 'blocked goroutines',
};

/** @param times `at` and `atTime` of a time of the windows */
export function describeHealth(
  state: Pick<HealthState, 'found'>,
  limits: Thresholds['health'],
  times: (t: number) => { at?: number; atTime?: string },
): FindingBody | undefined {
  const { found } = state;
  if (found === undefined) return undefined;
  const parts = Object.entries(found.parts) as [Part, number][];
  const worst = parts.sort((a, b) => a[1] - b[1])[0]?.[0] ?? 'heap';
  return {
    rule: 'health-low',
    severity: found.lowest < limits.criticalScore ? 'critical' : 'warning',
    ongoing: found.ongoing,
    ...times(found.from),
    title: `Health is low: ${number(found.lowest)} of 100 at ${duration(found.lowestAt)}`,
    detail:
      `From ${duration(found.from)} on ${found.windows} windows of ${duration(limits.windowSeconds)} scored below ${limits.warnScore}; ` +
      `${PART_WORDS[worst]} cost the most points. Measured against ${mib(limits.heapMiB)} of heap, pauses of ${number(limits.pauseMs)} ms ` +
      `and ${number(limits.blocksPerSecond)} blocked goroutines a second.`,
    confidence: 0.95,
    evidence: evidence({
      lowest: found.lowest,
      lowestAt: found.lowestAt,
      windows: found.windows,
      parts: found.parts,
      limits,
    }),
    advice: [...ADVICE.health],
  };
}
