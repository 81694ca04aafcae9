// In: samples. Out: means and medians of stretches of the past, in bounded memory; bins; the cycle at an index.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Bins,
  CycleIndex,
  type CycleSample,
  emptySums,
  History,
  pointOf,
  type SeriesPoint,
} from '../../src/series/index.ts';

function sample(index: number, t: number, over: Partial<CycleSample> = {}): CycleSample {
  return {
    index,
    cycle: index + 1,
    line: index + 1,
    source: 'a',
    t,
    values: { heapLive: 10 },
    sums: emptySums(),
    forced: false,
    ...over,
  };
}

test('a rate over a stretch is the ratio of the sums', () => {
  const history = new History();
  history.add(sample(0, 0, { sums: { ...emptySums(), allocatedMiB: 10, allocSeconds: 1 } }));
  history.add(sample(1, 1, { sums: { ...emptySums(), allocatedMiB: 90, allocSeconds: 3 } }));
  assert.equal(history.mean('allocRate', 0, 1), 25);
  assert.equal(history.mean('allocRate', 1, 1), 30);
  assert.equal(history.mean('pause', 0, 1), undefined);
});

test('one long pause does not move what is usual', () => {
  const history = new History();
  for (let i = 0; i < 21; i++) history.add(sample(i, i, { values: { pause: i === 10 ? 500 : 0.2 } }));
  assert.equal(history.typical('pause', 0, 20), 0.2);
  assert.ok(history.mean('pause', 0, 20)! > 20);
});

test('a million cycles take the room of a thousand, and the far past keeps its mean', () => {
  const history = new History();
  for (let i = 0; i < 200_000; i++) history.add(sample(i, i, { values: { heapLive: i < 100_000 ? 20 : 40 } }));
  assert.ok((history.state() as unknown[]).length <= 1536);
  assert.equal(history.mean('heapLive', 0, 90_000), 20);
  assert.equal(history.mean('heapLive', 110_000, 200_000), 40);
  assert.equal(history.cycles(0, 200_000).total, 200_000);
});

test('bins last half a second at least and carry the first cycle of theirs', () => {
  const history = new History();
  const bins = new Bins();
  const rate = (allocatedMiB: number) => ({ ...emptySums(), allocatedMiB, allocSeconds: 0.1 });
  assert.equal(history.add(sample(0, 1, { sums: rate(1), values: { pause: 1 } })), undefined);
  assert.equal(history.add(sample(1, 1.4, { sums: rate(3), values: { pause: 2 } })), undefined);
  const closed = bins.push(history.add(sample(2, 1.5, { sums: rate(9) }))!, 1.5);
  assert.deepEqual(pointOf(closed!, 'allocRate'), { t: 1, index: 0, tag: 1, y: 20 });
  assert.deepEqual(pointOf(closed!, 'pause'), { t: 1, index: 0, tag: 1, y: 1.5 });
  assert.equal(pointOf(bins.finish(history.last!), 'allocRate')?.y, 90);
  assert.equal(pointOf(history.last!, 'pause'), undefined);
});

test('bins of an old process are made of several cells', () => {
  const history = new History();
  const bins = new Bins();
  const points: (SeriesPoint | undefined)[] = [];
  for (let i = 0; i < 40; i++) {
    const t = 4000 + i * 0.25;
    const closed = history.add(sample(i, t, { values: { pause: i } }));
    const bin = closed && bins.push(closed, t);
    if (bin) points.push(pointOf(bin, 'pause'));
  }
  assert.deepEqual(points[0], { t: 4000, index: 0, tag: 1, y: 3.5 });
  assert.deepEqual(points[1], { t: 4002, index: 8, tag: 9, y: 11.5 });
  assert.equal(points.length, 4);
});

test('cycle, source and wall time of a bend are found again, holes or not', () => {
  const index = new CycleIndex();
  for (let i = 0; i < 10; i++) {
    const hole = i < 5 ? 1 : 3;
    index.add(
      sample(i, i, { cycle: i + hole, source: i < 7 ? 'a' : 'b' }),
      Date.parse('2026-01-01T00:00:10Z') + i * 1000 + (i === 4 ? 0 : 40),
    );
  }
  const again = CycleIndex.restore(JSON.parse(JSON.stringify(index.state())));
  for (const one of [index, again]) {
    assert.equal(one.cycleAt(4), 5);
    assert.equal(one.cycleAt(5), 8);
    assert.equal(one.sourceAt(6), 'a');
    assert.equal(one.sourceAt(7), 'b');
    assert.equal(one.wallTime(2.5), '2026-01-01T00:00:12.500Z');
  }
  assert.equal((index.state() as { cycles: unknown[] }).cycles.length, 2);
});
