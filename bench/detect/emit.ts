// In: one trace file. Out: the NDJSON that a scorer of labelled traces reads (gc, inflection, finding), from the detector alone.
// usage: npx tsx bench/detect/emit.ts TRACE [--format ndjson]

import { readFileSync } from 'node:fs';
import { readCycles } from './read-trace.ts';
import { runDetector } from './run-detector.ts';

const path = process.argv[2];
if (path === undefined) throw new Error('usage: emit.ts TRACE');
const cycles = readCycles(readFileSync(path, 'utf8'));
const said = runDetector(cycles);
const print = (event: object) => console.log(JSON.stringify(event));
for (const c of cycles) print({ type: 'gc', at: c.at });
for (const r of said.raised) print({ type: 'inflection', status: 'provisional', ...r });
for (const f of said.final) print({ type: 'inflection', status: 'final', ...f });
if (said.blamed) {
  print({ type: 'finding', id: 1, status: 'final', ongoing: true, rule: 'heap-growth', severity: 'critical' });
}
