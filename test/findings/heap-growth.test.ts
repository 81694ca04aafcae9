// In: scripted detectors, real traces. Out: the life of a `heap-growth` finding; projections by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GcEvent } from '../../src/events/types.ts';
import { analyse, bendAt, cycle, findingsOf, inflectionsOf, scripted, standing } from './support.ts';

/** 20 MiB until 40 s, then 1 MiB more each second; one cycle a second. */
function leak(seconds: number): GcEvent[] {
  return Array.from({ length: seconds }, (_, i) => cycle(i + 1, i, i <= 40 ? 20 : i - 20));
}

const ONSET = bendAt(40);
const TAIL = {
  from: 40,
  level: 79,
  slope: 1,
  slopeInterval: { from: 0.8, to: 1.25 },
  growing: true,
  followsLoad: false,
};
const RAISED = { 50: { raised: [{ id: 7, bend: ONSET, detectedAt: 50 }], withdrawn: [] } };

test('open when the alarm is raised, final at the end, one id', () => {
  const told = analyse(
    leak(100),
    {},
    scripted(RAISED, { final: [{ bend: ONSET, revises: 7, detectedAt: 99 }], tail: TAIL }),
  );
  const growth = findingsOf(told).filter(({ rule }) => rule === 'heap-growth');
  assert.deepEqual(
    growth.map(({ id, status, revises, ongoing, severity, line }) => ({
      id,
      status,
      revises,
      ongoing,
      severity,
      line,
    })),
    [
      { id: '1:heap-growth:1', status: 'open', revises: undefined, ongoing: true, severity: 'warning', line: 51 },
      {
        id: '1:heap-growth:1',
        status: 'final',
        revises: '1:heap-growth:1',
        ongoing: true,
        severity: 'warning',
        line: 100,
      },
    ],
  );
  assert.equal(growth[1]?.evidence.grownMiB, 59);
  assert.equal(growth[1]?.evidence.slopeMiBPerSecond, 1);
  const [raised, final] = inflectionsOf(told);
  assert.equal(raised?.id, '1:heapLive:p1');
  assert.equal(raised?.status, 'provisional');
  assert.equal(raised?.detectedAt, 50);
  assert.equal(raised?.line, 41);
  assert.equal(raised?.cycle, 41);
  assert.equal(raised?.at, 40);
  assert.equal(raised?.unit, 'MiB');
  assert.equal(final?.status, 'final');
  assert.equal(final?.revises, '1:heapLive:p1');
  assert.equal(final?.growthChange, 1);
});

test('an alarm taken back takes the finding with it', () => {
  const script = { ...RAISED, 60: { raised: [], withdrawn: [{ id: 7, bend: ONSET, detectedAt: 60 }] } };
  const events = Array.from({ length: 100 }, (_, i) => cycle(i + 1, i, Math.max(20, Math.min(i, 50) - 20)));
  const told = analyse(events, {}, scripted(script, {}));
  assert.ok(findingsOf(told).some(({ status, line }) => status === 'withdrawn' && line >= 80 && line < 90));
  assert.deepEqual(
    inflectionsOf(told).map(({ id, status }) => [id, status]),
    [
      ['1:heapLive:p1', 'provisional'],
      ['1:heapLive:p1', 'withdrawn'],
    ],
  );
  assert.deepEqual(standing(told), []);
});

test('growth that follows the load is info', () => {
  const bend = bendAt(40, { followsLoad: true });
  const told = analyse(
    leak(100),
    {},
    scripted({}, { final: [{ bend, detectedAt: 99 }], tail: { ...TAIL, followsLoad: true } }),
  );
  const [growth] = standing(told);
  assert.equal(growth?.severity, 'info');
  assert.match(growth?.title ?? '', /follows the allocation rate/);
});

