// In: a heap text. Out: its top functions, read in pieces of 1 MiB as the program reads them. Run as a process of its own.
import { closeSync, openSync, readSync } from 'node:fs';
import { ProfileTextParser } from '../../src/events/profiles/index.ts';
import { renderTop } from '../../src/render/profile-view.ts';
import { isProfileEvent, profileOf } from '../../src/series/profile-samples.ts';
import { topTable } from '../../src/series/profile-table.ts';

const file = process.argv[2]!;
const input = openSync(file, 'r');
const buffer = Buffer.allocUnsafe(2 << 20);
const parser = new ProfileTextParser('heap', { source: file });
let kept = 0;
let line = 1;
for (;;) {
  const read = readSync(input, buffer, kept, 1 << 20, null);
  const end = kept + read;
  const to = read === 0 ? end : buffer.lastIndexOf(10, end - 1) + 1;
  const result = parser.push(buffer, 0, to, line);
  line += result.lines;
  kept = end - to;
  buffer.copyWithin(0, to, end);
  if (read === 0) break;
}
closeSync(input);
const event = parser.finish().find(isProfileEvent)!;
const parsed = performance.now();
const lines = renderTop(topTable(profileOf(event), { count: 20 }));
process.stdout.write(`${lines.join('\n')}\n`);
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
process.stderr.write(
  `parsed ${Math.round(parsed)} ms, shown ${Math.round(performance.now())} ms after start, ${peakMiB} MiB\n`,
);
