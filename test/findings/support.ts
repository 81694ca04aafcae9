// In: the name of a real trace in fixtures/. Out: its events; what an analysis says of them; a detector that says what a test tells it to.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Bend, DetectorResult, DetectorUpdate, Point, StreamDetector } from '../../src/detect/index.ts';
import type { FindingEvent, GcbendEvent, GcEvent, InflectionEvent, RuntimeLineEvent } from '../../src/events/types.ts';
import { type DetectorFactory, TraceAnalysis, type TraceAnalysisOptions } from '../../src/findings/index.ts';
import { readTrace } from './read-trace.ts';

export function realTrace(name: string): GcEvent[] {
  const file = new URL(`fixtures/${name}.log.gz`, import.meta.url);
  return readTrace(gunzipSync(readFileSync(file)).toString('utf8'), `${name}.log`);
}

export function analyse(
  events: readonly (GcEvent | RuntimeLineEvent)[],
  options: Partial<TraceAnalysisOptions> = {},
  factory?: DetectorFactory,
): GcbendEvent[] {
  const analysis = new TraceAnalysis({ process: 1, ...options }, factory);
  return [...events.flatMap((event) => analysis.push(event)), ...analysis.finish()];
}

export const findingsOf = (events: readonly GcbendEvent[]): FindingEvent[] =>
  events.filter((event): event is FindingEvent => event.type === 'finding');

export const inflectionsOf = (events: readonly GcbendEvent[]): InflectionEvent[] =>
  events.filter((event): event is InflectionEvent => event.type === 'inflection');

/** The findings that stand at the end. */
export function standing(events: readonly GcbendEvent[]): FindingEvent[] {
  const last = new Map(findingsOf(events).map((finding) => [finding.id, finding]));
  return [...last.values()].filter((finding) => finding.status !== 'withdrawn');
}

/** A cycle of a made-up process: 100 MiB/s allocated, GOGC 100, two processors. */
export function cycle(n: number, at: number, liveMiB: number, over: Partial<GcEvent> = {}): GcEvent {
  return {
    type: 'gc',
    schema: 1,
    source: 'made-up',
    line: n,
    process: 1,
    cycle: n,
    at,
    clockMs: { sweepTermination: 0.1, mark: 1, markTermination: 0.1 },
    cpuMs: { sweepTermination: 0.2, assist: 0.1, background: 0.8, idle: 0.1, markTermination: 0.2 },
    heapMiB: { start: 2 * liveMiB, end: 2 * liveMiB, live: liveMiB, goal: 2 * liveMiB },
    stacksMiB: 0,
    globalsMiB: 0,
    procs: 2,
    ...over,
  };
}

export function bendAt(t: number, over: Partial<Bend> = {}): Bend {
  return {
    kind: 'growth-onset',
    index: Math.round(t),
    t,
    tag: Math.round(t) + 1,
    value: 20,
    slopeBefore: 0,
    slopeAfter: 1,
    slopeAfterInterval: { from: 0.8, to: 1.2 },
    tInterval: { from: t - 1, to: t + 1 },
    confidence: 0.97,
    evidence: 100,
    followsLoad: false,
    ...over,
  };
}

const NOTHING: DetectorResult = {
  final: [],
  withdrawn: [],
  tail: undefined,
  cycle: undefined,
  bursts: [],
  sigma: 0.3,
};

/** A detector of the live heap that follows a script: an update at a time, a result at the end. Other signals hear nothing. */
export function scripted(updates: Record<number, DetectorUpdate>, result: Partial<DetectorResult>): DetectorFactory {
  const make = (heap: boolean, seen: number): StreamDetector => {
    let points = seen;
    return {
      push: (point: Point) => {
        points++;
        return heap ? updates[Math.round(point.t)] : undefined;
      },
      finish: () => (heap ? { ...NOTHING, ...result } : NOTHING),
      state: () => ({ heap, points }),
    };
  };
  return {
    create: ({ model, minEffect, quantum }) => make(model === 'line' && quantum === 1 && minEffect === 1, 0),
    restore: (state) => {
      const { heap, points } = state as { heap: boolean; points: number };
      return make(heap, points);
    },
  };
}
