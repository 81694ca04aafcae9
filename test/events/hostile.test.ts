// Input that is no trace, or only looks like one: never an exception, never a wrong number, no record made of a sentence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseText } from './parse-text.ts';

const gcLine = (cycle: number): string =>
  `gc ${cycle} @${(cycle / 10).toFixed(3)}s 1%: 0.02+1.5+0.03 ms clock, 0.04+0.1/0.2/0.3+0.06 ms cpu, 10->10->5 MB, 10 MB goal, 0 MB stacks, 0 MB globals, 4 P`;
const trace = Array.from({ length: 20 }, (_, i) => gcLine(i + 1));
const typesOf = (text: string | Buffer): string[] => [...new Set(parseText(text).map(({ type }) => type))];

test('headers of dumps inside the lines of a dump', () => {
  const logged = 'recovered from panic: boom: goroutine 7 [running]:';
  for (const text of [`${logged}\n${logged}\n`, `${logged}\nmain.f()\n${logged}\nmain.g()\n\t/a.go:3 +0x1\n`]) {
    parseText(text);
    parseText(text, { foreign: () => {} });
  }
  const cutAndGlued = 'goroutine 1 [running]:\nmain.f()\n\t/a.gogoroutine 2 [running]:\nmain.g()\n\t/a.go:3 +0x1\n';
  const dumps = parseText(cutAndGlued).filter(({ type }) => type === 'goroutines');
  assert.equal(dumps.length, 2);
});

test('prose about the collector holds no record, good or broken', () => {
  const prose = [
    'The collector runs when the heap doubles: gc 3 times a second, then gc 1 @ dawn.',
    'A line such as `gc 1 @0.012s 2%:` begins a cycle, "gc 7 @1.5s 3%: 0.1+" is a torn one.',
    '    gc #        the GC number, incremented at each GC',
    'GC forced means that the runtime was asked; scvg5: GC forced is the old form (scvg: inuse: N).',
    'pacer: assist ratio and | pacer: assist ratio=F | are explained below; scan: total N objs, too.',
    'If you see panic: runtime error then goroutine 1 [running] follows, and SIGQUIT: quit prints all stacks.',
    'gc started',
    'gc done in 5ms',
    'gc 12 items',
    'gc 3 reasons to love it',
    'init done @3718.64 ms, 83 ms clock, 64 bytes',
    'panic: at the disco',
    'scan: total 12 files',
    'gc6500(513): swept 22',
    'SCHED job=7 at=3',
    '--- mutex: contention on the queue',
    '--- contention:',
    'panic: out of paper',
    '[signal 12 received]',
    'GC forced by the operator',
    '',
  ].join('\n');
  assert.deepEqual(typesOf(`${prose}\n`.repeat(40)), []);
});

test('what is sure to be a broken record is told', () => {
  for (const broken of ['gc 1 @0.004s 2%: 0.01+1.5', 'pacer: assist ratio=+1.2e+00', `${trace[0]}\ngc 2 @0.2`]) {
    assert.ok(typesOf(`${broken}\n`).includes('malformed'), broken);
  }
});

test('lines of any length', () => {
  const long = (bytes: number): string => [...trace.slice(0, 10), 'x'.repeat(bytes), ...trace.slice(10), ''].join('\n');
  for (const bytes of [70_000, 1_100_000]) {
    const events = parseText(long(bytes));
    assert.equal(events.filter(({ type }) => type === 'gc').length, 20);
    assert.equal(events.filter(({ type }) => type === 'malformed').length, bytes > 1 << 20 ? 1 : 0);
  }
  assert.deepEqual(typesOf('z'.repeat(3_000_000)), ['malformed']);
});

test('a number that is too large to be one is no number', () => {
  const events = parseText(`${gcLine(1)}\n${gcLine(2).replace('@0.200', `@${'9'.repeat(400)}.200`)}\n`);
  assert.doesNotMatch(JSON.stringify(events), /null|Infinity/);
});

test('property: bytes of any kind, lines of traces among them, never throw', () => {
  const words = fc.constantFrom(
    ...[
      'gc ',
      'gc 1 @',
      '0.1',
      's 2%: ',
      ' ms clock, ',
      'panic: ',
      'goroutine 1 [running]:',
      'goroutine ',
      'SIGQUIT: quit',
    ],
    ...[
      'heap profile: 1: 2 [3: 4] @ heap/2',
      'profile: total 3',
      '# runtime.MemStats',
      '# Alloc = ',
      '--- mutex:',
      '{"msg":"',
    ],
    ...[
      '\\n"}',
      '\t',
      '\tmain.go:3 +0x1',
      'main.f()',
      '\n',
      '\n\n',
      '\r\n',
      '\0',
      '\x1b[31m',
      '"',
      'created by x',
      '#\t0x1',
    ],
    ...[
      '2026-11-21T09:00:00Z ',
      'web-1 | ',
      '==================',
      'WARNING: DATA RACE',
      '[recovered]',
      '5 @ 0x1 0x2',
      ...trace,
    ],
  );
  const texts = fc.array(fc.oneof({ weight: 6, arbitrary: words }, { weight: 1, arbitrary: fc.string() }), {
    maxLength: 120,
  });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 300 }), fc.boolean(), (parts, chunkBytes, passes) => {
      const text = parts.join('');
      const lines = text.split('\n').length;
      for (const event of parseText(text, { chunkBytes, ...(passes ? { foreign: () => {} } : {}) })) {
        assert.ok(event.line >= 1 && event.line <= lines);
      }
    }),
    { numRuns: 300 },
  );
});
