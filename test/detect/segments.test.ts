import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWorthTelling } from '../../src/detect/calibration.ts';
import {
  createSegmentsDetector,
  type DetectorOptions,
  type DetectorResult,
  type DetectorUpdate,
  detectSegments,
  type Point,
  restoreSegmentsDetector,
} from '../../src/detect/index.ts';

const HEAP: DetectorOptions = { model: 'line', sensitivity: 'normal', quantum: 1, minEffect: 1 };
const heaps = JSON.parse(readFileSync(new URL('fixtures/heaps.json', import.meta.url), 'utf8')) as Record<
  string,
  [number, number, number][]
>;
const heap = (name: string): Point[] =>
  heaps[name]!.map(([t, y, load], index) => ({ t, y, index, tag: index + 1, ...(index > 0 ? { load } : {}) }));

function run(points: readonly Point[], options = HEAP): { updates: DetectorUpdate[]; result: DetectorResult } {
  const d = createSegmentsDetector(options);
  const updates = points.flatMap((p) => d.push(p) ?? []);
  return { updates, result: d.finish() };
}

/** Bends after the start-up as kind@second. */
const told = (r: DetectorResult) =>
  r.final.filter((f) => f.bend.t > 12).map((f) => `${f.bend.kind}@${Math.round(f.bend.t)}`);
const growthAlarms = (u: readonly DetectorUpdate[]) =>
  u.flatMap((x) => x.raised).filter((r) => r.bend.t > 12 && r.bend.kind.startsWith('growth'));

test('real heaps bend where their programs did', () => {
  const near: Record<string, [string, number][]> = {
    leak: [['growth-onset', 48]],
    'leak-fixed': [
      ['growth-onset', 36],
      ['plateau', 78],
    ],
    'leak-slow': [['growth-onset', 72]],
    step: [['step-up', 60]],
    'step-down': [['step-down', 60]],
    warmup: [['plateau', 30]],
    'two-leaks': [
      ['growth-onset', 30],
      ['growth-up', 72],
    ],
    'slice-bloat': [['growth-onset', 36]],
    sine: [],
    sawtooth: [],
    flat: [],
  };
  for (const [name, marks] of Object.entries(near)) {
    const { final } = detectSegments(heap(name), HEAP);
    const bends = final.map((f) => f.bend).filter((b) => b.t > 12);
    assert.equal(bends.length, marks.length, `${name}: ${bends.map((b) => `${b.kind}@${b.t}`).join(' ')}`);
    marks.forEach(([kind, t], i) => {
      assert.equal(bends[i]!.kind, kind, name);
      assert.ok(Math.abs(bends[i]!.t - t) <= 3.6, `${name}: ${bends[i]!.t}`);
      assert.ok(bends[i]!.tInterval.from <= bends[i]!.t && bends[i]!.t <= bends[i]!.tInterval.to);
      assert.equal(bends[i]!.tag, bends[i]!.index + 1);
    });
  }
});

test('a leak grows at the end, a step, a stopped leak and a cycle do not', () => {
  for (const name of ['leak', 'leak-slow', 'two-leaks', 'goroutine-leak-dumps', 'slice-bloat']) {
    assert.equal(detectSegments(heap(name), HEAP).tail?.growing, true, name);
  }
  for (const name of ['leak-fixed', 'step', 'step-down', 'warmup', 'sine', 'sawtooth', 'flat']) {
    assert.equal(detectSegments(heap(name), HEAP).tail?.growing, false, name);
  }
});

test('growth is announced while streaming, never on a healthy run', () => {
  for (const name of ['leak', 'leak-fixed', 'two-leaks', 'leak-slow', 'goroutine-leak-dumps']) {
    assert.ok(growthAlarms(run(heap(name)).updates).length > 0, name);
  }
  for (const name of ['step', 'step-down', 'warmup', 'sine', 'sawtooth', 'flat']) {
    assert.deepEqual(growthAlarms(run(heap(name)).updates), [], name);
  }
});

