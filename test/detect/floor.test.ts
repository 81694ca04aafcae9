import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DetectorOptions, detectSegments, type Point } from '../../src/detect/index.ts';

const HEAP: DetectorOptions = { model: 'line', sensitivity: 'normal', quantum: 1, minEffect: 1 };
/** Lengths and heights of teeth with no period; a tooth climbs for three quarters of its length, then rests on the floor. */
const TEETH = [
  [38, 34],
  [29, 23],
  [35, 35],
  [42, 28],
  [35, 24],
  [25, 23],
  [32, 33],
  [39, 31],
] as const;

function saw(lift: (i: number) => number): Point[] {
  const y: number[] = [];
  for (const [length, height] of TEETH) {
    for (let k = 0; k < length; k++) y.push(k < 0.75 * length ? (height * k) / (0.75 * length) : 0);
  }
  return y.map((v, index) => ({
    t: 2 * index,
    index,
    y: Math.floor(145 + v + 0.7 * Math.sin(index * 37) + lift(index)),
  }));
}

test('teeth of any length that come back to one floor are a cycle, not bends', () => {
  const { final, cycle, tail } = detectSegments(
    saw(() => 0),
    HEAP,
  );
  assert.deepEqual(
    final.map((f) => f.bend.kind),
    [],
  );
  assert.ok(cycle && cycle.period > 50 && cycle.period < 90, `period ${cycle?.period}`);
  assert.equal(tail?.growing, false);
});

test('a floor that rises is told', () => {
  const { final, tail } = detectSegments(
    saw((i) => Math.max(0, i - 130) * 0.4),
    HEAP,
  );
  assert.ok(
    final.some((f) => f.bend.kind.startsWith('growth')),
    final.map((f) => f.bend.kind).join(' '),
  );
  assert.equal(tail?.growing, true);
});

test('a rise that lasts longer than any tooth did is no tooth', () => {
  const points = saw(() => 0);
  for (let k = 0; k < 60; k++) points.push({ t: points.length * 2, index: points.length, y: 145 + k });
  const { final } = detectSegments(points, HEAP);
  assert.ok(final.length > 0);
});
