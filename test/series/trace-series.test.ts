// In: made-up cycles. Out: values of every signal, by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GcEvent } from '../../src/events/types.ts';
import { type CycleSample, TraceSeries } from '../../src/series/index.ts';

function gc(over: Partial<GcEvent>): GcEvent {
  return {
    type: 'gc',
    schema: 1,
    source: '-',
    line: 1,
    cycle: 1,
    at: 10,
    clockMs: { sweepTermination: 0.25, mark: 3, markTermination: 0.5 },
    cpuMs: { sweepTermination: 1, assist: 2, background: 5, idle: 3, markTermination: 2 },
    heapMiB: { start: 40, end: 44, live: 20, goal: 41 },
    stacksMiB: 3,
    globalsMiB: 1,
    procs: 4,
    ...over,
  };
}

const SECOND = gc({ line: 7, cycle: 2, at: 10.5, heapMiB: { start: 42, end: 43, live: 22, goal: 40 } });

/** The signals that the sample carries. */
function known(sample: CycleSample | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sample?.values ?? {}).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

test('every signal by the formulas of the contract', () => {
  const series = new TraceSeries();
  const first = series.push(gc({}));
  assert.deepEqual(known(first), {
    heapLive: 20,
    heapGoal: 41,
    stacks: 3,
    pause: 0.75,
    assistShare: 0.2,
    scanRate: 2,
  });
  assert.equal(first?.index, 0);
  const second = series.push(SECOND);
  // ((44 − 40) + (42 − 20)) MiB in 0.5 s; 13 ms of 0.5 s × 4; goal 40 over the live heap before, 20.
  assert.deepEqual(known(second), {
    heapLive: 22,
    heapGoal: 40,
    goalRatio: 2,
    stacks: 3,
    pause: 0.75,
    assistShare: 0.2,
    scanRate: 2.2,
    gcInterval: 0.5,
    allocRate: 52,
    gcCpu: 13 / 2000,
  });
  assert.equal(second?.load, 52);
  assert.equal(second?.line, 7);
  assert.equal(second?.t, 10.5);
});

test('the load is the median of the last five allocation rates', () => {
  const series = new TraceSeries();
  const starts = [40, 50, 90, 60, 70, 80, 100];
  const loads = starts.map(
    (start, i) =>
      series.push(gc({ cycle: 1 + i, at: 10 + i, heapMiB: { start, end: start, live: 20, goal: 40 } }))?.load,
  );
  // Rates: 30, 70, 40, 50, 60, 80.
  assert.deepEqual(loads, [undefined, 30, 50, 40, 45, 50, 60]);
});

test('a goal of the order of 2^63 bytes is none', () => {
  const sample = new TraceSeries().push(gc({ heapMiB: { start: 4, end: 4, live: 3, goal: 8532210231537 } }));
  assert.equal(sample?.values.heapGoal, undefined);
  assert.equal(sample?.values.goalRatio, undefined);
});

test('a forced cycle has neither an interval nor a ratio of its own', () => {
  const series = new TraceSeries();
  series.push(gc({}));
  const forced = series.push({ ...SECOND, forced: true });
  assert.equal(forced?.values.gcInterval, undefined);
  assert.equal(forced?.values.goalRatio, undefined);
  assert.equal(forced?.values.allocRate, 52);
});

test('two cycles in one millisecond: no rate, but every level', () => {
  const series = new TraceSeries();
  series.push(gc({}));
  const twin = series.push({ ...SECOND, at: 10 });
  assert.equal(twin?.values.allocRate, undefined);
  assert.equal(twin?.values.gcCpu, undefined);
  assert.equal(twin?.values.heapLive, 22);
});

test('time that runs backwards has no place in the series', () => {
  const series = new TraceSeries();
  series.push(gc({}));
  assert.equal(series.push(gc({ at: 9.9 })), undefined);
  assert.equal(series.push({ ...SECOND })?.index, 1);
});

test('a copy has no place in the series: within a process cycle numbers only grow', () => {
  const series = new TraceSeries();
  series.push(gc({}));
  assert.equal(series.push(gc({})), undefined);
  assert.equal(series.push({ ...SECOND })?.index, 1);
  assert.equal(series.push(gc({})), undefined);
});

test('while the heap doubles in the first second there are no rates', () => {
  const series = new TraceSeries();
  series.push(gc({ at: 0.001, heapMiB: { start: 4, end: 4, live: 4, goal: 4 } }));
  assert.equal(
    series.push(gc({ cycle: 2, at: 0.002, heapMiB: { start: 9, end: 9, live: 9, goal: 9 } }))?.values.allocRate,
    undefined,
  );
  assert.ok(
    series.push(gc({ cycle: 3, at: 0.1, heapMiB: { start: 18, end: 18, live: 10, goal: 18 } }))?.values.allocRate,
  );
});

test('Go 1.0 to 1.4: the heap after the cycle is the live heap, the whole cycle is the pause, x is the cycle', () => {
  const {
    at: _at,
    cpuMs: _cpu,
    stacksMiB: _stacks,
    globalsMiB: _globals,
    ...old
  } = gc({ heapMiB: { start: 41, end: 22 } });
  const event = { ...old, clockMs: { mark: 3, sweep: 1, rest: 0.5 } } as GcEvent;
  const series = new TraceSeries();
  const first = series.push(event);
  assert.deepEqual(known(first), { heapLive: 22, pause: 4.5 });
  const second = series.push({ ...event, cycle: 2 });
  assert.deepEqual(known(second), { heapLive: 22, pause: 4.5 });
  assert.equal(second?.t, 1);
  assert.equal(series.timeBase, 'index');
});

test('Go 1.4 in a log with times: x is the time of the log, and what was allocated is known', () => {
  const { at: _at, cpuMs: _cpu, ...old } = gc({ heapMiB: { start: 41, end: 22 } });
  const series = new TraceSeries();
  series.push({ ...old, loggedAt: '2026-01-01T00:00:00.000Z' });
  const second = series.push({
    ...old,
    cycle: 2,
    loggedAt: '2026-01-01T00:00:02.000Z',
    heapMiB: { start: 44, end: 23 },
  });
  assert.equal(second?.t, 2);
  assert.equal(second?.values.allocRate, 11);
  assert.equal(series.timeBase, 'logged');
});

test('the state is plain JSON and changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(50), fc.nat(5000)), { minLength: 2, maxLength: 30 }),
      fc.nat(29),
      (steps, cut) => {
        let at = 0;
        const events = steps.map(([live, ms], i) => {
          at += ms / 1000;
          return gc({ cycle: i + 1, at, heapMiB: { start: live * 2, end: live * 2 + 1, live, goal: live * 2 } });
        });
        const whole = new TraceSeries();
        let other = new TraceSeries();
        for (const [i, event] of events.entries()) {
          if (i === cut) other = TraceSeries.restore(JSON.parse(JSON.stringify(other.state())));
          assert.deepEqual(other.push(event), whole.push(event));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('no number breaks it', () => {
  const odd = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY), fc.nat());
  fc.assert(
    fc.property(fc.array(fc.tuple(odd, odd, odd, odd, odd, odd), { maxLength: 20 }), (rows) => {
      const series = new TraceSeries();
      for (const [at, start, end, live, goal, assist] of rows) {
        const event = gc({ at, heapMiB: { start, end, live, goal }, procs: Math.trunc(assist) });
        event.cpuMs = { assist, background: live, idle: end };
        const sample = series.push(event);
        for (const value of Object.values(known(sample))) assert.ok(value >= 0, String(value));
      }
    }),
    { numRuns: 200 },
  );
});
