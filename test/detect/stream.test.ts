// In: points that no clean series holds. Out: the detector takes what has a place and passes the rest over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectSegments, type Point } from '../../src/detect/index.ts';

test('points without a place in the series are passed over', () => {
  const series = (extra: boolean): Point[] =>
    Array.from({ length: 2000 }, (_, i) => {
      const point = { t: i, y: i < 1000 ? 20 : 20 + (i - 1000) / 50, index: i };
      const misfits = [Number.NaN, Number.POSITIVE_INFINITY, -5].map((t) => ({ ...point, t }));
      return extra && i > 0 && i % 100 === 0 ? [...misfits, { ...point, y: Number.NaN }, point] : [point];
    }).flat();
  const options = { model: 'line', sensitivity: 'normal', quantum: 1, minEffect: 1 } as const;
  assert.deepEqual(detectSegments(series(true), options), detectSegments(series(false), options));
});

test('a point may stand for several: with the model of levels three at a time', () => {
  const options = { model: 'level', sensitivity: 'normal', quantum: 0, minEffect: 0.01 } as const;
  const at = (i: number) => (i < 600 ? 5 : 9) + ((i * 7919) % 13) / 20;
  const ones = Array.from({ length: 1200 }, (_, i) => ({ t: i, y: at(i), index: i }));
  const old = Array.from({ length: 150 }, (_, k) => {
    const y = [0, 1, 2, 3].reduce((sum, i) => sum + at(4 * k + i) / 4, 0);
    return { t: 4 * k, y, index: 4 * k, size: 4 };
  });
  const { final } = detectSegments([...old, ...ones.slice(600)], options);
  assert.deepEqual(
    final.map(({ bend }) => [bend.kind, bend.index]),
    [['regime', 600]],
  );
});

test('points of one moment have no bends and no slope', () => {
  for (const model of ['line', 'level'] as const) {
    const points = Array.from({ length: 40 }, (_, i) => ({ t: 1, y: i, index: i }));
    const { final, tail } = detectSegments(points, { model, sensitivity: 'normal', quantum: 1, minEffect: 1 });
    assert.deepEqual([final, tail], [[], undefined]);
  }
});
