// In: profile texts and .pb.gz. Out: top, list, traces and peek say what `go tool pprof` says of them; diff says what grew; misuse is told.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { gcbend, samples } from '../support/gcbend.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-views-cli-'));
after(() => rmSync(folder, { recursive: true }));
const cwd = resolve(import.meta.dirname, '../events/profiles/fixtures/pprof');

/** What `go tool pprof` printed, without what a text does not hold (the program's name, its build, the time) and what was asked for. */
const printed = (name: string): string =>
  readFileSync(join(cwd, name), 'utf8')
    .replaceAll(/^(?:(?:File|Build ID|Time|Duration): ?.*|Active filters:| {3}\w+=.*)\n/gm, '')
    .replaceAll(/[\t ]+$/gm, '');

async function shown(args: readonly string[]): Promise<string> {
  const ran = await gcbend(args, { cwd });
  assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  assert.equal(ran.stderr, '');
  return ran.stdout;
}

test('top: the same numbers as go tool pprof, from the text and from the .pb.gz', async () => {
  for (const [args, golden] of [
    [['top', 'heap.txt'], 'heap.top.out'],
    [['top', 'heap.pb.gz'], 'heap.top.out'],
    [['top', 'heap.txt', '--cum'], 'heap.cum.out'],
    [['top', 'heap.txt', '--sample-index', 'alloc_space'], 'heap.alloc_space.out'],
    [['top', 'heap.txt', '--unit', 'B'], 'heap.unitB.out'],
    [['top', 'heap.txt', '--focus', 'remember'], 'heap.focus.out'],
    [['top', 'later/heap.txt', '--base', 'heap.txt'], 'heap.base.out'],
    [['top', 'mutex.txt'], 'mutex.top.out'],
  ] as const) {
    assert.equal(await shown(args), printed(golden), args.join(' '));
  }
});

test('threads without a stack: as go tool pprof shows them', async () => {
  const rows = (text: string): string[] => text.trimEnd().split('\n').slice(1);
  const unknown = [
    'Showing nodes accounting for 4, 100% of 4 total',
    '      flat  flat%   sum%        cum   cum%',
    '         4   100%   100%          4   100%  <unknown>',
  ];
  assert.deepEqual(rows(await shown(['top', 'threadcreate.pb.gz'])), unknown);
  assert.deepEqual(rows(await shown(['top', 'threadcreate.txt'])), unknown);
  const text = resolve(import.meta.dirname, '../events/goroutines/fixtures/go1.26/threadcreate1.txt');
  assert.deepEqual(rows(await shown(['top', text])), [
    'Showing nodes accounting for 7, 100% of 7 total',
    '      flat  flat%   sum%        cum   cum%',
    '         6 85.71% 85.71%          6 85.71%  <unknown>',
    '         1 14.29%   100%          1 14.29%  main.main.func13',
  ]);
  assert.deepEqual(rows(await shown(['traces', text])).slice(1), [
    '         6   <unknown>',
    '-----------+-------------------------------------------------------',
    '         1   main.main.func13',
    '-----------+-------------------------------------------------------',
  ]);
});

test('list, peek and traces: the same', async () => {
  const functions = 'main\\.(walk|remember|small|inlinedTwice)';
  const list = [
    'list',
    'heap.txt',
    '--function',
    functions,
    '--source-path',
    'app',
    '--trim-path',
    'example.com/profiled',
    '--width',
    '200',
  ];
  // Tabs are drawn as blanks, so that columns stay columns on a terminal.
  const tidy = (text: string): string => text.replaceAll(/ in \S+$/gm, '').replaceAll(/[\t ]+/g, ' ');
  assert.equal(tidy(await shown(list)), tidy(printed('heap.list.out')));
  assert.equal(await shown(['peek', 'heap.txt', '--function', 'main.walk|main.small']), printed('heap.peek.out'));
  const stacks = (text: string): string[] =>
    text
      .split(/^-+\+-+$/m)
      .map((block) => block.trimEnd())
      .sort();
  assert.deepEqual(stacks(await shown(['traces', 'heap.txt'])), stacks(printed('heap.traces.out')));
});

test('several files of one kind are added up', async () => {
  const one = await shown(['top', 'heap.txt', '--unit', 'B', '--node-count', '1']);
  const two = await shown(['top', 'heap.txt', 'heap.txt', '--unit', 'B', '--node-count', '1']);
  const total = (text: string): number => Number(/of (\d+)B total/.exec(text)?.[1]);
  assert.equal(total(two), 2 * total(one));
});

