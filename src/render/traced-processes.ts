// In: cycles, dumps and inflections of any processes. Out: the processes that are worth a chart, longest-lived first, and the others' sum.
import type { FindingEvent, GcEvent, GoroutinesEvent, ProcessEvent } from '../events/types.ts';
import type { ProcessSummary } from '../series/process-stats.ts';
import { type ProcessReport, TracedProcess } from './traced-process.ts';

/** Processes too short to be worth a chart (compilers under `go build`), together. */
export interface ShortProcesses {
  count: number;
  cycles: number;
  longestSeconds: number;
  largestHeapMiB: number;
}

const MOST_PROCESSES = 64;
const MOST_FOLDED_IDS = 65_536;
/** A process below both is summed up when a longer one is there. */
const SHORT_SECONDS = 5;
const SHORT_SHARE = 0.1;

export class TracedProcesses {
  readonly #processes = new Map<number, TracedProcess>();
  /** Those that had to make room. */
  readonly #folded: ShortProcesses = { count: 0, cycles: 0, longestSeconds: 0, largestHeapMiB: 0 };
  readonly #foldedIds = new Set<number>();

  /** Undefined for one without a trace, and for one that was folded into the sum. */
  get(process: number | undefined): TracedProcess | undefined {
    return process === undefined ? undefined : this.#processes.get(process);
  }

  begin(event: ProcessEvent): void {
    this.#of(event.process, event.source)?.begin(event);
  }

  pushCycle(event: GcEvent): void {
    const process = this.#of(event.process ?? 1, event.source);
    if (process === undefined) this.#folded.cycles++;
    else process.pushCycle(event);
  }

  /** Dumps that know their time join the trace of their process, or of the only one there is. */
  pushDump(event: GoroutinesEvent): void {
    if (event.at === undefined) return;
    const only = this.#processes.size === 1 ? this.#processes.keys().next().value : undefined;
    this.get(event.process ?? only)?.pushDump(event, event.at);
  }

  /** @param findings of all processes */
  report(findings: readonly FindingEvent[]): { processes: ProcessReport[]; short: ShortProcesses | undefined } {
    const traced = [...this.#processes.values()].filter((one) => one.cycles > 0);
    traced.sort((a, b) => b.length - a.length || b.cycles - a.cycles || a.process - b.process);
    const longest = traced[0]?.length ?? 0;
    const short: ShortProcesses = { ...this.#folded };
    const processes: ProcessReport[] = [];
    for (const one of traced) {
      const own = findings.filter((finding) => finding.process === one.process);
      const isShort =
        one.length < Math.min(SHORT_SECONDS, longest * SHORT_SHARE) && own.every((f) => f.severity === 'info');
      if (isShort) sumUp(short, one.summary());
      else processes.push(one.report(own));
    }
    return { processes, short: short.count > 0 ? short : undefined };
  }

  #of(process: number, source: string): TracedProcess | undefined {
    const known = this.#processes.get(process);
    if (known !== undefined) return known;
    if (this.#foldedIds.has(process)) return undefined;
    const traced = new TracedProcess(process, source);
    this.#processes.set(process, traced);
    if (this.#processes.size > MOST_PROCESSES) this.#foldShortest(process);
    return traced;
  }

  /** Makes room: the shortest process but the newest gives up its charts. */
  #foldShortest(newest: number): void {
    let shortest: TracedProcess | undefined;
    for (const one of this.#processes.values()) {
      if (one.process !== newest && (shortest === undefined || one.length < shortest.length)) shortest = one;
    }
    if (shortest === undefined) return;
    this.#processes.delete(shortest.process);
    this.#foldedIds.add(shortest.process);
    if (this.#foldedIds.size > MOST_FOLDED_IDS) this.#foldedIds.delete(this.#foldedIds.values().next().value!);
    sumUp(this.#folded, shortest.summary());
  }
}

function sumUp(short: ShortProcesses, summary: ProcessSummary | undefined): void {
  if (summary === undefined) return;
  short.count++;
  short.cycles += summary.cycles;
  short.longestSeconds = Math.max(short.longestSeconds, summary.seconds ?? 0);
  short.largestHeapMiB = Math.max(short.largestHeapMiB, summary.heapLiveMiB?.max ?? 0);
}
