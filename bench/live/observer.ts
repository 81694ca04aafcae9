// In: a program with thousands of collections a second. Out: what watching costs it: wall time and total pause against 2>/dev/null,
// medians of rounds with their 95 % intervals, and beside them what a second run with 2>/dev/null makes of it: below that nothing is told.
// `node --import tsx bench/live/observer.ts [ROUNDS] [CYCLES] [WAY]`
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runChild } from '../../src/input/child.ts';

interface Cost {
  wallMs: number;
  /** Of the program alone: steadier than wall time on a busy machine. */
  cpuMs: number;
  pauseMs: number;
  cycles: number;
}

interface Round {
  plain: Cost;
  watched: Cost;
  again: Cost;
}

if (process.argv[2] === 'only') {
  const child = await runChild({ command: process.argv[3]!, args: process.argv.slice(4) });
  for await (const _ of child.chunks);
  process.exit((await child.exit).status);
}

const rounds = Number(process.argv[2] ?? 5);
const cycles = process.argv[3] ?? '5000';
const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'gcbend-observer-'));
const program = join(directory, 'observed');
const out = join(directory, 'out');
execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'program') });

const readCost = (): Cost => JSON.parse(readFileSync(out, 'utf8')) as Cost;

async function unwatched(): Promise<Cost> {
  const fd = openSync(out, 'w');
  spawnSync(program, [cycles], { stdio: ['ignore', fd, 'ignore'], env: { ...process.env, GODEBUG: 'gctrace=1' } });
  closeSync(fd);
  return readCost();
}

/** In a process of its own: it lowers its priority. */
async function underRunChild(): Promise<Cost> {
  const fd = openSync(out, 'w');
  spawnSync(process.execPath, ['--import', 'tsx', import.meta.filename, 'only', program, cycles], {
    stdio: ['ignore', fd, 'inherit'],
  });
  closeSync(fd);
  return readCost();
}

/** What `2>&1 | tool` costs: a reader that is woken by every piece. */
async function throughPipe(): Promise<Cost> {
  const fd = openSync(out, 'w');
  const env = { ...process.env, GODEBUG: 'gctrace=1' };
  const child = spawn(program, [cycles], { stdio: ['ignore', fd, 'pipe'], env });
  child.stderr!.resume();
  await new Promise((done) => child.once('close', done));
  closeSync(fd);
  return readCost();
}

/** The whole command, as a user runs it: its stderr goes to a pipe that is read, or all of it to a terminal with the panel. */
async function underCommand(onTerminal: boolean): Promise<Cost> {
  const command = [process.execPath, join(root, 'bin/gcbend.js'), 'run', '--', program, cycles, out];
  const child = onTerminal
    ? spawn('script', ['-qec', `stty rows 40 cols 120; ${command.join(' ')}`, '/dev/null'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    : spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  (child.stdout ?? child.stderr)!.resume();
  await new Promise((done) => child.once('close', done));
  return readCost();
}

const ways = {
  runChild: underRunChild,
  pipe: throughPipe,
  ...(existsSync(join(root, 'dist/cli/main.js'))
    ? { 'gcbend run, piped': () => underCommand(false), 'gcbend run, terminal': () => underCommand(true) }
    : {}),
};

/** Median and the order statistics that hold the true one in 95 of 100 cases (the sign test's interval). */
function describe(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const at = (rank: number) => sorted[Math.max(0, Math.min(sorted.length - 1, Math.round(rank)))]!.toFixed(3);
  const middle = (sorted.length - 1) / 2;
  return `${at(middle)} [${at(middle - half)}, ${at(middle + half)}]`;
}

const columns = {
  'wall ×': (cost: Cost) => cost.wallMs / cost.cycles,
  'CPU ×': (cost: Cost) => cost.cpuMs / cost.cycles,
  'pause ×': (cost: Cost) => cost.pauseMs / cost.cycles,
};

console.log('way'.padEnd(24), ...Object.keys(columns).map((name) => name.padEnd(22)), 'GCs/s');
for (const [name, way] of Object.entries(ways)) {
  if (process.argv[4] !== undefined && process.argv[4] !== name) continue;
  const taken: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // In turns, so that what else the machine does weighs on all alike.
    const costs: Cost[] = [];
    const runs = [unwatched, way, unwatched];
    for (let turn = 0; turn < runs.length; turn += 1) {
      const place = (round + turn) % runs.length;
      costs[place] = await runs[place]!();
    }
    taken.push({ plain: costs[0]!, watched: costs[1]!, again: costs[2]! });
  }
  const rate = (taken.reduce((sum, { watched }) => sum + (1000 * watched.cycles) / watched.wallMs, 0) / rounds).toFixed(
    0,
  );
  const row = (ratio: (costs: Round, read: (cost: Cost) => number) => number) =>
    Object.values(columns).map((read) => describe(taken.map((costs) => ratio(costs, read))).padEnd(22));
  const watching = row(({ plain, watched, again }, read) => (2 * read(watched)) / (read(plain) + read(again)));
  console.log(name.padEnd(24), ...watching, rate);
  console.log('  2>/dev/null again'.padEnd(24), ...row(({ plain, again }, read) => read(again) / read(plain)));
}
rmSync(directory, { recursive: true });
