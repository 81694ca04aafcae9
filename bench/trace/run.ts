// In: nothing (or rounds, and MB of each log). Out: the numbers of the main trace path as a Markdown table: CPU against grep, time against
// gogctrace, start-up against Node, peak memory, torn lines.
// Usage: npm run build && node --import tsx bench/trace/run.ts [ROUNDS] [MB] [MILLION_CYCLES]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Command, measure, measurePaired, measurePiped } from './measure.ts';
import { buildGogctrace } from './peer.ts';

const [rounds = 5, megabytes = 200, millionCycles = 5] = process.argv.slice(2).map(Number);
const root = join(import.meta.dirname, '../..');
const gcbend = join(root, 'bin/gcbend.js');
const LINE_BYTES = 149.5;

const folder = mkdtempSync(join(temporaryFolder(), 'gcbend-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** In memory where there is room: a disk that writes 600 MB would be what is measured. */
function temporaryFolder(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 3e9 ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

const makeLog = (kind: 'mixed' | 'pure', size: number, file: string): readonly string[] => [
  process.execPath,
  '--import',
  'tsx',
  join(root, 'bench/make-log.ts'),
  kind,
  String(size),
  file,
];

function writeLog(kind: 'mixed' | 'pure', size: number): string {
  const file = join(folder, `${kind}-${size}.log`);
  const [command = '', ...args] = makeLog(kind, size, file);
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) throw new Error(`no ${kind} log was made`);
  return file;
}

const output = join(folder, 'output');
const ours = (...args: string[]): Command => ({ command: process.execPath, args: [gcbend, ...args], output });
const node: Command = { command: process.execPath, args: ['-e', '0'], output };

const rows: string[][] = [];
const row = (what: string, target: string, measured: string, details: string): void => {
  rows.push([what, target, measured, details]);
};
const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;
const seconds = (value: number): string => `${value.toFixed(3)} s`;
const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;
const peaks: [what: string, peakMiB: number][] = [];

function againstGrep(): void {
  const file = writeLog('mixed', megabytes);
  // Its output goes to a file: with /dev/null grep would stop at the first match.
  const grep: Command = { command: 'grep', args: ['-ac', '^gc ', file], output };
  for (const [what, target, args] of [
    ['without detector', '≤ 1.5 ×', ['--detector', 'none']],
    ['with detector', '≤ 2.5 ×', []],
  ] as const) {
    const { base, own, cpuRatio } = measurePaired(grep, ours(file, '--format', 'ndjson', ...args), rounds);
    const details = `CPU ${seconds(own.cpuSeconds)}, grep ${seconds(base.cpuSeconds)}`;
    row(`${megabytes} MB log, 1 % trace lines, ${what}, against \`grep -ac '^gc '\``, target, times(cpuRatio), details);
    peaks.push([`1 %, ${what}`, own.peakMiB]);
  }
  rmSync(file);
}

function againstGogctrace(): void {
  const file = writeLog('pure', megabytes);
  const own = ours(file, '--format', 'ndjson', '--detector', 'none');
  const what = `${megabytes} MB of trace lines to NDJSON, against gogctrace`;
  const peer = buildGogctrace(folder);
  if ('missing' in peer) {
    const alone = measure(own);
    row(what, '≥ 8 × faster', 'no peer', `CPU ${seconds(alone.cpuSeconds)}; ${peer.missing}`);
    peaks.push(['all trace lines', alone.peakMiB]);
  } else {
    const theirs: Command = { command: peer.path, args: [file], output };
    const paired = measurePaired(own, theirs, Math.min(rounds, 3));
    const details = `${seconds(paired.base.wallSeconds)} against ${seconds(paired.own.wallSeconds)}; CPU ${times(paired.cpuRatio)}`;
    row(what, '≥ 8 × faster', times(paired.wallRatio), details);
    peaks.push(['all trace lines', paired.base.peakMiB]);
  }
  rmSync(file);
}

function startUp(): void {
  const trace = join(folder, 'short.log');
  const lines = readFileSync(writeLog('pure', 1), 'utf8').split('\n').slice(0, 200);
  writeFileSync(trace, `${lines.join('\n')}\n`);
  for (const [what, target, own] of [
    ['`gcbend --version`', '≤ 1.3 ×', ours('--version')],
    ['200 trace lines to report', '≤ 4 ×', ours(trace)],
  ] as const) {
    const paired = measurePaired(node, own, 3 * rounds);
    const details = `${seconds(paired.own.wallSeconds)}, node ${seconds(paired.base.wallSeconds)}; CPU ${times(paired.cpuRatio)}`;
    row(`start-up: ${what}, against \`node -e 0\``, target, times(paired.wallRatio), details);
  }
}

function memory(): void {
  const size = (millionCycles * 1e6 * LINE_BYTES) / 1e6;
  const piped = measurePiped(makeLog('pure', size, '/dev/stdout'), {
    ...ours('--format', 'ndjson'),
    output: '/dev/null',
  });
  peaks.push([`pipe, ${millionCycles} million cycles, with detector`, piped.peakMiB]);
  const highest = Math.max(...peaks.map(([, peak]) => peak));
  row(
    'peak memory',
    '≤ 100 MiB',
    mebibytes(highest),
    peaks.map(([what, peak]) => `${what}: ${mebibytes(peak)}`).join('; '),
  );
}

function torn(): void {
  const result = spawnSync(process.execPath, ['--import', 'tsx', join(root, 'bench/torn/torn.ts')], {
    cwd: root,
    encoding: 'utf8',
  });
  const found = /^all: ([\d.]+ %) of (\d+), (\d+) wrong$/m.exec(result.stdout);
  if (found === null) throw new Error(`bench/torn: ${result.stderr}`);
  row('torn cycles put together', '≥ 99 %, 0 wrong', `${found[1]}, ${found[3]} wrong`, `${found[2]} torn lines`);
}

for (const step of [againstGrep, againstGogctrace, startUp, memory, torn]) {
  process.stderr.write(`${step.name} …\n`);
  step();
}
const cpu = cpus();
console.log(
  `${cpu[0]?.model ?? 'unknown processor'}, ${cpu.length} CPUs, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.version}, ${rounds} rounds\n`,
);
for (const cells of [['what', 'target', 'measured', 'details'], ['---', '---', '---', '---'], ...rows]) {
  console.log(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
}
