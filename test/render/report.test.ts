import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GcbendEvent, InflectionKind } from '../../src/events/types.ts';
import { BucketedSeries, resample } from '../../src/render/bucketed-series.ts';
import { renderReport } from '../../src/render/report.ts';
import { evidenceWords } from '../../src/render/report-findings.ts';
import { ReportModel } from '../../src/render/report-model.ts';
import { textWidth } from '../../src/render/sanitize.ts';
import { finding, gcEventsAlong, inflection, leakEvents } from './gc-events.ts';
import { contention, dump, heapText, memStats, threads } from './snapshot-events.ts';

function reportOf(events: readonly GcbendEvent[]) {
  const model = new ReportModel();
  for (const event of events) model.push(event);
  return model.finish();
}

const plain = { color: false, ascii: false };
const snapshots = (): GcbendEvent[] => [
  ...[20, 32, 68, 128, 383].map((leaked) => dump(leaked)),
  ...[20, 32, 44, 80].map(heapText),
  memStats(),
  contention(),
  threads(),
  finding({
    id: 'g',
    rule: 'goroutine-growth',
    title: 'Goroutines pile up at a channel send',
    detail: 'The group has grown in each of 5 dumps, from 20 to 383; nobody receives from the channel.',
    evidence: { signal: 'group:g-send', counts: [20, 32, 68, 128, 383], perMinute: 3.1, oldestWaitMinutes: 12 },
    site: { function: 'orders.(*Queue).publish', file: '/home/ci/shop/internal/orders/queue.go', line: 88 },
    createdBy: { function: 'orders.Start', file: '/home/ci/shop/internal/orders/start.go', line: 31 },
  }),
];

