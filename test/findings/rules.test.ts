// In: made-up cycles. Out: what the rules that need no detector say, number by number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GcEvent, HealthEvent, RuntimeLineEvent } from '../../src/events/types.ts';
import { healthScore, partScore, rateWindow, withThresholds } from '../../src/findings/index.ts';
import { analyse, cycle, findingsOf, realTrace, standing } from './support.ts';

const NONE = { detectors: ['none'] as const };

/** A cycle whose marking is slow and done by the program's goroutines. */
function pressured(n: number, at: number, assistShare: number, slower: number): GcEvent {
  const total = slower;
  const assist = assistShare * total;
  return cycle(n, at, 50, {
    cpuMs: { sweepTermination: 0, assist, background: total - assist, idle: 0, markTermination: 0 },
  });
}

function calm(n: number): GcEvent[] {
  return Array.from({ length: n }, (_, i) => cycle(i + 1, 10 + i * 0.5, 50));
}

test('gc-pressure: assist share above 30 % with work per ms halved, three cycles in a row', () => {
  const events = calm(20);
  for (let i = 0; i < 3; i++) events.push(pressured(21 + i, 20 + i * 0.5, 0.4, 4));
  const told = analyse(events, NONE);
  const [first, last, ...rest] = findingsOf(told);
  assert.equal(rest.length, 0);
  assert.equal(first?.rule, 'gc-pressure');
  assert.equal(first?.status, 'open');
  assert.equal(first?.line, 23);
  assert.equal(first?.at, 20);
  assert.equal(first?.severity, 'warning');
  assert.equal(first?.evidence.cycles, 3);
  assert.equal(first?.evidence.assistShare, 0.4);
  assert.equal(first?.evidence.workPerMs, 12.5);
  assert.equal(first?.evidence.baselineWorkPerMs, 50);
  assert.equal(first?.evidence.workShare, 0.25);
  assert.equal(first?.evidence.firstCycle, 21);
  assert.equal(last?.status, 'final');
  assert.equal(last?.id, first?.id);
  assert.equal(last?.revises, first?.id);
});

test('gc-pressure: two cycles, assists alone or slow marking alone are none', () => {
  const cases: [number, number, number][] = [
    [2, 0.4, 4],
    [5, 0.4, 1.9],
    [5, 0.3, 4],
  ];
  for (const [count, share, slower] of cases) {
    const events = calm(20);
    for (let i = 0; i < count; i++) events.push(pressured(21 + i, 20 + i * 0.5, share, slower));
    events.push(cycle(40, 40, 50));
    assert.deepEqual(findingsOf(analyse(events, NONE)), []);
  }
});

test('gc-pressure: thresholds can be set, and it ends when cycles are calm again', () => {
  const events = calm(20);
  for (let i = 0; i < 2; i++) events.push(pressured(21 + i, 20 + i * 0.5, 0.25, 4));
  for (let i = 0; i < 40; i++) events.push(cycle(23 + i, 21 + i * 0.5, 50));
  const thresholds = { gcPressure: { assistShare: 0.2, cycles: 2 } };
  const states = findingsOf(analyse(events, { ...NONE, thresholds })).map(({ status, ongoing }) => [status, ongoing]);
  assert.deepEqual(states, [
    ['open', true],
    ['open', false],
    ['final', false],
  ]);
});

test('memory-limit: one story in a real run that ran into GOMEMLIMIT, none in runs without a limit', () => {
  const told = analyse(realTrace('memlimit'), NONE);
  const [limit, ...rest] = standing(told);
  assert.deepEqual(rest, []);
  assert.equal(limit?.rule, 'memory-limit');
  assert.equal(limit?.severity, 'warning');
  assert.equal(limit?.ongoing, true);
  assert.ok(limit?.at !== undefined && limit.at > 45 && limit.at < 56, String(limit?.at));
  assert.ok(Math.abs(Number(limit.evidence.heapLimitMiB) - 60) < 1.5);
  assert.equal(limit.evidence.heapGrew, true);
  for (const name of ['flat', 'leak', 'gogc', 'assist', 'sine', 'step', 'warmup']) {
    assert.deepEqual(standing(analyse(realTrace(name), NONE)), [], name);
  }
});

