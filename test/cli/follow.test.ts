// In: logs that grow, are rotated and truncated while gcbend follows them. Out: every record, once; signals end it with what is known.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventsOf, gcbend, samples } from '../support/gcbend.ts';
import { startGcbend } from '../support/started.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-follow-cli-'));
after(() => rmSync(folder, { recursive: true }));
const lines = readFileSync(join(samples, 'leak/stderr.log'), 'utf8').trimEnd().split('\n');
const part = (from: number, to: number): string => `${lines.slice(from, to).join('\n')}\n`;
const cycle = (n: number): RegExp => new RegExp(`"type":"gc".*"cycle":${n},`);

test('what is appended, after a rotation and after a truncation is one process', async () => {
  const log = join(folder, 'app.log');
  writeFileSync(log, part(0, 50));
  const follow = startGcbend(['-f', log, '--format', 'ndjson']);
  await follow.until(cycle(50));
  appendFileSync(log, part(50, 80));
  await follow.until(cycle(80));
  renameSync(log, `${log}.1`);
  writeFileSync(log, part(80, 150));
  await follow.until(cycle(150));
  truncateSync(log);
  // Shorter than before: how copytruncate looks from outside.
  await follow.until(/was truncated/);
  appendFileSync(log, part(150, 222));
  await follow.until(cycle(222));
  follow.child.kill('SIGINT');
  const ended = await follow.ended;
  assert.equal(ended.status, 130);
  assert.match(ended.stderr, /was rotated/);
  const events = eventsOf(ended);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'gc' ? [event.cycle] : [])),
    lines.map((_, i) => i + 1),
  );
  assert.equal(events.filter((event) => event.type === 'process').length, 1);
  assert.ok(
    events.some((event) => event.type === 'finding' && event.rule === 'heap-growth' && event.status === 'final'),
  );
  const summary = events.at(-1);
  assert.ok(summary?.type === 'summary' && summary.exitReason === 'SIGINT');
});

test('a file that is not there yet, and the report after SIGTERM', async () => {
  const log = join(folder, 'later.log');
  const follow = startGcbend(['--follow', log]);
  await follow.until(/later\.log is not there yet/);
  writeFileSync(log, part(0, 222));
  await follow.until(/^gcbend: warning.*The live heap/m);
  follow.child.kill('SIGTERM');
  const { status, stdout } = await follow.ended;
  assert.equal(status, 143);
  assert.match(stdout, /222 GC/);
  assert.match(stdout, /starts to grow/);
});

test('a second signal ends it at once', async () => {
  const log = join(folder, 'twice.log');
  writeFileSync(log, part(0, 30));
  const follow = startGcbend(['-f', log, '--format', 'ndjson']);
  await follow.until(cycle(30));
  follow.child.kill('SIGINT');
  follow.child.kill('SIGINT');
  const { status, signal } = await follow.ended;
  assert.ok(status === 130 || signal === 'SIGINT');
});

test('patterns: new files are taken up', async () => {
  writeFileSync(join(folder, 'glob-a.log'), part(0, 20));
  const follow = startGcbend(['-f', join(folder, 'glob-*.log'), '--format', 'ndjson', '--detector', 'none']);
  await follow.until(cycle(20));
  writeFileSync(join(folder, 'glob-b.log'), part(0, 25));
  await follow.until(cycle(25));
  follow.child.kill('SIGINT');
  const { status, stdout, stderr } = await follow.ended;
  assert.equal(status, 130);
  const sources = new Set(
    eventsOf({ status, stdout, stderr })
      .filter((e) => e.type === 'gc')
      .map((e) => e.source),
  );
  assert.deepEqual([...sources].map((name) => name.split('/').at(-1)).sort(), ['glob-a.log', 'glob-b.log']);
});

test('misuse: nothing to follow, no time', async () => {
  const none = await gcbend(['-f']);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /--follow needs files/);
  const since = await gcbend(['-f', '--since', 'yesterday-ish', join(folder, 'app.log')]);
  assert.equal(since.status, 2);
  assert.equal(
    since.stderr,
    'gcbend: --since yesterday-ish is no time\n  try: --since 10m or --since 2026-11-20T09:30:00Z\n',
  );
});
