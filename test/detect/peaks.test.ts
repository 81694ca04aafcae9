import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { detectPeaks } from '../../src/detect/index.ts';

interface Case {
  name: string;
  y: number[];
  peaks: number[];
  values: number[];
  prominences: number[];
}

const cases = JSON.parse(readFileSync(new URL('fixtures/peaks.json', import.meta.url), 'utf8')) as Case[];
const points = (y: readonly number[]) => y.map((v, i) => ({ t: i * 0.5, y: v, index: i, tag: i + 1 }));

test('peaks are those of scipy.signal.find_peaks, reported at the centre of their window', () => {
  assert.ok(cases.length > 100);
  for (const c of cases) {
    const bends = detectPeaks(points(c.y));
    assert.deepEqual(
      bends.map((b) => b.index),
      c.peaks.map((p) => p + 2),
      c.name,
    );
    bends.forEach((b, i) => {
      assert.ok(Math.abs(b.value - c.values[i]!) < 1e-9, c.name);
      assert.ok(Math.abs(b.evidence - c.prominences[i]!) < 1e-9, c.name);
      assert.equal(b.kind, 'peak');
      assert.equal(b.tag, b.index + 1);
      assert.equal(b.t, b.index * 0.5);
    });
  }
});

test('of equally high peaks closer than the distance the later one wins', () => {
  const tooth = [0, 0, 0, 0, 0, 10, 10, 10, 10, 10];
  const [first, ...more] = detectPeaks(points([...tooth, ...tooth, 0, 0, 0, 0, 0]));
  assert.equal(more.length, 0);
  assert.equal(first?.index, 17);
});

test('slopes are least squares over five smoothed points up to and from the peak', () => {
  const y = [...Array.from({ length: 20 }, (_, i) => i), ...Array.from({ length: 20 }, (_, i) => 19 - 2 * i)];
  const [peak] = detectPeaks(points(y));
  assert.ok(peak);
  assert.ok(peak.slopeBefore > 0 && peak.slopeBefore <= 2);
  assert.ok(peak.slopeAfter < 0 && peak.slopeAfter >= -4);
});

test('a shift of time or of level moves nothing else', () => {
  fc.assert(
    fc.property(
      // Multiples of 5, so that the mean of five is exact: rounding would decide what is as high as what.
      fc.array(
        fc.integer({ min: 0, max: 60 }).map((v) => 5 * v),
        { maxLength: 200 },
      ),
      fc.integer({ min: -50, max: 50 }).map((v) => 5 * v),
      (y, d) => {
        const a = detectPeaks(points(y)).map((b) => b.index);
        const b = detectPeaks(y.map((v, i) => ({ t: i + 7, y: v + d * 8, index: i }))).map((p) => p.index);
        assert.deepEqual(b, a);
      },
    ),
    { numRuns: 100 },
  );
});
