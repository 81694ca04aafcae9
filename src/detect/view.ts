// In: the cells kept so far. Out: their segmentation as bends in the series' own units and times.

import { confidenceOf, SLOPE_REACH } from './calibration.ts';
import { type CellStore, cellMeans, firstOf } from './cells.ts';
import type { CellBend } from './classify.ts';
import { ALARM_GROWTH_CELLS, SWING_CELLS, SWING_FACTOR } from './constants.ts';
import type { CellMeans } from './kernel/index.ts';
import { segmentLevels } from './level.ts';
import { isRunningOut, loadExplains, type Stretch } from './load.ts';
import { segmentSeries, type WholeFit } from './segments.ts';
import { describeShort } from './short.ts';
import type { Bend, BendKind, DetectorOptions, DetectorResult } from './types.ts';

export const GROWTH: ReadonlySet<BendKind> = new Set<BendKind>(['growth-onset', 'growth-up']);

export interface View {
  bends: Bend[];
  /** Values as the segmentation saw them (logs with the level model). */
  means: CellMeans;
  whole: WholeFit | undefined;
  /** Added before the logarithm; 0 with the line model. */
  offset: number;
  /** The growth that goes on at the end, does not come to rest by itself and is not explained by load. */
  growth: Bend | undefined;
}

/** Segments the cells: all of them, or the newest `fine` with the older ones joined into `coarse` groups. */
export function viewCells(c: CellStore, options: DetectorOptions, fine?: number, coarse?: number): View {
  const means = cellMeans(c, fine, coarse);
  const input = {
    ...means,
    quantum: options.quantum,
    minEffect: options.minEffect,
    sensitivity: options.sensitivity,
  };
  if (options.model === 'level') {
    const levels = segmentLevels(input);
    if (!levels) return { bends: [], means, whole: undefined, offset: 0, growth: undefined };
    const { offset, z } = levels;
    const bends = levels.bends.map((b) => toRegime(c, means, levels, b, offset));
    return { bends, means: { ...means, y: z }, whole: levels, offset, growth: undefined };
  }
  const whole = segmentSeries(input);
  if (!whole) return { bends: [], means, whole, offset: 0, growth: undefined };
  const bends = whole.bends.map((b, i) => toBend(c, means, whole, b, followsLoad(means, whole, i)));
  const k = openGrowth(means, whole);
  return { bends, means, whole, offset: 0, growth: k === undefined ? undefined : bends[k] };
}

/** The growing stretch that the bend belongs to: from the first of the growth bends in a row to the next other one. */
function growthAround(means: CellMeans, whole: WholeFit, i: number): Stretch | undefined {
  const { bends } = whole;
  if (!GROWTH.has(bends[i]!.kind)) return undefined;
  let a = i;
  while (a > 0 && GROWTH.has(bends[a - 1]!.kind)) a--;
  let b = i + 1;
  while (b < bends.length && GROWTH.has(bends[b]!.kind)) b++;
  return stretch(means, whole, bends[a]!.cell, bends[b]?.cell ?? means.t.length);
}

function stretch(means: CellMeans, whole: WholeFit, from: number, to: number): Stretch {
  const noise = whole.sigma * Math.sqrt(whole.kappa);
  const y = means.y.map((v, k) => v - whole.season[k]!);
  return { ...means, y, from, to, noise, smallest: whole.smallest, period: whole.cycle?.period };
}

function followsLoad(means: CellMeans, whole: WholeFit, i: number): boolean {
  const s = growthAround(means, whole, i);
  return s !== undefined && loadExplains(s);
}

const STOPPING: ReadonlySet<BendKind> = new Set<BendKind>(['decline', 'step-down']);

/** The bend that began the growth going on at the end, if it neither comes to rest nor follows the load. */
function openGrowth(means: CellMeans, whole: WholeFit): number | undefined {
  const { bends } = whole;
  let k = bends.length - 1;
  const seen = whole.growing || (whole.cycle === undefined && k >= 0 && GROWTH.has(bends[k]!.kind));
  if (k < 0 || !seen) return undefined;
  while (k > 0 && !GROWTH.has(bends[k]!.kind) && !STOPPING.has(bends[k]!.kind)) k--;
  if (!GROWTH.has(bends[k]!.kind)) return undefined;
  let start = k;
  while (start > 0 && GROWTH.has(bends[start - 1]!.kind)) start--;
  const n = means.t.length;
  if (n - bends.at(-1)!.cell < ALARM_GROWTH_CELLS) return undefined;
  if (isRunningOut(stretch(means, whole, bends.at(-1)!.cell, n))) return undefined;
  if (mayFallBack(whole, bends[start]!.cell)) return undefined;
  return loadExplains(stretch(means, whole, bends[start]!.cell, n)) ? undefined : k;
}

