// In: counts, arrivals and dumps made up for the purpose. Out: proof that the numbers behind goroutine findings are what they say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixId, SAMPLE_IDS } from '../../src/events/goroutines/index.ts';
import type { GoroutineGroup } from '../../src/events/types.ts';
import { GroupTracker } from '../../src/series/groups-track.ts';
import { binomialTail, judgeArrivals, mannKendall, risesAndFalls } from '../../src/series/groups-trend.ts';

const close = (actual: number, expected: number, tolerance: number): void => {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
};

test('Mann-Kendall: a strict rise of twelve, ties, falls', () => {
  // S = 66, variance 12·11·29/18 = 212.67, z = 65/14.58 = 4.457.
  close(mannKendall([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), 4.15e-6, 5e-8);
  assert.equal(mannKendall([5, 5, 5, 5]), 1);
  assert.equal(mannKendall([4, 3, 2, 1]), 1);
  close(mannKendall([1, 2, 3]), 0.148, 0.001);
});

test('binomial tails are exact', () => {
  close(binomialTail(3, 10, 0.5), 0.171875, 1e-9);
  assert.equal(binomialTail(10, 10, 0.5), 1);
});

test('arrivals: going on, stopped, slowing down', () => {
  const at = (...times: number[]) => times.map((time) => ({ at: time, amount: 1 }));
  assert.deepEqual(judgeArrivals(at(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 11), {
    goesOn: true,
    slowsDown: false,
    events: 11,
  });
  assert.equal(judgeArrivals(at(1, 2, 3, 4), 11).goesOn, false);
  // Bursts every third dump: a silence of two says nothing.
  assert.equal(judgeArrivals(at(3, 6, 9), 11).goesOn, true);
  const filling = [24, 14, 9, 5, 3, 2, 1, 1, 1, 0, 1].map((amount, i) => ({ at: i + 1, amount }));
  assert.equal(judgeArrivals(filling, 11).slowsDown, true);
  assert.deepEqual(judgeArrivals([], 5), { goesOn: false, slowsDown: false, events: 0 });
  assert.deepEqual(risesAndFalls([1, 4, 3, 3, 8]), { rises: 8, falls: 1 });
});

/** A group as the parser would give it: the sample holds the ids of least hash. */
function makeGroup(ids: readonly number[]): GoroutineGroup {
  const sampled = [...ids].sort((a, b) => mixId(a) - mixId(b)).slice(0, SAMPLE_IDS);
  return { id: 'g', count: ids.length, stack: [], sampleIds: sampled.sort((a, b) => a - b) };
}

test('goroutines are followed through samples: who stays is not taken for ended when the group outgrows its sample', () => {
  const tracker = new GroupTracker();
  const ids: number[] = [];
  for (let dump = 0; dump < 12; dump++) {
    for (let i = 0; i < 100; i++) ids.push(ids.length + 10);
    tracker.push([makeGroup(ids)]);
  }
  const history = tracker.groups.get('g');
  assert.deepEqual(history?.counts, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200]);
  assert.equal(history?.ended.length, 0);
  assert.equal(tracker.followed.size, SAMPLE_IDS);
  const births = [...tracker.followed.values()].filter((one) => one.birthSeen);
  assert.equal(new Set(births.map((one) => one.first)).size, 11);
});

test('goroutines that come and go are seen to end', () => {
  const tracker = new GroupTracker();
  for (let dump = 0; dump < 6; dump++) {
    tracker.push([makeGroup(Array.from({ length: 40 }, (_, i) => 10 + dump * 40 + i))]);
  }
  assert.equal(tracker.groups.get('g')?.ended.length, 200);
  assert.equal(tracker.followed.size, 40);
});

test('long series are thinned out, and the state is a plain value', () => {
  const tracker = new GroupTracker();
  for (let dump = 0; dump < 1000; dump++) tracker.push([makeGroup(Array.from({ length: 1 + dump }, (_, i) => i + 1))]);
  assert.equal(tracker.stride, 4);
  const history = tracker.groups.get('g');
  assert.equal(history?.counts.length, 250);
  assert.equal(history?.counts[100], 401);
  const copy = GroupTracker.restore(JSON.parse(JSON.stringify(tracker.state())));
  copy.push([makeGroup([1, 2, 3])]);
  tracker.push([makeGroup([1, 2, 3])]);
  assert.deepEqual(copy.state(), tracker.state());
});
