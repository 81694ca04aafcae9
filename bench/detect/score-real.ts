// In: a folder of labelled traces (CASE/stderr.log, CASE/truth.json). Out: the figures of the real rows, a row per case.
// Margin: 3 % of the run, at least 3 s; the first 10 % (at least 12 s) is start-up and costs nothing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCycles } from './read-trace.ts';
import { runDetector } from './run-detector.ts';

interface Truth {
  seconds: number;
  leak: boolean;
  marks: { t: number; kind: string }[];
  dontcare?: [number, number][];
}

const SAME_KIND: Record<string, string[]> = {
  'growth-onset': ['growth-onset', 'growth-up'],
  'growth-up': ['growth-up', 'growth-onset'],
  plateau: ['plateau', 'growth-down'],
  'step-up': ['step-up'],
  'step-down': ['step-down', 'decline'],
};
const GROWTH = new Set(['growth-onset', 'growth-up']);

export interface RealRow {
  name: string;
  tp: number;
  fp: number;
  fn: number;
  kindsRight: number;
  leak: boolean;
  stopped: boolean;
  blamed: boolean;
  alarmed: boolean;
  others: number;
  onsets: number;
  delays: number[];
  heap: string;
  rest: string;
  raised: string;
}

export function scoreCase(name: string, log: string, truth: Truth): RealRow {
  const cycles = readCycles(log);
  const said = runDetector(cycles);
  const margin = Math.max(3, 0.03 * truth.seconds);
  const startup = Math.max(12, 0.1 * truth.seconds);
  const free = (t: number) => t <= startup || (truth.dontcare ?? []).some(([a, b]) => t >= a && t <= b);
  const heap = said.final.filter((e) => e.signal === 'heapLive');
  const others = said.final.filter((e) => e.signal !== 'heapLive');
  const early = said.raised.filter((e) => e.signal === 'heapLive' && GROWTH.has(e.kind));
  const used = new Set<unknown>();
  const row = { tp: 0, fn: 0, kindsRight: 0, onsets: 0, delays: [] as number[] };
  for (const m of truth.marks) {
    if (m.kind === 'growth-onset' && truth.leak) {
      row.onsets++;
      const first = early.find((e) => e.detectedAt >= m.t && e.at >= m.t - 3 * margin);
      if (first) row.delays.push(first.detectedAt - m.t);
    }
    const pool = m.kind === 'gc-regime' ? others : heap;
    const hit = pool
      .filter((e) => !used.has(e) && Math.abs(e.at - m.t) <= margin)
      .sort((a, b) => Math.abs(a.at - m.t) - Math.abs(b.at - m.t))[0];
    if (!hit) {
      row.fn++;
      continue;
    }
    used.add(hit);
    row.tp++;
    if (m.kind === 'gc-regime' || SAME_KIND[m.kind]?.includes(hit.kind)) row.kindsRight++;
  }
  return {
    name,
    ...row,
    fp: heap.filter((e) => !used.has(e) && !free(e.at)).length,
    leak: truth.leak,
    stopped: truth.leak && truth.marks.some((m) => m.kind === 'plateau'),
    blamed: said.blamed,
    alarmed: !truth.leak && early.some((e) => e.at > startup),
    others: others.filter((e) => e.at > startup && !used.has(e)).length,
    heap: heap.map((e) => `${e.kind}@${e.at.toFixed(1)}${e.followsLoad ? 'L' : ''}`).join(' '),
    rest: others.map((e) => `${e.signal}@${e.at.toFixed(1)}`).join(' '),
    raised: early.map((e) => `${e.at.toFixed(1)}>${e.detectedAt.toFixed(1)}`).join(' '),
  };
}

export function readCases(dir: string): { name: string; log: string; truth: Truth }[] {
  return readdirSync(dir)
    .sort()
    .filter((name) => existsSync(join(dir, name, 'truth.json')) && existsSync(join(dir, name, 'stderr.log')))
    .map((name) => ({
      name,
      log: readFileSync(join(dir, name, 'stderr.log'), 'utf8'),
      truth: JSON.parse(readFileSync(join(dir, name, 'truth.json'), 'utf8')) as Truth,
    }));
}

export function summarise(rows: readonly RealRow[]) {
  const sum = (f: (r: RealRow) => number) => rows.reduce((s, r) => s + f(r), 0);
  const count = (f: (r: RealRow) => boolean) => rows.filter(f).length;
  const [tp, fp, fn] = [sum((r) => r.tp), sum((r) => r.fp), sum((r) => r.fn)];
  const delays = rows.flatMap((r) => r.delays).sort((a, b) => a - b);
  return {
    f1: tp ? (2 * tp) / (2 * tp + fp + fn) : 0,
    kindsRight: `${sum((r) => r.kindsRight)}/${tp}`,
    leaksFound: `${count((r) => r.leak && !r.stopped && r.blamed)}/${count((r) => r.leak && !r.stopped)}`,
    healthyBlamed: `${count((r) => !r.leak && r.blamed)}/${count((r) => !r.leak)}`,
    onsetsSeen: `${delays.length}/${sum((r) => r.onsets)}`,
    medianDelay: delays[delays.length >> 1],
    falseAlarms: `${count((r) => r.alarmed)}/${count((r) => !r.leak)}`,
    stoppedCalledGoing: `${count((r) => r.stopped && r.blamed)}/${count((r) => r.stopped)}`,
    othersPerRun: sum((r) => r.others) / Math.max(1, rows.length),
  };
}