test('misuse: status 2, and what to try', async () => {
  const trace = join(samples, 'leak/stderr.log');
  for (const args of [
    ['top'],
    ['top', 'not-there.txt'],
    ['top', trace],
    ['top', 'heap.txt', 'mutex.txt'],
    ['top', 'heap.txt', '--base', 'mutex.txt'],
    ['top', 'heap.txt', '--sample-index', 'delay'],
    ['top', 'heap.txt', '--unit', 'parsec'],
    ['top', 'heap.txt', '--focus', '('],
    ['peek', 'heap.txt', '--function', '['],
    ['diff', 'heap.txt'],
    ['diff', 'heap.txt', 'goroutine.txt'],
    ['diff', 'heap.txt', trace],
    ['diff', 'heap.txt', 'heap.txt', '--format', 'html'],
    ['diff', 'heap.txt', 'heap.txt', '-o', join(folder, 'diff.xml')],
    ['diff', 'heap.txt', 'heap.txt', '--fail-on', 'growth'],
    ['diff', 'heap.txt', 'not-there.txt'],
  ]) {
    const ran = await gcbend(args, { cwd });
    assert.equal(ran.status, 2, args.join(' '));
    assert.match(ran.stderr, /^gcbend: \S/, args.join(' '));
    assert.doesNotMatch(ran.stderr, /internal error|at .*\.js:\d/, args.join(' '));
    assert.equal(ran.stdout, '', args.join(' '));
  }
});

test('inputs without any record: status 3', async () => {
  const nothing = join(folder, 'nothing.txt');
  writeFileSync(nothing, 'hello\n');
  for (const args of [
    ['top', nothing],
    ['list', nothing],
    ['diff', nothing, nothing],
    ['diff', nothing, join(samples, 'leak/stderr.log')],
  ]) {
    const ran = await gcbend(args, { cwd });
    assert.equal(ran.status, 3, args.join(' '));
    assert.match(ran.stderr, /^gcbend: [\s\S]*\n {2}try: /, args.join(' '));
    assert.equal(ran.stdout, '', args.join(' '));
  }
});

test('diff: other formats, files, and findings that --fail-on names', async () => {
  const sides = [join(samples, 'healthy/stderr.log'), join(samples, 'leak/stderr.log')];
  const csv = await shown(['diff', ...sides, '--format', 'csv']);
  assert.match(csv, /^table,name,where,unit,before,after,change,ratio,error\r\ntrace,length,,s,/);
  assert.match(csv, /\r\nfindings,heap-growth,"?The live heap/);
  const files = ['json', 'ndjson', 'csv', 'md', 'txt'].map((ending) => join(folder, `diff.${ending}`));
  assert.equal(await shown(['diff', ...sides, '--quiet', ...files.flatMap((file) => ['-o', file])]), '');
  const [json, ndjson, table, markdown, report] = files.map((file) => readFileSync(file, 'utf8'));
  assert.deepEqual(JSON.parse(json!), JSON.parse(ndjson!));
  assert.equal(table, csv);
  assert.match(markdown!, /^## What changed\n[\s\S]*\| live heap, last \| MiB \| \S+ \| \S+ \| \+\d+/);
  assert.match(report!, /new +heap-growth/);
  const failing = await gcbend(['diff', ...sides, '--fail-on', 'heap-growth']);
  assert.equal(failing.status, 1);
  assert.equal((await gcbend(['diff', ...sides.reverse(), '--fail-on', 'heap-growth'])).status, 0);
});

test('diff: dumps, heap texts, traces, saved results', async () => {
  const dumps = await shown([
    'diff',
    ...[3, 8].map((n) => join(samples, `goroutine-leak/dumps/goroutine-debug1-00${n}.txt`)),
  ]);
  assert.match(dumps, /goroutines by stack: 4 to 1137 \(\+1133\)/);
  assert.match(dumps, /\+1132 +0 +1132 +new +main\.waitForReply/);
  const heaps = await shown(['diff', ...[1, 8].map((n) => join(samples, `heap-leak/dumps/heap-debug1-00${n}.txt`))]);
  assert.match(heaps, /\+8\.08MB +0 +8\.08MB +new +main\.retainOrder/);
  const sides = [join(samples, 'healthy/stderr.log'), join(samples, 'leak/stderr.log')];
  const traces = await shown(['diff', ...sides]);
  assert.match(traces, /live heap, last/);
  assert.match(traces, /new +heap-growth/);
  const saved = await Promise.all(
    sides.map(async (side, i) => {
      const file = join(folder, `${i}.json`);
      await shown([side, '--quiet', '-o', file]);
      return file;
    }),
  );
  assert.match(await shown(['diff', ...saved]), /new +heap-growth/);
  const json = JSON.parse(await shown(['diff', ...sides, '--format', 'json'])) as { tables: unknown[] };
  assert.ok(json.tables.length > 0);
});

test('the widths of views keep to what was asked', async () => {
  const text = await shown(['diff', 'heap.txt', 'later/heap.txt', '--width', '80']);
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
});
