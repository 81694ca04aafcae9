// In: series too short to be cut. Out: growth without a break told from warm-ups, sawteeth and start-ups; slope and interval by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeShort } from '../../src/detect/short.ts';

test('slope, standard error and interval are those of ordinary least squares', () => {
  // t = 0..4, y = 1, 3, 5, 7, 10: slope 2.2; residuals .2, 0, -.2, -.4, .4, so sigma² = .4/3, se = sqrt(.1333/10) = .11547, t(3) = 3.182.
  const fit = describeShort([0, 1, 2, 3, 4], [1, 3, 5, 7, 10], 0);
  assert.ok(fit);
  assert.ok(Math.abs(fit.slope - 2.2) < 1e-12);
  assert.ok(Math.abs(fit.level - 9.6) < 1e-12);
  assert.ok(Math.abs(fit.slopeInterval.from - (2.2 - 3.182 * 0.115470054)) < 1e-6);
  assert.ok(Math.abs(fit.slopeInterval.to - (2.2 + 3.182 * 0.115470054)) < 1e-6);
  assert.equal(fit.growing, false, 'four seconds tell nothing');
});

test('a slice that keeps 1 MiB every 10 ms: nine cycles, ever further apart, one growth', () => {
  const t = [0.034, 0.079, 0.167, 0.344, 0.687, 1.362, 2.712, 5.595, 11.147];
  const fit = describeShort(t, [4, 8, 16, 32, 63, 124, 245, 487, 971], 1);
  assert.ok(fit?.growing);
  assert.ok(fit.slope > 86 && fit.slope < 88);
});

test('a warm-up that slows down, a heap that falls back, a flat one, a short start-up are no growth', () => {
  const t = [0, 1, 2, 4, 6, 8, 10, 12, 14, 16];
  assert.equal(describeShort(t, [5, 30, 50, 70, 80, 86, 90, 92, 93, 94], 1)?.growing, false);
  assert.equal(describeShort(t, [5, 30, 60, 8, 50, 90, 10, 60, 100, 12], 1)?.growing, false);
  assert.equal(describeShort(t, [20, 21, 20, 20, 21, 21, 20, 20, 21, 20], 1)?.growing, false);
  assert.equal(describeShort([0, 0.1, 0.2, 0.3, 0.5, 0.9], [4, 8, 16, 24, 40, 72], 1)?.growing, false);
  assert.equal(describeShort([0, 1, 2, 3], [1, 2, 3, 4], 0), undefined);
  assert.equal(describeShort([3, 3, 3, 3, 3], [1, 2, 3, 4, 5], 0), undefined);
});
