// In: a log that grows by 5,000 lines a second, one of them a trace line. Out: the share of a core that `gcbend -f` takes for it,
// the whole command, starting left out. `npx tsx bench/live/follow.ts [SECONDS]`, after the build.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './process-usage.ts';

const seconds = Number(process.argv[2] ?? 20);
const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'gcbend-follow-bench-'));
const log = join(directory, 'app.log');
writeFileSync(log, '');
const writer = spawn(process.execPath, [
  '-e',
  `const fs=require('fs');const fd=fs.openSync(process.argv[1],'a');let n=0;
  setInterval(()=>{let t='';for(let i=0;i<50;i++){n++;t+=Date.now()+' INFO request '+n+' status=200 path=/api/orders/'+n+' took=3ms\\n'}
  if(n%5000===0)t+='gc '+n/5000+' @'+n/5000+'.0s 1%: 0.02+0.3+0.01 ms clock, 0.1+0.1/0.2/0.3+0.1 ms cpu, 4->4->1 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 2 P\\n'
  fs.writeSync(fd,t)},10)`,
  log,
]);

async function measure(name: string, child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  await sleep(3000);
  const before = cpuSeconds(child.pid!);
  await sleep(seconds * 1000);
  const share = ((cpuSeconds(child.pid!) - before) / seconds) * 100;
  child.kill();
  await new Promise((done) => child.once('close', done));
  console.log(`${name.padEnd(20)} ${share.toFixed(2).padStart(6)} % of a core`);
}

const command = join(root, 'bin/gcbend.js');
await measure(
  '-f, ndjson',
  spawn(process.execPath, [command, '-f', log, '--format', 'ndjson'], { stdio: ['ignore', 'pipe', 'ignore'] }),
);
await measure(
  '-f, report, piped',
  spawn(process.execPath, [command, '-f', log], { stdio: ['ignore', 'pipe', 'ignore'] }),
);
writer.kill();
rmSync(directory, { recursive: true });
