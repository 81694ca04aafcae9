// In: logs whose lines carry times of several kinds, or none. Out: where what is not older than a time begins.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { findPlaceSince } from '../../src/input/since-place.ts';

const dir = mkdtempSync(join(tmpdir(), 'gcbend-since-'));
after(() => rmSync(dir, { recursive: true }));

const newest = Date.parse('2026-01-02T03:04:05Z');

/** What is read of a log that was last changed at `newest`. */
function since(text: string, sinceMs: number): string {
  const file = join(dir, 'log');
  writeFileSync(file, text);
  const fd = openSync(file, 'r');
  const bytes = Buffer.from(text);
  const place = findPlaceSince(fd, { size: bytes.length, mtimeMs: newest }, sinceMs);
  closeSync(fd);
  return bytes.subarray(place).toString();
}

const minutesAgo = (minutes: number): number => newest - minutes * 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

test('times with a zone, without one in any zone, by the name of the month, in JSON', () => {
  const kinds: ((ms: number) => string)[] = [
    (ms) => `${iso(ms)} stderr F text\n`,
    (ms) => `${iso(ms + 5.5 * 3_600_000).slice(0, 23)}+05:30 text\n`,
    (ms) => `{"level":"info","time":"${iso(ms)}","msg":"text"}\n`,
    (ms) => `${iso(ms).slice(0, 19).replaceAll('-', '/').replace('T', ' ')} text\n`,
    (ms) => `${iso(ms - 8 * 3_600_000).slice(0, 19)} text\n`,
    (ms) => `${iso(ms + 2 * 3_600_000).slice(0, 19)},123 text\n`,
    (ms) => `${new Date(ms).toUTCString().replace(/^.{5}(\d\d) (\w{3}) \d{4} (.{8}).*$/, '$2 $1 $3')} host app: text\n`,
  ];
  for (const line of kinds) {
    const old = Array.from({ length: 5000 }, (_, i) => line(minutesAgo(6000 - i))).join('');
    const fresh = [9, 5, 0].map((minutes) => line(minutesAgo(minutes))).join('');
    assert.equal(since(old + fresh, minutesAgo(10)), fresh, line(newest));
    assert.equal(since(old + fresh, minutesAgo(1e6)), old + fresh);
  }
});

test('lines without a time stay with the line before them; a log without any is read whole', () => {
  const text = `${iso(minutesAgo(30))} old\ngc 1\n${iso(minutesAgo(5))} new\ngc 2\n${iso(newest)} end\n`;
  assert.equal(since(text, minutesAgo(10)), text.slice(text.indexOf('gc 1')));
  assert.equal(since('gc 1\ngc 2\n', minutesAgo(10)), 'gc 1\ngc 2\n');
  assert.equal(since('', minutesAgo(10)), '');
  const long = `${iso(minutesAgo(30))} old\n${'x'.repeat(300_000)}\n${iso(newest)} end\n`;
  assert.ok(since(long, minutesAgo(10)).endsWith(`${iso(newest)} end\n`));
});

test('property: no line that is not older is left out, and no older one with a time is read', () => {
  const ages = fc.array(fc.nat(3000), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(ages, fc.nat(3000), fc.nat(600), (minutes, cut, width) => {
      const lines = [...minutes, 0]
        .sort((a, b) => b - a)
        .map((ago) => ({ ago, text: `${iso(minutesAgo(ago))} ${'x'.repeat(width)}\n` }));
      const expected = lines.filter(({ ago }) => ago <= cut);
      assert.equal(
        since(lines.map(({ text }) => text).join(''), minutesAgo(cut)),
        expected.map(({ text }) => text).join(''),
      );
    }),
    { numRuns: 60 },
  );
});
