// In: a program with thousands of collections a second. Out: what watching costs it: wall time and total pause against 2>/dev/null,
// medians of paired runs. `node --import tsx bench/live/observer.ts [PAIRS] [CYCLES] [WAY]`
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

if (process.argv[2] === 'only') {
  const child = await runChild({ command: process.argv[3]!, args: process.argv.slice(4) });
  for await (const _ of child.chunks);
  process.exit((await child.exit).status);
}

const pairs = Number(process.argv[2] ?? 5);
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
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

console.log('way'.padEnd(20), 'wall ×'.padStart(8), 'CPU ×'.padStart(8), 'pause ×'.padStart(8), 'GCs/s'.padStart(8));
for (const [name, way] of Object.entries(ways)) {
  if (process.argv[4] !== undefined && process.argv[4] !== name) continue;
  const wall: number[] = [];
  const cpu: number[] = [];
  const pause: number[] = [];
  const rate: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // In turns, so that what else the machine does weighs on both alike.
    const [plain, watched] =
      pair % 2 === 0
        ? [await unwatched(), await way()]
        : await way().then(async (cost) => [await unwatched(), cost] as const);
    wall.push(watched.wallMs / plain.wallMs);
    cpu.push(watched.cpuMs / watched.cycles / (plain.cpuMs / plain.cycles));
    pause.push(watched.pauseMs / watched.cycles / (plain.pauseMs / plain.cycles));
    rate.push((watched.cycles / watched.wallMs) * 1000);
  }
  console.log(
    name.padEnd(20),
    median(wall).toFixed(3).padStart(8),
    median(cpu).toFixed(3).padStart(8),
    median(pause).toFixed(3).padStart(8),
    median(rate).toFixed(0).padStart(8),
  );
}
rmSync(directory, { recursive: true });