test('growth that stopped is told as stopped; given back, or a step, it is not told', () => {
  const flat = {
    from: 70,
    level: 50,
    slope: 0,
    slopeInterval: { from: -0.1, to: 0.1 },
    growing: false,
    followsLoad: false,
  };
  const plateau = bendAt(70, { kind: 'plateau', value: 50, slopeBefore: 1, slopeAfter: 0 });
  const events = Array.from({ length: 100 }, (_, i) => cycle(i + 1, i, i <= 40 ? 20 : Math.min(i - 20, 50)));
  const finals = [ONSET, plateau].map((bend) => ({ bend, detectedAt: 99 }));
  const [stopped] = standing(analyse(events, {}, scripted({}, { final: finals, tail: flat })));
  assert.equal(stopped?.severity, 'info');
  assert.equal(stopped?.ongoing, false);
  assert.equal(stopped?.evidence.until, 70);
  const returned = Array.from({ length: 100 }, (_, i) => cycle(i + 1, i, i < 90 ? 40 : 22));
  assert.deepEqual(standing(analyse(returned, {}, scripted({}, { final: finals, tail: flat }))), []);
  const step = [{ bend: bendAt(40, { kind: 'step-up', stepBy: 40, slopeAfter: 0 }), detectedAt: 99 }];
  assert.deepEqual(standing(analyse(events, {}, scripted({}, { final: step, tail: flat }))), []);
});

test('steps that keep coming are one growth', () => {
  const flat = {
    from: 80,
    level: 80,
    slope: 0,
    slopeInterval: { from: -0.1, to: 0.1 },
    growing: false,
    followsLoad: false,
  };
  const steps = [20, 40, 60, 80].map((t) => bendAt(t, { kind: 'step-up', value: t, stepBy: 20, slopeAfter: 0 }));
  const events = Array.from({ length: 95 }, (_, i) => cycle(i + 1, i, Math.max(10, 20 * Math.floor(i / 20))));
  const result = { final: steps.map((bend) => ({ bend, detectedAt: 94 })), tail: flat };
  const [growth] = standing(analyse(events, {}, scripted({}, result)));
  assert.equal(growth?.rule, 'heap-growth');
  assert.equal(growth?.ongoing, true);
  assert.equal(growth?.evidence.grownMiB, 80);
});

test('while streaming: growth that stands still for half a minute has stopped', () => {
  const events = Array.from({ length: 160 }, (_, i) => cycle(i + 1, i, i <= 40 ? 20 : Math.min(i - 20, 60)));
  const told = findingsOf(analyse(events, {}, scripted(RAISED, {}))).filter(({ status }) => status === 'open');
  assert.deepEqual(
    told.map(({ ongoing }) => ongoing),
    [true, false],
  );
});

test('projection: (limit − non-heap − goal) / (slope · (1 + GOGC/100)) at both ends', () => {
  const events = leak(100).map((event) => ({ ...event, stacksMiB: 2, globalsMiB: 1 }));
  const limitBytes = 512 * 2 ** 20;
  const told = analyse(events, { limitBytes }, scripted({}, { final: [{ bend: ONSET, detectedAt: 99 }], tail: TAIL }));
  const growth = standing(told).find(({ rule }) => rule === 'heap-growth');
  // The last ten seconds: goal 2 × live, live 69…79; goal over the live heap before: about 2.03, so the last goal is 158.
  const live = Array.from({ length: 11 }, (_, i) => 69 + i);
  const ratio = live.reduce((sum, mib) => sum + (2 * mib) / (mib - 1), 0) / live.length;
  const goal = 78 * ratio;
  assert.ok(Math.abs(goal - 158) < 0.5);
  const seconds = (slope: number) => (512 - 3 - goal) / (slope * ratio);
  assert.equal(growth?.projection?.limitBytes, limitBytes);
  assert.ok(Math.abs((growth?.projection?.secondsLeft ?? 0) - seconds(1)) < 0.01);
  assert.ok(Math.abs((growth?.projection?.secondsLeftInterval?.earliest ?? 0) - seconds(1.25)) < 0.01);
  assert.ok(Math.abs((growth?.projection?.secondsLeftInterval?.latest ?? 0) - seconds(0.8)) < 0.01);
  assert.equal(growth?.severity, 'critical');
});

