// In: the cycles of one process. Out: what the detector raises and says at the end, per signal, as score-real and emit need it.

import { createSegmentsDetector, type DetectorResult } from '../../src/detect/index.ts';
import { type Cycle, signals } from './read-trace.ts';
import { HEAP_OPTIONS } from './score-simulated.ts';

export interface Raised {
  signal: string;
  kind: string;
  at: number;
  detectedAt: number;
  id: number;
}

export interface Said {
  raised: Raised[];
  final: { signal: string; kind: string; at: number; followsLoad: boolean; confidence: number }[];
  heap: DetectorResult;
  /** Would findings blame a leak: growing at the end and not because of the load? */
  blamed: boolean;
}

export function runDetector(cycles: readonly Cycle[]): Said {
  const said: Said = { raised: [], final: [], heap: undefined as never, blamed: false };
  let id = 1;
  for (const [signal, points] of Object.entries(signals(cycles))) {
    const line = signal === 'heapLive';
    const d = createSegmentsDetector(
      line ? HEAP_OPTIONS : { model: 'level', sensitivity: 'normal', quantum: 0, minEffect: 0 },
    );
    for (const p of points) {
      for (const r of d.push(p)?.raised ?? []) {
        said.raised.push({ signal, kind: r.bend.kind, at: r.bend.t, detectedAt: r.detectedAt, id: id++ });
      }
    }
    const result = d.finish();
    for (const f of result.final) {
      said.final.push({
        signal,
        kind: f.bend.kind,
        at: f.bend.t,
        followsLoad: f.bend.followsLoad,
        confidence: f.bend.confidence,
      });
    }
    if (line) {
      said.heap = result;
      said.blamed = result.tail?.growing === true && !result.tail.followsLoad;
    }
  }
  return said;
}
