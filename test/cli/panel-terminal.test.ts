// In: a real terminal (tmux), keys, sizes, ends of every kind. Out: the panel at the bottom, the program's text above, nothing left behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { panelRows } from '../../src/cli/panel-terminal.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
const needsTmux = hasTmux ? {} : { skip: 'LOUD: tmux is not on PATH, nothing was driven in a real terminal' };
const dir = mkdtempSync(join(tmpdir(), 'gcbend-tmux-'));
const socket = join(dir, 's');
const root = resolve(import.meta.dirname, '../..');

function tmux(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    cwd: root,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

// A server without sessions ends, and might do so just when the next test makes one.
before(() => {
  if (hasTmux) tmux('new-session', '-d', '-s', 'keep');
});
after(() => {
  if (hasTmux) spawnSync('tmux', ['-S', socket, 'kill-server']);
  rmSync(dir, { recursive: true, force: true });
});

const screen = (name: string) => tmux('capture-pane', '-p', '-t', name).split('\n').slice(0, -1);
const history = (name: string) => tmux('capture-pane', '-p', '-S', '-', '-t', name);
const send = (name: string, ...keys: string[]) => tmux('send-keys', '-t', name, ...keys);

async function until(what: string, check: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    if (check()) return;
    await sleep(50);
  }
  assert.fail(`never: ${what}`);
}

/** A shell of 80 × `rows` in which the demo runs. */
async function startDemo(name: string, rows: number, before = 'true'): Promise<void> {
  tmux('new-session', '-d', '-s', name, '-x', '80', '-y', String(rows), 'env -u TMUX PS1="$ " sh');
  await until('a prompt', () => screen(name).some((line) => line.startsWith('$')));
  send(name, 'echo typed before', 'Enter');
  await until('a prompt', () => /^typed before\n\$/m.test(history(name)));
  send(name, `${before}; node --import tsx test/cli/fixtures/panel-demo.ts; echo "status $?"; stty -g`, 'Enter');
  await until('a panel', () =>
    screen(name)
      .at(-1)!
      .startsWith(`panel ${panelRows(rows)}/`),
  );
}

const restored = async (name: string, words: RegExp) => {
  await until('an end', () => words.test(history(name)));
  await sleep(100);
  const lines = screen(name);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('panel')),
    [],
    'nothing of the panel is left',
  );
  // The terminal echoes, edits lines and scrolls as a whole again.
  send(name, 'seq 1 60', 'Enter');
  await until('scrolling', () => /(^|\n)60\n\$/.test(history(name)));
  assert.match(history(name), /\$ seq 1 60\n/);
  tmux('kill-session', '-t', name);
};

test('panel below, text above, every line of it, at most ten draws a second', needsTmux, async () => {
  for (const rows of [20, 40]) {
    const name = `r${rows}`;
    await startDemo(name, rows);
    const startedMs = performance.now();
    await until('text', () => /err 40\n/.test(history(name)) && /out 40\n/.test(history(name)));
    const lines = screen(name);
    const height = panelRows(rows);
    assert.deepEqual(
      lines.slice(-height),
      Array.from({ length: height }, (_, i) => `panel ${i + 1}/${height} of 80 keys=""`.padEnd(80, '.')),
    );
    for (const line of lines.slice(0, -height)) assert.match(line, /^(?:(?:err|out) \d+)?$/);
    const text = history(name);
    assert.match(text, /typed before/);
    for (let i = 1; i <= 40; i += 1) {
      assert.match(text, new RegExp(`^err ${i}$`, 'm'));
      assert.match(text, new RegExp(`^out ${i}$`, 'm'));
    }
    send(name, 'x');
    await until('a key', () => screen(name).at(-1)!.includes('keys="x"'));
    send(name, 'q');
    await until('a report', () => /report, draws \d+/.test(history(name)));
    const seconds = (performance.now() - startedMs) / 1000 + 5;
    assert.ok(Number(/report, draws (\d+)/.exec(history(name))![1]) <= seconds * 10);
    await restored(name, /status 0/);
  }
});

test('a line that was begun before the panel came is gone on with', needsTmux, async () => {
  await startDemo('begun', 24, 'printf "name? "');
  await until('text', () => /err 5\n/.test(history('begun')));
  assert.match(history('begun'), /name\? (?:err|out) 1$/m);
  send('begun', 'q');
  await restored('begun', /status 0/);
});

test('resized smaller and larger', needsTmux, async () => {
  await startDemo('resize', 30);
  for (const [columns, rows] of [
    [60, 20],
    [100, 45],
    [80, 6],
    [80, 24],
  ] as const) {
    tmux('resize-window', '-t', 'resize', '-x', String(columns), '-y', String(rows));
    if (rows < 8) {
      await sleep(300);
      continue;
    }
    const height = panelRows(rows);
    await until(`a panel of ${height}`, () =>
      screen('resize').at(-1)!.startsWith(`panel ${height}/${height} of ${columns}`),
    );
    await sleep(200);
    const lines = screen('resize');
    assert.equal(lines.filter((line) => line.startsWith('panel')).length, height, lines.join('\n'));
    assert.match(lines[rows - height - 2] ?? '', /^(?:(?:err|out) \d+)?$/);
  }
  send('resize', 'q');
  await restored('resize', /status 0/);
});

test('suspended and resumed', needsTmux, async () => {
  await startDemo('suspend', 24);
  send('suspend', 'C-z');
  await until('a prompt', () => /Stopped/.test(history('suspend')));
  assert.equal(screen('suspend').filter((line) => line.startsWith('panel')).length, 0);
  send('suspend', 'echo he""re', 'Enter');
  await until('an echo', () => /\nhere\n/.test(history('suspend')));
  send('suspend', 'fg', 'Enter');
  await until('a panel', () => screen('suspend').at(-1)!.startsWith('panel'));
  send('suspend', 'q');
  await until('an end', () => /report, draws/.test(history('suspend')));
  await restored('suspend', /report, draws/);
});

test('the terminal is as it was after a crash, an exit and a signal', needsTmux, async () => {
  await startDemo('crash', 24);
  send('crash', 'c');
  await until('words of the crash', () => /crashed on purpose/.test(history('crash')));
  await restored('crash', /status [17]/);
  await startDemo('exit', 24);
  send('exit', 'e');
  await restored('exit', /status 3/);
});