test('projection: a limit that the goal has passed is met now, however short the trace is', () => {
  // The goal doubles within a second: its mean over the trace is far below the last one.
  const events = Array.from({ length: 60 }, (_, i) => cycle(i + 1, i / 10, 20 + 20 * Math.max(0, i - 40)));
  const onset = { ...ONSET, t: 4, slopeAfter: 200 };
  const tail = { ...TAIL, from: 4, level: 400, slope: 200, slopeInterval: { from: 190, to: 210 } };
  const limitBytes = 700 * 2 ** 20;
  const told = analyse(events, { limitBytes }, scripted({}, { final: [{ bend: onset, detectedAt: 5 }], tail }));
  assert.equal(standing(told).find(({ rule }) => rule === 'heap-growth')?.projection?.secondsLeft, 0);
});

test('projection: under GOMEMLIMIT the live heap has to meet it', () => {
  const goMemLimitBytes = 256 * 2 ** 20;
  const events = leak(100).map((event) => ({ ...event, stacksMiB: 2, globalsMiB: 1 }));
  const told = analyse(
    events,
    { goMemLimitBytes },
    scripted({}, { final: [{ bend: ONSET, detectedAt: 99 }], tail: TAIL }),
  );
  const growth = standing(told).find(({ rule }) => rule === 'heap-growth');
  assert.equal(growth?.projection?.secondsLeft, 256 - 3 - 79);
});

test('without a limit there is no projection', () => {
  const told = analyse(leak(100), {}, scripted({}, { final: [{ bend: ONSET, detectedAt: 99 }], tail: TAIL }));
  assert.equal(standing(told)[0]?.projection, undefined);
});

test('wall time of derived events comes from the log', () => {
  const events = leak(100).map((event, i) => ({
    ...event,
    loggedAt: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString(),
  }));
  const told = analyse(events, {}, scripted(RAISED, {}));
  assert.equal(inflectionsOf(told)[0]?.atTime, '2026-01-01T00:00:40.000Z');
});

test('growth from the first cycle on begins at nothing, not below', () => {
  const events = Array.from({ length: 60 }, (_, i) => cycle(i + 1, i, Math.max(0, i - 1)));
  const tail = { ...TAIL, from: 0, level: 58, slope: 1 };
  const [growth] = findingsOf(analyse(events, {}, scripted({}, { final: [], tail }))).filter(
    ({ rule }) => rule === 'heap-growth',
  );
  assert.equal(growth?.evidence['levelFromMiB'], 0);
  assert.equal(growth?.evidence['grownShareOfHeap'], 1);
  assert.match(growth!.detail, /: 0 MiB then, 58 MiB now; 100 % of that heap/);
});

test('a leak of large pieces, one every few cycles, is told while it goes on; a step and one that follows it are not', () => {
  const alarmsOf = (live: (second: number) => number) => {
    const cycles = Array.from({ length: 70 }, (_, i) => cycle(i + 1, i, live(i)));
    const result = { final: [], tail: { ...TAIL, growing: false } };
    return inflectionsOf(analyse(cycles, {}, scripted(RAISED, result))).filter(
      ({ status }) => status === 'provisional',
    );
  };
  const [alarm] = alarmsOf((t) => 20 + 5 * Math.max(0, Math.ceil((t - 40) / 3)));
  assert.ok(alarm?.detectedAt !== undefined && alarm.detectedAt <= 55, String(alarm?.detectedAt));
  assert.deepEqual(
    alarmsOf((t) => 20 + (t > 41 ? 20 : 0) + (t > 53 ? 20 : 0)),
    [],
  );
});
