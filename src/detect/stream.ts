// In: points of one series in order. Out: bends raised, taken back and, at the end, final. State: one plain JSON value.

import { isWorthTelling } from './calibration.ts';
import { addPoint, type CellStore, firstOf, makeCells, restoreCells, type SavedCells, saveCells } from './cells.ts';
import {
  ALARM_CELLS,
  ALARM_EVIDENCE,
  ALARM_STREAK,
  RERUN_GROWTH,
  STREAM_COARSE,
  STREAM_FINE,
  strictness,
  WITHDRAW_STREAK,
} from './constants.ts';
import { toLog } from './level.ts';
import { makeScreen, resetScreen, type Screen, screenPoint } from './screen.ts';
import type { Bend, DetectorOptions, DetectorResult, DetectorUpdate, Point, StreamDetector } from './types.ts';
import { GROWTH, tailOf, type View, viewCells } from './view.ts';

interface Raised {
  id: number;
  bend: Bend;
  detectedAt: number;
  /** Looks in a row that did not bear it out. */
  missed: number;
}

interface State {
  options: DetectorOptions;
  cells: CellStore;
  /** Points of the level model that wait for their third: every three become one, their median. */
  waiting: Point[];
  lastT: number;
  /** Log offset of the last look (level model). */
  offset: number;
  screen: Screen;
  /** The bend that the last looks agreed on, and how many did. */
  candidate: Bend | null;
  streak: number;
  nextId: number;
  raised: Raised[];
}

type Saved = Omit<State, 'cells'> & { cells: SavedCells };

export function makeDetector(options: DetectorOptions): StreamDetector {
  return wrap(makeState(options));
}

function makeState(options: DetectorOptions): State {
  return {
    options,
    cells: makeCells(),
    waiting: [],
    lastT: -Number.MAX_VALUE,
    offset: 0,
    screen: makeScreen(),
    candidate: null,
    streak: 0,
    nextId: 1,
    raised: [],
  };
}

/** The whole series at once: what a detector that was pushed all of it would say at its end, but no provisional bends. */
export function segmentWhole(points: Iterable<Point>, options: DetectorOptions): DetectorResult {
  const s = makeState(options);
  for (const p of points) takeIn(s, p);
  return finish(s);
}

export function restoreDetector(state: unknown): StreamDetector {
  const saved = structuredClone(state) as Saved;
  return wrap({ ...saved, cells: restoreCells(saved.cells) });
}

function wrap(s: State): StreamDetector {
  return {
    push: (p) => push(s, p),
    finish: () => finish(s),
    state: (): Saved => structuredClone({ ...s, cells: saveCells(s.cells) }),
  };
}

/** Keeps a point; with the level model every third brings the median of the last three. */
function takeIn(s: State, p: Point): { t: number; y: number } | undefined {
  if (!(p.t >= s.lastT && Number.isFinite(p.t) && Number.isFinite(p.y))) return undefined;
  s.lastT = p.t;
  if (s.options.model === 'line') {
    addPoint(s.cells, p, p.y, p.size ?? 1);
    return p;
  }
  const { waiting } = s;
  if (waiting.length < 2) {
    waiting.push(p);
    return undefined;
  }
  s.waiting = [];
  const first = waiting[0]!;
  const a = first.y;
  const b = waiting[1]!.y;
  const y = Math.max(Math.min(a, b), Math.min(Math.max(a, b), p.y));
  const size = ((first.size ?? 1) + (waiting[1]!.size ?? 1) + (p.size ?? 1)) / 3;
  addPoint(s.cells, first, y, size);
  return { t: first.t, y };
}

function push(s: State, p: Point): DetectorUpdate | undefined {
  const q = takeIn(s, p);
  const growth = RERUN_GROWTH[s.options.model];
  if (!q || !screenPoint(s.screen, q.t, s.offset > 0 ? toLog(q.y, s.offset) : q.y, growth)) return undefined;
  const view = viewCells(s.cells, s.options, STREAM_FINE, STREAM_COARSE);
  s.offset = view.offset;
  const raised = raise(s, view, p.t);
  const withdrawn = withdraw(s, view.bends, p.t);
  const pending = s.candidate !== null && s.streak < ALARM_STREAK;
  resetScreen(s.screen, view.means, view.whole, pending || s.raised.some((r) => r.missed > 0));
  return raised.length + withdrawn.length > 0 ? { raised, withdrawn } : undefined;
}

