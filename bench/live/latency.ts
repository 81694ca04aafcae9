// In: trace lines that carry in their numbers when they were written. Out: how long each takes from there to its event on stdout,
// through `-f`, a pipe and `run`. `npx tsx bench/live/latency.ts [LINES]`, after the build.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

if (process.argv[2] === 'print') {
  const lines = Number(process.argv[3]);
  for (let cycle = 1; cycle <= lines; cycle += 1) {
    await sleep(53);
    process.stderr.write(traceLine(cycle));
  }
  process.exit(0);
}

const lines = Number(process.argv[2] ?? 200);
const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'gcbend-latency-'));
const log = join(directory, 'app.log');
const command = join(root, 'bin/gcbend.js');
writeFileSync(log, '');

/** The heap's size is the time of day in ms, so that the event tells when its line was written. */
function traceLine(cycle: number): string {
  const nowMs = Date.now() % 86_400_000;
  return `gc ${cycle} @${(cycle * 0.053).toFixed(3)}s 1%: 0.02+0.3+0.01 ms clock, 0.1+0.1/0.2/0.3+0.1 ms cpu, ${nowMs}->${nowMs}->1 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 2 P\n`;
}

async function measure(
  name: string,
  child: ChildProcess,
  print: ((line: string) => void) | undefined,
  events = child.stdout!,
): Promise<void> {
  const delaysMs: number[] = [];
  createInterface({ input: events }).on('line', (line) => {
    const start = /"type":"gc".*"heapMiB":\{"start":(\d+)/.exec(line)?.[1];
    if (start !== undefined) delaysMs.push((Date.now() % 86_400_000) - Number(start));
  });
  const closed = new Promise((done) => child.once('close', done));
  await sleep(1500);
  for (let cycle = 1; print !== undefined && cycle <= lines; cycle += 1) {
    print(traceLine(cycle));
    // Not in step with any of the reader's own timers.
    await sleep(53);
  }
  if (print !== undefined) {
    await sleep(300);
    child.kill();
  }
  await closed;
  delaysMs.sort((a, b) => a - b);
  const at = (share: number) => String(delaysMs[Math.floor((delaysMs.length - 1) * share)]).padStart(4);
  console.log(`${name.padEnd(8)} ${delaysMs.length} events  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(1)} ms`);
}

const ndjson = ['--format', 'ndjson'];
const spawnCommand = (args: string[]) =>
  spawn(process.execPath, [command, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
await measure('-f', spawnCommand(['-f', log, ...ndjson]), (line) => appendFileSync(log, line));
const piped = spawnCommand(ndjson);
await measure('pipe', piped, (line) => piped.stdin!.write(line));
const self = [process.execPath, '--import', 'tsx', import.meta.filename, 'print', String(lines)];
// `run` leaves stdout to the program: its events go to stderr.
const run = spawn(process.execPath, [command, 'run', ...ndjson, '--', ...self], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
await measure('run', run, undefined, run.stderr!);
rmSync(directory, { recursive: true });
