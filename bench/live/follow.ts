// In: a log that grows by 5,000 lines a second, one of them a trace line. Out: the share of a core that following it takes,
// and how long a line takes from the write to the reader. `node --import tsx bench/live/follow.ts [SECONDS]`
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followFiles } from '../../src/input/follow.ts';

const seconds = Number(process.argv[2] ?? 10);
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
const stop = new AbortController();
let bytes = 0;
const delays: number[] = [];
let before = process.cpuUsage();
// Not what starting costs: this is left on for a week.
setTimeout(() => {
  before = process.cpuUsage();
  bytes = 0;
}, 2000);
setTimeout(() => stop.abort(), 2000 + seconds * 1000);
for await (const chunk of followFiles([log], { signal: stop.signal })) {
  bytes += chunk.bytes.length;
  delays.push(Date.now() - Number(chunk.bytes.toString('latin1', 0, 13)));
}
const { user, system } = process.cpuUsage(before);
writer.kill();
rmSync(directory, { recursive: true });
delays.sort((a, b) => a - b);
const at = (share: number) => delays[Math.floor((delays.length - 1) * share)];
console.log(
  `${((user + system) / 1e4 / seconds).toFixed(2)} % of a core, ${(bytes / seconds / 1024).toFixed(0)} KiB/s`,
);
console.log(`oldest line of each read: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms after it was written`);
