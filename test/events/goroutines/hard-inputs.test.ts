// In: every input that other tools fail on. Out: proof that all goroutines in it are recognised, and nothing else is taken for one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startsDump } from '../../../src/events/goroutines/index.ts';
import { drive, dumps } from './drive.ts';

const sample = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');

/** A debug=2 dump of `count` goroutines in one place, each with other arguments and waits. */
function makeDump(count: number, from = 2, wait = ''): string {
  const parts = [
    'goroutine 1 [running]:\nruntime/pprof.writeGoroutineStacks({0x521cc8, 0xc000012058})\n\truntime/pprof/pprof.go:819 +0x6b\nmain.main()\n\t/app/main.go:9 +0x35\n',
  ];
  for (let id = from; id < from + count; id++) {
    parts.push(
      `goroutine ${id} [chan send${wait}]:\nmain.leakSend(0xc${id.toString(16).padStart(9, '0')}, {0x0?, 0x${id.toString(16)}})\n\t/app/main.go:80 +0x28\ncreated by main.run in goroutine 1\n\t/app/main.go:77 +0x75\n`,
    );
  }
  return parts.join('\n');
}

test('arguments, waits and creators by another goroutine never split a group', () => {
  const [event] = dumps(makeDump(1010));
  assert.equal(event?.total, 1011);
  assert.equal(event?.groups.length, 2);
  const [group] = event!.groups;
  assert.equal(group?.count, 1010);
  assert.equal(group?.sampleIds?.length, 128);
  assert.deepEqual(group?.createdBy, { function: 'main.run', file: '/app/main.go', line: 77, goroutine: 1 });
});

test('waits are a range; a member without a figure has waited for less than a minute', () => {
  const text = makeDump(1, 2, ', 7 minutes') + makeDump(0).replace(/^[\s\S]*/, '');
  const other = makeDump(2, 20).split('\n\n').slice(1).join('\n\n');
  const [event] = dumps(`${text}\n${other.replace('[chan send]', '[chan send, 12 minutes, locked to thread]')}`);
  const group = event?.groups.find((one) => one.count === 3);
  assert.deepEqual(group?.waitMinutes, { min: 0, max: 12 });
  assert.equal(group?.lockedToThread, 1);
});

test('elided frames, old and new, are neither frames nor groups of their own', () => {
  const deep = (id: number, elided: string): string =>
    `goroutine ${id} [chan receive]:\nmain.recurse(0x${id}, 0x0?)\n\t/app/main.go:141 +0x95\n${elided}\nmain.start()\n\t/app/main.go:3 +0x5\ncreated by main.main in goroutine 1\n\t/app/main.go:229 +0x1a5\n\n`;
  const [event] = dumps(
    deep(5, '...51 frames elided...') + deep(6, '...77 frames elided...') + deep(7, '...51 frames elided...'),
  );
  assert.equal(event?.total, 3);
  assert.equal(event?.groups.length, 1);
  assert.equal(event?.groups[0]?.framesElided, 77);
  assert.equal(event?.groups[0]?.stack.length, 2);
  const [old] = dumps(deep(5, '...additional frames elided...'));
  assert.equal(old?.groups[0]?.framesElided, 1);
});

test('a label that holds a header', () => {
  const text = [1, 2]
    .map(
      (id) =>
        `goroutine ${id} [select (no cases) labels:{"k": "goroutine 9 [running]:", "pod": "p"}]:\nmain.f(0x1)\n\t/a.go:1 +0x2\n`,
    )
    .join('\n');
  assert.deepEqual(
    dumps(text).map((event) => [event.total, event.states]),
    [[2, { 'select (no cases)': 2 }]],
  );
});

test('a panic with a text longer than a line of a dump', () => {
  const text = `panic: ${'long '.repeat(20_000)}\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x2\nexit status 2\n`;
  const [event, ...rest] = dumps(text);
  assert.equal(rest.length, 0);
  assert.equal(event?.cause, 'panic');
  assert.match(event?.message ?? '', /^(?:long )+/);
});

