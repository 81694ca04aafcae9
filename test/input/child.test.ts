// In: small commands run under runChild. Out: proof that nothing of their stderr is lost and nothing of their ends is changed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fstatSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChildChunk,
  type ChildOptions,
  mergeGodebug,
  type RunningChild,
  runChild,
} from '../../src/input/child.ts';
import { parseGoCommand, splitGoWords } from '../../src/input/child-go.ts';
import { canPunchHoles, createChildSpool, FileSpool, findMemoryDirectory } from '../../src/input/child-spool.ts';

const dir = mkdtempSync(join(tmpdir(), 'gcbend-test-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const memory = findMemoryDirectory();
const hasFileSpool = memory !== undefined && canPunchHoles(memory);
const hasGo = spawnSync('go', ['version']).status === 0;
const needsGo = hasGo ? {} : { skip: 'LOUD: go is not on PATH, real programs were not run' };
const needsSpool = hasFileSpool ? {} : { skip: 'LOUD: no tmpfs or no fallocate here, the file spool was not tested' };

async function collect(child: RunningChild): Promise<{ bytes: Map<string, Buffer>; ended: string[] }> {
  const parts = new Map<string, Buffer[]>();
  const ended: string[] = [];
  for await (const chunk of child.chunks as AsyncIterable<ChildChunk>) {
    parts.set(chunk.source, [...(parts.get(chunk.source) ?? []), chunk.bytes]);
    if (chunk.ended) ended.push(chunk.source);
  }
  return { bytes: new Map([...parts].map(([source, list]) => [source, Buffer.concat(list)])), ended };
}

async function runText(options: Partial<ChildOptions> & { command: string }) {
  const child = await runChild({ args: [], stdin: 'ignore', stdout: 'ignore', ...options });
  const { bytes, ended } = await collect(child);
  return { child, exit: await child.exit, text: (bytes.get('stderr') ?? Buffer.alloc(0)).toString(), bytes, ended };
}

test('GODEBUG is merged, never replaced', () => {
  assert.equal(mergeGodebug(undefined, 'gctrace', '1'), 'gctrace=1');
  assert.equal(mergeGodebug('', 'gctrace', '1'), 'gctrace=1');
  assert.equal(mergeGodebug('madvdontneed=1', 'gctrace', '1'), 'madvdontneed=1,gctrace=1');
  assert.equal(mergeGodebug('gctrace=2,scavtrace=1', 'gctrace', '1'), 'gctrace=2,scavtrace=1');
  assert.equal(mergeGodebug('gctrace=0,scavtrace=1', 'gctrace', '1'), 'gctrace=0,scavtrace=1,gctrace=1');
  assert.equal(mergeGodebug('gctrace=1,gctrace=0', 'gctrace', '1'), 'gctrace=1,gctrace=0,gctrace=1');
  assert.equal(mergeGodebug('xgctrace=1', 'gctrace', '1'), 'xgctrace=1,gctrace=1');
});

test('the environment reaches the command with only what was asked for', async () => {
  const run = await runText({
    command: process.execPath,
    args: [
      '-e',
      'console.error([process.env.GODEBUG, process.env.GOGC, process.env.GOMEMLIMIT, process.env.OTHER].join("|"))',
    ],
    env: { PATH: process.env.PATH, GODEBUG: 'inittrace=1', GOGC: '100', OTHER: 'kept' },
    gogc: '50',
    memlimit: '64MiB',
  });
  assert.equal(run.text, 'inittrace=1,gctrace=1|50|64MiB|kept\n');
});

test('exit codes and signals come out as a shell reports them', async () => {
  const code = await runText({ command: 'sh', args: ['-c', 'exit 7'] });
  assert.deepEqual(code.exit, { code: 7, signal: undefined, status: 7 });
  const killed = await runText({ command: 'sh', args: ['-c', 'kill -TERM $$'] });
  assert.deepEqual(killed.exit, { code: undefined, signal: 'SIGTERM', status: 143 });
});

test('a command that is not there says so', async () => {
  await assert.rejects(runChild({ command: 'no-such-command-here', args: [] }), {
    code: 'CHILD_FAILED',
    message: 'cannot start no-such-command-here: no such command',
  });
  const text = join(dir, 'main.go');
  writeFileSync(text, 'package main\n');
  await assert.rejects(runChild({ command: text, args: [] }), { code: 'CHILD_FAILED' });
});

test('a line of 3 MB and bytes of any value pass whole', async () => {
  const script = 'process.stderr.write(Buffer.alloc(3e6, 0xff)); process.stderr.write("\\n\\0end")';
  for (const command of [process.execPath, 'sh']) {
    const args = command === 'sh' ? ['-c', `'${process.execPath}' -e '${script}'`] : ['-e', script];
    const run = await runText({ command, args });
    const bytes = run.bytes.get('stderr')!;
    assert.equal(bytes.length, 3e6 + 5, command);
    assert.equal(bytes.indexOf(0xfe), -1);
    assert.equal(bytes.subarray(-5).toString('latin1'), '\n\0end');
  }
});

test('a script may write to /dev/stderr without cutting away what was there', async () => {
  const script = join(dir, 'script');
  writeFileSync(
    script,
    '#!/bin/sh\necho one >&2\necho two > /dev/stderr\necho three | tee /dev/stderr\necho four >&2\n',
    {
      mode: 0o755,
    },
  );
  const run = await runText({ command: script });
  assert.equal(run.child.capture, 'pipe');
  assert.equal(run.text, 'one\ntwo\nthree\nfour\n');
});

test('a grandchild that holds stderr open does not keep us', async () => {
  for (const command of ['sh', process.execPath]) {
    const args =
      command === 'sh'
        ? ['-c', 'sleep 30 & echo $! >&2']
        : [
            '-e',
            'const c=require("child_process").spawn("sleep",["30"],{stdio:"inherit"});console.error(c.pid);c.unref()',
          ];
    const run = await runText({ command, args });
    const pid = Number(run.text.trim());
    assert.ok(pid > 1, run.text);
    process.kill(pid, 'SIGKILL');
    assert.equal(run.exit.status, 0);
  }
});

test('a child is not slowed down by a consumer that stands still', async () => {
  const child = await runChild({
    command: process.execPath,
    args: ['-e', 'for (let i = 0; i < 20000; i++) require("fs").writeSync(2, "x".repeat(99) + "\\n")'],
    stdout: 'ignore',
  });
  const iterator = child.chunks[Symbol.asyncIterator]();
  let bytes = (await iterator.next()).value!.bytes.length;
  assert.equal((await child.exit).status, 0, 'it ended although nobody read on');
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) bytes += next.value.bytes.length;
  assert.equal(bytes, 2_000_000);
});

test('the file that takes stderr stays small however much is written', needsSpool, async () => {
  const spool = createChildSpool(false)!;
  assert.equal(spool.kind, 'file');
  const writer = spawn(
    process.execPath,
    [
      '-e',
      // 400 MB in pieces that differ, with the sum on stdout.
      `const h=require('crypto').createHash('sha1');const b=Buffer.alloc(1<<20);
     for(let i=0;i<400;i++){b.fill(i%251);b.writeUInt32LE(i,0);h.update(b);let n=0;while(n<b.length)n+=require('fs').writeSync(2,b,n)
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,3)}
     console.log(h.digest('hex'))`,
    ],
    { stdio: ['ignore', 'pipe', spool.childFd] },
  );
  let sum = '';
  writer.stdout!.on('data', (text) => {
    sum += text;
  });
  let ended = false;
  writer.on('exit', () => {
    ended = true;
  });
  const hash = createHash('sha1');
  let peakMiB = 0;
  let total = 0;
  for (;;) {
    const last = ended;
    for (let bytes = spool.read(); bytes !== undefined; bytes = spool.read()) {
      hash.update(bytes);
      total += bytes.length;
    }
    peakMiB = Math.max(peakMiB, (fstatSync(spool.childFd).blocks * 512) / 2 ** 20);
    if (last) break;
    await sleep(5);
  }
  spool.started();
  spool.close();
  assert.equal(total, 400 * 2 ** 20);
  assert.equal(hash.digest('hex'), sum.trim());
  assert.ok(peakMiB > 0 && peakMiB < 200, `peak ${peakMiB} MiB`);
});

test('a file that somebody truncates is read from its new beginning', () => {
  const path = join(dir, 'cut');
  writeFileSync(path, 'first text');
  const spool = new FileSpool(openSync(path, 'r'), 0);
  assert.equal(String(spool.read()), 'first text');
  assert.equal(spool.read(), undefined);
  writeFileSync(path, 'new');
  assert.equal(String(spool.read()), 'new');
  assert.equal(spool.wasCut(), true);
  assert.equal(spool.wasCut(), false);
  spool.close();
});

test('go command lines are taken apart around -exec', () => {
  const rest = { exec: undefined };
  assert.equal(parseGoCommand('./program', ['run', '.']), undefined);
  assert.equal(parseGoCommand('go', ['build', '.']), undefined);
  assert.equal(parseGoCommand('gofmt', ['run']), undefined);
  assert.deepEqual(parseGoCommand('go', ['run', './x', '-v', '-exec', 'q']), {
    subcommand: 'run',
    head: ['run'],
    tail: ['./x', '-v', '-exec', 'q'],
    ...rest,
  });
  assert.deepEqual(parseGoCommand('/usr/local/go/bin/go', ['-C', 'd', 'run', '-race', '-tags', 'a,b', '.', 'x']), {
    subcommand: 'run',
    head: ['-C', 'd', 'run'],
    tail: ['-race', '-tags', 'a,b', '.', 'x'],
    ...rest,
  });
  assert.deepEqual(
    parseGoCommand('go1.22.3', [
      'test',
      '-C=d',
      '-exec',
      "sudo 'a b'",
      './...',
      '-v',
      '-run',
      'X',
      '-args',
      '-exec',
      'no',
    ]),
    {
      subcommand: 'test',
      head: ['test', '-C=d'],
      tail: ['./...', '-v', '-run', 'X', '-args', '-exec', 'no'],
      exec: "sudo 'a b'",
    },
  );
  assert.deepEqual(parseGoCommand('gotip', ['test', '--exec=one', '-exec=two', '-count', '1']), {
    subcommand: 'test',
    head: ['test'],
    tail: ['-count', '1'],
    exec: 'two',
  });
  assert.deepEqual(splitGoWords(` a 'b c'  "d 'e'" `), ['a', 'b c', "d 'e'"]);
  assert.equal(splitGoWords(`a 'b`), undefined);
});

const program = `package main
import ("fmt"; "os"; "runtime"; "time")
func main() {
  fmt.Println("out", os.Getenv("GODEBUG"), os.Args[1:])
  fmt.Fprintln(os.Stderr, "app text")
  for i := 0; i < 5; i++ { runtime.GC() }
  // The last line is printed while the program already goes on.
  time.Sleep(100 * time.Millisecond)
  os.Exit(3)
}
`;

function goModule(name: string, files: Record<string, string>): string {
  const path = mkdtempSync(join(dir, `${name}-`));
  writeFileSync(join(path, 'go.mod'), 'module example.com/m\n\ngo 1.21\n');
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

function leftovers(): string[] {
  return memory === undefined ? [] : readdirSync(memory).filter((name) => /^\.?gcbend-/.test(name));
}

test('a real Go program: trace and text arrive, GODEBUG keeps its other keys', needsGo, async () => {
  const cwd = goModule('plain', { 'main.go': program });
  assert.equal(spawnSync('go', ['build', '-o', 'prog', '.'], { cwd }).status, 0);
  const out = openSync(join(cwd, 'out'), 'w');
  const run = await runText({
    command: './prog',
    cwd,
    stdout: out,
    env: { ...process.env, GODEBUG: 'madvdontneed=1' },
  });
  assert.equal(run.exit.status, 3);
  assert.equal(run.text.match(/^gc \d+ @/gm)!.length, 5);
  assert.match(run.text, /^app text$/m);
  assert.equal(readFileSync(join(cwd, 'out'), 'utf8'), 'out madvdontneed=1,gctrace=1 []\n');
});

test('go run: the program is traced, not the go tool; a wrapper of the user stays', needsGo, async () => {
  const cwd = goModule('run', { 'main.go': program });
  const wrapper = join(cwd, 'my wrapper');
  writeFileSync(wrapper, '#!/bin/sh\necho "wrapped by $1" \nshift\nexec "$@"\n', { mode: 0o755 });
  const out = openSync(join(cwd, 'out'), 'w');
  const run = await runText({
    command: 'go',
    args: ['run', `-exec='${wrapper}' me`, '.', '-x', '1'],
    cwd,
    stdout: out,
  });
  assert.equal(run.child.capture, 'programs');
  assert.equal(run.exit.status, 1, 'go run reports a failed program as 1');
  const [source] = run.ended;
  assert.deepEqual(run.ended, [source]);
  const text = String(run.bytes.get(source!));
  assert.equal(text.match(/^gc \d+ @/gm)!.length, 5);
  assert.match(text, /^app text$/m);
  assert.equal(readFileSync(join(cwd, 'out'), 'utf8'), 'wrapped by me\nout gctrace=1 [-x 1]\n');
  assert.deepEqual(leftovers(), []);
});

const needsProc = process.platform === 'linux' ? needsGo : { skip: 'LOUD: no /proc here' };
test('go run where GODEBUG already traces every program: the go command is not traced', needsProc, async () => {
  const cwd = goModule('quiet', { 'main.go': program });
  const text = (name: string) => readFileSync(join(cwd, name), 'utf8');
  const wrapper = join(cwd, 'w');
  writeFileSync(wrapper, `#!/bin/sh\ntr '\\0' '\\n' < /proc/$PPID/environ > '${join(cwd, 'go')}'\nexec "$@"\n`, {
    mode: 0o755,
  });
  const out = openSync(join(cwd, 'out'), 'w');
  await runText({
    command: 'go',
    args: ['run', `-exec=${wrapper}`, '.'],
    cwd,
    stdout: out,
    env: { ...process.env, GODEBUG: 'http2debug=0,gctrace=2' },
  });
  assert.match(text('out'), /^out http2debug=0,gctrace=2 /);
  assert.match(text('go'), /^GODEBUG=http2debug=0,gctrace=2,gctrace=0$/m);
});

test('go run with -exec from GOFLAGS keeps it', needsGo, async () => {
  const cwd = goModule('goflags', { 'main.go': program });
  const wrapper = join(cwd, 'w');
  writeFileSync(wrapper, '#!/bin/sh\necho wrapped\nexec "$@"\n', { mode: 0o755 });
  const out = openSync(join(cwd, 'out'), 'w');
  const run = await runText({
    command: 'go',
    args: ['run', '.'],
    cwd,
    stdout: out,
    env: { ...process.env, GOFLAGS: `-exec=${wrapper}` },
  });
  assert.match(readFileSync(join(cwd, 'out'), 'utf8'), /^wrapped\nout/);
  assert.equal(run.ended.length, 1);
});

test('go test ./...: every test binary is a source of its own, and its results are shown', needsGo, async () => {
  const body = (name: string) => `package ${name}
import ("os"; "runtime"; "testing")
func TestIt(t *testing.T) { os.Stderr.WriteString("text of ${name}\\n"); for i := 0; i < 4; i++ { runtime.GC() } }
`;
  const cwd = goModule('test', { 'go.sum': '' });
  for (const name of ['alpha', 'beta']) {
    spawnSync('mkdir', [join(cwd, name)]);
    writeFileSync(join(cwd, name, `${name}_test.go`), body(name));
  }
  const out = openSync(join(cwd, 'out'), 'w');
  const run = await runText({ command: 'go', args: ['test', './...', '-count=1'], cwd, stdout: out });
  assert.equal(run.exit.status, 0);
  assert.deepEqual([...run.bytes.keys()].sort(), ['alpha.test', 'beta.test']);
  for (const name of ['alpha', 'beta']) {
    const text = String(run.bytes.get(`${name}.test`));
    assert.match(text, new RegExp(`^text of ${name}$`, 'm'));
    assert.ok(text.match(/^gc \d+ @/gm)!.length >= 4);
  }
  assert.match(readFileSync(join(cwd, 'out'), 'utf8'), /ok\s+example.com\/m\/alpha.*\nok\s+example.com\/m\/beta/);
  assert.deepEqual(leftovers(), []);
});
