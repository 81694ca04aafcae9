// In: nothing. Out: every live measurement, one after the other, as a Markdown table. `npx tsx bench/live/run.ts`, after the build; some
// ten minutes, on a machine that has nothing else to do.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const measurements = [
  { script: 'observer.ts', what: 'program under watch against 2>/dev/null', target: '≤ 1.03 × wall and pause' },
  { script: 'follow.ts', what: 'following 5,000 lines a second', target: '≤ 2 % of a core' },
  { script: 'week.ts', what: 'memory of a simulated week', target: '≤ 100 MiB, no growth' },
  { script: 'latency.ts', what: 'from the line printed to the event out', target: '≤ 50 ms' },
];

console.log('| what | target | measured |\n|---|---|---|');
for (const { script, what, target } of measurements) {
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', join(import.meta.dirname, script)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const line of stdout.split('\n').filter((text) => text.trim() !== '')) {
    console.log(`| ${what} | ${target} | ${line.trim().replaceAll(/ {2,}/g, ' ')} |`);
  }
  if (status !== 0) process.exitCode = 1;
}
