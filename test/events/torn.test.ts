// Torn lines: put together with exactly the numbers that were printed, or malformed; never something else.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRuntimeDuration } from '../../src/events/plausible.ts';
import { loadProjectGrammars } from '../grammar/project-grammars.ts';
import { makeTornLog, STYLES, writesOf } from './torn-generator.ts';
import { runTorn } from './torn-run.ts';

const grammars = loadProjectGrammars();
const fixture = (path: string): string => readFileSync(new URL(`../grammar/fixtures/${path}`, import.meta.url), 'utf8');
const GC =
  'gc 1 @0.030s 7%: 0.16+2.7+0.005 ms clock, 0.33+0/0.83/2.0+0.011 ms cpu, 26->26->25 MB, 30 MB goal, 1 MB stacks, 2 MB globals, 8 P';

/** A made trace: `count` cycles with growing numbers. */
function trace(count: number, tail: (cycle: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => {
    const start = 20 + i;
    return `gc ${i + 1} @${(0.25 * (i + 1)).toFixed(3)}s ${i % 9}%: 0.0${10 + (i % 89)}+${1 + (i % 9)}.${i % 10}+0.00${1 + (i % 9)} ms clock, 0.1${i % 10}+0/0.${10 + (i % 90)}/${10 + i}+0.01${i % 10} ms cpu, ${start}->${start + 2}->${start - 3} MB, ${start + 20} MB goal, ${tail(i)}`;
  });
}
const modern = trace(60, (i) => `${i % 3} MB stacks, 0 MB globals, 2 P${i % 7 === 0 ? ' (forced)' : ''}`);
const older = trace(60, (i) => `4 P${i % 5 === 0 ? ' (forced)' : ''}`);

test('writes of a Go 1.26 line: 38 and the newline', () => {
  const writes = writesOf(grammars, GC);
  assert.equal(writes.join(''), GC);
  assert.deepEqual(writes.slice(0, 9), ['gc ', '1', ' @', '0.030', 's ', '7', '%', ': ', '0.16']);
});

test('a line cut at any one place is put together, in any style of application line', () => {
  const truth = modern[6] as string;
  const before = modern.slice(0, 6);
  const writes = writesOf(grammars, truth);
  for (const [style, next] of Object.entries(STYLES)) {
    const app = (): string => `${next(() => 0.3)}\n`;
    for (let cut = 1; cut <= writes.length; cut++) {
      const known = before.map((line) => `${line}\n${app()}`).join('');
      const text = `${known}${writes.slice(0, cut).join('')}${app()}${app()}${writes.slice(cut).join('')}\n${modern[7]}\n`;
      const run = runTorn(grammars, text);
      assert.deepEqual(
        run.records,
        [...before, truth, modern[7]],
        `${style}, cut ${cut}: ${JSON.stringify(run.malformed)}`,
      );
      assert.equal(run.foreign.filter((line) => line === app().trimEnd()).length, 8, `${style}, cut ${cut}`);
    }
  }
});

for (const [name, lines] of Object.entries({ modern, older })) {
  test(`torn many times (${name}): at least 99 % put together, none wrongly`, () => {
    let torn = 0;
    let repaired = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const names = Object.keys(STYLES);
      const styles = [names[seed - 1] ?? 'date', ...(seed > names.length ? ['json'] : [])];
      const log = makeTornLog(grammars, lines, { seed, styles, tear: 0.4, between: 2 });
      const run = runTorn(grammars, log.text);
      const truth = new Set(log.truth);
      assert.deepEqual(
        run.records.filter((record) => !truth.has(record)),
        [],
        styles.join(),
      );
      torn += log.torn;
      repaired += run.repaired.length;
    }
    assert.ok(repaired / torn >= 0.99, `${repaired} of ${torn}`);
  });
}

test('a property: whatever the mix, a record that comes out was printed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.subarray(Object.keys(STYLES), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (seed, styles, tear, learn) => {
        const lines = modern.slice(0, 15);
        const log = makeTornLog(grammars, lines, { seed, styles, tear, between: 1 });
        const run = runTorn(grammars, log.text, { learn });
        for (const record of run.records) assert.ok(log.truth.includes(record), record);
      },
    ),
    { numRuns: 60 },
  );
});

