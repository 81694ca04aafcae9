// In: a kind and a size in MB. Out: a log on the given path: application lines with 1 % trace lines, or trace lines alone.
// Usage: node --import tsx bench/make-log.ts mixed|pure MEGABYTES FILE. The same arguments give the same bytes.
import { closeSync, openSync, writeSync } from 'node:fs';

const [kind = 'mixed', megabytes = '200', file = '/tmp/gcbend-mixed.log'] = process.argv.slice(2);
const targetBytes = Number(megabytes) * 1e6;
const TRACE_SHARE = 0.01;

/** Mulberry32: small, seeded, the same on every machine. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = makeRandom(1);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
const upTo = (limit: number): number => Math.floor(random() * limit);
const hex = (digits: number): string =>
  upTo(16 ** Math.min(digits, 12))
    .toString(16)
    .padStart(digits, '0');

const PATHS = ['/api/v1/orders', '/api/v1/users', '/healthz', '/search?q=shoes%20red&page=2', '/static/app.js'];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
const MESSAGES = [
  'cache refreshed',
  'connection to upstream lost, retrying in 250ms',
  'user ana@example.org logged in',
  'sweep of stale sessions done',
  'flushed 128 rows to table orders (took 14.2 ms)',
  'progress 42%, 12 MB of 80 MB copied',
];

let clockMs = Date.UTC(2026, 10, 21, 9, 0, 0);

function makeAppLine(): string {
  clockMs += upTo(20);
  const time = new Date(clockMs).toISOString();
  const path = pick(PATHS);
  switch (upTo(5)) {
    case 0:
      return `${time} INFO  request method=${pick(METHODS)} url=https://shop.example.com${path} status=${pick([200, 200, 304, 404, 500])} duration=${upTo(900)}.${upTo(10)}ms trace_id=${hex(16)}\n`;
    case 1:
      return `${time.slice(0, 19).replaceAll('-', '/').replace('T', ' ')} http.go:${upTo(400)}: ${pick(METHODS)} ${path} from 10.0.${upTo(256)}.${upTo(256)}:${upTo(65536)}\n`;
    case 2:
      return `${time} ${pick(['DEBUG', 'INFO', 'WARN', 'ERROR'])} [worker-${upTo(16)}] ${pick(MESSAGES)}\n`;
    case 3:
      return `{"level":"info","ts":${(clockMs / 1000).toFixed(3)},"caller":"server/http.go:${upTo(400)}","msg":"${pick(MESSAGES)}","bytes":${upTo(1e6)},"id":"${hex(8)}"}\n`;
    default:
      return `10.0.${upTo(256)}.${upTo(256)} - - [21/Nov/2026:09:${String(upTo(60)).padStart(2, '0')}:07 +0000] "${pick(METHODS)} ${path} HTTP/1.1" 200 ${upTo(90000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"\n`;
  }
}

let cycle = 0;
let at = 0;

function makeTraceLine(): string {
  cycle++;
  at += 0.01 + random() * 0.2;
  const live = 20 + Math.floor(cycle / 500) + upTo(6);
  const start = live * 2 - upTo(3);
  return (
    `gc ${cycle} @${at.toFixed(3)}s ${upTo(6)}%: 0.0${10 + upTo(90)}+${(random() * 5).toFixed(1)}+0.00${1 + upTo(9)} ms clock, ` +
    `0.${10 + upTo(90)}+${(random() * 2).toFixed(2)}/${(random() * 9).toFixed(1)}/${(random() * 9).toFixed(1)}+0.0${10 + upTo(90)} ms cpu, ` +
    `${start}->${start + upTo(3)}->${live} MB, ${live * 2} MB goal, 0 MB stacks, 0 MB globals, 8 P\n`
  );
}

const fd = openSync(file, 'w');
for (let written = 0; written < targetBytes; ) {
  let text = '';
  while (text.length < 1 << 20) text += kind === 'pure' || random() < TRACE_SHARE ? makeTraceLine() : makeAppLine();
  written += writeSync(fd, text);
}
closeSync(fd);
