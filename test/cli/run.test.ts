// In: programs run under `gcbend run`. Out: they notice nothing: streams, status and signals are theirs; the report and the files are ours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { GcbendEvent } from '../../src/events/types.ts';
import { gcbend, samples } from '../support/gcbend.ts';
import { startGcbend } from '../support/started.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-run-'));
after(() => rmSync(folder, { recursive: true }));
const leak = join(samples, 'leak/stderr.log');
const node = (script: string): string[] => ['--', process.execPath, '-e', script];
const printLeak = `process.stderr.write(require('fs').readFileSync(${JSON.stringify(leak)}));`;
const hasGo = spawnSync('go', ['version']).status === 0;
const needsGo = hasGo ? {} : { skip: 'LOUD: go is not on PATH, real programs were not run' };

const readEvents = (file: string): GcbendEvent[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as GcbendEvent);

test('stdin, stdout, stderr and the status are the program’s', async () => {
  const script = `
    process.stdin.pipe(process.stdout);
    process.stderr.write('a warning\\n');
    process.stdin.on('end', () => { process.exitCode = 42; });`;
  const ran = await gcbend(['run', ...node(script)], { input: 'one\ntwo' });
  assert.equal(ran.status, 42);
  assert.equal(ran.stdout, 'one\ntwo');
  assert.match(ran.stderr, /^a warning$/m);
});

test('the report goes to stderr, the result to -o', async () => {
  const file = join(folder, 'result.ndjson');
  const ran = await gcbend(['run', '-o', file, ...node(`${printLeak} console.log('mine')`)]);
  assert.equal(ran.status, 0);
  assert.equal(ran.stdout, 'mine\n');
  assert.match(ran.stderr, /live heap began to grow at 48\.6 s/i);
  assert.doesNotMatch(ran.stderr, /^gc 1 @/m, 'records are not shown again');
  const events = readEvents(file);
  assert.equal(events.filter((event) => event.type === 'gc').length, 222);
  assert.ok(
    events.some((event) => event.type === 'finding' && event.rule === 'heap-growth' && event.status === 'final'),
  );
});

test('--quiet leaves stderr to the program', async () => {
  const ran = await gcbend(['run', '--quiet', ...node(`console.error('only this'); ${printLeak}`)]);
  assert.equal(ran.status, 0);
  assert.equal(ran.stderr, 'only this\n');
  const silent = await gcbend([
    'run',
    '--quiet',
    '--no-passthrough',
    ...node(`console.error('not this'); ${printLeak}`),
  ]);
  assert.equal(silent.stderr, '');
});

test('--fail-on decides the status, --finding-exit-code which', async () => {
  const fails = ['run', '--quiet', '--fail-on', 'heap-growth'];
  assert.equal((await gcbend([...fails, ...node(printLeak)])).status, 1);
  assert.equal((await gcbend([...fails, '--finding-exit-code', '77', ...node(printLeak)])).status, 77);
  assert.equal((await gcbend([...fails, ...node(`${printLeak} process.exitCode = 5`)])).status, 1);
  // Nothing was found, or nothing was traced: the program's own status.
  assert.equal(
    (await gcbend(['run', '--quiet', '--fail-on', 'long-pause', ...node(`${printLeak} process.exitCode = 5`)])).status,
    5,
  );
  assert.equal((await gcbend([...fails, ...node('process.exitCode = 6')])).status, 6);
});

test('GODEBUG is merged, --gogc and --memlimit are set, the rest of the environment is untouched', async () => {
  const script =
    'console.log([process.env.GODEBUG, process.env.GOGC, process.env.GOMEMLIMIT, process.env.OTHER].join("|"))';
  const env = { GODEBUG: 'http2debug=1,gctrace=0', OTHER: 'kept', GOGC: undefined, GOMEMLIMIT: undefined };
  const plain = await gcbend(['run', '--quiet', ...node(script)], { env });
  assert.equal(plain.stdout, 'http2debug=1,gctrace=0,gctrace=1|||kept\n');
  const set = await gcbend(['run', '--quiet', '--gogc', '50', '--memlimit', '512MiB', ...node(script)], { env });
  assert.equal(set.stdout, 'http2debug=1,gctrace=0,gctrace=1|50|512MiB|kept\n');
});

test('--gogc and --memlimit reach the program in words that the runtime understands, or are refused', async () => {
  const script = 'console.log([process.env.GOGC, process.env.GOMEMLIMIT].join("|"))';
  for (const [gogc, memlimit, seen] of [
    ['off', '1GiB', 'off|1GiB'],
    ['-1', '1000000', '-1|1000000'],
    ['50', '100MB', '50|100000000'],
    ['50', '2g', '50|2147483648'],
    ['50', '512Mi', '50|536870912'],
    ['50', 'off', '50|off'],
  ] as const) {
    const ran = await gcbend(['run', '--quiet', `--gogc=${gogc}`, '--memlimit', memlimit, ...node(script)]);
    assert.equal(ran.stdout, `${seen}\n`, ran.stderr);
  }
  const half = await gcbend(['run', '--gogc', 'half', ...node(script)]);
  assert.deepEqual(half, {
    status: 2,
    stdout: '',
    stderr: 'gcbend: --gogc half is no percentage\n  try: --gogc 50, --gogc 400 or --gogc off\n',
  });
});