test('a piece that begins with a blank is not passed over, also where nothing is known of the text behind it', () => {
  const pieces = [modern[1]!.replace(/1 MB stacks.*$/, '1'), ' MB stacks, 0 MB globals, 2', ' P'];
  const app = 'level=info caller=main.go:8 msg=done\n';
  const text = `${pieces[0]}${app}${app}${pieces[1]}/healthz 200 in 52us\n${app}${pieces[2]}\n${app}`;
  const run = runTorn(grammars, text, { learn: false });
  assert.deepEqual([run.records, run.malformed.length], [[], 1]);
});

test('numbers in front of lines that begin with numbers of any length: right or malformed', () => {
  const words = ['requests served', 'rd retry', '% done', 'ms took', '.5 ratio', '/10 ready', ' OK', 'xx'];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 37 }),
      fc.array(fc.tuple(fc.nat({ max: 99999 }), fc.constantFrom(...words)), { minLength: 1, maxLength: 4 }),
      (cut, app) => {
        const truth = modern[20] as string;
        const writes = writesOf(grammars, truth);
        const inside = app.map(([number, word]) => `${number}${word}\n`).join('');
        const text = `${modern[19]}\n12requests served\n${writes.slice(0, cut).join('')}${inside}${writes.slice(cut).join('')}\n${modern[21]}\n`;
        for (const record of runTorn(grammars, text).records) assert.ok(modern.includes(record), `${record}\n${text}`);
      },
    ),
    { numRuns: 300 },
  );
});

test('a sentence that begins like a record comes back as it is', () => {
  const run = runTorn(grammars, `gc 3 reasons to love a small heap\nGC forced by the operator\n${GC}\ngc off\n`);
  assert.deepEqual(run.records, [GC]);
  assert.deepEqual(run.malformed, []);
  assert.deepEqual([...run.foreign].sort(), [
    'GC forced by the operator',
    'gc 3 reasons to love a small heap',
    'gc off',
  ]);
});

test('in a trace, too, a sentence with the short head of a record is nobody’s; what was broken off is malformed', () => {
  const sentences = [
    'scan: total 12 files',
    'scan: total files 12',
    'scan: class L of users',
    'scan: total 1 obj seen',
  ];
  for (const sentence of sentences) {
    const run = runTorn(grammars, `${GC}\n${sentence}\n${GC.replace('gc 1', 'gc 2')}\n`);
    assert.deepEqual([run.records.length, run.malformed, run.foreign], [2, [], [sentence]], sentence);
  }
  const broken = [
    'scan: total 12',
    'scan: total ',
    'scan: class L 6+2+',
    'scan: total 123 requests',
    'scan: total 4x7 objs',
  ];
  for (const piece of broken) {
    const run = runTorn(grammars, `3 requests\n${GC}\n${piece}\n${GC.replace('gc 1', 'gc 2')}\n`);
    assert.deepEqual([run.records.length, run.malformed.length], [2, 1], piece);
  }
});

test('a line cut at the end of the input is malformed', () => {
  for (const end of [3, 4, 6, 20, 60, GC.length - 1]) {
    const run = runTorn(grammars, `${GC}\n${GC.replace('gc 1', 'gc 2').slice(0, end)}`);
    assert.deepEqual(run.records, [GC]);
    assert.equal(run.malformed.length, 1, `cut after ${end}`);
    assert.equal(run.malformed[0]?.line, 2);
  }
});

test('the rest never comes: malformed when the next cycle is there', () => {
  const [first, second, third] = modern as [string, string, string];
  const run = runTorn(grammars, `${first}\n${second.slice(0, 60)}app: some log line\napp: some log line\n${third}\n`);
  assert.deepEqual(run.records, [first, third]);
  assert.equal(run.malformed.length, 1);
  assert.equal(run.malformed[0]?.grammar, 'gctrace');
});

test('text without a newline before a record, two records on one line', () => {
  const [first, second] = modern as [string, string];
  const run = runTorn(grammars, `progress 40%...${first}${second}\n`);
  assert.deepEqual(run.records, [first, second]);
  assert.deepEqual(run.foreign, ['progress 40%...']);
});

