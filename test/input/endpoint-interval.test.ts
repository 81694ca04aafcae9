// In: courses of rounds. Out: proof that polling is dense while something happens and sparse while the target suffers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BASE_INTERVAL_MS,
  backOffMs,
  MAX_INTERVAL_MS,
  MIN_INTERVAL_MS,
  nextInterval,
  type RoundObservation,
  startInterval,
} from '../../src/input/endpoint-interval.ts';

const calm: RoundObservation = { tookMs: 3, unchanged: false, restarted: false };
const run = (rounds: Partial<RoundObservation>[]) =>
  rounds.reduce((state, seen) => nextInterval(state, { ...calm, ...seen }), startInterval());
const times = (count: number, seen: Partial<RoundObservation> = {}) => Array.from({ length: count }, () => seen);

test('dense at the start and after a restart, then the ordinary pace', () => {
  assert.equal(run(times(11)).intervalMs, MIN_INTERVAL_MS);
  const settled = run(times(60));
  assert.ok(Math.abs(settled.intervalMs - BASE_INTERVAL_MS) < 50, `${settled.intervalMs}`);
  assert.equal(nextInterval(settled, { ...calm, restarted: true }).intervalMs, MIN_INTERVAL_MS);
});

test('denser while something grows, sparser while nothing changes', () => {
  assert.equal(run([...times(60), ...times(4, { growing: true })]).intervalMs, MIN_INTERVAL_MS);
  assert.equal(run([...times(60), ...times(20, { unchanged: true })]).intervalMs, MAX_INTERVAL_MS);
});

test('a slow or busy target is spared, whatever one would like to know', () => {
  assert.equal(run([{ tookMs: 400 }]).intervalMs, 20_000);
  assert.equal(run([{ tookMs: 5000, growing: true }]).intervalMs, MAX_INTERVAL_MS);
  assert.equal(run([{ gcCpuFraction: 0.5 }]).intervalMs, BASE_INTERVAL_MS);
  assert.ok(run([...times(20), ...times(4, { gcCpuFraction: 0.5, growing: true })]).intervalMs > 4 * BASE_INTERVAL_MS);
});

test('always within its bounds, and never more than a fiftieth of the time below the upper one', () => {
  const seen = fc.record({
    tookMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    unchanged: fc.boolean(),
    restarted: fc.boolean(),
    growing: fc.boolean(),
    gcCpuFraction: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(seen, { minLength: 1 }), (rounds) => {
      const { intervalMs } = run(rounds);
      const last = rounds.at(-1)!;
      assert.ok(intervalMs >= MIN_INTERVAL_MS && intervalMs <= MAX_INTERVAL_MS);
      assert.ok(intervalMs >= Math.min(MAX_INTERVAL_MS, last.tookMs * 50));
    }),
    { numRuns: 200 },
  );
});

test('back-off doubles up to half a minute', () => {
  assert.deepEqual([1, 2, 3, 7, 50].map(backOffMs), [500, 1000, 2000, 30_000, 30_000]);
});