/** An earlier rise of like height fell back by itself, or the series has only now come down this far: a cycle in its second turn, a sawtooth in its second tooth. */
function mayFallBack({ turns }: WholeFit, from: number): boolean {
  const top = turns.at(-1);
  const foot = turns.at(-2);
  if (!top || !foot || top.level < foot.level || top.cell <= from) return false;
  const height = top.level - foot.level;
  for (let k = 0; k + 3 < turns.length; k++) {
    const [start, peak, end] = [turns[k]!, turns[k + 1]!, turns[k + 2]!];
    const rise = peak.level - start.level;
    const slow = peak.cell - start.cell >= SWING_CELLS;
    const within = height < SWING_FACTOR * rise && top.level < peak.level + (SWING_FACTOR - 1) * rise;
    if (slow && rise > 0 && peak.level - end.level > rise / 2 && within) return true;
  }
  // Seen from its crest on, a first turn shows as a slow fall before the rise.
  return turns.slice(0, -2).some((peak, k) => {
    const end = turns[k + 1]!;
    return end.cell - peak.cell >= SWING_CELLS && height < peak.level - end.level;
  });
}

function fromLog(level: number, offset: number): number {
  return Math.max(0, Math.exp(level) - offset);
}

function toRegime(c: CellStore, means: CellMeans, whole: WholeFit, b: CellBend, offset: number): Bend {
  const value = fromLog(b.level, offset);
  return { ...toBend(c, means, whole, b, false), value, stepBy: value - fromLog(b.level - b.jump, offset) };
}

function toBend(c: CellStore, means: CellMeans, whole: WholeFit, b: CellBend, followsLoad: boolean): Bend {
  const firstIn = (k: number) => firstOf(c, means.first[k]!);
  const slopeAfter = b.slopeAfter / whole.scale;
  const reach = (SLOPE_REACH * b.slopeAfterSe) / whole.scale;
  return {
    kind: b.kind,
    ...firstIn(b.cell),
    value: b.level,
    slopeBefore: b.slopeBefore / whole.scale,
    slopeAfter,
    slopeAfterInterval: { from: slopeAfter - reach, to: slopeAfter + reach },
    ...(b.kink ? {} : { stepBy: b.jump }),
    tInterval: { from: firstIn(Math.max(0, b.cellFrom - 1)).t, to: firstIn(b.cellTo).t },
    confidence: confidenceOf(b.evidence, means.t.length, b.kind, whole.bends.length),
    evidence: b.evidence,
    followsLoad,
  };
}

/** The last piece: does the series still grow at its end? */
export function tailOf(c: CellStore, view: View, lastT: number, quantum: number): DetectorResult['tail'] {
  const { whole } = view;
  if (!whole) {
    const short = view.offset > 0 ? undefined : describeShort(view.means.t, view.means.y, quantum);
    return short && { ...short, from: firstOf(c, 0).t, followsLoad: false };
  }
  const { tail } = whole;
  const from = firstOf(c, view.means.first[tail.from]!).t;
  if (view.offset > 0) {
    const level = fromLog(tail.intercept, view.offset);
    return { from, level, slope: 0, slopeInterval: { from: 0, to: 0 }, growing: false, followsLoad: false };
  }
  const slope = tail.slope / whole.scale;
  const reach = (SLOPE_REACH * whole.tailSe) / whole.scale;
  return {
    from,
    level: tail.intercept + (tail.slope * (lastT - view.means.t[0]!)) / whole.scale,
    slope,
    slopeInterval: { from: slope - reach, to: slope + reach },
    growing: whole.growing,
    followsLoad: whole.growing && loadExplains(stretch(view.means, whole, growthStart(whole), view.means.t.length)),
  };
}

/** First cell of the growth that the tail belongs to. */
function growthStart(whole: WholeFit): number {
  let from = whole.tail.from;
  for (let k = whole.bends.length - 1; k >= 0 && GROWTH.has(whole.bends[k]!.kind); k--) from = whole.bends[k]!.cell;
  return from;
}