/** Raises a bend once enough looks in a row agree on it. */
function raise(s: State, view: View, now: number): DetectorUpdate['raised'] {
  const found = worthRaising(view);
  // Growth is news even where a step was told before.
  const known =
    found && s.raised.some((r) => isSame(r.bend, found, now) && (GROWTH.has(r.bend.kind) || !GROWTH.has(found.kind)));
  if (!found || known || found.evidence <= ALARM_EVIDENCE * strictness(s.options.sensitivity)) {
    s.candidate = null;
    s.streak = 0;
    return [];
  }
  s.streak = s.candidate && isSame(s.candidate, found, now) ? s.streak + 1 : 1;
  s.candidate = found;
  if (s.streak < ALARM_STREAK) return [];
  const raised = { id: s.nextId++, bend: found, detectedAt: now };
  s.raised.push({ ...raised, missed: 0 });
  s.candidate = null;
  return [raised];
}

/** Growth that goes on unexplained, else the last bend if it is no growth and has lasted. */
function worthRaising({ bends, growth, means }: View): Bend | undefined {
  if (growth) return growth;
  const last = bends.at(-1);
  if (!last || GROWTH.has(last.kind) || means.t.length <= ALARM_CELLS) return undefined;
  return means.t.at(-ALARM_CELLS)! >= last.t ? last : undefined;
}

/** Takes back what several looks in a row do not see, or see as load. */
function withdraw(s: State, bends: readonly Bend[], now: number): DetectorUpdate['withdrawn'] {
  for (const r of s.raised) {
    const seen = bends.some((b) => isSame(b, r.bend, now) && !(GROWTH.has(b.kind) && b.followsLoad));
    r.missed = seen ? 0 : r.missed + 1;
  }
  const gone = s.raised.filter((r) => r.missed >= WITHDRAW_STREAK);
  s.raised = s.raised.filter((r) => r.missed < WITHDRAW_STREAK);
  return gone.map((r) => ({ id: r.id, bend: r.bend, detectedAt: now }));
}

function finish(s: State): DetectorResult {
  const view = viewCells(s.cells, s.options);
  const open = [...s.raised];
  const final = view.bends
    .filter((bend) => isWorthTelling(bend, view.means.t.length))
    .map((bend) => {
      const k = open.findIndex((r) => isSame(r.bend, bend, s.lastT));
      const got = k >= 0 ? open.splice(k, 1)[0] : undefined;
      return { bend, ...(got ? { revises: got.id } : {}), detectedAt: s.lastT };
    });
  const { whole } = view;
  return {
    final,
    withdrawn: open.map((r) => ({ id: r.id, bend: r.bend, detectedAt: s.lastT })),
    tail: tailOf(s.cells, view, s.lastT, s.options.quantum),
    cycle: whole?.cycle,
    bursts: (whole?.bursts ?? []).map((b) => ({
      from: firstOf(s.cells, view.means.first[b.from]!).t,
      to: firstOf(s.cells, view.means.first[b.to]!).t,
    })),
    sigma: whole?.sigma ?? 0,
  };
}

const UPWARD: ReadonlySet<string> = new Set(['growth-onset', 'growth-up', 'step-up']);

/** Share of a bend's age by which two sights of it may lie apart beyond their intervals. */
const AGE_SLACK = 0.1;

/** Two sights of one bend: both upward or neither, and their intervals meet or nearly so, for its age at `now`. */
function isSame(a: Bend, b: Bend, now: number): boolean {
  if (UPWARD.has(a.kind) !== UPWARD.has(b.kind)) return false;
  const length = a.tInterval.to - a.tInterval.from + b.tInterval.to - b.tInterval.from;
  const slack = length / 4 + AGE_SLACK * (now - Math.max(a.t, b.t));
  return a.tInterval.from - slack <= b.tInterval.to && b.tInterval.from - slack <= a.tInterval.to;
}
