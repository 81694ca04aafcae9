// In: ../healthy/stderr.log and ../leak/stderr.log, real traces. Out: service.journal, what `journalctl -o short-iso-precise` shows of a
// service that ran three times: the healthy program, then twice the beginning of the leaking one, which systemd started again after a
// kill, its pid in every line.
import { readFileSync, writeFileSync } from 'node:fs';

const read = (name) => readFileSync(new URL(`../${name}/stderr.log`, import.meta.url), 'utf8').trimEnd().split('\n');
const iso = (ms) => `${new Date(ms).toISOString().slice(0, 19)}.${String(ms % 1000).padStart(3, '0')}512+00:00`;
const out = [];
let started = Date.parse('2026-11-20T02:10:04Z');

function run(lines, pid, end) {
  let ms = started;
  for (const line of lines) {
    const at = /@([\d.]+)s/.exec(line);
    if (at !== null) ms = started + Math.round(Number(at[1]) * 1000);
    out.push(`${iso(ms)} web-3 shopd[${pid}]: ${line}`);
  }
  for (const text of end) out.push(`${iso(ms + 40)} web-3 systemd[1]: ${text}`);
  started = ms + 2000;
}

const killed = [
  'shopd.service: A process of this unit has been killed by the OOM killer.',
  'shopd.service: Scheduled restart job, restart counter is at 1.',
  'Started shopd.service - the shop.',
];
run(read('healthy'), 811, ['Stopping shopd.service - the shop...', 'Started shopd.service - the shop.']);
run(read('leak'), 1490, killed);
run(read('leak').slice(0, 190), 2077, []);
writeFileSync(new URL('service.journal', import.meta.url), `${out.join('\n')}\n`);
