// In: folders and files of dumps, as a person has them in an incident. Out: one finding a leak, in the right order, whatever the names are.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FindingEvent } from '../../src/events/types.ts';
import { eventsOf, gcbend, samples } from '../support/gcbend.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-dumps-cli-'));
after(() => rmSync(folder, { recursive: true }));
const goroutines = join(samples, 'goroutine-leak/dumps');
const heaps = join(samples, 'heap-leak/dumps');

async function finals(args: readonly string[]): Promise<FindingEvent[]> {
  const ran = await gcbend([...args, '--format', 'ndjson']);
  assert.equal(ran.status, 0, ran.stderr);
  return eventsOf(ran).flatMap((event) => (event.type === 'finding' && event.status === 'final' ? [event] : []));
}

const growth = (findings: readonly FindingEvent[]): string[] =>
  findings.filter(({ rule }) => rule.endsWith('-growth')).map(({ rule, site }) => `${rule} ${site?.function}`);

test('a folder of dumps: one finding a leak', async () => {
  assert.deepEqual(growth(await finals([goroutines])), ['goroutine-growth main.waitForReply']);
  assert.deepEqual(growth(await finals([heaps])), ['site-growth main.retainOrder']);
});

test('a pattern, a list of files, and one file with all of them say the same', async () => {
  const names = readdirSync(goroutines)
    .filter((name) => name.includes('debug1'))
    .map((name) => join(goroutines, name));
  const whole = join(folder, 'all.txt');
  writeFileSync(whole, names.map((name) => readFileSync(name, 'utf8')).join('\n'));
  for (const inputs of [[join(goroutines, '*debug1*')], names, [...names].reverse(), [whole]]) {
    assert.deepEqual(growth(await finals(inputs)), ['goroutine-growth main.waitForReply'], inputs.join(' '));
  }
});

test('a pool that breathes: nothing above info, status 0 with --fail-on any but its bill', async () => {
  const findings = await finals([join(samples, 'pool/dumps')]);
  assert.deepEqual(
    findings.filter(({ severity }) => severity !== 'info'),
    [],
  );
  assert.equal(
    (await gcbend([join(samples, 'pool/dumps'), '--quiet', '--fail-on', 'goroutine-growth,site-growth,heap-growth']))
      .status,
    0,
  );
  assert.equal((await gcbend([goroutines, '--quiet', '--fail-on', 'goroutine-growth'])).status, 1);
});

test('names in any order: LastGC tells the order of heap texts', async () => {
  const shuffled = join(folder, 'shuffled');
  mkdirSync(shuffled);
  const names = ['quinoa', 'apple', 'zebra', 'mango', 'fig', 'olive', 'beet', 'kale'];
  for (const [i, file] of readdirSync(heaps).sort().entries()) {
    copyFileSync(join(heaps, file), join(shuffled, `${names[i]}.txt`));
  }
  const [shuffledFinding] = (await finals([shuffled])).filter(({ rule }) => rule === 'site-growth');
  const [finding] = (await finals([heaps])).filter(({ rule }) => rule === 'site-growth');
  assert.deepEqual(shuffledFinding?.evidence, finding?.evidence);
});

test('times in names order goroutine dumps that have none', async () => {
  const timed = join(folder, 'timed');
  mkdirSync(timed);
  const files = readdirSync(goroutines)
    .filter((name) => name.includes('debug1'))
    .sort();
  for (const [i, file] of files.entries()) {
    copyFileSync(join(goroutines, file), join(timed, `${'hgfedcba'[i]}-2026-11-20T09-${10 + i}-00.txt`));
  }
  const [finding] = (await finals([timed])).filter(({ rule }) => rule === 'goroutine-growth');
  assert.equal(finding?.site?.function, 'main.waitForReply');
  const counts = finding?.evidence['counts'] as number[];
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  );
  // gcbend's own events of these files tell the same, although they are one file.
  const report = await gcbend([timed]);
  const readBack = join(folder, 'timed.ndjson');
  assert.equal((await gcbend([timed, '--quiet', '-o', readBack])).status, 0);
  assert.equal((await gcbend([readBack])).stdout, report.stdout);
  assert.equal((await gcbend(['-'], { input: readFileSync(readBack) })).stdout, report.stdout);
});

test('--filter and --group-by', async () => {
  const last = join(goroutines, 'goroutine-debug2-008.txt.gz');
  const filtered = eventsOf(await gcbend([last, '--filter', 'state == "select"', '--format', 'ndjson']));
  const groups = filtered.flatMap((event) => (event.type === 'goroutines' ? event.groups : []));
  assert.equal(groups.length, 3);
  assert.ok(groups.every((group) => group.state === 'select'));
  const grouped = eventsOf(await gcbend([last, '--group-by', 'state', '--format', 'ndjson']));
  const keys = grouped.flatMap((event) => (event.type === 'goroutines' ? event.groups.map(({ key }) => key) : []));
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.includes('chan send'), keys.join());
  for (const args of [
    ['--filter', 'state =='],
    ['--group-by', 'colour'],
  ]) {
    const ran = await gcbend([last, ...args]);
    assert.equal(ran.status, 2, args.join(' '));
    assert.match(ran.stderr, /^gcbend: /);
  }
});

test('--each-goroutine', async () => {
  const last = join(goroutines, 'goroutine-debug2-005.txt.gz');
  const events = eventsOf(await gcbend([last, '--each-goroutine', '--format', 'ndjson']));
  const dump = events.find((event) => event.type === 'goroutines');
  assert.equal(events.filter((event) => event.type === 'goroutine').length, dump?.total);
});

test('one dump: a report with its groups, and no growth', async () => {
  const ran = await gcbend([join(goroutines, 'goroutine-debug2-008.txt.gz'), '--width', '80']);
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, /main\.waitForReply/);
  assert.doesNotMatch(ran.stdout, /goroutine-growth/);
  assert.ok(ran.stdout.split('\n').every((line) => line.length <= 80));
});

test('a folder without a file, a folder without a record', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  assert.equal((await gcbend([empty])).status, 2);
  writeFileSync(join(empty, 'notes.txt'), 'nothing to see\n');
  assert.equal((await gcbend([empty])).status, 3);
});
