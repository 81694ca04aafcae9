// In: nothing (or a size in MiB). Out: time of the grouping parser against gostackparse on the same dumps, as paired ratios.
// Usage: node --import tsx bench/dumps/run.ts [MIB] [ROUNDS]; the go command fetches gostackparse once, into a temporary folder.
import { execFileSync } from 'node:child_process';
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

function runJson(command: string, args: string[]): { seconds: number; total: number; peakMiB: number } {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as {
    seconds: number;
    total: number;
    peakMiB: number;
  };
}
