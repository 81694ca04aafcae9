import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countTicks, tickLabels, timeTicks, valueAxis } from '../../src/render/axis.ts';
import { BucketedSeries, resample } from '../../src/render/bucketed-series.ts';
import { drawLineChart } from '../../src/render/line-chart.ts';
import { drawBars, drawSparkline } from '../../src/render/sparkline.ts';

function seriesOf(points: readonly (readonly [number, number])[]): BucketedSeries {
  const series = new BucketedSeries();
  for (const [x, y] of points) series.push(x, y);
  return series;
}

function textOf(drawn: ReturnType<typeof drawLineChart>): string[] {
  return (drawn?.rows ?? []).map((spans) =>
    spans
      .map((span) => (typeof span === 'string' ? span : span[1]))
      .join('')
      .trimEnd(),
  );
}

test('a line from asciichart on an axis with round numbers, its bend marked and numbered', () => {
  const series = seriesOf(Array.from({ length: 61 }, (_, t) => [t, t < 30 ? 20 : 20 + (t - 30)] as const));
  const marks = [{ x: 30, label: '1', role: 'growth' as const }];
  const chart = drawLineChart({ series, from: 0, to: 60, width: 60, height: 10, marks, stretches: [] });
  assert.deepEqual(textOf(chart), [
    '  60 ┤',
    '     │                                                ╭────',
    '  40 ┤                                       ╭────────╯',
    '     │                           1  ╭────────╯',
    '  20 ┤───────────────────────────●───╯',
    '     │                           ┊',
    '   0 ┤                           ┊',
    '     └┬────────────┬─────────────┴────────────┬────────────┬',
    '      0 s        15 s          30 s         45 s        60 s',
  ]);
  assert.equal(textOf(chart).filter((line) => line.includes('●')).length, 1);
  assert.match(textOf(chart).at(-1)!, /^ +0 s +15 s +30 s +45 s +60 s$/);
  for (const line of textOf(chart)) assert.ok(line.length <= 60);
});

test('nothing to draw is no chart, one point is a chart', () => {
  const empty = { from: 0, to: 10, width: 60, height: 10, marks: [], stretches: [] };
  assert.equal(drawLineChart({ ...empty, series: new BucketedSeries() }), undefined);
  assert.equal(drawLineChart({ ...empty, series: seriesOf([[50, 1]]) }), undefined);
  assert.ok(drawLineChart({ ...empty, series: seriesOf([[5, 1]]) })!.rows.length > 4);
  assert.ok(drawLineChart({ ...empty, to: 0, series: seriesOf([[0, 0]]) })!.rows.length > 4);
});

test('every spike survives a million points, each bucket keeps its extremes', () => {
  const series = new BucketedSeries();
  for (let n = 0; n < 1_000_000; n++) series.push(n / 100, n === 777_777 ? 900 : n === 333_333 ? -5 : 20 + (n % 3));
  assert.ok(series.buckets.length <= 2048 && series.buckets.length > 700);
  assert.equal(series.max, 900);
  assert.equal(series.min, -5);
  assert.equal(series.count, 1_000_000);
  for (const width of [60, 150]) {
    const columns = resample(series.buckets, 0, 10_000, width);
    assert.equal(Math.max(...columns.map((column) => column.y)), 900);
    assert.equal(Math.min(...columns.map((column) => column.y)), -5);
  }
});

test('time that stands still or runs back does not break the order', () => {
  const series = seriesOf([
    [1, 5],
    [1, 7],
    [0.5, 9],
    [2, 1],
  ]);
  assert.deepEqual(
    series.buckets.map(({ from, count, max }) => [from, count, max]),
    [
      [1, 3, 9],
      [2, 1, 1],
    ],
  );
});

test('columns without a point join their neighbours and say so', () => {
  const columns = resample(
    seriesOf([
      [0, 0],
      [10, 100],
    ]).buckets,
    0,
    10,
    11,
  );
  assert.deepEqual(
    columns.map((column) => column.y),
    [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
  );
  assert.deepEqual(
    columns.map((column) => column.far),
    columns.map((column) => column.gap),
  );
  assert.ok(
    resample(
      seriesOf([
        [0, 0],
        [2, 1],
        [4, 2],
      ]).buckets,
      0,
      4,
      9,
    ).every((column) => !column.far),
  );
  assert.deepEqual(
    columns.map((column) => column.gap),
    [false, ...new Array(9).fill(true), false],
  );
});

test('round ticks of every length of time', () => {
  const labels = (from: number, to: number) =>
    tickLabels(timeTicks(from, to, 70), 70)
      .trim()
      .split(/ {2,}/);
  assert.deepEqual(labels(0, 0.02), ['0 s', '0.005 s', '0.010 s', '0.015 s', '0.020 s']);
  assert.deepEqual(labels(0, 95), ['0 s', '15 s', '30 s', '45 s', '60 s', '75 s', '90 s']);
  assert.deepEqual(labels(0, 3600), ['0 min', '10 min', '20 min', '30 min', '40 min', '50 min', '60 min']);
  assert.deepEqual(labels(0, 86400), ['0 h', '6 h', '12 h', '18 h', '24 h']);
  assert.deepEqual(labels(0, 86400 * 7), ['0 d', '1 d', '2 d', '3 d', '4 d', '5 d', '6 d', '7 d']);
  assert.deepEqual(labels(5, 5), ['5.00 s']);
  assert.match(tickLabels(countTicks(1, 400, 70, 'cycle'), 70), /^ +cycle 100 +200 +300 +400$/);
});

test('a value axis holds its values, its ticks lie on rows', () => {
  const bound = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(bound, bound, fc.integer({ min: 3, max: 60 }), (a, b, rows) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const axis = valueAxis(low, high, rows);
      const steps = (axis.max - axis.min) / axis.step;
      assert.ok(axis.min <= low + axis.step * 1e-6 && axis.max >= high - axis.step * 1e-6, JSON.stringify(axis));
      assert.ok(Math.abs(steps - Math.round(steps)) < 1e-6);
      assert.ok(Math.round(steps) * axis.rowsPerStep <= rows);
      assert.ok(axis.rowsPerStep >= 1);
    }),
    { numRuns: 300 },
  );
});

test('sparklines: the largest value is the highest bar', () => {
  const series = seriesOf(Array.from({ length: 100 }, (_, t) => [t, t === 40 ? 8 : 1] as const));
  const line = drawSparkline(series, 0, 99, 20);
  assert.equal(line.length, 20);
  assert.equal(line.indexOf('█'), 8);
  assert.equal(drawBars([1, 2, 3, 4, 5, 6, 7, 8], 8, 0), '▁▂▃▄▅▆▇█');
  assert.equal(drawBars([0, 0, 9, 0], 2, 0), '▁█');
  assert.equal(drawBars([], 8), '');
});
