import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ValueHistogram } from '../../src/series/value-histogram.ts';

test('percentiles are within 1 % of the nearest rank, the largest value is exact', () => {
  const value = fc.double({ min: 0.001, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 400 }),
      fc.constantFrom(0.5, 0.9, 0.99, 0.999),
      (values, fraction) => {
        const histogram = new ValueHistogram();
        for (const each of values) histogram.push(each);
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(fraction * values.length - 1e-9) - 1)]!;
        assert.ok(Math.abs(histogram.percentile(fraction)! - exact) <= 0.01 * exact);
        assert.equal(histogram.max, sorted.at(-1));
        assert.equal(histogram.min, sorted[0]);
      },
    ),
    { numRuns: 200 },
  );
});

test('values that repeat come out as they went in', () => {
  const histogram = new ValueHistogram();
  for (let n = 0; n < 1000; n++) histogram.push(n % 10 === 9 ? 1.4 : 0.07);
  assert.equal(histogram.percentile(0.5), 0.07);
  assert.equal(histogram.percentile(0.9), 0.07);
  assert.equal(histogram.percentile(0.91), 1.4);
  assert.equal(histogram.percentile(0.999), 1.4);
});

test('zero counts, what is no amount does not, nothing has no percentile', () => {
  const histogram = new ValueHistogram();
  assert.equal(histogram.percentile(0.5), undefined);
  for (const value of [0, 0, 0, Number.NaN, -1, Number.POSITIVE_INFINITY, 5]) histogram.push(value);
  assert.equal(histogram.count, 4);
  assert.equal(histogram.percentile(0.5), 0);
  assert.equal(histogram.percentile(1), 5);
});

test('a histogram saved and restored gives the same numbers', () => {
  const histogram = new ValueHistogram();
  for (const value of [0, 0.07, 0.07, 1.4, 20]) histogram.push(value);
  const restored = ValueHistogram.restore(JSON.parse(JSON.stringify(histogram.state())));
  for (const fraction of [0.1, 0.5, 0.7, 0.9, 1])
    assert.equal(restored.percentile(fraction), histogram.percentile(fraction));
  assert.equal(restored.countAbove(0.07), 2);
  assert.deepEqual(restored.state(), histogram.state());
});
