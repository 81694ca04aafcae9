// In: arguments. Out: the built command while it runs: what it has printed until now, and ways to wait for more.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ran, samples } from './gcbend.ts';

const command = resolve(samples, '../bin/gcbend.js');

export interface Started {
  child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when the text stands on one of the two streams; fails when the command ends first. */
  until(pattern: RegExp): Promise<void>;
  /** The end of the command. */
  ended: Promise<Ran & { signal: NodeJS.Signals | null }>;
}

/** Waits without a clock in the test: long enough for a loaded machine, over as soon as it is true. */
export async function eventually(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (check()) return;
    await sleep(25);
  }
  assert.fail(`never: ${what}`);
}

export function startGcbend(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; detached?: boolean } = {},
): Started {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd ?? samples,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: signals of the test reach gcbend alone.
    detached: options.detached ?? true,
  });
  const texts = { stdout: '', stderr: '' };
  let over = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  child.stdin.on('error', () => {});
  const ended = new Promise<Ran & { signal: NodeJS.Signals | null }>((done, failed) => {
    child.on('error', failed);
    child.on('close', (status, signal) => {
      over = true;
      done({ status, signal, ...texts });
    });
  });
  return {
    child,
    ended,
    get stdout() {
      return texts.stdout;
    },
    get stderr() {
      return texts.stderr;
    },
    async until(pattern) {
      const seen = (): boolean => pattern.test(texts.stdout) || pattern.test(texts.stderr);
      await eventually(`${pattern} in ${JSON.stringify(texts)}`, () => seen() || over);
      assert.ok(seen(), `it ended before ${pattern}: ${JSON.stringify(texts)}`);
    },
  };
}
