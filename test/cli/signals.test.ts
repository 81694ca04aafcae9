// In: signals, closed pipes and full disks while gcbend works. Out: what is known is reported, nothing is half-written, the status says why.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { gcbend, samples } from '../support/gcbend.ts';
import { startGcbend } from '../support/started.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-signals-cli-'));
after(() => rmSync(folder, { recursive: true }));
const leak = join(samples, 'leak/stderr.log');
const trace = readFileSync(leak, 'utf8');

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} on a pipe: the report, the files, ${status}`, async () => {
    const out = join(folder, `${signal}.json`);
    const run = startGcbend(['-o', out]);
    run.child.stdin?.write(trace);
    await run.until(/^gcbend: warning.*The live heap/m);
    assert.ok(!existsSync(out), 'a file appears when it is whole');
    run.child.kill(signal);
    const ended = await run.ended;
    assert.equal(ended.status, status);
    assert.match(ended.stdout, /starts to grow/);
    const saved = JSON.parse(readFileSync(out, 'utf8')) as { summary?: { exitReason?: string } };
    assert.ok(JSON.stringify(saved).includes(`"exitReason":"${signal}"`));
  });
}

test('nothing is left beside the files that were asked for', () => {
  assert.deepEqual(readdirSync(folder).sort(), ['SIGHUP.json', 'SIGINT.json', 'SIGTERM.json']);
});

test('Ctrl-C reaches both sides of a pipe: the report still comes', async () => {
  const command = resolve(samples, '../bin/gcbend.js');
  const script = `(cat "$0"; exec sleep 60) | exec "${process.execPath}" "${command}" --width 80`;
  const group = spawn('sh', ['-c', script, leak], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let stdout = '';
  let stderr = '';
  group.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  await new Promise<void>((done) => {
    group.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (/The live heap has grown/.test(stderr)) done();
    });
    group.on('close', () => done());
  });
  process.kill(-group.pid!, 'SIGINT');
  await new Promise((done) => group.on('close', done));
  assert.match(stdout, /starts to grow/, stderr);
});

const noFull = existsSync('/dev/full') ? {} : { skip: 'LOUD: no /dev/full here' };

test('a disk that is full: status 2 and said; a device stays a device', noFull, async () => {
  // By a link: should gcbend ever replace it by a file, the machine keeps its device.
  const full = join(folder, 'full.json');
  symlinkSync('/dev/full', full);
  const ran = await gcbend([leak, '-o', full]);
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /^gcbend: cannot write/m);
  assert.doesNotMatch(ran.stderr, /at .*\.js:\d/);
  assert.equal(readlinkSync(full), '/dev/full');
});

test('a link to a file stays a link, and an output may be a pipe', async () => {
  const target = join(folder, 'target.csv');
  writeFileSync(target, 'old\n');
  symlinkSync('target.csv', join(folder, 'link.csv'));
  const ran = await gcbend([leak, '--quiet', '-o', join(folder, 'link.csv')]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(readlinkSync(join(folder, 'link.csv')), 'target.csv');
  assert.match(readFileSync(target, 'utf8'), /heap/);
  const command = resolve(samples, '../bin/gcbend.js');
  const script = `"${process.execPath}" "${command}" "$0" --quiet -o /dev/stdout --format ndjson | tail -n 1`;
  const piped = spawnSync('sh', ['-c', script, leak], { encoding: 'utf8' });
  assert.match(piped.stdout, /"type":"summary"/, piped.stderr);
});

test('a reader that has gone before anything is written', async () => {
  const command = resolve(samples, '../bin/gcbend.js');
  writeFileSync(join(folder, 'all.log'), trace);
  const script = `{ "${process.execPath}" "${command}" "$0" --format csv 2>err.txt; echo $? >status.txt; } | true`;
  const child = spawn('sh', ['-c', script, leak], { cwd: folder, stdio: 'ignore' });
  await new Promise((done) => child.on('close', done));
  assert.equal(readFileSync(join(folder, 'status.txt'), 'utf8').trim(), '0');
  assert.equal(readFileSync(join(folder, 'err.txt'), 'utf8'), '');
});
