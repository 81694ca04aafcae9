// In: what cycles counted. Out: their sums, over which the ratios of one cycle or of several are made.

/** Sums behind the ratios, so that several cycles can be taken together exactly. */
export interface CycleSums {
  /** MiB allocated and the seconds they took. */
  allocatedMiB: number;
  allocSeconds: number;
  /** CPU ms of this cycle and the CPU ms there were (time since the last start × procs). */
  gcCpuMs: number;
  capacityMs: number;
  assistMs: number;
  /** assist + background + idle. */
  markMs: number;
  markedMiB: number;
  /** Marking CPU of the cycles whose marked MiB are known. */
  markedMs: number;
}

export function emptySums(): CycleSums {
  return {
    allocatedMiB: 0,
    allocSeconds: 0,
    gcCpuMs: 0,
    capacityMs: 0,
    assistMs: 0,
    markMs: 0,
    markedMiB: 0,
    markedMs: 0,
  };
}

/** Adds a cycle's sums to those of others. */
export function addSums(into: CycleSums, sums: CycleSums): void {
  into.allocatedMiB += sums.allocatedMiB;
  into.allocSeconds += sums.allocSeconds;
  into.gcCpuMs += sums.gcCpuMs;
  into.capacityMs += sums.capacityMs;
  into.assistMs += sums.assistMs;
  into.markMs += sums.markMs;
  into.markedMiB += sums.markedMiB;
  into.markedMs += sums.markedMs;
}

export function clearSums(sums: CycleSums): void {
  sums.allocatedMiB = 0;
  sums.allocSeconds = 0;
  sums.gcCpuMs = 0;
  sums.capacityMs = 0;
  sums.assistMs = 0;
  sums.markMs = 0;
  sums.markedMiB = 0;
  sums.markedMs = 0;
}
