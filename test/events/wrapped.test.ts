// Every kind of wrapper around every kind of text: the events must be those of the text as the runtime printed it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { GcbendEvent } from '../../src/events/types.ts';
import { parseText } from './parse-text.ts';
import { wrappers, wrapText } from './wrappers.ts';

const here = import.meta.dirname;
const read = (path: string): string => readFileSync(resolve(here, path), 'utf8');
const dump = (name: string): string => read(`goroutines/fixtures/${name}.txt`);
const profile = (name: string): string => read(`profiles/fixtures/${name}.txt`);
const lines = (name: string): string => read(`../grammar/fixtures/${name}.txt`);
const healthy = read('../../samples/healthy/stderr.log').split('\n').slice(0, 80);

/** As Go 1.26 prints one that enters or leaves a system call. */
const calling =
  '\ngoroutine 87 [running]:\nsyscall.Syscall(0x0, 0x9, 0x1)\n\tsyscall/syscall_linux.go:71 +0x25\nmain.read()\n\t/app/main.go:5 +0x9\n';

const texts: Readonly<Record<string, string>> = {
  trace: `${healthy.join('\n')}\n`,
  'torn trace': read('../../samples/torn/stderr.log').split('\n').slice(0, 1500).join('\n'),
  pacer: lines('go1.26/gcpacertrace'),
  scavenger: lines('go1.21/scavtrace'),
  'scheduler detail': lines('go1.26/scheddetail'),
  'package init': lines('go1.26/inittrace'),
  'goroutines debug=1': dump('go1.26/goroutine1'),
  'goroutines debug=2': dump('go1.26/goroutine2'),
  labels: dump('go1.26/goroutine2_labels'),
  ancestors: dump('go1.26/goroutine2_ancestors'),
  'debug=2 of Go 1.9': dump('go1.9/goroutine2'),
  SIGQUIT: dump('go1.26/sigquit'),
  'SIGQUIT, system': dump('go1.21/sigquit_system'),
  panic: dump('go1.26/panic'),
  'nested panics': dump('go1.26/fatal_nested'),
  'panic of several lines, not indented': dump('go1.21/fatal_panicmulti'),
  'concurrent map': dump('go1.26/fatal_mapfatal'),
  race: dump('go1.26/race'),
  threadcreate: dump('go1.26/threadcreate1'),
  heap: profile('go1.26-heap1'),
  block: profile('go1.26-block1'),
  mutex: profile('go1.26-mutex1'),
  'two dumps': dump('go1.26/goroutine2') + dump('go1.21/goroutine2'),
  'dumps with titles': `=== 10:00 ===\n${dump('go1.26/goroutine2')}=== 10:01 ===\n${dump('go1.26/goroutine2')}`,
  'running in a system call': [1, 2, 3].map(() => dump('go1.26/goroutine2') + calling).join(''),
  'two heap texts': profile('go1.26-heap1') + profile('go1.26-heap1'),
  'SIGQUIT in a trace': [...healthy.slice(0, 40), dump('go1.26/sigquit').trimEnd(), ...healthy.slice(40), ''].join(
    '\n',
  ),
};

/** What the text says, in the order of its lines; what the wrapper adds left out. */
function comparable(events: readonly GcbendEvent[]): unknown[] {
  return [...events]
    .sort((a, b) => a.line - b.line)
    .map((event) => {
      const { line, loggedAt, atTime, ...rest } = event as GcbendEvent & { loggedAt?: string; atTime?: string };
      return rest;
    });
}

describe('wrapped', () => {
  for (const [name, text] of Object.entries(texts)) {
    test(name, () => {
      const events = parseText(text);
      assert.ok(events.length > 0);
      const expected = comparable(events);
      assert.deepEqual(comparable(parseText(text, { foreign: () => {} })), expected, 'with lines passed through');
      for (const wrapper of wrappers) {
        assert.deepEqual(comparable(parseText(wrapText(text, wrapper))), expected, wrapper.name);
      }
    });
  }
});