test('labels with brackets, quotes and commas in a header', () => {
  const text =
    'goroutine 7 [chan send, 4 minutes labels:{"k": "a ]: b", "q\\"": "x, }\\u00e9\\n"}]:\nmain.f(0x1)\n\t/a.go:1 +0x2\n';
  const [event] = dumps(text);
  assert.deepEqual(event?.groups[0]?.labels, { 'k=a ]: b': 1, 'q"=x, }é\n': 1 });
  assert.deepEqual(event?.groups[0]?.waitMinutes, { min: 4, max: 4 });
  assert.deepEqual(event?.states, { 'chan send': 1 });
});

test('synctest, leaked, durable and scan marks are no part of the state', () => {
  const header = (id: number, state: string): string => `goroutine ${id} [${state}]:\nmain.f()\n\t/a.go:1 +0x2\n\n`;
  const states = [
    'select (durable), synctest bubble 1',
    'select (synctest), synctest group 4',
    'select (leaked)',
    'select (scan), 2 minutes',
  ];
  const [event] = dumps(states.map((state, i) => header(i + 5, state)).join(''));
  assert.deepEqual(event?.states, { select: 4 });
  assert.equal(event?.groups.length, 1);
  assert.equal(event?.groups[0]?.leaked, 1);
});

test('a SIGQUIT dump in a service log, with trace lines and log lines around and inside it', () => {
  const dump = sample('go1.26/sigquit.txt').split('\n');
  dump.splice(
    30,
    0,
    '2026/11/21 12:00:00 INFO request done (ok)',
    'gc 7 @1.2s 3%: 0.1+1+0.1 ms clock, 0.2+0/1/0+0.2 ms cpu, 4->4->2 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P',
  );
  const { events, foreign } = drive(
    `2026/11/21 12:00:00 INFO started\n${dump.join('\n')}exit status 2\n2026/11/21 INFO restarted\n`,
  );
  assert.equal(events.length, 1);
  assert.equal(events[0]?.total, 11);
  assert.deepEqual(
    events[0]?.groups.map((group) => group.stack.length),
    dumps(sample('go1.26/sigquit.txt'))[0]?.groups.map((group) => group.stack.length),
  );
  assert.equal(foreign.length, 5);
});

test('GOTRACEBACK=crash: threads report after each other, goroutines count once', () => {
  const once = sample('go1.26/sigquit_crash.txt');
  const [first] = once.split('\n-----\n');
  const repeated = `${once}\n-----\n\n${first}`;
  const events = dumps(repeated);
  assert.equal(events.length, 1);
  assert.equal(events[0]?.total, 17);
});

test('a process that crashed, was started again and crashed the same way: two events', () => {
  const everyThread = sample('go1.26/sigquit_crash.txt');
  assert.deepEqual(
    dumps(everyThread + everyThread).map((event) => event.total),
    [17, 17],
  );
  const bare = 'fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n';
  assert.deepEqual(
    dumps(bare + bare).map((event) => [event.message, event.total]),
    Array(2).fill([bare.slice('fatal error: '.length, -1), 0]),
  );
  const overflow = sample('go1.26/fatal_overflow.txt');
  assert.equal(dumps(overflow + overflow).length, 2);
});

test('a panic whose message quotes a header', () => {
  const indented =
    'panic: boom\n\tgoroutine 7 [fake]:\n\tmain.fake()\n\t\t/x.go:1 +0x1\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:253 +0xc78\n';
  const [event] = dumps(indented);
  assert.equal(event?.total, 1);
  assert.equal(event?.message, 'boom\ngoroutine 7 [fake]:\nmain.fake()\n\t/x.go:1 +0x1');
  const raw =
    'panic: boom\ngoroutine 7 [fake]:\nis what it said\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:253 +0xc78\n';
  const [old] = dumps(raw);
  assert.equal(old?.total, 1);
  assert.equal(old?.message, 'boom\ngoroutine 7 [fake]:\nis what it said');
});

test('a panic in a deferred call that turns fatal (Go 1.26)', () => {
  const text =
    'panic: first\n\tfatal error: sync: unlock of unlocked mutex\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x8\n';
  const [event] = dumps(text);
  assert.equal(event?.cause, 'fatal');
  assert.match(event!.message!, /sync: unlock of unlocked mutex/);
});