test('every raised bend is in the end revised by a final one or withdrawn, once', () => {
  for (const name of Object.keys(heaps)) {
    const { updates, result } = run(heap(name));
    const raised = updates.flatMap((u) => u.raised.map((r) => r.id)).sort();
    const ended = [
      ...updates.flatMap((u) => u.withdrawn.map((w) => w.id)),
      ...result.withdrawn.map((w) => w.id),
      ...result.final.flatMap((f) => f.revises ?? []),
    ].sort();
    assert.deepEqual(ended, raised, name);
  }
});

test('state saved and restored at any point changes nothing that comes out', () => {
  const levels: DetectorOptions = { model: 'level', sensitivity: 'normal', quantum: 0, minEffect: 0 };
  fc.assert(
    fc.property(fc.constantFrom('leak', 'step', 'sine'), fc.nat(200), fc.boolean(), (name, at, level) => {
      const points = heap(name);
      const options = level ? levels : HEAP;
      const whole = run(points, options);
      let d = createSegmentsDetector(options);
      const updates = points.flatMap((p, i) => {
        if (i === at) d = restoreSegmentsDetector(JSON.parse(JSON.stringify(d.state())));
        return d.push(p) ?? [];
      });
      assert.deepEqual(updates, whole.updates);
      assert.deepEqual(d.finish(), whole.result);
    }),
    { numRuns: 12 },
  );
});

test('finish at the end of a stream and the whole series at once agree', () => {
  for (const name of ['leak', 'leak-fixed', 'step']) {
    const a = run(heap(name)).result;
    const b = detectSegments(heap(name), HEAP);
    assert.deepEqual(
      a.final.map((f) => f.bend),
      b.final.map((f) => f.bend),
    );
    assert.deepEqual(a.tail, b.tail);
  }
});

test('shifting the clock or scaling memory changes nothing else', () => {
  for (const name of ['leak', 'leak-fixed', 'step', 'two-leaks']) {
    const base = told(detectSegments(heap(name), HEAP));
    const later = detectSegments(
      heap(name).map((p) => ({ ...p, t: p.t + 4096 })),
      HEAP,
    );
    assert.deepEqual(
      later.final.filter((f) => f.bend.t > 4108).map((f) => `${f.bend.kind}@${Math.round(f.bend.t - 4096)}`),
      base,
      name,
    );
    const kib = detectSegments(
      heap(name).map((p) => ({ ...p, y: p.y * 1024 })),
      { ...HEAP, quantum: 1024, minEffect: 1024 },
    );
    assert.deepEqual(told(kib), base, name);
  }
});

test('a healthy hour after a step leaves the step where it was', () => {
  const points = heap('step');
  const end = points.at(-1)!;
  for (let k = 1; k <= 3600; k++)
    points.push({ t: end.t + k, y: 66 + (k % 3 === 0 ? 1 : 0), index: end.index + k, tag: 0 });
  const steps = detectSegments(points, HEAP).final.filter((f) => f.bend.kind === 'step-up');
  assert.equal(steps.length, 1);
  assert.ok(Math.abs(steps[0]!.bend.t - 60) < 15);
});

test('the state stays small however long the process lives, and an old one still sees a leak', () => {
  const d = createSegmentsDetector(HEAP);
  let largest = 0;
  const n = 60_000;
  for (let i = 0; i < n; i++) {
    d.push({ t: i, y: 100 + ((i * 7919) % 5) - 2, index: i });
    if (i % 5000 === 4999)
      largest = Math.max(largest, (d.state() as { cells: { cells: unknown[] } }).cells.cells.length);
  }
  assert.ok(largest <= 1500, `${largest} cells`);
  let seen = 0;
  for (let k = 1; k <= 200 && seen === 0; k++) {
    const u = d.push({ t: n + k, y: Math.floor(100 + k * 0.5 + ((k * 7919) % 5) - 2), index: n + k });
    if (u?.raised.some((r) => r.bend.kind.startsWith('growth'))) seen = k;
  }
  assert.ok(seen > 0 && seen < 80, `seen after ${seen} points`);
});