test("answers of Loki's query API and what its push API is sent, newest or oldest first", () => {
  const labels = { pod: 'web-7d4b9c-x2x', container: 'app' };
  // Events of one line have no order but that in which they end.
  const toldBy = (text: string): string[] =>
    comparable(parseText(text))
      .map((event) => JSON.stringify(event))
      .sort();
  const time = (index: number): string => `${1_795_251_600_000_000_000n + BigInt(index * 7_000_000)}`;
  const batches = (values: string[][], size: number): string =>
    Array.from({ length: Math.ceil(values.length / size) }, (_, n) =>
      JSON.stringify({ stream: labels, values: values.slice(n * size, (n + 1) * size) }),
    ).join('\n');
  for (const [name, text] of Object.entries(texts)) {
    const lines = text.replace(/\n$/, '').split('\n');
    // A line is at most 1 MiB long.
    if (text.length > 500_000) continue;
    const values = lines.map((line, index) => [time(index), line]);
    // Later versions give labels of a line beside it, and part the lines by their levels.
    const parted = [0, 1].map((level) => ({
      stream: { ...labels, detected_level: level === 0 ? 'error' : 'unknown' },
      values: values.filter((_, index) => index % 2 === level).map((value) => [...value, {}]),
    }));
    const answer = (result: unknown): string =>
      JSON.stringify({ status: 'success', data: { resultType: 'streams', result } });
    const expected = toldBy(text);
    for (const loki of [
      answer([{ stream: labels, values }]),
      answer([{ stream: labels, values: [...values].reverse() }]),
      answer(parted),
      JSON.stringify({ streams: [{ stream: labels, values }] }),
      batches(values, 7),
      JSON.stringify({ data: { result: [{ stream: labels, values }] } }, undefined, 2),
    ]) {
      assert.deepEqual(toldBy(loki), expected, `${name}: ${loki.slice(0, 100)}`);
    }
  }
  const line = healthy.find((text) => text.startsWith('gc 1 @'))!;
  const [, gc] = parseText(
    JSON.stringify({
      streams: [
        {
          stream: labels,
          values: [
            [time(0), 'up'],
            [time(1), line],
          ],
        },
      ],
    }),
  );
  assert.equal(gc?.type === 'gc' && gc.loggedAt, '2026-11-21T09:00:00.007000000Z');
});

test('lines that carriage returns alone end; what is passed through keeps them', () => {
  for (const text of Object.values(texts)) {
    const expected = comparable(parseText(text));
    for (const chunkBytes of [100, 65_536]) {
      assert.deepEqual(comparable(parseText(text.replaceAll('\n', '\r'), { chunkBytes })), expected);
    }
  }
  const cycles = healthy.filter((line) => line.startsWith('gc '));
  const done = cycles.map((_, index) => `done ${index}\r`);
  const passed: string[] = [];
  const events = parseText(cycles.map((line, index) => `${line}\r${done[index]}`).join(''), {
    foreign: (piece) => passed.push(piece),
  });
  assert.equal(events.filter((event) => event.type === 'gc').length, cycles.length);
  assert.equal(passed.join(''), done.join(''));
});

test('a wrapped record carries the time of its wrapper', () => {
  const timed = wrappers.filter(
    ({ name }) =>
      !/^(?:compose|pm2|kubectl --prefix|go test -v|t\.Log|journalctl -o export|journalctl -o verbose|TeamCity|colours|CRLF|byte order mark|NULs of a truncated file)$/.test(
        name,
      ),
  );
  const line = `${healthy.find((text) => text.startsWith('gc 1 @'))}\n`;
  for (const wrapper of timed) {
    const gc = parseText(wrapText(line, wrapper)).find((event) => event.type === 'gc');
    assert.match(gc?.loggedAt ?? 'none', /^2026-11-21T09:00:0/, wrapper.name);
    assert.match(gc?.atTime ?? 'none', /^2026-11-21T0[89]:/, wrapper.name);
  }
});

test('a line of someone else between the header of a goroutine and its first frame', () => {
  const other = ['2026/11/21 11:11:11 served', healthy.find((line) => line.startsWith('gc 1 @')) as string];
  for (const line of other) {
    const text = `panic: x\n\ngoroutine 1 [running]:\n${line}\nmain.main()\n\t/a.go:3 +0x1\n\ngoroutine 6 [sleep]:\nmain.b()\n\t/a.go:3 +0x1\n`;
    const expected = comparable(parseText(text));
    assert.equal(parseText(text).find((event) => event.type === 'goroutines')?.total, 2);
    assert.deepEqual(comparable(parseText(text, { foreign: () => {} })), expected);
    for (const wrapper of wrappers) {
      assert.deepEqual(comparable(parseText(wrapText(text, wrapper))), expected, wrapper.name);
    }
  }
});

