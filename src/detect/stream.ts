// In: points of one series in order. Out: bends raised, taken back and, at the end, final. State: one plain JSON value.

import { confidenceOf, SLOPE_REACH } from './calibration.ts';
import { addPoint, type CellMeans, type CellStore, cellMeans, makeCells } from './cells.ts';
import type { CellBend } from './classify.ts';
import { ALARM_EVIDENCE, ALARM_STREAK, GROWTH_T, STREAM_COARSE, STREAM_FINE } from './constants.ts';
import { loadExplains } from './load.ts';
import { makeScreen, resetScreen, type Screen, screenPoint } from './screen.ts';
import { segmentSeries, type WholeFit } from './segments.ts';
import type { Bend, DetectorOptions, DetectorResult, DetectorUpdate, Point, StreamDetector } from './types.ts';

const GROWTH: ReadonlySet<string> = new Set(['growth-onset', 'growth-up']);

interface Raised {
  id: number;
  bend: Bend;
  detectedAt: number;
}

interface LineState {
  options: DetectorOptions;
  cells: CellStore;
  lastT: number;
  screen: Screen;
  streak: number;
  nextId: number;
  raised: Raised[];
}

export function makeLineDetector(options: DetectorOptions): StreamDetector {
  return wrap(makeState(options));
}

function makeState(options: DetectorOptions): LineState {
  return { options, cells: makeCells(), lastT: 0, screen: makeScreen(), streak: 0, nextId: 1, raised: [] };
}

/** The whole series at once: what a detector that was pushed all of it would say at its end, but no provisional bends. */
export function segmentWhole(points: Iterable<Point>, options: DetectorOptions): DetectorResult {
  const s = makeState(options);
  for (const p of points) {
    addPoint(s.cells, p);
    s.lastT = p.t;
  }
  return finish(s);
}

export function restoreLineDetector(state: unknown): StreamDetector {
  return wrap(structuredClone(state) as LineState);
}

function wrap(s: LineState): StreamDetector {
  return {
    push: (p) => push(s, p),
    finish: () => finish(s),
    state: () => structuredClone(s),
  };
}

function push(s: LineState, p: Point): DetectorUpdate | undefined {
  addPoint(s.cells, p);
  s.lastT = p.t;
  if (!screenPoint(s.screen, p.t, p.y)) return undefined;
  const view = look(s, STREAM_FINE, STREAM_COARSE);
  const last = view.bends.at(-1);
  const alarm = last && GROWTH.has(last.kind) && last.evidence > ALARM_EVIDENCE && !last.followsLoad;
  s.streak = alarm ? s.streak + 1 : 0;
  resetScreen(s.screen, view.means, view.whole, alarm === true && s.streak < ALARM_STREAK);
  if (!last || s.streak !== ALARM_STREAK) return undefined;
  const raised = { id: s.nextId++, bend: last, detectedAt: p.t };
  s.raised.push(raised);
  return { raised: [raised], withdrawn: [] };
}

interface View {
  bends: Bend[];
  means: CellMeans;
  whole: WholeFit | undefined;
}

/** The segmentation of the cells (all, or the older ones joined), in the series' own units. */
function look(s: LineState, fine?: number, coarse?: number): View {
  const means = cellMeans(s.cells, fine, coarse);
  const { quantum, minEffect, sensitivity } = s.options;
  const whole = segmentSeries({ ...means, quantum, minEffect, sensitivity });
  if (!whole) return { bends: [], means, whole };
  const bends = whole.bends.map((b, i) => {
    const follows = GROWTH.has(b.kind) && i === whole.bends.length - 1 && loadExplains(means.t, means.load, b.cell);
    return toBend(s.cells, means.first, whole, b, follows);
  });
  return { bends, means, whole };
}

function toBend(c: CellStore, first: Int32Array, whole: WholeFit, b: CellBend, followsLoad: boolean): Bend {
  const slopeAfter = b.slopeAfter / whole.scale;
  const reach = (SLOPE_REACH * b.slopeAfterSe) / whole.scale;
  const tag = c.firstTag[first[b.cell]!];
  return {
    kind: b.kind,
    index: c.firstIndex[first[b.cell]!]!,
    t: c.firstT[first[b.cell]!]!,
    ...(tag == null ? {} : { tag }),
    value: b.level,
    slopeBefore: b.slopeBefore / whole.scale,
    slopeAfter,
    slopeAfterInterval: { from: slopeAfter - reach, to: slopeAfter + reach },
    ...(b.kink ? {} : { stepBy: b.jump }),
    tInterval: { from: c.firstT[first[Math.max(0, b.cellFrom - 1)]!]!, to: c.firstT[first[b.cellTo]!]! },
    confidence: confidenceOf(b.evidence, first.length),
    evidence: b.evidence,
    followsLoad,
  };
}

function finish(s: LineState): DetectorResult {
  const view = look(s);
  const { whole } = view;
  if (!whole) {
    return { final: [], withdrawn: s.raised, tail: undefined, cycle: undefined, bursts: [], sigma: 0 };
  }
  const open = [...s.raised];
  const final = view.bends.map((bend) => {
    const k = GROWTH.has(bend.kind) ? open.findIndex((r) => isSame(r.bend, bend)) : -1;
    const got = k >= 0 ? open.splice(k, 1)[0] : undefined;
    return { bend, ...(got ? { revises: got.id } : {}), detectedAt: s.lastT };
  });
  const { tail } = whole;
  const tailSe = (whole.sigma * Math.sqrt(whole.kappa / Math.max(tail.sxx, 1e-9))) / whole.scale;
  const from = s.cells.firstT[tail.from]!;
  const slope = tail.slope / whole.scale;
  const last = view.bends.at(-1);
  return {
    final,
    withdrawn: open.map((r) => ({ ...r, detectedAt: s.lastT })),
    tail: {
      from,
      level: tail.intercept + tail.slope,
      slope,
      slopeInterval: { from: slope - SLOPE_REACH * tailSe, to: slope + SLOPE_REACH * tailSe },
      growing: slope > GROWTH_T * tailSe && slope * (s.lastT - from) > whole.smallest,
      followsLoad: last?.followsLoad ?? false,
    },
    cycle: whole.cycle,
    bursts: whole.bursts.map((b) => ({ from: s.cells.firstT[b.from]!, to: s.cells.firstT[b.to]! })),
    sigma: whole.sigma,
  };
}

function isSame(a: Bend, b: Bend): boolean {
  return a.tInterval.from <= b.tInterval.to && b.tInterval.from <= a.tInterval.to;
}