test('an application line that says panic begins no dump', () => {
  const { events, foreign } = drive(
    'panic: told you\nall is well\nfatal error: could not open file\nanother line\nSIGHUP: hangup\nmore\n',
  );
  assert.deepEqual(events, []);
  // The lines that might have begun a dump are not handed back; everything else is.
  assert.deepEqual(foreign, ['all is well', 'another line', 'more']);
  for (const line of [
    'goroutine 5 started',
    'goroutine 1 [running] ok',
    'heap profile: 1: 2 [3: 4] @ heap/5',
    'no profile: total x',
    "don't panic: now",
  ]) {
    assert.equal(startsDump(Buffer.from(line), 0, line.length), undefined, line);
  }
});

test('indented dumps (go test -v), with and without the place of the log call', () => {
  const plain = makeDump(20);
  const indented = plain.replace(/^/gm, '    ');
  for (const text of [
    indented,
    `    leak_test.go:31: ${plain.replace(/\n/g, '\n        ')}`,
    plain.replace(/^/gm, '\t'),
  ]) {
    const events = dumps(text);
    assert.equal(events.length, 1);
    assert.equal(events[0]?.total, 21);
    assert.equal(events[0]?.groups.length, 2);
    assert.deepEqual(
      events[0]?.groups.map((group) => group.id),
      dumps(plain)[0]?.groups.map((group) => group.id),
    );
  }
});

test('carriage returns change nothing', () => {
  for (const name of [
    'go1.26/goroutine2.txt',
    'go1.26/goroutine1.txt',
    'go1.26/fatal_overflow.txt',
    'go1.26/race.txt',
  ]) {
    assert.deepEqual(drive(sample(name).replaceAll('\n', '\r\n')).events, drive(sample(name)).events);
  }
});

test('collectors that drop empty lines', () => {
  const [event, ...more] = dumps(makeDump(50).replace(/\n\n/g, '\n'));
  assert.equal(more.length, 0);
  assert.equal(event?.total, 51);
});

test('two dumps after each other are two events, cut or not', () => {
  const dump = makeDump(30);
  assert.deepEqual(
    dumps(dump + dump).map((event) => event.total),
    [31, 31],
  );
  assert.deepEqual(
    dumps(`${dump}\n${dump}`).map((event) => event.total),
    [31, 31],
  );
  const cut = dump.slice(0, dump.indexOf('goroutine 12 [') + 'goroutine 12 [chan se'.length);
  const both = dumps(cut + dump);
  assert.deepEqual(
    both.map((event) => event.total),
    [11, 31],
  );
  assert.deepEqual(
    both.map((event) => event.truncated),
    [true, undefined],
  );
  const one = sample('go1.26/goroutine1.txt');
  assert.deepEqual(
    dumps(one + one).map((event) => event.total),
    [29, 29],
  );
  assert.deepEqual(
    dumps(one + dump + one).map((event) => event.total),
    [29, 31, 29],
  );
});

test('a stack of one goroutine, printed again and again, is an event each time', () => {
  const stack = (id: number): string => `goroutine ${id} [running]:\nmain.f()\n\t/a.go:1 +0x2\n`;
  const { events } = drive(`${stack(5)}log\n${stack(9)}\nlog\n${stack(9)}`);
  assert.deepEqual(
    events.map((event) => event.line),
    [1, 5, 10],
  );
});

test('dumps cut anywhere say so', () => {
  const dump = makeDump(30);
  const [event] = dumps(dump.slice(0, dump.lastIndexOf('created by main.run') + 30));
  assert.equal(event?.total, 31);
  assert.equal(event?.truncated, true);
  const [counts] = dumps('goroutine profile: total 1134\n');
  assert.equal(counts?.total, 1134);
  assert.equal(counts?.truncated, true);
});