test('what debug.Stack() returned, in a field beside the message', () => {
  const stack =
    'goroutine 7 [running]:\nruntime/debug.Stack()\n\truntime/debug/stack.go:26 +0x5e\nmain.handle(0xc000012345)\n\t/app/main.go:33 +0x1d\n';
  const head = { time: '2026-11-21T09:00:00Z', level: 'ERROR', msg: 'recovered' };
  const logs: [line: string, cause: string][] = [
    [JSON.stringify({ ...head, stack }), 'debug'],
    [JSON.stringify({ ...head, stacktrace: stack }), 'debug'],
    [JSON.stringify({ ...head, 'error.stack_trace': `panic: boom\n\n${stack}` }), 'panic'],
    [JSON.stringify({ ...head, error: { message: 'boom', stack } }), 'debug'],
    [`time=${head.time} level=ERROR msg=recovered stack=${JSON.stringify(stack)}`, 'debug'],
    [`2026-11-21T09:00:00.123456789Z stderr F ${JSON.stringify({ ...head, stack })}`, 'debug'],
  ];
  for (const [line, cause] of logs) {
    const events = parseText(`${line}\n${JSON.stringify(head)}\n${line}\n`);
    const seen = events.map((event) => event.type === 'goroutines' && [event.line, event.total, event.cause]);
    assert.deepEqual(
      seen,
      [
        [1, 1, cause],
        [3, 1, cause],
      ],
      line,
    );
  }
});

test('a record is in the line in which its first piece came', () => {
  const line = healthy.find((text) => text.startsWith('gc 2 @')) as string;
  const pieces = [line.slice(0, 3), line.slice(3, 60)].map((piece) => `2026-11-21T09:00:00Z stderr P ${piece}`);
  const app = '2026-11-21T09:00:00Z stdout F served';
  const text = [app, ...pieces, app, `2026-11-21T09:00:01Z stderr F ${line.slice(60)}`, ''].join('\n');
  const foreign: string[] = [];
  const events = parseText(text, { foreign: (passed) => foreign.push(passed) });
  assert.deepEqual(
    events.map((event) => [event.type, event.line]),
    [
      ['process', 2],
      ['gc', 2],
    ],
  );
  assert.deepEqual(foreign, [`${app}\n`, `${app}\n`]);
});

test('docker cuts the first record of all', () => {
  const lines = healthy.filter((line) => line.startsWith('gc ')).slice(0, 3);
  const wrap = (log: string): string => JSON.stringify({ log, stream: 'stderr', time: '2026-11-21T09:00:00Z' });
  const expected = comparable(parseText(`${lines.join('\n')}\n`));
  for (const size of [25, 60, 100]) {
    const pieces = lines.flatMap((line) => `${line}\n`.match(new RegExp(`[^]{1,${size}}`, 'g'))!);
    assert.deepEqual(comparable(parseText(`${pieces.map(wrap).join('\n')}\n`)), expected, `${size} bytes`);
  }
  // Collectors that take the newlines off leave lines.
  assert.deepEqual(comparable(parseText(`${lines.map(wrap).join('\n')}\n`)), expected);
});

test('frames alone, as zap prints them, are nobody’s dump', () => {
  const stacktrace = 'main.handle\n\t/app/main.go:33\nmain.main\n\t/app/main.go:9';
  assert.deepEqual(parseText(`${JSON.stringify({ level: 'error', msg: 'goroutine 1 [busy]', stacktrace })}\n`), []);
});

test('property: chunks cut anywhere give the same events, wrapped and with lines passed through', () => {
  const text = texts['SIGQUIT in a trace'] as string;
  fc.assert(
    fc.property(
      fc.constantFrom(...wrappers),
      fc.integer({ min: 1, max: 5000 }),
      fc.boolean(),
      (wrapper, chunkBytes, passes) => {
        const wrapped = wrapText(text, wrapper);
        const whole = parseText(wrapped);
        const cut = parseText(wrapped, { chunkBytes, ...(passes ? { foreign: () => {} } : {}) });
        assert.deepEqual(comparable(cut), comparable(whole));
      },
    ),
    { numRuns: 60 },
  );
});
