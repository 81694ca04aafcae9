// In: simulated healthy series. Out: how many of them raise any growth alarm while streaming (start-up excepted).

import { createSegmentsDetector } from '../../src/detect/index.ts';
import { HEAP_OPTIONS } from './score-simulated.ts';
import { HEALTHY, KINDS, type Simulated, simulate } from './simulate.ts';

/** Growth raised after the first tenth of the points and outside the stretches that are free. */
export function raisesAlarm(s: Simulated): boolean {
  const d = createSegmentsDetector(HEAP_OPTIONS);
  for (let i = 0; i < s.n; i++) {
    const update = d.push({ t: s.t[i]!, y: s.y[i]!, index: i, ...(i > 0 && s.load ? { load: s.load[i]! } : {}) });
    const alarm = update?.raised.some(
      ({ bend }) =>
        bend.kind.startsWith('growth') &&
        bend.index > 0.1 * s.n &&
        !s.free.some(([a, b]) => bend.index >= a && bend.index < b),
    );
    if (alarm) return true;
  }
  return false;
}

export function healthyAlarms(seed0: number, seeds: number): Record<string, { alarmed: number; of: number }> {
  const out: Record<string, { alarmed: number; of: number }> = {};
  for (const kind of KINDS) {
    if (!HEALTHY.has(kind)) continue;
    const row = { alarmed: 0, of: 0 };
    for (const n of [300, 1000]) {
      for (let s = 0; s < seeds; s++) {
        row.of++;
        if (raisesAlarm(simulate(kind, n, seed0 + s))) row.alarmed++;
      }
    }
    out[kind] = row;
  }
  return out;
}
