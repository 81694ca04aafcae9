// In: command lines. Out: what each took, and ratios of commands that ran one after the other, round by round.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

export interface Measured {
  cpuSeconds: number;
  wallSeconds: number;
  peakMiB: number;
}

const helper = join(import.meta.dirname, 'measure.py');

export interface Command {
  command: string;
  args: readonly string[];
  /** Exit status that means success. Default 0. */
  status?: number;
  /** Where its standard output goes. */
  output: string;
}

/** Runs a command once. Throws when it fails. */
export function measure({ command, args, output, status = 0 }: Command): Measured {
  const out = openSync(output, 'w');
  try {
    const result = spawnSync('python3', [helper, command, ...args], {
      stdio: ['ignore', out, 'pipe'],
      encoding: 'utf8',
    });
    return readMeasured(result.stderr, status);
  } finally {
    closeSync(out);
  }
}

/** Runs `feeder | command`; what is measured is the command. */
export function measurePiped(feeder: readonly string[], { command, args, output, status = 0 }: Command): Measured {
  const quote = (words: readonly string[]): string =>
    words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const line = `${quote(feeder)} | ${quote(['python3', helper, command, ...args])} > ${quote([output])}`;
  const result = spawnSync('bash', ['-c', line], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  return readMeasured(result.stderr, status);
}

function readMeasured(stderr: string, expected: number): Measured {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  let result: Measured & { status: number };
  try {
    result = JSON.parse(last);
  } catch {
    throw new Error(`nothing was measured (is python3 there?): ${stderr}`);
  }
  if (result.status !== expected) throw new Error(`exit status ${result.status}: ${stderr}`);
  return result;
}

export interface Paired {
  base: Measured;
  own: Measured;
  /** Medians of the ratios of single rounds. */
  cpuRatio: number;
  wallRatio: number;
}

/** Runs both in turn, so that what else the machine does meets both. Times are medians, memory is the highest. */
export function measurePaired(base: Command, own: Command, rounds: number): Paired {
  const pairs = Array.from({ length: rounds }, () => ({ base: measure(base), own: measure(own) }));
  return {
    base: typical(pairs.map((pair) => pair.base)),
    own: typical(pairs.map((pair) => pair.own)),
    cpuRatio: median(pairs.map((pair) => pair.own.cpuSeconds / pair.base.cpuSeconds)),
    wallRatio: median(pairs.map((pair) => pair.own.wallSeconds / pair.base.wallSeconds)),
  };
}

function typical(runs: readonly Measured[]): Measured {
  return {
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    wallSeconds: median(runs.map((run) => run.wallSeconds)),
    peakMiB: Math.max(...runs.map((run) => run.peakMiB)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
