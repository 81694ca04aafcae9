// In: a dump file. Out: seconds, goroutines, groups and peak memory of the grouping parser alone (as a whole process).
// Usage: node --import tsx bench/dumps/parse.ts FILE
import fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { GoroutineDumpParser } from '../../src/events/goroutines/index.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: parse.ts FILE');
// As bin/gcbend.js has it.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
const began = process.hrtime.bigint();
const parser = new GoroutineDumpParser({ source: path });
const buffer = Buffer.allocUnsafe(1 << 18);
const file = fs.openSync(path, 'r');
let kept = 0;
let line = 1;
for (;;) {
  const read = fs.readSync(file, buffer, kept, buffer.length - kept, null);
  const end = kept + read;
  const result = parser.push(buffer, 0, end, line, read === 0);
  line += result.lines;
  kept = end - result.consumed;
  buffer.copyWithin(0, result.consumed, end);
  if (read === 0) break;
}
const event = parser.finish();
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const total = event !== undefined && 'total' in event ? event.total : 0;
const groups = event !== undefined && 'groups' in event ? event.groups.length : 0;
const bytes = fs.statSync(path).size;
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, total, groups, bytesPerSecond: bytes / seconds, peakMiB }));