/** The rendered text must be that of the file; UPDATE_GOLDENS=1 writes the file anew, to be read before it is committed. */
function assertGolden(name: string, text: string): void {
  const file = join(import.meta.dirname, 'fixtures', name);
  if (process.env['UPDATE_GOLDENS'] === '1' || !existsSync(file)) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

test('a leak at 80 columns', () => {
  assertGolden('leak-80.txt', renderReport(reportOf(leakEvents()), { ...plain, width: 80 }));
});

test('the first sentence of one heap text adds up the sizes of object of a place', () => {
  const site = (line: number, bytes: number) => {
    const frame = { function: 'main.tick', file: '/app/main.go', line };
    const inUse = { objects: 1, bytes };
    return { ...frame, stack: [frame], inUse, allocated: inUse, raw: { inUse, allocated: inUse } };
  };
  const heap = (...sites: ReturnType<typeof site>[]): string => {
    const bytes = sites.reduce((sum, { inUse }) => sum + inUse.bytes, 0);
    const total = { objects: sites.length, bytes };
    const head = { type: 'heap', schema: 1, source: 'heap.txt', line: 1, profile: 'heap', sampleRate: 524288 } as const;
    return renderReport(reportOf([{ ...head, inUse: total, allocated: total, sites }]), { ...plain, width: 100 });
  };
  assert.match(heap(site(24, 3 << 20), site(9, 4 << 20), site(24, 3 << 20)), /main\.go:24 holds most of it, 6\.00 MiB/);
  assert.match(
    heap(site(1, 3 << 20), site(2, 2 << 20), site(3, 2 << 20)),
    /main\.go:1 holds the largest part, 3\.00 MiB/,
  );
});

test('the title of a process names the format of its trace, not of what came before it', () => {
  const [first, ...rest] = leakEvents();
  assert.ok(first?.type === 'process');
  assert.match(
    renderReport(reportOf([first, ...rest]), { ...plain, width: 80 }),
    /process 1 · gctrace 1\.19 · 180 GCs/,
  );
  const text = renderReport(reportOf([{ ...first, format: 'inittrace' }, ...rest]), { ...plain, width: 80 });
  assert.match(text, /process 1 · 180 GCs/);
});

test('a leak at 160 columns, in colour', () => {
  assertGolden('leak-160-color.txt', renderReport(reportOf(leakEvents()), { width: 160, color: true, ascii: false }));
});

test('a leak in 7 bits at 60 columns', () => {
  const text = renderReport(reportOf(leakEvents()), { width: 60, color: false, ascii: true });
  assert.match(text, /^[\n\x20-\x7e]*$/);
  assertGolden('leak-60-ascii.txt', text);
});

test('dumps, heap texts, MemStats and profiles at 80 columns', () => {
  assertGolden('snapshots-80.txt', renderReport(reportOf(snapshots()), { ...plain, width: 80 }));
});

test('a flat heap is not called healthy: the reader learns what a trace cannot show', () => {
  const text = renderReport(reportOf(gcEventsAlong(() => 30, 60)), { ...plain, width: 80 });
  assert.match(text, /No bend in the live heap/);
  assert.match(text, /goroutine\?debug=1/);
});

test('Go 1.0-1.4: no times, so x counts cycles', () => {
  const events = gcEventsAlong((t) => 10 + t, 30).map(({ at: _, clockMs: _c, cpuMs: _p, ...gc }): GcbendEvent => {
    const { start, end } = gc.heapMiB;
    return { ...gc, heapMiB: { start, end } };
  });
  const bend = inflection({ cycle: 20, index: 19, value: 30, slopeAfter: 0.5 });
  const text = renderReport(reportOf([...events, bend]), { ...plain, width: 80 });
  assert.match(text, /cycle 0 +10/);
  assert.match(text, /began to grow at cycle 20 /);
  assert.match(text, /growth MiB\/cycle/);
  assert.doesNotMatch(text, /NaN|undefined|Infinity|Stop-the-world/);
});

test('no input at all is a report too', () => {
  assert.equal(renderReport(reportOf([]), { ...plain, width: 80 }), 'gcbend\n');
});

test('one cycle is enough for a chart', () => {
  assert.match(renderReport(reportOf(gcEventsAlong(() => 30, 1).slice(0, 1)), { ...plain, width: 60 }), /Live heap/);
});

test('the longest-lived process stands first, short ones are one line', () => {
  const events: GcbendEvent[] = [];
  for (let process = 1; process <= 100; process++) events.push(...gcEventsAlong(() => 8, 2, process));
  events.push(...gcEventsAlong(() => 30, 200, 101), ...gcEventsAlong(() => 30, 100, 102));
  const report = reportOf(events);
  assert.deepEqual(
    report.processes.map((process) => process.process),
    [101, 102],
  );
  assert.equal(report.short!.count, 100);
  const text = renderReport(report, { ...plain, width: 80 });
  assert.match(
    text.replace(/\s+/g, ' '),
    /100 short processes besides \(compilers and the like\): 400 GCs, none longer than 1.5 s/,
  );
});

test('a bend that was withdrawn or revised does not show', () => {
  const report = reportOf([
    ...gcEventsAlong((t) => t, 60),
    inflection({ id: 'p1', status: 'provisional', at: 10 }),
    inflection({ id: 'p2', status: 'provisional', at: 20 }),
    inflection({ id: 'w2', status: 'withdrawn', revises: 'p2', at: 20 }),
    inflection({ id: 'f1', status: 'final', revises: 'p1', at: 11 }),
  ]);
  assert.deepEqual(
    report.processes[0]!.inflections.map((bend) => bend.id),
    ['f1'],
  );
});

test('one spike among a million cycles is drawn at every width', () => {
  const model = new ReportModel();
  const [cycle] = gcEventsAlong(() => 20, 1);
  for (let n = 1; n <= 200_000; n++) {
    const live = n === 123_456 ? 400 : 20;
    model.push({ ...cycle!, cycle: n, at: n * 7.3, heapMiB: { start: 40, end: 41, live, goal: 40 } });
  }
  const report = model.finish();
  assert.ok(report.processes[0]!.series.heapLive!.buckets.length <= 2048);
  for (const width of [60, 80, 200]) {
    const text = renderReport(report, { ...plain, width });
    assert.match(text, /400 ┤ +\S/, `${width} columns`);
    assert.match(text, /between\s+20 MiB and 400 MiB/);
  }
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '\x1b[2J\x1b]0;owned\x07',
    'a\r\nb\tc',
    '\u202egnp.exe',
    '漢字のゴルーチン.(*型).送信',
    '👩‍👩‍👧 e\u0301',
    'x'.repeat(500),
  ),
);
const kinds: InflectionKind[] = [
  'growth-onset',
  'growth-up',
  'growth-down',
  'plateau',
  'decline',
  'step-up',
  'step-down',
  'regime',
  'peak',
];

/** A stream of everything, its texts and numbers arbitrary. */
const anyEvents = fc
  .record({
    text: hostile,
    number: fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constantFrom(0, 1e-9, 1e308)),
    level: fc.integer({ min: 0, max: 100_000 }),
    slope: fc.double({ min: -50, max: 50, noNaN: true }),
    seconds: fc.integer({ min: 1, max: 40 }),
    bends: fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        at: fc.double({ min: 0, max: 40, noNaN: true }),
        signal: fc.constantFrom('heapLive', 'pause', 'group:x'),
      }),
      { maxLength: 30 },
    ),
  })
  .map(({ text, number, level, slope, seconds, bends }): GcbendEvent[] => [
    { type: 'process', schema: 1, source: text, line: 1, process: 1, reason: 'first', format: text },
    ...gcEventsAlong((t) => Math.max(0, level + slope * t), seconds),
    ...bends.map((bend, index) =>
      inflection({ ...bend, id: `b${index}`, cycle: index, value: number, slopeAfter: number, unit: text }),
    ),
    finding({
      title: text,
      detail: `${text} ${text}`,
      evidence: { [text]: number, list: [text, number] },
      advice: [text, `run \`${text}\``],
      site: { function: text, file: text, line: 1 },
      projection: { limitBytes: number, secondsLeft: number },
    }),
    dump(3, {
      message: text,
      groups: [
        { id: 'x', count: 3, state: text, stack: [{ function: text, file: text }], createdBy: { function: text } },
      ],
      states: { [text]: 3 },
    }),
    { ...heapText(3), sites: [{ ...heapText(3).sites[0]!, function: text, file: text }] },
    memStats(),
    contention(),
    { type: 'health', schema: 1, source: '-', line: 1, window: { from: 0, to: 10 }, score: 50, parts: {}, inputs: {} },
    { type: 'malformed', schema: 1, source: text, line: 2, grammar: text, reason: text, text },
    {
      type: 'summary',
      schema: 1,
      source: '-',
      line: 1,
      counts: {},
      lines: 1,
      bytes: 1,
      seconds: 1,
      processes: 1,
      malformed: 1,
      repaired: 0,
      exitReason: 'end',
    },
  ]);

