// In: debug=2 dumps in which several goroutines are `running`. Out: one event a dump.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseText } from '../parse-text.ts';
import { drive, dumps } from './drive.ts';

const dumper = (id: number): string =>
  `goroutine ${id} [running]:\nruntime/pprof.writeGoroutineStacks({0x521cc8, 0xc000012058})\n\truntime/pprof/pprof.go:819 +0x6b\nmain.main()\n\t/app/main.go:9 +0x35\n`;
const waiting = (id: number): string => `goroutine ${id} [chan send]:\nmain.leak(0x1)\n\t/app/main.go:80 +0x28\n`;
const calling = (id: number, leaf: string): string =>
  `goroutine ${id} [running]:\n${leaf}\n\tsyscall/syscall_linux.go:71 +0x25\ninternal/poll.(*FD).Read(0x1)\n\tinternal/poll/fd_unix.go:165 +0x9\n`;

test('Go 1.26: one that enters or leaves a system call is running, and of the same dump', () => {
  for (const leaf of [
    'syscall.Syscall(0x0, 0x9, 0x1)',
    'internal/runtime/syscall.Syscall6(0x0)',
    'runtime.cgocall(0x1, 0x2)',
    '\tgoroutine running on other thread; stack unavailable',
  ]) {
    const text = [dumper(13), waiting(1), calling(87, leaf), waiting(20)].join('\n');
    const [event, ...others] = dumps(text);
    assert.deepEqual(others, [], leaf);
    assert.equal(event?.total, 4);
    assert.deepEqual(event?.states, { running: 2, 'chan send': 2 });
  }
});

test('one that dumps begins another dump', () => {
  const text = [dumper(13), waiting(1), dumper(14), waiting(1), calling(87, 'syscall.Syscall(0x0)')].join('\n');
  assert.deepEqual(
    dumps(text).map(({ total }) => total),
    [2, 3],
  );
});

test('cut anywhere: the line behind the header, which tells, may come later', () => {
  const text = [dumper(13), calling(87, 'syscall.Syscall(0x0)'), waiting(1), dumper(14), waiting(2)].join('\n');
  for (let cut = 1; cut < text.length; cut++) {
    const { events, foreign } = drive(text, [cut]);
    assert.deepEqual(
      [events.map((event) => 'total' in event && [event.line, event.total]), foreign],
      [
        [
          [1, 3],
          [17, 2],
        ],
        [],
      ],
    );
  }
});

test('a line of someone else behind the header does not tell, the frame behind it does', () => {
  const other = '2026/11/21 11:11:11 served';
  const split = (text: string): string => text.replace(']:\n', `]:\n${other}\n`);
  const text = [dumper(13), waiting(1), split(calling(87, 'syscall.Syscall(0x0)')), split(dumper(14)), waiting(1)];
  const { events, foreign } = drive(text.join('\n'));
  assert.deepEqual(
    events.map((event) => 'total' in event && event.total),
    [3, 2],
  );
  assert.deepEqual(foreign, [other, other]);
});

test('a header at the end, or before another text, is a dump of its own', () => {
  const heap = 'heap profile: 0: 0 [0: 0] @ heap/1048576\n';
  const crash = 'panic: x\n\ngoroutine 5 [running]:\nmain.main()\n\t/a.go:3 +0x1\n';
  for (const [tail, ...next] of [[''], [heap, ['heap', 8]], [crash, ['goroutines', 8]]] as const) {
    const events = parseText(`${dumper(13)}\ngoroutine 9 [running]:\n${tail}`);
    const seen = events.map(({ type, line }) => [type, line]);
    assert.deepEqual(seen, [['goroutines', 1], ['goroutines', 7], ...next], tail);
  }
});
