// In: grammars, good, bad and the user's own. Out: the list, what is wrong with file and line, and records of a format gcbend did not know.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { eventsOf, gcbend } from '../support/gcbend.ts';
import { assertSchema } from '../support/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-grammars-cli-'));
after(() => rmSync(folder, { recursive: true }));
const builtin = resolve(import.meta.dirname, '../../grammars');

/** As grammars/README.md shows it. */
const own = `<?xml version="1.0" encoding="UTF-8"?>
<grammar id="cache" event="runtime" go="1.26">
  <title>Sizes of our cache</title>
  <about>Printed once a minute by cache.report.</about>
  <source>internal/cache/report.go</source>

  <field name="entries" type="integer" unit="count" rounding="exact">Entries.</field>
  <field name="heldMs" type="duration" unit="ms">How long the lock was held.</field>
  <field name="full" type="flag" otherwise="false">No room is left.</field>

  <shape id="size" go="1.26" anchor=" entries, held " sure="2" tear="2">
    <line>cache: {entries} entries, held {heldMs} ms<optional flag="full"> (full)</optional></line>
    <sample go="1.26">
      <text>cache: 12 entries, held 0.25 ms (full)</text>
      <expect>{"entries": 12, "heldMs": 0.25, "full": true}</expect>
    </sample>
  </shape>

  <reject reason="no number">cache: many entries, held 0.25 ms</reject>
</grammar>
`;
const good = join(folder, 'cache.xml');
writeFileSync(good, own);

test('the list names every grammar that is built in', async () => {
  const { status, stdout } = await gcbend(['grammars']);
  assert.equal(status, 0);
  const ids = readdirSync(builtin)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => name.slice(0, -4));
  assert.equal(stdout.trimEnd().split('\n').length, ids.length);
  assert.match(stdout, /^gctrace +gc +Go 1\.5-1\.26 +\d+ samples +GODEBUG=gctrace=1/m);
});

test('--check: a good one, all of gcbend’s own', async () => {
  const one = await gcbend(['grammars', '--check', good]);
  assert.equal(one.status, 0, one.stderr);
  assert.match(one.stdout, /cache\.xml keeps every rule/);
  const all = readdirSync(builtin)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => join(builtin, name));
  const own = await gcbend(['grammars', '--check', ...all]);
  assert.equal(own.status, 0, own.stderr);
});

test('--check: what is wrong, with file, line and rule', async () => {
  const cases: [string, string, RegExp][] = [
    ['value.xml', own.replace('"entries": 12,', '"entries": 21,'), /value\.xml:\d+: sample-value: .*entries.*12.*21/],
    ['hole.xml', own.replace('{entries} entries', '{items} entries'), /hole\.xml:\d+: .*items/],
    ['reject.xml', own.replace('cache: many entries, held', 'cache: 7 entries, held'), /reject\.xml:\d+: /],
    ['broken.xml', own.replace('</shape>', ''), /broken\.xml:\d+: /],
    ['doctype.xml', own.replace('<grammar', '<!DOCTYPE grammar><grammar'), /doctype\.xml:\d+: /],
    ['empty.xml', '', /empty\.xml(?::\d+)?: /],
  ];
  for (const [name, xml, message] of cases) {
    assert.notEqual(xml, own, name);
    const file = join(folder, name);
    writeFileSync(file, xml);
    for (const args of [
      ['grammars', '--check', file],
      ['--grammar', file, '-'],
    ]) {
      const ran = await gcbend(args);
      assert.equal(ran.status, 2, args.join(' '));
      assert.match(ran.stderr, message, args.join(' '));
      assert.doesNotMatch(ran.stderr, /internal error|at .*\.js:\d/);
      assert.equal(ran.stdout, '');
    }
  }
  assert.equal((await gcbend(['grammars', '--check', join(folder, 'not-there.xml')])).status, 2);
});

test('--grammar: records of an own format, wrapped, torn and among gcbend’s', async () => {
  const log = [
    'cache: 12 entries, held 0.25 ms',
    'INFO hello',
    '2026-11-20T09:30:00Z stderr F cache: 14 entries, held 1.5 ms (full)',
    'gc 1 @0.006s 14%: 2.0+0.24+0.004 ms clock, 4.1+0.049/0.10/0+0.009 ms cpu, 4->4->4 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P',
    'cache: many entries, held 0.25 ms',
    '',
  ].join('\n');
  const ran = await gcbend(['--grammar', good, '--format', 'ndjson'], { input: log });
  assert.equal(ran.status, 0, ran.stderr);
  const events = eventsOf(ran);
  assertSchema(events);
  const ours = events.flatMap((event) => (event.type === 'runtime' ? [event] : []));
  assert.deepEqual(
    ours.map(({ grammar, entries, heldMs, full }) => ({ grammar, entries, heldMs, full })),
    [
      { grammar: 'cache', entries: 12, heldMs: 0.25, full: false },
      { grammar: 'cache', entries: 14, heldMs: 1.5, full: true },
    ],
  );
  assert.equal(events.filter((event) => event.type === 'gc').length, 1);
  // The same log without the grammar knows the cycle alone.
  const without = eventsOf(await gcbend(['--format', 'ndjson'], { input: log }));
  assert.equal(without.filter((event) => event.type === 'runtime').length, 0);
});

test('the schema is JSON Schema 2020-12', async () => {
  const { status, stdout } = await gcbend(['schema']);
  assert.equal(status, 0);
  const schema = JSON.parse(stdout) as { $schema: string; $defs: object };
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.ok(Object.keys(schema.$defs).length >= 14);
});
