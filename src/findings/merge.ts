// In: results of any number of processes, files or machines. Out: one result, the same in whatever order they come together.
import type { FindingEvent, HealthEvent, InflectionEvent } from '../events/types.ts';
import type { HistogramState } from '../series/index.ts';

/** What is known of one process at its end (or so far). */
export interface ProcessResult {
  source: string;
  process: number;
  cycles: number;
  forcedCycles: number;
  /** Seconds of the trace, first and last start of a cycle. */
  from?: number;
  to?: number;
  pausesMs: HistogramState;
  /** The last word on each: provisional ones that were revised or withdrawn are gone. */
  inflections: InflectionEvent[];
  findings: FindingEvent[];
  lowestHealth?: number;
}

/** A plain JSON value. `processes` is ordered by its content, so equal sets of processes are equal values. */
export interface AnalysisResult {
  version: 1;
  processes: ProcessResult[];
}

/** Merges results: pure, associative, the same in any order. The empty list gives the neutral element. */
export function mergeResults(results: readonly AnalysisResult[]): AnalysisResult {
  const keyed = results
    .flatMap((result) => result.processes)
    .map((process) => ({ process, key: keyOf(process) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { version: 1, processes: keyed.map(({ process }) => structuredClone(process)) };
}

function keyOf(process: ProcessResult): string {
  const number = String(process.process).padStart(12, '0');
  return JSON.stringify([process.source, number, process.from ?? -1, process.cycles, canonical(process)]);
}

/** The value with its keys in order, so that two equal processes have equal keys however they were built. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return entries.map(([key, inner]) => [key, canonical(inner)]);
}

/** Keeps of a stream of derived events only the last word on each. */
export class LastWords {
  #inflections = new Map<string, InflectionEvent>();
  #findings = new Map<string, FindingEvent>();
  #lowest: number | undefined;

  static restore(state: unknown): LastWords {
    const words = new LastWords();
    const { inflections, findings, lowest } = state as ReturnType<LastWords['state']>;
    for (const event of structuredClone(inflections)) words.#inflections.set(event.id, event);
    for (const event of structuredClone(findings)) words.#findings.set(event.id, event);
    words.#lowest = lowest;
    return words;
  }

  state(): { inflections: InflectionEvent[]; findings: FindingEvent[]; lowest?: number } {
    return {
      inflections: this.inflections,
      findings: this.findings,
      ...(this.#lowest === undefined ? {} : { lowest: this.#lowest }),
    };
  }

  add(event: InflectionEvent | FindingEvent | HealthEvent): void {
    if (event.type === 'health') {
      this.#lowest = Math.min(this.#lowest ?? event.score, event.score);
      return;
    }
    if (event.type === 'finding') {
      if (event.status === 'withdrawn') this.#findings.delete(event.id);
      else this.#findings.set(event.id, event);
      return;
    }
    if (event.revises !== undefined) this.#inflections.delete(event.revises);
    if (event.status !== 'withdrawn') this.#inflections.set(event.id, event);
  }

  get inflections(): InflectionEvent[] {
    return [...this.#inflections.values()];
  }

  get findings(): FindingEvent[] {
    return [...this.#findings.values()];
  }

  get lowestHealth(): number | undefined {
    return this.#lowest;
  }
}
