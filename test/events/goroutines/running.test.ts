// In: debug=2 dumps in which several goroutines are `running`. Out: one event a dump.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumps } from './drive.ts';

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
