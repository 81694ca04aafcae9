// In: nothing (or a size in MiB). Out: time of the grouping parser, and of the whole command, against gostackparse on the same dumps, as
// paired ratios. Usage: node --import tsx bench/dumps/run.ts [MIB] [ROUNDS], after npm run build; the go command fetches gostackparse once.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { writeDump } from './generate.ts';

const [mebibytes = '200', rounds = '3'] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gcbend-bench-'));
try {
  const peer = buildPeer();
  const own = bundleOwn();
  for (const [name, stacks] of [
    ['30 stacks', 30],
    ['50,000 stacks', 50_000],
  ] as const) {
    const file = path.join(folder, `${stacks}.txt`);
    writeDump(file, Number(mebibytes), stacks);
    const ratios: number[] = [];
    for (let i = 0; i < Number(rounds); i++) {
      const theirs = runJson(peer, [file]);
      const ours = runJson(process.execPath, [own, file]);
      ratios.push(theirs.seconds / ours.seconds);
      console.log(name, 'gostackparse', JSON.stringify(theirs), 'gcbend', JSON.stringify(ours));
    }
    ratios.sort((a, b) => a - b);
    console.log(`${name}: ${ratios[ratios.length >> 1]!.toFixed(2)} x gostackparse (median of ${ratios.length})`);
    fs.rmSync(file);
  }
  const alone = path.join(folder, 'alone.txt');
  fs.writeFileSync(alone, 'goroutine 1 [running]:\nmain.main()\n\t/app/main.go:9 +0x1\n');
  for (const [name, stacks] of [
    ['whole command, 100,000 goroutines of 30 stacks', 30],
    ['whole command, 100,000 goroutines of 2,000 stacks', 2000],
  ] as const) {
    const file = path.join(folder, `command-${stacks}.txt`);
    writeDump(file, 33, stacks);
    const ratios: number[] = [];
    for (let i = 0; i < 2 * Number(rounds) + 1; i++) {
      const theirs = runJson(peer, [file]).seconds;
      const startUp = timeCommand(alone);
      const ours = timeCommand(file);
      ratios.push(ours / (theirs + startUp));
      console.log(name, { gostackparse: theirs, startUp, gcbend: ours });
    }
    ratios.sort((a, b) => a - b);
    console.log(
      `${name}: ${ratios[ratios.length >> 1]!.toFixed(2)} of gostackparse and start-up (median of ${ratios.length})`,
    );
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function buildPeer(): string {
  const module = path.join(folder, 'peer');
  fs.cpSync(path.join(here, 'gostackparse'), module, { recursive: true });
  const go = (...args: string[]): void => {
    execFileSync('go', args, { cwd: module, stdio: 'inherit' });
  };
  go('mod', 'init', 'peer');
  go('get', 'github.com/DataDog/gostackparse@v0.7.0');
  go('build', '-o', 'peer', '.');
  return path.join(module, 'peer');
}

/** Plain JavaScript, as it is published: a TypeScript loader would count as ours. */
function bundleOwn(): string {
  const outfile = path.join(folder, 'parse.mjs');
  buildSync({ entryPoints: [path.join(here, 'parse.ts')], bundle: true, platform: 'node', format: 'esm', outfile });
  return outfile;
}

/** Seconds of `gcbend FILE`; its status says what it found. */
function timeCommand(file: string): number {
  const began = process.hrtime.bigint();
  spawnSync(process.execPath, [path.join(here, '../../bin/gcbend.js'), file]);
  return Number(process.hrtime.bigint() - began) / 1e9;
}

function runJson(command: string, args: string[]): { seconds: number; total: number; peakMiB: number } {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as {
    seconds: number;
    total: number;
    peakMiB: number;
  };
}
