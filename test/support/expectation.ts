// In: a folder of samples/. Out: what gcbend makes of its inputs, as few and exact figures: what expected.json keeps.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FindingEvent, GcbendEvent, InflectionEvent } from '../../src/events/types.ts';
import { samples } from './gcbend.ts';
import { eventsOfFiles, readJson } from './in-process.ts';

/** One run over inputs of a sample. `heapLive` and `findings` hold the last word only. */
export interface Expectation {
  /** Files and folders, relative to the sample's folder. */
  inputs: string[];
  /** Facts: events by type, without what follows from them. */
  events: Record<string, number>;
  processes: number;
  malformed: number;
  repaired: number;
  heapLive: { process: number; kind: string; cycle: number }[];
  findings: { rule: string; severity: string; ongoing: boolean; process?: number; site?: string }[];
}

/** The folders of samples/ by name. */
export function sampleNames(): string[] {
  return readdirSync(samples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export const expectationFile = (sample: string): string => join(samples, sample, 'expected.json');

export const readExpectations = (sample: string): Expectation[] => readJson(expectationFile(sample));

const derived: ReadonlySet<string> = new Set(['process', 'inflection', 'finding', 'health', 'malformed', 'summary']);

/** All events of some inputs of a sample. */
export function eventsOfSample(sample: string, inputs: readonly string[]): Promise<GcbendEvent[]> {
  return eventsOfFiles(
    inputs.map((name) => join(samples, sample, name)),
    { detectors: ['segments'] },
  );
}

export function expectationOf(inputs: readonly string[], events: readonly GcbendEvent[]): Expectation {
  const counts: Record<string, number> = {};
  const bends: Expectation['heapLive'] = [];
  const findings = new Map<string, FindingEvent>();
  for (const event of events) {
    if (!derived.has(event.type)) counts[event.type] = (counts[event.type] ?? 0) + 1;
    if (isHeapBend(event)) bends.push({ process: event.process ?? 0, kind: event.kind, cycle: event.cycle ?? 0 });
    if (event.type !== 'finding') continue;
    // Maps keep the place of the first word; the last word counts.
    if (event.status === 'withdrawn') findings.delete(event.id);
    else findings.set(event.id, event);
  }
  const summary = events.at(-1);
  if (summary?.type !== 'summary') throw new Error('the last event is not the summary');
  return {
    inputs: [...inputs],
    events: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    processes: summary.processes,
    malformed: summary.malformed,
    repaired: summary.repaired,
    heapLive: bends,
    findings: [...findings.values()].map(({ rule, severity, ongoing, process, site }) => ({
      rule,
      severity,
      ongoing,
      ...(process === undefined ? {} : { process }),
      ...(site === undefined ? {} : { site: site.function }),
    })),
  };
}

function isHeapBend(event: GcbendEvent): event is InflectionEvent {
  return event.type === 'inflection' && event.signal === 'heapLive' && event.status === 'final';
}
