// In: real dumps, cut into chunks anywhere, with bytes changed, lines torn and ends missing. Out: equal events, and never an exception.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { drive } from './drive.ts';

const files = [
  'go1.26/goroutine2.txt',
  'go1.26/goroutine1.txt',
  'go1.26/sigquit_crash.txt',
  'go1.26/goroutine2_ancestors.txt',
  'go1.26/race.txt',
  'go1.19/fatal_overflow.txt',
  'go1.19/fatal_panicmulti.txt',
  'go1.26/goroutine2_labels.txt',
  'go1.22/panic.txt',
  'go1.26/threadcreate1.txt',
].map((name) => readFileSync(join(import.meta.dirname, 'fixtures', name)));
const stream = Buffer.concat(files.flatMap((file) => [file, Buffer.from('\n2026/11/21 INFO a log line (1)\n')]));

test('chunk boundaries anywhere give equal events', () => {
  const whole = drive(stream);
  assert.ok(whole.events.length >= files.length);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
      assert.deepEqual(drive(stream, cuts), whole);
    }),
    { numRuns: 60 },
  );
  const everyLine = [...stream.keys()].filter((i) => stream[i] === 10).map((i) => i + 1);
  assert.deepEqual(drive(stream, everyLine), whole);
});

test('changed bytes and missing ends never throw, and counts stay consistent', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
      fc.nat(),
      (file, changes, end) => {
        const bytes = Buffer.from(file.subarray(0, 1 + (end % file.length)));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        for (const event of drive(bytes).events) {
          const counted = event.groups.reduce((sum, group) => sum + group.count, 0);
          if (event.type === 'goroutines' && event.debug === 2) assert.equal(counted, event.total);
          assert.ok(event.line >= 1);
          JSON.stringify(event);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a foreign line anywhere costs no goroutine', () => {
  const text = files[0]!.toString();
  const lines = text.split('\n');
  const total = drive(text).events[0]?.total;
  fc.assert(
    fc.property(fc.nat(lines.length - 2), (at) => {
      const torn = [
        ...lines.slice(0, at + 1),
        '2026/11/21 12:00:00 INFO handled request (12 ms)',
        ...lines.slice(at + 1),
      ];
      const { events, foreign } = drive(torn.join('\n'));
      assert.equal(events.length, 1);
      assert.equal(events[0]?.total, total);
      assert.equal(foreign.length, 1);
    }),
    { numRuns: 100 },
  );
});