test('a rate that jumps by a quarter and more is a regime, a drifting or noisy one is none', () => {
  const options: DetectorOptions = { model: 'level', sensitivity: 'normal', quantum: 0, minEffect: 0 };
  let seed = 1;
  const noise = () => {
    seed = (seed * 48271) % 2147483647;
    return 0.3 * (seed / 2147483647 + ((seed * 16807) % 2147483647) / 2147483647 - 1);
  };
  const make = (f: (i: number) => number) =>
    Array.from({ length: 300 }, (_, i) => ({ t: i, y: f(i) * Math.exp(noise()), index: i }));
  const jump = detectSegments(
    make((i) => (i < 150 ? 2 : 4)),
    options,
  ).final.map((f) => f.bend);
  assert.equal(jump.length, 1);
  assert.equal(jump[0]!.kind, 'regime');
  assert.ok(Math.abs(jump[0]!.t - 150) <= 6);
  assert.ok(Math.abs(jump[0]!.value / 4 - 1) < 0.2);
  assert.deepEqual(
    detectSegments(
      make((i) => 2 + i / 100),
      options,
    ).final,
    [],
  );
  assert.deepEqual(
    detectSegments(
      make(() => 2),
      options,
    ).final,
    [],
  );
});

test('short, constant, empty and strange series say nothing and throw nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 10, noNaN: true }), fc.integer({ min: 0, max: 1e6 })), {
        maxLength: 120,
      }),
      fc.constantFrom<'line' | 'level'>('line', 'level'),
      (steps, model) => {
        let t = 0;
        const points = steps.map(([dt, y], index) => {
          t += dt;
          return { t, y, index };
        });
        const { result } = run(points, { ...HEAP, model });
        for (const f of result.final) {
          assert.ok(Number.isFinite(f.bend.t) && Number.isFinite(f.bend.value) && Number.isFinite(f.bend.slopeAfter));
          assert.ok(f.bend.confidence >= 0 && f.bend.confidence <= 1);
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.deepEqual(run([]).result.final, []);
  assert.deepEqual(run(Array.from({ length: 100 }, (_, i) => ({ t: 0, y: 5, index: i }))).result.final, []);
});

/** Time and level of each cycle of three real programs. */
const spread = (text: string): Point[] =>
  text.split(' ').map((pair, index) => {
    const [t = 0, y = 0] = pair.split(':').map(Number);
    return { t, y, index };
  });

test('a level that came and went is two steps, however few points saw it', () => {
  const start = spread('0:3 0.05:7 0.1:16 0.2:28 0.9:27');
  const rest = Array.from({ length: 58 }, (_, i): Point => {
    const t = 1.7 + 1.27 * i;
    return { t, y: (t < 23 || t >= 48 ? 28 : 43) + (i % 3 === 1 ? 1 : 0), index: i + start.length };
  });
  assert.deepEqual(told(run([...start, ...rest]).result), ['step-up@23', 'step-down@49']);
});

test('where cycles are seldom, growth begins at the last one that knew nothing of it', () => {
  const cycles = spread(
    '0.1:3 0.2:8 0.3:17 0.5:41 1.1:63 4.1:63 7.6:63 11.3:63 14.9:63 19:63 23.6:63 28.2:63 31.5:71 36.2:81 41.1:93 46.8:107 53.3:123 60.6:141 69:163',
  );
  assert.deepEqual(told(run(cycles).result), ['growth-onset@28']);
});

test('seldom cycles are looked at one by one: ten after the bend are enough, in a young series and in an old one', () => {
  for (const flat of [14, 45]) {
    const cycles = Array.from({ length: flat + 20 }, (_, i) => ({
      t: 2 * i,
      y: 24 + Math.max(0, i - flat) * 3 + (i % 2),
      index: i,
    }));
    const [alarm] = growthAlarms(run(cycles).updates);
    assert.ok(alarm !== undefined && alarm.detectedAt <= 2 * (flat + 10), `${flat}: ${alarm?.detectedAt}`);
  }
});

test('a final bend that is more likely wrong than right is not told, one with overwhelming evidence is', () => {
  assert.equal(isWorthTelling({ confidence: 0.2, evidence: 60 }, 300), false);
  assert.equal(isWorthTelling({ confidence: 0.2, evidence: 3000 }, 300), true);
  assert.equal(isWorthTelling({ confidence: 0.5, evidence: 30 }, 300), true);
});
