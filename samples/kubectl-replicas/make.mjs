// In: ../leak/stderr.log and ../healthy/stderr.log, real traces. Out: pods.log, as `kubectl logs --prefix -l app=shop` shows two pods of
// one deployment: the lines of both in the order of their times, each behind its pod and container.
import { readFileSync, writeFileSync } from 'node:fs';

const pods = { 'shop-7c9f6b5d4-2xkvq': 'leak', 'shop-7c9f6b5d4-m8ttz': 'healthy' };
const lines = [];
for (const [pod, sample] of Object.entries(pods)) {
  let at = 0;
  for (const line of readFileSync(new URL(`../${sample}/stderr.log`, import.meta.url), 'utf8').trimEnd().split('\n')) {
    at = Number(/@([\d.]+)s/.exec(line)?.[1] ?? at);
    lines.push({ at, text: `[pod/${pod}/shop] ${line}` });
  }
}
lines.sort((a, b) => a.at - b.at);
writeFileSync(new URL('pods.log', import.meta.url), `${lines.map(({ text }) => text).join('\n')}\n`);