test('a line of 70 kB before a dump, and a record of 9,000 program counters', () => {
  assert.equal(dumps(`${'x'.repeat(70_000)}\n${makeDump(3)}`)[0]?.total, 4);
  const record = `goroutine profile: total 2\n2 @${' 0x47fb4e'.repeat(9000)}\n#\t0x4e00a4\tmain.f+0x24\t\t/app/main.go:74\n\n`;
  assert.equal(dumps(record)[0]?.groups[0]?.count, 2);
});

test('races: main goroutine, two goroutines, a stack that could not be restored', () => {
  const two = `==================
WARNING: DATA RACE
Write at 0x00c0000f8028 by goroutine 8:
  main.(*T).set()
      /app/main.go:12 +0x33

Previous read at 0x00c0000f8028 by goroutine 7:
  [failed to restore the stack]

Goroutine 8 (running) created at:
  main.main()
      /app/main.go:31 +0x3bc

Goroutine 7 (finished) created at:
  main.main()
      /app/main.go:30 +0x3bc
==================
`;
  const [event, second] = dumps(two + two.replace('goroutine 7', 'main goroutine'));
  assert.equal(event?.total, 2);
  assert.deepEqual(event?.states, { running: 1, finished: 1 });
  assert.equal(event?.groups[0]?.createdBy?.line, 31);
  assert.equal(second?.total, 2);
  assert.match(second!.message!, /by main goroutine/);
});

test('debug=1 and debug=2 of one moment agree on stacks; full type names collapse for the id', () => {
  const one = (name: string): string => `goroutine profile: total 1\n1 @ 0x1\n#\t0x1\t${name}+0x9\t\t/app/q.go:5\n\n`;
  const [full] = dumps(one('main.Q[go.shape.interface { Error() string }].Wait'));
  const [short] = dumps(one('main.Q[...].Wait'));
  assert.equal(full?.groups[0]?.id, short?.groups[0]?.id);
  assert.equal(full?.groups[0]?.stack[0]?.line, 5);
});

test('debug=2 and SIGQUIT name a group alike: runtime frames are left out of the id', () => {
  const waiting = 'main.wait()\n\t/app/main.go:5 +0x2\ncreated by main.main in goroutine 1\n\t/app/main.go:9 +0x1\n';
  const [plain] = dumps(`goroutine 9 [chan receive]:\n${waiting}`);
  const level2 = waiting.replace(/ \+0x2/, '$& fp=0x1 sp=0x2 pc=0x3');
  const [quit] = dumps(
    `SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\ngoroutine 9 gp=0xc000 m=nil [chan receive]:\nruntime.gopark(0x0?)\n\truntime/proc.go:462 +0xce fp=0x1 sp=0x2 pc=0x3\n${level2}`,
  );
  assert.equal(quit?.groups[0]?.id, plain?.groups[0]?.id);
});

test('every goroutine as an event of its own', () => {
  const events: unknown[] = [];
  drive(makeDump(3, 2, ', 2 minutes'), [], { eachGoroutine: (event) => events.push(event) });
  assert.equal(events.length, 4);
  const [, second] = events as { id: number; line: number; waitMinutes?: number; group: string }[];
  assert.equal(second?.id, 2);
  assert.equal(second?.line, 7);
  assert.equal(second?.waitMinutes, 2);
});

test("C frames, with and without a symbolizer, split stacks and the unwinder's complaints", () => {
  const text = `goroutine 1 gp=0x1 m=0 mp=0x2 [syscall, locked to thread]:
non-Go function at pc=0x7f4ec5dbceec
some_c_function
\t/src/lib.c:12 pc=0x7f4ec5dbceed
runtime.cgocall(0x1, 0x2)
\truntime/cgocall.go:167 +0x4b fp=0x1 sp=0x2 pc=0x3
runtime: g 1: unexpected return pc for main.f called from 0x0
stack: frame={sp:0xc000, fp:0xc001} stack=[0xc0,0xd0)
0x000000c000032f48:  0x0000000000000000  0x0000000000000000
----- stack segment boundary -----
main.main()
\t/app/main.go:22 +0xf
`;
  const [event] = dumps(text);
  assert.deepEqual(
    event?.groups[0]?.stack.map((frame) => frame.function),
    ['non-Go function', 'some_c_function', 'runtime.cgocall', 'main.main'],
  );
});
