// In: index, cycle number, source and wall time of every sample. Out: what a bend found later at an index must carry.
// Cycle numbers run on by one, so runs are kept, not numbers: memory follows the holes in a trace, not its length.
import type { CycleSample } from './trace-series.ts';

/** Runs kept; with more holes than that the oldest are forgotten and their bends carry no cycle. */
const MAX_RUNS = 4096;

interface IndexState {
  /** [first index, cycle − index] of each run. */
  cycles: [number, number][];
  /** [first index, source] of each file. */
  sources: [number, string][];
  /** Wall-clock ms of the process' time 0: the smallest seen, since a line is never logged before it is printed. */
  wallZeroMs?: number;
}

export class CycleIndex {
  #state: IndexState = { cycles: [], sources: [] };

  static restore(state: unknown): CycleIndex {
    const index = new CycleIndex();
    index.#state = structuredClone(state) as IndexState;
    return index;
  }

  state(): unknown {
    return structuredClone(this.#state);
  }

  /** @param loggedMs wall time of the line, Unix ms */
  add(sample: CycleSample, loggedMs: number | undefined): void {
    const { cycles, sources } = this.#state;
    const offset = sample.cycle - sample.index;
    if (cycles[cycles.length - 1]?.[1] !== offset) {
      cycles.push([sample.index, offset]);
      if (cycles.length > MAX_RUNS) cycles.shift();
    }
    if (sources[sources.length - 1]?.[1] !== sample.source) {
      sources.push([sample.index, sample.source]);
      if (sources.length > MAX_RUNS) sources.shift();
    }
    if (loggedMs !== undefined && Number.isFinite(loggedMs)) {
      const zero = loggedMs - sample.t * 1000;
      this.#state.wallZeroMs = Math.min(this.#state.wallZeroMs ?? zero, zero);
    }
  }

  cycleAt(index: number): number | undefined {
    const run = lastAtOrBefore(this.#state.cycles, index);
    return run === undefined ? undefined : run[1] + index;
  }

  sourceAt(index: number): string | undefined {
    return (lastAtOrBefore(this.#state.sources, index) ?? this.#state.sources[0])?.[1];
  }

  /** ISO 8601 of a time of the series, where the wall time is known. */
  wallTime(t: number): string | undefined {
    const zero = this.#state.wallZeroMs;
    if (zero === undefined) return undefined;
    const date = new Date(zero + t * 1000);
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  }
}

/** Binary search over runs ordered by their first index. */
function lastAtOrBefore<T>(runs: readonly [number, T][], index: number): [number, T] | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]![0] <= index) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : runs[low - 1];
}
