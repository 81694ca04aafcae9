// Real output of every Go version: each runtime line is one record, its JSON and its object agree, and only cut lines are left over.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadProjectGrammars } from './project-grammars.ts';

const grammars = loadProjectGrammars();
const fixtures = new URL('./fixtures/', import.meta.url);

/** What each file must hold: grammar ids and how often, by version and file; `cut` are lines that the exit of the process cut. */
const expected = JSON.parse(readFileSync(new URL('./goldens.expected.json', import.meta.url), 'utf8')) as Record<
  string,
  { records: Record<string, number>; other: string[] }
>;

function readFixture(path: string): { records: Record<string, number>; other: string[] } {
  const text = readFileSync(new URL(path, fixtures));
  const records: Record<string, number> = {};
  const other: string[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf(10, start);
    const end = newline < 0 ? text.length : newline;
    const match = grammars.match(text, start, end);
    if (match === undefined) {
      if (end > start && !path.includes('allocfreetrace')) other.push(text.toString('utf8', start, end));
    } else {
      const name = `${match.shape.grammar.id}/${match.shape.compiled.id}`;
      records[name] = (records[name] ?? 0) + 1;
      const out = Buffer.alloc(grammars.maxJsonBytes(match));
      const length = grammars.encodeJson(match, out, 0);
      const members = out.toString('utf8', 0, length);
      const encoded = length === 0 ? {} : JSON.parse(`{${members.slice(1)}}`);
      assert.deepEqual(encoded, grammars.decode(match), text.toString('utf8', start, end));
    }
    start = end + 1;
  }
  return { records, other };
}

for (const version of readdirSync(fixtures)) {
  test(`runtime lines of ${version}`, () => {
    for (const file of readdirSync(new URL(`${version}/`, fixtures))) {
      if (file === 'interleave.txt') continue;
      const path = `${version}/${file}`;
      assert.deepEqual(readFixture(path), expected[path], path);
    }
  });
}

test('values of one real line of each generation', () => {
  const values = (line: string): Record<string, unknown> => {
    const bytes = Buffer.from(line);
    const match = grammars.match(bytes, 0, bytes.length);
    assert.ok(match, line);
    return grammars.decode(match);
  };
  assert.deepEqual(
    values(
      'gc 4 @0.013s 4%: 0.18+0.094+0.15 ms clock, 0.37+0/0.011/0.090+0.31 ms cpu, 15->15->15 MB, 30 MB goal, 2 P (forced)',
    ),
    {
      cycle: 4,
      at: 0.013,
      gcCpuPercent: 4,
      clockMs: { sweepTermination: 0.18, mark: 0.094, markTermination: 0.15 },
      cpuMs: { sweepTermination: 0.37, assist: 0, background: 0.011, idle: 0.09, markTermination: 0.31 },
      heapMiB: { start: 15, end: 15, live: 15, goal: 30 },
      procs: 2,
      forced: true,
    },
  );
  assert.deepEqual(
    values(
      'SCHED 15ms: gomaxprocs=2 idleprocs=0 threads=4 spinningthreads=0 needspinning=1 idlethreads=1 runqueue=0 [ 1 1 ] schedticks=[ 1 3 ]',
    ),
    {
      elapsedMs: 15,
      procs: 2,
      idleProcs: 0,
      threads: 4,
      spinningThreads: 0,
      needSpinning: 1,
      idleThreads: 1,
      runQueue: 0,
      runQueues: [1, 1],
      schedTicks: [1, 3],
    },
  );
  assert.deepEqual(values('forced scvg: inuse: 8, idle: 54, sys: 63, released: 52, consumed: 10 (MB)'), {
    forced: true,
    inUseMiB: 8,
    idleMiB: 54,
    sysMiB: 63,
    releasedMiB: 52,
    consumedMiB: 10,
  });
});
