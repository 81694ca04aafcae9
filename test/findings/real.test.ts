// In: real labelled runs (made with a program whose bends are known). Out: the findings a person would make of them, and no others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingEvent, GcbendEvent } from '../../src/events/types.ts';
import { assertSchema } from '../support/schema.ts';
import { analyse, findingsOf, inflectionsOf, realTrace, standing } from './support.ts';

/** True moment of each run's bend, seconds. */
const TRUE_AT = {
  leak: 48.007,
  'leak-fixed': 36.017,
  'two-leaks': 30.018,
  assist: 60.033,
  gogc: 60.007,
  memlimit: 30.004,
};

const near = (value: number | undefined, wanted: number, by = 3.6) =>
  assert.ok(value !== undefined && Math.abs(value - wanted) <= by, `${value} is not near ${wanted}`);

function only(told: readonly GcbendEvent[], rule: string): FindingEvent {
  const found = standing(told).filter((finding) => finding.rule === rule);
  assert.equal(found.length, 1, `${rule}: ${found.map(({ title }) => title).join(' | ')}`);
  return found[0]!;
}

/** Final bends of other signals than the live heap, after the start-up. */
const others = (told: readonly GcbendEvent[]) =>
  inflectionsOf(told).filter(({ status, signal, at }) => status === 'final' && signal !== 'heapLive' && (at ?? 0) > 12);

test('leaks are blamed while they go on, with pace and time of onset', () => {
  for (const [name, slope] of [
    ['leak', 1],
    ['two-leaks', 3],
  ] as const) {
    const told = analyse(realTrace(name));
    const growth = only(told, 'heap-growth');
    assert.equal(growth.severity, 'warning');
    assert.equal(growth.ongoing, true);
    near(growth.at, TRUE_AT[name]);
    const { from, to } = growth.evidence.slopeInterval as { from: number; to: number };
    assert.ok(from > 0.8 * slope && to < 1.3 * slope);
    assert.ok(findingsOf(told).some(({ status, line }) => status === 'open' && line < 200));
    assert.deepEqual(others(told), []);
    assert.equal(standing(told).length, 1);
  }
});

test('a leak that was fixed has stopped', () => {
  const growth = only(analyse(realTrace('leak-fixed')), 'heap-growth');
  assert.equal(growth.severity, 'info');
  assert.equal(growth.ongoing, false);
  near(growth.at, TRUE_AT['leak-fixed']);
  near(Number(growth.evidence.until), 78.017);
});

test('healthy runs: no finding at all, no alarm on the way', () => {
  for (const name of ['flat', 'pool', 'sine', 'step', 'warmup']) {
    const told = analyse(realTrace(name));
    assert.deepEqual(
      standing(told).map(({ title }) => title),
      [],
      name,
    );
    const alarms = inflectionsOf(told).filter(
      ({ status, signal, kind, at }) =>
        status === 'provisional' && signal === 'heapLive' && /^growth-(onset|up)$/.test(kind) && (at ?? 0) > 12,
    );
    assert.deepEqual(alarms, [], name);
  }
});

test('a slice that doubles is one growth', () => {
  const growth = only(analyse(realTrace('slice-bloat')), 'heap-growth');
  assert.equal(growth.ongoing, true);
  assert.equal(growth.severity, 'warning');
});

test('allocation rate × 15: one story with its cause first', () => {
  const told = analyse(realTrace('assist'));
  const story = only(told, 'gc-regime');
  near(story.at, TRUE_AT.assist);
  assert.match(story.title, /^Allocation rate × 14.* → GC 33.* times a second/);
  assert.match(story.detail, /not because the live heap grows/);
  assert.deepEqual(
    others(told).map(({ signal }) => signal),
    ['allocRate'],
  );
});

test('GOGC changed at run time', () => {
  const told = analyse(realTrace('gogc'));
  const story = only(told, 'gc-regime');
  near(story.at, TRUE_AT.gogc);
  assert.match(story.title, /^GOGC about 10\d → 2\d/);
  assert.deepEqual(
    others(told).map(({ signal, kind }) => [signal, kind]),
    [['heapGoal', 'step-down']],
  );
});

test('a leak into GOMEMLIMIT: the growth that stopped and one story of the limit, told in time', () => {
  const told = analyse(realTrace('memlimit'));
  const limit = only(told, 'memory-limit');
  assert.equal(limit.ongoing, true);
  assert.match(limit.detail, /because the live heap has grown up to the limit/);
  near(only(told, 'heap-growth').at, TRUE_AT.memlimit);
  assert.deepEqual(others(told), []);
  const warned = findingsOf(told).find(({ rule, projection }) => rule === 'heap-growth' && projection !== undefined);
  near((warned?.projection?.limitBytes ?? 0) / 2 ** 20, 60, 2);
});

test('three times the load, and the heap finds its new level: no alarm, the load is the story', () => {
  const told = analyse(realTrace('load-step'));
  const alarms = inflectionsOf(told).filter(
    ({ status, signal, kind }) => status === 'provisional' && signal === 'heapLive' && kind.startsWith('growth-o'),
  );
  assert.deepEqual(alarms, []);
  assert.match(only(told, 'gc-regime').title, /^Allocation rate × [23].*live heap/);
  assert.equal(standing(told).length, 1);
});

test('a leak that begins together with three times the load is blamed', () => {
  const told = analyse(realTrace('load-leak'));
  const growth = only(told, 'heap-growth');
  assert.equal(growth.severity, 'warning');
  assert.equal(growth.ongoing, true);
});

test('asked for by name, every bend of a signal is told', () => {
  const told = analyse(realTrace('assist'), { signals: ['gcInterval'] });
  const finals = inflectionsOf(told).filter(({ status }) => status === 'final');
  assert.ok(finals.some(({ at }) => Math.abs((at ?? 0) - TRUE_AT.assist) < 3.6));
  assert.ok(finals.every(({ signal }) => signal === 'gcInterval'));
});

test('peaks beside segments', () => {
  const told = analyse(realTrace('sine'), { detectors: ['peaks'] });
  const peaks = inflectionsOf(told);
  assert.ok(peaks.length > 0);
  assert.ok(peaks.every(({ kind, status, signal }) => kind === 'peak' && status === 'final' && signal === 'heapLive'));
});

test('every derived event of a process carries process, source, line and a unique life', () => {
  for (const name of ['leak', 'assist', 'memlimit']) {
    const all = analyse(realTrace(name), { limitBytes: 2 ** 29 });
    assertSchema(all);
    const told = all.filter(({ type }) => type !== 'health');
    const ended = new Set<string>();
    for (const event of told) {
      assert.equal(event.process, 1);
      assert.equal(event.source, `${name}.log`);
      assert.ok(event.line > 0);
      if (event.type !== 'finding' && event.type !== 'inflection') continue;
      assert.ok(!ended.has(event.id), `${event.id} goes on after its end`);
      if (event.status === 'final' || event.status === 'withdrawn') ended.add(event.id);
      if (event.type === 'inflection' && event.status === 'final' && event.revises !== undefined) {
        assert.ok(!ended.has(event.revises));
        ended.add(event.revises);
      }
    }
  }
});