test('memory-limit: the heap does not grow, the limit came down', () => {
  const events = Array.from({ length: 60 }, (_, i) => cycle(i + 1, 10 + i * 0.5, 50));
  for (let i = 0; i < 200; i++) {
    events.push(cycle(61 + i, 40 + i * 0.05, 50, { heapMiB: { start: 52, end: 52, live: 50, goal: 52 } }));
  }
  const [limit] = standing(analyse(events, NONE));
  assert.equal(limit?.rule, 'memory-limit');
  assert.equal(limit?.evidence.heapGrew, false);
  assert.match(limit?.detail ?? '', /although the live heap does not grow/);
});

test('long-pause: one is told, three are a warning, with the part that took the time', () => {
  const events = calm(20);
  const long = { clockMs: { sweepTermination: 150, mark: 1, markTermination: 1 } };
  events.push(cycle(21, 25, 50, long));
  const once = standing(analyse(events, NONE));
  assert.equal(once[0]?.severity, 'info');
  assert.equal(once[0]?.ongoing, false);
  assert.match(once[0]?.title ?? '', /once for 151 ms/);
  events.push(cycle(22, 26, 50, long), cycle(23, 27, 50, long));
  const often = standing(analyse(events, NONE)).filter(({ rule }) => rule === 'long-pause');
  assert.equal(often[0]?.severity, 'warning');
  assert.equal(often[0]?.evidence.long, 3);
  assert.equal(often[0]?.evidence.shareInMarkTermination, 0);
  assert.match(often[0]?.detail ?? '', /sweep termination/);
});

test('health: 100 is healthy, half of a part is lost at its limit, absent parts are left out', () => {
  assert.equal(partScore(0, 5), 100);
  assert.ok(Math.abs(partScore(5, 5) - 50.34) < 0.01);
  assert.ok(partScore(50, 5) < 0.001);
  assert.equal(healthScore({ heap: 100, pause: 0, block: 100 }), 70);
  assert.equal(healthScore({ heap: 100, pause: 0 }), (100 * 0.4) / 0.7);
  assert.equal(healthScore({}), undefined);
  const rated = rateWindow({ heapMiB: 1024, pauseMs: 0 }, withThresholds(undefined).health);
  assert.deepEqual(rated?.absent, ['block']);
});

test('health: one event a window of ten seconds, low windows in a row are a finding', () => {
  const events: GcEvent[] = [];
  for (let i = 0; i < 100; i++) {
    const ms = i >= 20 && i < 80 ? 400 : 0.1;
    events.push(cycle(i + 1, 0.5 + i, 3000, { clockMs: { sweepTermination: ms, mark: 1, markTermination: 0 } }));
  }
  const told = analyse(events, NONE);
  const health = told.filter((event): event is HealthEvent => event.type === 'health');
  assert.equal(health.length, 10);
  assert.deepEqual(health[2]?.window, { from: 20, to: 30 });
  assert.equal(health[0]?.inputs.heapMiB, 6000);
  assert.deepEqual(health[0]?.absent, ['block']);
  assert.ok((health[3]?.score ?? 100) < 1 && (health[0]?.score ?? 0) > 40);
  const low = standing(told).find(({ rule }) => rule === 'health-low');
  assert.equal(low?.severity, 'critical');
});

test('gctrace=2: work is counted in the objects of the scan line behind each cycle', () => {
  const events: (GcEvent | RuntimeLineEvent)[] = [];
  const scan = (line: number, objects: number): RuntimeLineEvent => ({
    type: 'runtime',
    schema: 1,
    source: 'made-up',
    line,
    process: 1,
    grammar: 'scan',
    scope: 'total',
    objects,
  });
  for (const event of calm(20)) events.push(event, scan(event.line, 10_000));
  for (let i = 0; i < 3; i++) events.push(pressured(21 + i, 20 + i * 0.5, 0.4, 1), scan(21 + i, 4000));
  const [first] = findingsOf(analyse(events, NONE));
  assert.equal(first?.rule, 'gc-pressure');
  assert.equal(first?.line, 23);
  assert.equal(first?.evidence.workPerMs, 4000);
  assert.equal(first?.evidence.baselineWorkPerMs, 10_000);
  assert.equal(first?.evidence.workUnit, 'objects');
});
