import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessStats } from '../../src/series/process-stats.ts';
import { gcEventsAlong } from '../render/gc-events.ts';

test('sums of a process: cycles, time, heap, pauses, CPU', () => {
  const stats = new ProcessStats();
  assert.equal(stats.summary(), undefined);
  for (const gc of gcEventsAlong((t) => 20 + t, 60)) stats.push(gc);
  const summary = stats.summary()!;
  assert.equal(summary.cycles, 120);
  assert.equal(summary.seconds, 59.5);
  assert.equal(summary.cyclesPerMinute, 120);
  assert.deepEqual(summary.heapLiveMiB, { first: 20, last: 80, min: 20, max: 80, mean: 50 });
  assert.deepEqual(summary.heapGoalMiB, { last: 160, max: 160 });
  assert.deepEqual(summary.pausesMs!.sweepTermination, { p50: 0.05, p90: 0.08, p99: 0.08, p999: 0.08, max: 0.08 });
  assert.equal(summary.gcCpuShare, 0.00106);
  assert.equal(summary.assistShare, 0.1);
});

test('a line that is printed twice, at once or later, counts once', () => {
  const cycles = gcEventsAlong((t) => 20 + t, 60);
  const once = new ProcessStats();
  for (const gc of cycles) once.push(gc);
  const copied = new ProcessStats();
  for (const gc of cycles) for (const copy of [gc, gc]) copied.push(copy);
  for (const gc of cycles.slice(-30)) copied.push(gc);
  assert.deepEqual(copied.summary(), { ...once.summary(), copiedCycles: cycles.length + 30 });
});

test('a line without times, goal and CPU (Go 1.0-1.4) leaves those sums out', () => {
  const stats = new ProcessStats();
  for (let cycle = 1; cycle <= 3; cycle++) {
    stats.push({
      type: 'gc',
      schema: 1,
      source: '-',
      line: cycle,
      cycle,
      procs: 4,
      heapMiB: { start: 8, end: 4 + cycle },
    });
  }
  assert.deepEqual(stats.summary(), {
    cycles: 3,
    forcedCycles: 0,
    repairedCycles: 0,
    copiedCycles: 0,
    firstCycle: 1,
    lastCycle: 3,
    procs: 4,
    heapLiveMiB: { first: 5, last: 7, min: 5, max: 7, mean: 6 },
  });
});
