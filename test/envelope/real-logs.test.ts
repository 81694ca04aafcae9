// In: what Go 1.26's own tools and loggers wrote (fixtures/leak_test.go.txt is the program). Out: every cycle, unwrapped.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Unwrapper } from '../../src/envelope/index.ts';
import { LineReader } from '../../src/framing/index.ts';

interface Cycle {
  cycle: number;
  identity: string | undefined;
  kinds: string;
  loggedAt: string | undefined;
}

function readCycles(name: string): Cycle[] {
  const whole = /^gc (\d+) @\d+\.\d+s \d+%: .* ms clock, .* ms cpu, \d+->\d+->\d+ MB, .* P(?: \(forced\))?$/;
  const reader = new LineReader({ anchors: [Buffer.from('gc '), Buffer.from(' ms clock, ')] });
  const unwrapper = new Unwrapper({
    looksLikeRecord: (bytes, start, end) => whole.test(bytes.toString('utf8', start, end)),
  });
  const cycles: Cycle[] = [];
  reader.push(readFileSync(join(import.meta.dirname, 'fixtures', name)));
  reader.end();
  for (;;) {
    const line = reader.next(unwrapper.needsEveryLine ? 'every' : 'anchored');
    if (line === undefined) return cycles;
    for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next()) {
      const found = whole.exec(it.bytes.toString('utf8', it.start, it.end));
      if (!found) continue;
      const { identity } = it;
      cycles.push({ cycle: Number(found[1]), identity, kinds: it.kinds.join(' '), loggedAt: it.loggedAt() });
    }
  }
}

test('go test -json under gctrace: the linker and the test apart', () => {
  const cycles = readCycles('go-test-json.log');
  const of = (identity: string): number[] => cycles.filter((it) => it.identity === identity).map((it) => it.cycle);
  assert.deepEqual(of('example.org/leak.test'), [1, 2, 3]);
  assert.deepEqual(of('example.org/leak'), [1, 2, 3, 4, 5]);
  assert.equal(cycles.length, 8);
  assert.equal(cycles[3]!.loggedAt, '2026-11-21T16:07:59.454784134Z');
});

test('slog and log of the standard library', () => {
  const cycles = readCycles('loggers.log');
  assert.deepEqual(
    cycles.map((it) => `${it.kinds} ${it.loggedAt}`),
    [
      'json 2026-11-21T16:07:57.63279813Z',
      'logfmt 2026-11-21T16:07:57.632Z',
      'timestamp 2026-11-21T16:07:57Z',
      'timestamp 2026-11-21T16:07:57.632890Z',
      'timestamp 2026-11-21T16:07:57Z',
    ],
  );
});
