// In: the cycles of two traces, or the sums of them that were saved. Out: their figures side by side: levels, rates, pauses, shares.
// Of several processes the one with the most cycles counts: the program, not the tools that `go run` started before it.
import type { GcbendEvent, GcEvent } from '../events/types.ts';
import { ProcessStats, type ProcessSummary } from './process-stats.ts';
import { type DiffResult, type DiffRow, rowOf } from './profile-diff-table.ts';

interface Trace {
  summary: ProcessSummary | undefined;
  /** Least squares over the whole trace, MiB a second; unknown for a saved one. */
  slope: number | undefined;
  processes: number;
}

/** The process with the most cycles: of a saved result by its sums, else of the events. */
export function mainTrace(events: readonly GcbendEvent[], saved: readonly ProcessSummary[] | undefined): Trace {
  if (saved !== undefined) {
    const [summary] = [...saved].sort((a, b) => b.cycles - a.cycles);
    return { summary, slope: undefined, processes: saved.length };
  }
  const byProcess = new Map<number, GcEvent[]>();
  for (const event of events) {
    if (event.type !== 'gc') continue;
    const list = byProcess.get(event.process ?? 1);
    if (list === undefined) byProcess.set(event.process ?? 1, [event]);
    else list.push(event);
  }
  let cycles: GcEvent[] = [];
  for (const list of byProcess.values()) if (list.length > cycles.length) cycles = list;
  const stats = new ProcessStats();
  for (const cycle of cycles) stats.push(cycle);
  return { summary: stats.summary(), slope: liveSlope(cycles), processes: byProcess.size };
}

export function diffTraces(before: Trace, after: Trace, result: DiffResult): void {
  if (before.summary === undefined || after.summary === undefined) return;
  if (before.processes > 1 || after.processes > 1) {
    result.notes.push('A trace holds several processes: the one with the most cycles of each side is compared.');
  }
  const a = traceFigures(before.summary, before.slope);
  const b = traceFigures(after.summary, after.slope);
  const rows: DiffRow[] = [];
  let unchanged = 0;
  for (const [name, { value, unit }] of a) {
    const other = b.get(name)?.value;
    if (other === undefined) continue;
    if (other === value) unchanged++;
    else rows.push(rowOf(name, unit, value, other));
  }
  const seconds = [a.get('length')?.value, b.get('length')?.value];
  if (seconds[0] !== undefined && seconds[1] !== undefined) {
    const longer = Math.max(seconds[0], seconds[1]);
    const shorter = Math.min(seconds[0], seconds[1]);
    if (shorter < longer / 2) {
      result.notes.push(
        'One trace is more than twice as long as the other: levels and maxima of the longer one are not comparable.',
      );
    }
  }
  result.tables.push({ kind: 'trace', title: 'trace', unit: 'mixed', rows, unchanged });
}

function traceFigures(
  summary: ProcessSummary,
  slope: number | undefined,
): Map<string, { value: number; unit: string }> {
  const figures = new Map<string, { value: number; unit: string }>();
  const add = (name: string, value: number | undefined, unit: string): void => {
    if (value !== undefined && Number.isFinite(value)) figures.set(name, { value, unit });
  };
  add('length', summary.seconds, 's');
  add('cycles', summary.cycles, 'count');
  add('cycles per minute', summary.cyclesPerMinute, '1/min');
  add('live heap, first', summary.heapLiveMiB?.first, 'MiB');
  add('live heap, last', summary.heapLiveMiB?.last, 'MiB');
  add('live heap, mean', summary.heapLiveMiB?.mean, 'MiB');
  add('live heap, highest', summary.heapLiveMiB?.max, 'MiB');
  add('live heap, slope', slope, 'MiB/s');
  add('heap goal, highest', summary.heapGoalMiB?.max, 'MiB');
  add('allocation rate', summary.allocatedMiBPerSecond, 'MiB/s');
  add('pause p50', summary.pausesMs?.total.p50, 'ms');
  add('pause p90', summary.pausesMs?.total.p90, 'ms');
  add('pause p99', summary.pausesMs?.total.p99, 'ms');
  add('pause p99.9', summary.pausesMs?.total.p999, 'ms');
  add('pause, longest', summary.pausesMs?.total.max, 'ms');
  add('share of the CPU in collection', summary.gcCpuShare, 'share');
  add('assist share', summary.assistShare, 'share');
  return figures;
}

/** Least squares over the whole trace, MiB a second. */
function liveSlope(cycles: readonly GcEvent[]): number | undefined {
  const points = cycles.flatMap((gc) =>
    gc.at === undefined || gc.heapMiB.live === undefined ? [] : [{ t: gc.at, y: gc.heapMiB.live }],
  );
  if (points.length < 3) return undefined;
  const n = points.length;
  const mt = points.reduce((sum, point) => sum + point.t, 0) / n;
  const my = points.reduce((sum, point) => sum + point.y, 0) / n;
  let spread = 0;
  let product = 0;
  for (const { t, y } of points) {
    spread += (t - mt) ** 2;
    product += (t - mt) * (y - my);
  }
  return spread === 0 ? undefined : product / spread;
}
