// In: nothing (`node --import tsx bench/profiles/run.ts [MB] [STACKS]`). Out: `top` of a heap text against `go tool pprof -top`, as
// paired ratios of the wall time of whole processes. Needs the go command; the file is made in the temporary folder.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { generateHeapText } from './generate.ts';

const megabytes = Number(process.argv[2] ?? 100);
const stacks = Number(process.argv[3] ?? 5000);
const folder = mkdtempSync(join(tmpdir(), 'gcbend-bench-'));
const text = join(folder, 'heap.txt');
generateHeapText(text, megabytes, stacks);
const ours = join(folder, 'parse.mjs');
await build({
  entryPoints: [fileURLToPath(new URL('parse.ts', import.meta.url))],
  outfile: ours,
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

function run(command: string, args: string[]): { seconds: number; note: string } {
  const start = performance.now();
  const result = spawnSync(command, args, { env: { ...process.env, PPROF_TMPDIR: folder }, maxBuffer: 1 << 26 });
  const seconds = (performance.now() - start) / 1000;
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
  return { seconds, note: result.stderr.toString().trim().split('\n').at(-1) ?? '' };
}

for (let i = 0; i < 3; i++) {
  const mine = run('node', [ours, text]);
  const theirs = run('go', ['tool', 'pprof', '-top', '-symbolize=none', '-nodecount=20', text]);
  const ratio = theirs.seconds / mine.seconds;
  console.log(
    `gcbend ${mine.seconds.toFixed(2)} s (${mine.note})  pprof ${theirs.seconds.toFixed(2)} s  pprof / gcbend ${ratio.toFixed(2)}`,
  );
}
rmSync(folder, { recursive: true });
