// In: nothing. Out: what the detector costs: whole, streaming, in the worst second, and how late an old process is warned.

import { createSegmentsDetector, detectSegments, type Point } from '../../src/detect/index.ts';
import { makeRandom } from './random.ts';
import { HEAP_OPTIONS } from './score-simulated.ts';

/** A healthy heap: 100 MiB with noise, a cycle a second. */
function healthy(n: number, seed: number): Point[] {
  const r = makeRandom(seed, n);
  return Array.from({ length: n }, (_, index) => ({
    t: index + 0.1 * r.uniform(),
    y: Math.floor(100 + 1.2 * r.normal()),
    index,
    load: 100 * Math.exp(0.05 * r.normal()),
  }));
}

/** Milliseconds of processor time: a busy machine stretches the wall clock. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds for a whole series, best of `rounds`. */
export function wholeCost(n: number, rounds: number): number {
  const points = healthy(n, 1).map((p) => ({ ...p, y: p.y + (p.index > n / 2 ? ((p.index - n / 2) * 40) / n : 0) }));
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < rounds; k++) {
    const from = cpuMs();
    detectSegments(points, HEAP_OPTIONS);
    best = Math.min(best, cpuMs() - from);
  }
  return best;
}

/** Microseconds a cycle for a replayed healthy log, and milliseconds of the dearest second of trace time. */
export function streamCost(n: number): { perCycleUs: number; worstSecondMs: number; cells: number } {
  const points = healthy(n, 2);
  const d = createSegmentsDetector(HEAP_OPTIONS);
  let worst = 0;
  const start = cpuMs();
  for (const p of points) {
    const from = cpuMs();
    d.push(p);
    if (p.index > 100) worst = Math.max(worst, cpuMs() - from);
  }
  const perCycleUs = ((cpuMs() - start) * 1000) / n;
  const cells = (d.state() as { cells: { cells: unknown[] } }).cells.cells.length;
  return { perCycleUs, worstSecondMs: worst, cells };
}

/** Points from the onset of one leak to its alarm, median over seeds, after `age` healthy points. */
export function alarmDelay(age: number, seeds: number): number {
  const delays: number[] = [];
  for (let s = 0; s < seeds; s++) {
    const d = createSegmentsDetector(HEAP_OPTIONS);
    for (const p of healthy(age, 100 + s)) d.push(p);
    const r = makeRandom(900 + s);
    for (let k = 1; k <= 400; k++) {
      const y = Math.floor(100 + 0.4 * k + 1.2 * r.normal());
      const u = d.push({ t: age + k, y, index: age + k, load: 100 });
      if (u?.raised.some((x) => x.bend.kind.startsWith('growth') && x.bend.index > age - 40)) {
        delays.push(k);
        break;
      }
      if (k === 400) delays.push(400);
    }
  }
  return delays.sort((a, b) => a - b)[seeds >> 1]!;
}