test('words in an optional part may come after the tear', () => {
  const forced = `${GC} (forced)`;
  const run = runTorn(grammars, `${GC}app: some log line\n (forced)\n`);
  assert.deepEqual(run.records, [forced]);
  assert.deepEqual(runTorn(grammars, `${GC}app: some log line\n\n`).records, [GC]);
});

test('other runtime lines are put together too', () => {
  const lines = [
    'scav 12 KiB work (bg), 4 KiB work (eager), 4760 KiB now, 99% util',
    'pacer: sweep done at heap size 3MB; allocated 2MB during sweep; swept 590 pages at 0.0002991061289380617 pages/byte',
    'SCHED 11ms: gomaxprocs=2 idleprocs=0 threads=4 spinningthreads=5 needspinning=1 idlethreads=3 runqueue=6 [ 1 2 ] schedticks=[ 1 4 ]',
    'scan: total 47272+95+89=47456 objs, 13+5=18 spans',
  ];
  for (const line of lines) {
    const writes = writesOf(grammars, line);
    for (let cut = 2; cut < writes.length; cut++) {
      const text = `app: some log line\n${writes.slice(0, cut).join('')}app: some log line\n${writes.slice(cut).join('')}\n`;
      assert.deepEqual(runTorn(grammars, text).records, [line], text);
    }
  }
});

test('a record of another process inside a torn one', () => {
  const other = GC.replace('gc 1', 'gc 40').replace('@0.030', '@9.100');
  const own = modern[3] as string;
  const writes = writesOf(grammars, own);
  for (const cut of [1, 2, 8, 20, 30]) {
    const text = `${writes.slice(0, cut).join('')}${other}\n${writes.slice(cut).join('')}\n`;
    assert.deepEqual([...runTorn(grammars, text).records].sort(), [own, other].sort(), `cut ${cut}`);
  }
});

test('real logs torn by an application', () => {
  const counts: Record<string, number> = {};
  for (const version of ['go1.19', 'go1.21', 'go1.22', 'go1.23', 'go1.24', 'go1.25', 'go1.26']) {
    const run = runTorn(grammars, fixture(`${version}/interleave.txt`));
    counts[version] = run.records.length;
    let cycle = 0;
    for (const record of run.records) {
      const next = Number(/^gc (\d+) @/.exec(record)?.[1]);
      assert.ok(next > cycle, `${version}: ${record}`);
      cycle = next;
    }
  }
  assert.deepEqual(counts, JSON.parse(readFileSync(new URL('./torn.expected.json', import.meta.url), 'utf8')));
});

test('the texts of the runtime for milliseconds', () => {
  const is = (text: string): boolean => isRuntimeDuration(Buffer.from(text), 0, text.length);
  for (const text of ['0', '0.001', '0.099', '0.10', '0.99', '1.0', '9.9', '10', '2047']) assert.ok(is(text), text);
  for (const text of ['0.000', '0.1', '0.100', '0.0990', '1', '1.00', '9', '10.5', '00', '01'])
    assert.ok(!is(text), text);
});

test('a line of digits alone inside: malformed, never a number of both', () => {
  const record = modern[20] as string;
  for (const [i, write] of writesOf(grammars, record).entries()) {
    if (!/\d$/.test(write)) continue;
    const head = writesOf(grammars, record)
      .slice(0, i + 1)
      .join('');
    const text = `${modern[19]}\n${head}42\n${record.slice(head.length)}\n${modern[21]}\n`;
    for (const found of runTorn(grammars, text).records) assert.ok(modern.includes(found), `${found}\n${text}`);
  }
});

test('a log line that begins with a number may not lend its first digits, however well it is known', () => {
  // Where the application prints `100 MB left`, `10` + `0 MB left` is as well known.
  const record = modern[20] as string;
  const writes = writesOf(grammars, record);
  const at = writes.findIndex((write) => write.endsWith('+'));
  const text = [
    '100 MB left',
    modern[19],
    `${writes.slice(0, at + 1).join('')}100 MB left`,
    `${writes[at + 1]}3/4 done`,
    '100 MB left',
    writes.slice(at + 2).join(''),
    modern[21],
  ].join('\n');
  for (const found of runTorn(grammars, `${text}\n`).records) assert.ok(modern.includes(found), `${found}\n${text}`);
});
