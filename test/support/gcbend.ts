// In: arguments and standard input. Out: what the built command printed, and its status.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { GcbendEvent } from '../../src/events/types.ts';

const command = resolve(import.meta.dirname, '../../bin/gcbend.js');
export const samples: string = resolve(import.meta.dirname, '../../samples');

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `bin/gcbend.js`; the environment asks for no colours and knows no configuration of the machine's. */
export function gcbend(
  args: readonly string[],
  options: { input?: string | Buffer; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: options.cwd ?? samples,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', failed);
    child.on('close', (status) => done({ status, stdout, stderr }));
    // The command may end before it has read all of its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The events of NDJSON output. */
export function eventsOf(ran: Ran): GcbendEvent[] {
  return ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as GcbendEvent);
}
