// In: made-up polls. Out: health of ten-second windows from memstats and a block profile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContentionEvent, HealthEvent, MemStatsEvent } from '../../src/events/types.ts';
import { HealthSnapshots, healthScore, partScore } from '../../src/findings/index.ts';

function memstats(seconds: number, over: Record<string, unknown>): MemStatsEvent {
  const atTime = new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
  return { type: 'memstats', schema: 1, source: 'http://h/', line: 1, atTime, ...over };
}

function blocks(count: number): ContentionEvent {
  const site = { function: 'main.wait', stack: [], count, delayNs: 1 };
  return { type: 'contention', schema: 1, source: 'http://h/', line: 1, profile: 'block', sites: [site] };
}

test('heap, pauses and blocking of one window', () => {
  const health = new HealthSnapshots();
  const ring = (ns: number) => Array.from({ length: 256 }, () => ns);
  assert.deepEqual(health.push(memstats(0, { HeapInuse: 2 ** 30, NumGC: 10, PauseNs: ring(1e6) }), 0), []);
  health.push(blocks(100), 1);
  health.push(memstats(5, { HeapInuse: 2 ** 29, NumGC: 14, PauseNs: ring(4e6) }), 5);
  health.push(blocks(400), 6);
  const out = health.push(memstats(10, { HeapInuse: 2 ** 29, NumGC: 14, PauseNs: ring(4e6) }), 10);
  const [event] = out as HealthEvent[];
  assert.deepEqual(event?.inputs, { heapMiB: 1024, pauseMs: 4, blocksPerSecond: 60 });
  assert.deepEqual(event?.window, { from: 0, to: 10 });
  assert.equal(event?.atTime, '2026-01-01T00:00:10.000Z');
  assert.equal(event?.absent, undefined);
  const expected = healthScore({ heap: partScore(1024, 2048), pause: partScore(4, 5), block: partScore(60, 100) });
  assert.ok(Math.abs((event?.score ?? 0) - (expected ?? 0)) < 0.06);
});

test('the pauses of 400 cycles are those the ring still holds; a restart counts anew', () => {
  const health = new HealthSnapshots();
  const PauseNs = Array.from({ length: 256 }, (_, i) => (i < 128 ? 2e6 : 4e6));
  health.push(memstats(0, { NumGC: 100, PauseNs }), 0);
  health.push(memstats(1, { NumGC: 500, PauseNs }), 1);
  health.push(memstats(2, { NumGC: 3, PauseNs }), 2);
  const [event] = health.finish() as HealthEvent[];
  assert.equal(event?.inputs.pauseMs, 3);
});

test('low windows in a row are a finding, and it ends', () => {
  const health = new HealthSnapshots();
  const out = [];
  for (let i = 0; i < 6; i++) out.push(...health.push(memstats(i * 10, { HeapInuse: 2 ** 35 }), i * 10));
  for (let i = 6; i < 9; i++) out.push(...health.push(memstats(i * 10, { HeapInuse: 2 ** 20 }), i * 10));
  out.push(...health.finish());
  const findings = out.filter((event) => event.type === 'finding');
  assert.deepEqual(
    findings.map(({ status, ongoing, severity }) => [status, ongoing, severity]),
    [
      ['open', true, 'critical'],
      ['open', false, 'critical'],
      ['final', false, 'critical'],
    ],
  );
});
