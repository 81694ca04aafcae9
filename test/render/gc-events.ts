// In: numbers. Out: events as the pipeline makes them of a trace (enough of them to draw).
import type { FindingEvent, GcbendEvent, GcEvent, InflectionEvent } from '../../src/events/types.ts';

/** A heap that is `live(t)` MiB at every half second. */
export function gcEventsAlong(live: (t: number) => number, seconds: number, process = 1): GcEvent[] {
  return Array.from({ length: seconds * 2 }, (_, index): GcEvent => {
    const at = (index + 1) / 2;
    const now = Math.floor(live(at));
    return {
      type: 'gc',
      schema: 1,
      source: 'service.log',
      line: index + 1,
      process,
      cycle: index + 1,
      at,
      gcCpuPercent: 1,
      clockMs: { sweepTermination: 0.02 + (index % 7) / 100, mark: 0.5, markTermination: 0.01 + (index % 3) / 100 },
      cpuMs: { sweepTermination: 0.04, assist: 0.1, background: 0.8, idle: 0.1, markTermination: 0.02 },
      heapMiB: { start: now * 2, end: now * 2 + 1, live: now, goal: Math.max(4, now * 2) },
      stacksMiB: 1,
      globalsMiB: 0,
      procs: 2,
    };
  });
}

export function inflection(fields: Partial<InflectionEvent>): InflectionEvent {
  return {
    type: 'inflection',
    schema: 1,
    source: 'service.log',
    line: 1,
    process: 1,
    id: 'b1',
    status: 'final',
    signal: 'heapLive',
    kind: 'growth-onset',
    index: 0,
    value: 20,
    unit: 'MiB',
    slopeBefore: 0,
    slopeAfter: 1,
    growthChange: 1,
    confidence: 0.98,
    ...fields,
  };
}

export function finding(fields: Partial<FindingEvent>): FindingEvent {
  return {
    type: 'finding',
    schema: 1,
    source: 'service.log',
    line: 1,
    process: 1,
    id: 'f1',
    status: 'final',
    ongoing: true,
    rule: 'heap-growth',
    severity: 'critical',
    title: 'The live heap keeps growing',
    detail: 'It has grown in a straight line since it began to; nothing has been freed.',
    confidence: 0.97,
    evidence: {},
    ...fields,
  };
}

/** Events of a leak that begins at 30 s of 90, with its bends and its finding. */
export function leakEvents(): GcbendEvent[] {
  const heap = gcEventsAlong((t) => (t < 30 ? 20 + (t % 3) : 20 + (t - 30) * 1.5), 90);
  return [
    { type: 'process', schema: 1, source: 'service.log', line: 1, process: 1, reason: 'first', format: 'gctrace-1.19' },
    ...heap,
    inflection({ at: 30, cycle: 60, index: 59, value: 20.4, slopeAfter: 1.5, growthChange: 1.5, line: 60 }),
    inflection({
      id: 'b2',
      signal: 'allocRate',
      kind: 'regime',
      at: 31,
      cycle: 62,
      index: 61,
      value: 52,
      unit: 'MiB/s',
      stepBy: 10,
      confidence: 0.91,
    }),
    finding({
      at: 30,
      line: 60,
      evidence: { slopeMiBPerSecond: 1.5, fromMiB: 20.4, toMiB: 110, cycles: 121 },
      projection: { limitBytes: 512 * 1048576, secondsLeft: 97, secondsLeftInterval: { earliest: 90, latest: 105 } },
      advice: [
        'Take a heap text now and another in five minutes: `curl -s http://HOST:PORT/debug/pprof/heap?debug=1 > heap.txt` (cheap).',
      ],
    }),
  ];
}
