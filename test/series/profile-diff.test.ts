// In: two texts, dumps, traces or results. Out: what grew, in order, with its error; what makes a comparison void is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupBy } from '../../src/events/goroutines/index.ts';
import type { FindingEvent, GcbendEvent, GcEvent, GoroutinesEvent, HeapEvent } from '../../src/events/types.ts';
import { renderDiff } from '../../src/render/diff-view.ts';
import { diffEvents } from '../../src/series/profile-diff.ts';
import { readProfile } from '../events/profiles/read.ts';

const style = { color: false, ascii: true };

function gc(at: number, live: number, pauseMs: number): GcEvent {
  return {
    type: 'gc',
    schema: 1,
    source: 'x',
    line: 1,
    cycle: Math.round(at) + 1,
    at,
    clockMs: { sweepTermination: pauseMs / 2, mark: 1, markTermination: pauseMs / 2 },
    heapMiB: { start: live * 2, end: live * 2, live, goal: live * 2 },
    procs: 2,
  };
}

test('two heap texts: what is in use by function, largest growth first', () => {
  const result = diffEvents(readProfile('pprof/heap.txt'), readProfile('pprof/later/heap.txt'));
  const heap = result.tables.find((table) => table.kind === 'heap')!;
  // The total that `go tool pprof -base` prints for the same two moments: -11850.05kB.
  assert.equal(((heap.total!.next - heap.total!.base) / 1024).toFixed(2), '-11850.05');
  assert.deepEqual(
    heap.rows.map((row) => [row.name, row.where, Math.round(row.change / 1024)]),
    [
      ['main.small', 'example.com/profiled/main.go:39', 545],
      ['main.remember', 'example.com/profiled/main.go:55', -12395],
    ],
  );
  assert.ok(heap.rows.every((row) => row.error! > 0));
  assert.ok(result.tables.some((table) => table.kind === 'memstats'));
  const text = renderDiff(result, { style, width: 80 });
  assert.ok(text.every((line) => line.length <= 80));
  assert.match(text.join('\n'), /\+544\.67kB .* \?main\.small/);
});

test('no cycle in between and other builds are said', () => {
  const [heap] = readProfile('pprof/heap.txt') as [HeapEvent];
  assert.match(diffEvents([heap], [heap]).notes[0]!, /No cycle ended/);
  const entries = Object.entries(heap.functionEntries!).map(([name, at], i) => [
    name,
    `0x${(Number(at) + i).toString(16)}`,
  ]);
  const rebuilt: HeapEvent = { ...heap, numGC: 99, functionEntries: Object.fromEntries(entries) };
  assert.match(diffEvents([heap], [rebuilt]).notes[0]!, /different builds/);
});

test('dumps: groups by stack', () => {
  const dump = (count: number): GoroutinesEvent => ({
    type: 'goroutines',
    schema: 1,
    source: 'x',
    line: 1,
    debug: 2,
    total: count + 1,
    cause: 'debug',
    states: {},
    groups: [
      { id: 'a', count, state: 'chan send', stack: [{ function: 'main.wait', file: 'a.go', line: 3 }] },
      { id: 'b', count: 1, state: 'running', stack: [{ function: 'main.main', file: 'a.go', line: 9 }] },
    ],
  });
  const [table] = diffEvents([dump(5)], [dump(205)]).tables;
  assert.deepEqual(table!.rows, [
    { name: 'main.wait', where: 'a.go:3 [chan send]', base: 5, next: 205, change: 200, ratio: 41 },
  ]);
  assert.equal(table!.unchanged, 1);
  assert.deepEqual(table!.total, { base: 6, next: 206 });
});

test('dumps grouped by a label: its values', () => {
  const dump = (values: Readonly<Record<string, number>>): GoroutinesEvent => ({
    type: 'goroutines',
    schema: 1,
    source: 'x',
    line: 1,
    debug: 1,
    total: 0,
    cause: 'debug',
    states: {},
    groups: Object.entries(values).map(([value, count]) => ({
      id: value,
      count,
      stack: [{ function: 'main.work', file: '/a.go', line: 3 }],
      labels: { [`worker=${value}`]: count },
    })),
  });
  const byWorker = (values: Readonly<Record<string, number>>): GoroutinesEvent => groupBy(dump(values), 'label:worker');
  const result = diffEvents([byWorker({ a: 2, b: 7 })], [{ ...byWorker({ a: 5, b: 7, c: 1 }), debug: 2 }]);
  assert.deepEqual(
    result.tables.map(({ title, rows }) => [title, rows.map(({ name, where, change }) => [name, where, change])]),
    [
      [
        'goroutines as grouped',
        [
          ['worker=a', undefined, 3],
          ['worker=c', undefined, 1],
        ],
      ],
    ],
  );
  assert.deepEqual(result.notes, []);
});

test('traces: rates, percentiles and the slope of the live heap', () => {
  const flat = Array.from({ length: 40 }, (_, i) => gc(i, 20, 0.2));
  const leaking = Array.from({ length: 40 }, (_, i) => gc(i, 20 + i * 2, 0.4));
  const [table] = diffEvents(flat, leaking).tables;
  const row = (name: string) => table!.rows.find((candidate) => candidate.name === name);
  assert.equal(row('live heap, slope')?.base, 0);
  assert.ok(Math.abs(row('live heap, slope')!.next - 2) < 1e-9);
  assert.ok(Math.abs(row('pause p50')!.ratio! - 2) < 0.05);
  assert.equal(row('cycles'), undefined);
  const long = Array.from({ length: 100 }, (_, i) => gc(i, 20, 0.2));
  assert.match(diffEvents(flat, long).notes[0]!, /twice as long/);
});

test('results: findings that are new or gone', () => {
  const finding = (name: string, status: FindingEvent['status'] = 'final'): FindingEvent => ({
    type: 'finding',
    schema: 1,
    source: 'x',
    line: 1,
    id: name,
    status,
    ongoing: true,
    rule: 'site-growth',
    severity: 'warning',
    title: `${name} grows`,
    detail: '',
    confidence: 0.9,
    evidence: {},
    site: { function: name },
  });
  const base: GcbendEvent[] = [finding('main.a'), finding('main.b')];
  const next: GcbendEvent[] = [finding('main.b'), finding('main.c'), finding('main.d', 'withdrawn')];
  const result = diffEvents(base, next);
  assert.deepEqual(renderDiff(result, { style }), [
    'What changed: findings',
    'new   site-growth: main.c grows',
    'gone  site-growth: main.a grows',
  ]);
});

test('nothing in common is an empty result', () => {
  assert.deepEqual(diffEvents(readProfile('pprof/mutex.txt'), readProfile('pprof/block.txt')).tables, []);
});
