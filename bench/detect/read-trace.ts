// In: the text of a gctrace (Go 1.6 and later). Out: its cycles and the signals the detector is run on.
// Bench only: gcbend's own grammar and series do this properly.

import type { Point } from '../../src/detect/index.ts';

export interface Cycle {
  cycle: number;
  at: number;
  pauseMs: number;
  cpuMs: { assist: number; background: number; idle: number; all: number };
  startMiB: number;
  endMiB: number;
  liveMiB: number;
  goalMiB: number;
  procs: number;
}

const LINE =
  /gc (\d+) @([\d.]+)s \d+%: ([\d.]+)\+([\d.]+)\+([\d.]+) ms clock, ([\d.]+)\+([\d.]+)\/([\d.]+)\/([\d.]+)\+([\d.]+) ms cpu, (\d+)->(\d+)->(\d+) MB, (\d+) MB goal,.*? (\d+) P/g;

export function readCycles(text: string): Cycle[] {
  const out: Cycle[] = [];
  for (const m of text.matchAll(LINE)) {
    const v = m.slice(1).map(Number) as number[];
    const n = (i: number) => v[i]!;
    out.push({
      cycle: n(0),
      at: n(1),
      pauseMs: n(2) + n(4),
      cpuMs: { assist: n(6), background: n(7), idle: n(8), all: n(5) + n(6) + n(7) + n(8) + n(9) },
      startMiB: n(10),
      endMiB: n(11),
      liveMiB: n(12),
      goalMiB: n(13),
      procs: n(14),
    });
  }
  return out;
}

/** Allocation rate: ((end - start) of the cycle before + start - live before) / time between, median of the last 5. */
function allocationRates(c: readonly Cycle[]): number[] {
  const raw = c.map((g, i) => {
    const b = c[i - 1];
    if (!b) return 0;
    return Math.max(0, b.endMiB - b.startMiB + g.startMiB - b.liveMiB) / Math.max(0.001, g.at - b.at);
  });
  return raw;
}

export function signals(c: readonly Cycle[]): Record<string, Point[]> {
  const rates = allocationRates(c);
  const make = (f: (g: Cycle, b: Cycle, i: number) => number | undefined): Point[] =>
    c.flatMap((g, i) => {
      const b = c[i - 1];
      const y = b ? f(g, b, i) : undefined;
      return y === undefined ? [] : [{ t: g.at, y, index: i, tag: g.cycle }];
    });
  const share = (g: Cycle) => g.cpuMs.assist + g.cpuMs.background + g.cpuMs.idle;
  return {
    heapLive: c.map((g, i) => ({
      t: g.at,
      y: g.liveMiB,
      index: i,
      tag: g.cycle,
      ...(i > 0 ? { load: rates[i]! } : {}),
    })),
    pause: make((g) => g.pauseMs),
    gcInterval: make((g, b) => g.at - b.at),
    allocRate: make((_, __, i) => rates[i]),
    gcCpu: make((g, b) => (g.at > b.at ? (100 * g.cpuMs.all) / ((g.at - b.at) * 1000 * g.procs) : undefined)),
    assistShare: make((g) => (share(g) > 0 ? (100 * g.cpuMs.assist) / share(g) : undefined)),
    scanRate: make((g) => (share(g) > 0 ? g.liveMiB / share(g) : undefined)),
  };
}
