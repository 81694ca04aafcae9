// In: signals sent to gcbend's side, by kill and by a terminal. Out: the command hears each exactly once and decides what it means.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');
const fixture = join(import.meta.dirname, 'fixtures/pass-signals.ts');
const dir = mkdtempSync(join(tmpdir(), 'gcbend-signals-'));
const socket = join(dir, 's');
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
after(() => {
  if (hasTmux) spawnSync('tmux', ['-S', socket, 'kill-server']);
  rmSync(dir, { recursive: true, force: true });
});

async function until(what: string, check: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    if (check()) return;
    await sleep(50);
  }
  assert.fail(`never: ${what}`);
}

test('signals that reach us alone are passed on, once', async () => {
  // Detached: a session of its own, as under a supervisor.
  const ours = spawn(process.execPath, ['--import', 'tsx', fixture], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  ours.stdout.on('data', (part) => {
    text += part;
  });
  await until('ready', () => text.includes('ready'));
  for (const [i, signal] of (['SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGINT', 'SIGTERM'] as const).entries()) {
    ours.kill(signal);
    await until(signal, () => text.includes(`heard ${signal} ${i + 1}\n`));
  }
  await until('an end', () => text.includes('status 9'));
  assert.equal(text.split('\n').filter((line) => line.startsWith('heard')).length, 5);
});

test(
  'Ctrl-C in a terminal reaches the command once',
  hasTmux ? {} : { skip: 'LOUD: tmux is not on PATH' },
  async () => {
    const tmux = (...args: string[]) =>
      spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', cwd: root }).stdout;
    const text = () => tmux('capture-pane', '-p', '-S', '-', '-t', 'one');
    tmux('new-session', '-d', '-s', 'one', '-x', '80', '-y', '24', `sh -c 'node --import tsx ${fixture}; sleep 60'`);
    await until('ready', () => text().includes('ready'));
    tmux('send-keys', '-t', 'one', 'C-c');
    await until('a signal', () => text().includes('heard SIGINT 1'));
    await sleep(200);
    assert.doesNotMatch(text(), /heard SIGINT 2/);
    assert.doesNotMatch(text(), /status/);
  },
);