test('whatever the input holds: no line is too wide, no control byte gets through, 7 bits are 7 bits', () => {
  fc.assert(
    fc.property(
      anyEvents,
      fc.integer({ min: 60, max: 200 }),
      fc.integer({ min: 0, max: 40 }),
      fc.boolean(),
      (events, width, height, ascii) => {
        const report = reportOf(events);
        const text = renderReport(report, { width, height, color: false, ascii });
        assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/);
        if (ascii) assert.match(text, /^[\n\x20-\x7e]*$/);
        for (const line of text.split('\n'))
          assert.ok(textWidth(line) <= width, `${textWidth(line)} > ${width}: ${line}`);
        assert.doesNotMatch(text.replace(/evidence[\s\S]*?next/g, ''), /\bundefined\b|\bNaN\b/);
        const bare = (shown: string) => shown.replace(/\x1b\[[0-9;]*m|`/g, '').replace(/ +$/gm, '');
        assert.equal(bare(renderReport(report, { width, height, color: true, ascii })), bare(text));
      },
    ),
    { numRuns: 60 },
  );
});

test('peaks are no bends, and a handful of collections is too few to say anything', () => {
  const peak = inflection({ kind: 'peak', at: 20, cycle: 40 });
  const text = renderReport(reportOf([...gcEventsAlong((t) => 30 + (t % 20), 60), peak]), { ...plain, width: 80 });
  assert.match(text, /No bend in the live heap, but 1 peak:/);
  assert.match(text, /Peaks of the live heap/);
  const few = renderReport(reportOf(gcEventsAlong(() => 30, 2)), { ...plain, width: 80 });
  assert.match(few, /Only 4 GCs in 1\.5 s: too few to find a bend\. Live heap 30 MiB all the time\./);
});

test('a finding that is not about growth stands in the headline too; advice is given once', () => {
  const advice = ['Raise the limit.'];
  const events = [
    ...gcEventsAlong(() => 30, 60),
    finding({
      id: 'l',
      rule: 'memory-limit',
      severity: 'critical',
      title: 'The memory limit was reached at 20 s',
      advice,
    }),
    finding({ id: 'p', rule: 'gc-pressure', severity: 'warning', title: 'Assists take over', advice }),
  ];
  const text = renderReport(reportOf(events), { ...plain, width: 160 });
  assert.match(text, /over 120 GCs in 59\.5 s\. The memory limit was reached at 20 s\./);
  assert.equal(text.split('Raise the limit.').length, 2);
  assert.match(text, /next +→ as for finding 1/);
});

test('growth that goes on speaks first, whatever the last bend was', () => {
  const settled = inflection({ kind: 'plateau', at: 2, cycle: 4, slopeBefore: 11, slopeAfter: 0.1 });
  const leak = finding({ rule: 'heap-growth', ongoing: true, title: 'The live heap still grows' });
  const along = gcEventsAlong((t) => 30 + t / 10, 60);
  const text = renderReport(reportOf([...along, settled, leak]), { ...plain, width: 80 });
  assert.match(text, /▶ The live heap still grows\./);
  const over = renderReport(reportOf([...along, settled, { ...leak, ongoing: false }]), { ...plain, width: 80 });
  assert.match(over, /▶ The live heap settled at 2\.00 s/);
});

test('a kind or a severity of a later version is left out, not guessed', () => {
  const later = { kind: 'wobble', severity: 'doom' } as unknown as { kind: 'peak'; severity: 'info' };
  const text = renderReport(
    reportOf([
      ...gcEventsAlong(() => 30, 60),
      inflection({ at: 9, kind: later.kind }),
      finding({ severity: later.severity }),
    ]),
    {
      ...plain,
      width: 80,
    },
  );
  assert.doesNotMatch(text, /undefined|wobble|doom/);
});

test('a crash: each line of its message by itself, and the first sentence is about the program', () => {
  const alarm = { id: 'a', count: 3, state: 'running', stack: [{ function: 'testing.(*M).startAlarm.func1' }] };
  const slow = { id: 'b', count: 1, state: 'chan receive', stack: [{ function: 'app.TestSlow' }] };
  const crash: GcbendEvent = {
    ...dump(1),
    cause: 'panic',
    total: 4,
    groups: [{ ...alarm, infrastructure: true }, slow],
    message: 'test timed out after 1s\nrunning tests:\n\tTestSlow (1s)',
  };
  const text = renderReport(reportOf([crash]), { ...plain, width: 80 });
  assert.match(text, /4 goroutines; the largest group \(1\) is in chan receive at app\.TestSlow\./);
  assert.match(text, /^ {2}test timed out after 1s\n {2}running tests:\n +TestSlow \(1s\)$/m);
});

test('dumps that know their time stand on the time axis of the trace', () => {
  const dumps = [10, 30, 50].map((at) => dump(at * 10, { at, process: 1 }));
  const text = renderReport(reportOf([...gcEventsAlong(() => 30, 60), ...dumps]), { ...plain, width: 80 });
  assert.match(text, /goroutines {2}last 509, max 509/);
  assert.match(text, /blocked goroutines {2}last 507, max 507/);
});

test('evidence has units, and what was before and after stands together', () => {
  const evidence = {
    from: 48.6,
    fromInterval: { from: 47.8, to: 49 },
    slopeMiBPerSecond: 1.04,
    slopeInterval: { from: 1.03, to: 1.05 },
    allocRate: { before: 69.3, after: 69.8 },
    gcInterval: { before: 0.38, after: 0.0117 },
    gcCpu: { before: 0.0012, after: 0.07 },
    stacks: { before: 1, after: 2 },
    grownShareOfHeap: 0.73,
    gogcPercent: 101,
    inUseBytes: [0, 1048576],
  };
  assert.deepEqual(evidenceWords({ at: 48.6, evidence }), [
    'from 48.6 s',
    'from interval 47.8 to 49.0 s',
    'slope 1.04 MiB/s',
    'slope interval 1.03 to 1.05 MiB/s',
    'alloc rate 69.3 → 69.8 MiB/s',
    'GC interval 0.38 s → 11.7 ms',
    'GC CPU 0.12 → 7.00 %',
    'stacks 1.00 → 2.00 MiB',
    'grown share of heap 73.0 %',
    'GOGC 101 %',
    'in use 0 B, 1.00 MiB',
  ]);
  assert.deepEqual(evidenceWords({ evidence: { from: 29, stacks: 1, slopePerCycleMiB: 1.88 } }), [
    'from point 29',
    'stacks 1',
    'slope per cycle 1.88 MiB',
  ]);
});

test('bends by cycle keep all their columns at 60', () => {
  const untimed = leakEvents().map((event): GcbendEvent => {
    if (event.type !== 'gc' && event.type !== 'inflection') return event;
    const { at: _, ...rest } = event;
    return rest as GcbendEvent;
  });
  const lines = renderReport(reportOf(untimed), { ...plain, width: 60 }).split('\n');
  const header = lines.find((line) => line.includes('what happens'))!;
  assert.match(header, /no\. cycle +MiB +growth MiB\/cycle +change what happens +sure$/);
  assert.match(lines[lines.indexOf(header) + 1]!, /%$/);
});

test('several inputs: each process names its own, many are told by their directory, a long title is wrapped', () => {
  const of = (source: string, process: number) =>
    leakEvents().map((event) => ({ ...event, source, ...('process' in event ? { process } : {}) }) as GcbendEvent);
  const few = renderReport(reportOf([...of('logs/a.log', 1), ...of('logs/b.log', 2)]), { ...plain, width: 80 });
  assert.match(few, /^gcbend {2}logs\/a\.log, logs\/b\.log\n/);
  assert.match(few, /\nprocess 1 · logs\/a\.log · /);
  assert.match(few, /\nprocess 2 · logs\/b\.log · /);
  assert.doesNotMatch(few, /restarted/);
  const many = ['a', 'b', 'c', 'd'].map((name) => ({ ...dump(3), source: `/var/dumps/of/${name}.txt` }));
  assert.match(renderReport(reportOf(many), { ...plain, width: 80 }), /^gcbend {2}4 inputs in \/var\/dumps\/of\/\n/);
  const long = 'x/'.repeat(40);
  const title = renderReport(reportOf([{ ...dump(3), source: long }]), { ...plain, width: 60 });
  assert.equal(title.slice(0, title.indexOf('\n\n')).replace(/\s/g, ''), `gcbend${long}`);
});

test('one collection has no chart and no percentiles; what a shaded column means is said', () => {
  const [only] = gcEventsAlong(() => 20, 1);
  const one = renderReport(reportOf([only!]), { ...plain, width: 80 });
  assert.match(one, /Only 1 GC: too few/);
  assert.doesNotMatch(one, /Live heap after|p99|0 ms/);
  const spiky = gcEventsAlong((at) => (Math.round(at * 2) % 7 === 0 ? 90 : 20), 600);
  assert.match(
    renderReport(reportOf(spiky), { ...plain, width: 60 }),
    /MiB\n {2}░ from the least to the most of a column/,
  );
});

test('a wide chart of a program that collects seldom has no holes', () => {
  const course = new BucketedSeries();
  for (let at = 0; at <= 400; at += 7) course.push(at, 10);
  assert.ok(resample(course.buckets, 0, 399, 400).every(({ far }) => !far));
  course.push(900, 10);
  assert.ok(resample(course.buckets, 0, 900, 901).some(({ far }) => far));
});
