// In: a log (bench/make-log.ts makes one). Out: CPU time of each way to get at its trace lines, as ratio to grep, one run.
// Usage: node --import tsx bench/scan/scan.ts [FILE] [ROUNDS]
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Unwrapper } from '../../src/envelope/index.ts';
import { type LineMode, LineReader } from '../../src/framing/index.ts';
import { openInput } from '../../src/input/index.ts';

const [file = '/tmp/gcbend-mixed.log', rounds = '5'] = process.argv.slice(2);
const CHUNK_BYTES = 256 * 1024;
/** As many and as long as the grammars, dumps and profiles have. */
const ANCHORS = [
  ['gc ', '%: ', ' MB goal, ', ' ms clock, ', 'scav ', 'scvg', 'SCHED ', 'pacer: ', 'GC forced', 'init ', ' @ 0x'],
  ['goroutine ', 'panic: ', 'fatal error: ', 'SIGQUIT: ', 'WARNING: DATA RACE', 'heap profile: ', ' profile: total '],
  ['--- contention:', '--- mutex:', '# runtime.MemStats', 'heap_alloc: ', '"memstats"', '"schema":1'],
]
  .flat()
  .map((text) => Buffer.from(text));
const GC_LINE = /^gc \d+ @/;

function* chunksOf(path: string): Generator<Buffer> {
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer)) yield buffer.subarray(0, size);
  closeSync(fd);
}

function readLines(mode: LineMode, unwraps: boolean): number {
  const reader = new LineReader({ anchors: ANCHORS });
  const unwrapper = new Unwrapper({
    looksLikeRecord: (bytes, start, end) => GC_LINE.test(bytes.toString('latin1', start, Math.min(end, start + 12))),
  });
  let lines = 0;
  for (const chunk of chunksOf(file)) {
    reader.push(chunk);
    for (let line = reader.next(mode); line !== undefined; line = reader.next(mode)) {
      if (unwraps) for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next()) lines++;
      else lines++;
    }
  }
  return lines;
}

function searchEachAnchor(): number {
  let hits = 0;
  for (const chunk of chunksOf(file)) {
    for (const anchor of ANCHORS)
      for (let at = chunk.indexOf(anchor); at >= 0; at = chunk.indexOf(anchor, at + 1)) hits++;
  }
  return hits;
}

async function readInput(): Promise<number> {
  let size = 0;
  for await (const chunk of openInput(file).chunks) size += chunk.length;
  return size;
}

const WAYS: readonly [string, () => number | Promise<number>][] = [
  ['read alone', () => [...chunksOf(file)].length],
  ['openInput', readInput],
  ['anchored lines', () => readLines('anchored', false)],
  ['anchored lines, unwrapped', () => readLines('anchored', true)],
  ['every line', () => readLines('every', false)],
  ['every line, unwrapped', () => readLines('every', true)],
  ['indexOf for each anchor', searchEachAnchor],
];

async function cpuSecondsOf(run: () => number | Promise<number>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function cpuSecondsOfGrep(): number {
  // Not to /dev/null: there grep stops at the first match.
  const command = `TIMEFORMAT='%U %S'; time grep -ac '^gc ' "$0" | cat`;
  const { stderr } = spawnSync('bash', ['-c', command, file], { encoding: 'utf8' });
  return stderr
    .trim()
    .split(' ')
    .reduce((sum, part) => sum + Number(part), 0);
}

const megabytes = statSync(file).size / 1e6;
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
console.log(`${file}: ${megabytes.toFixed(0)} MB, medians of ${rounds} rounds, each beside its own grep -ac '^gc '`);
for (const [name, run] of WAYS) {
  const seconds: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    const grep = cpuSecondsOfGrep();
    const own = await cpuSecondsOf(run);
    seconds.push(own);
    ratios.push(own / grep);
  }
  const speed = megabytes / median(seconds);
  console.log(
    `${name.padEnd(28)} ${median(ratios).toFixed(2).padStart(6)} x grep ${speed.toFixed(0).padStart(6)} MB/s`,
  );
}