test('a program without a trace: what was seen and what to try, and its own status', async () => {
  const ran = await gcbend(['run', ...node('console.error("one\\ntwo"); process.exitCode = 4')]);
  assert.equal(ran.status, 4);
  assert.match(
    ran.stderr,
    /^one\ntwo\ngcbend: .* printed no trace \(seen on its stderr: 2 lines of other text\)\n {2}try: /,
  );
  assert.match((await gcbend(['run', ...node('')])).stderr, /^gcbend: .*: nothing\)$/m);
  assert.equal((await gcbend(['run', '--quiet', ...node('')])).stderr, '');
});

test('a program that a signal ends: 128 + its number, and the report', async () => {
  for (const [signal, status] of [
    ['SIGKILL', 137],
    ['SIGTERM', 143],
    ['SIGABRT', 134],
  ] as const) {
    const ran = await gcbend([
      'run',
      ...node(`${printLeak} process.kill(process.pid, '${signal}'); setTimeout(() => {}, 60000)`),
    ]);
    assert.equal(ran.status, status, signal);
    assert.match(ran.stderr, /222 GC/, signal);
  }
});

test('signals reach the program, which decides', async () => {
  const script = `
    ${printLeak}
    process.on('SIGTERM', () => { console.log('heard SIGTERM'); process.exitCode = 9; clearInterval(timer); });
    const timer = setInterval(() => {}, 1000);
    console.log('ready');`;
  const run = startGcbend(['run', ...node(script)]);
  await run.until(/ready/);
  run.child.kill('SIGTERM');
  const { status, stdout, stderr } = await run.ended;
  assert.equal(status, 9);
  assert.equal(stdout, 'ready\nheard SIGTERM\n');
  assert.match(stderr, /222 GC/);
});

test('misuse and programs that are not there', async () => {
  const none = await gcbend(['run']);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /run needs a command/);
  const missing = await gcbend(['run', '--', join(folder, 'not-there')]);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /not-there/);
  assert.doesNotMatch(missing.stderr, /at .*\.js:\d/);
  const option = await gcbend(['run', '--no-such-option', '--', 'true']);
  assert.equal(option.status, 2);
  // What looks like ours behind -- is the program's.
  const own = await gcbend([
    'run',
    '--quiet',
    ...node('console.log(process.argv.slice(1).join(" "))'),
    '--',
    '--version',
    '--',
    '--format=none',
  ]);
  assert.equal(own.stdout, '--version -- --format=none\n');
});

test('findings are told on stderr while the program runs', async () => {
  const run = startGcbend(['run', '--no-passthrough', ...node(`${printLeak} process.stdin.resume()`)]);
  await run.until(/^gcbend: warning at [\d.]+ s: The live heap has grown/m);
  run.child.stdin?.end();
  const { status } = await run.ended;
  assert.equal(status, 0);
});

const program = `package main

import (
	"fmt"
	"os"
)

var kept [][]byte

func main() {
	for i := 0; i < 800; i++ {
		kept = append(kept, make([]byte, 1<<18))
	}
	fmt.Println("args", os.Args[1:], os.Getenv("GODEBUG"))
	os.Exit(3)
}
`;
const testFile = `package main

import "testing"

var sink []byte

func TestChurn(t *testing.T) {
	for i := 0; i < 300; i++ {
		sink = make([]byte, 1<<18)
	}
}
`;

test('go run and go test: the program is traced, not the go tool', needsGo, async () => {
  const cwd = join(folder, 'module');
  spawnSync('mkdir', ['-p', cwd]);
  writeFileSync(join(cwd, 'go.mod'), 'module example.com/m\n\ngo 1.21\n');
  writeFileSync(join(cwd, 'main.go'), program);
  writeFileSync(join(cwd, 'main_test.go'), testFile);
  const file = join(cwd, 'run.ndjson');
  const ran = await gcbend(['run', '-o', file, '--', 'go', 'run', '.', 'x', '--y'], { cwd });
  assert.equal(ran.stdout, 'args [x --y] gctrace=1\n', ran.stderr);
  assert.equal(ran.status, 1, 'the status of go run itself');
  const events = readEvents(file);
  assert.equal(events.filter((event) => event.type === 'process').length, 1);
  assert.ok(events.filter((event) => event.type === 'gc').length >= 4);
  const tests = join(cwd, 'test.ndjson');
  const tested = await gcbend(['run', '-o', tests, '--', 'go', 'test', '-count=1', './...'], { cwd });
  assert.equal(tested.status, 0, tested.stderr);
  assert.match(tested.stdout, /^ok\s+example\.com\/m/m);
  const traced = readEvents(tests);
  assert.equal(traced.filter((event) => event.type === 'process').length, 1);
  assert.ok(traced.filter((event) => event.type === 'gc').length >= 4);
});
