// In: series of real dumps of small leaking and healthy programs (goroutine-series/). Out: proof that each leak is named once, at its line, and no innocent.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { FindingEvent, GcbendEvent, GoroutinesEvent, InflectionEvent } from '../../src/events/types.ts';
import { Analysis } from '../../src/findings/analysis.ts';
import { GoroutineSeriesAnalysis } from '../../src/findings/goroutines.ts';
import { dumps } from '../events/goroutines/drive.ts';

const folder = join(import.meta.dirname, 'goroutine-series');
const series = (name: string): GoroutinesEvent[] => dumps(gunzipSync(readFileSync(join(folder, `${name}.txt.gz`))));
const names = (pattern: RegExp): string[] =>
  readdirSync(folder)
    .filter((file) => pattern.test(file))
    .map((file) => file.slice(0, -'.txt.gz'.length))
    .sort();

function analyse(events: readonly GcbendEvent[], seconds?: (index: number) => number): GcbendEvent[] {
  const analysis = new GoroutineSeriesAnalysis();
  const out = events.flatMap((event, index) => analysis.push(event, seconds?.(index)));
  return [...out, ...analysis.finish()];
}

const finals = (events: readonly GcbendEvent[]): FindingEvent[] =>
  events.filter((event): event is FindingEvent => event.type === 'finding' && event.status === 'final');

describe('debug=2: every leak is named once, at a line of the guilty package', () => {
  for (const name of names(/^leak-.*debug2/)) {
    test(name, () => {
      const events = series(name);
      assert.equal(events.length, 12);
      const found = finals(analyse(events));
      assert.deepEqual(
        found.map((finding) => finding.rule),
        /helper-two|two-handlers/.test(name) ? ['goroutine-growth', 'goroutine-growth'] : ['goroutine-growth'],
      );
      // A response body that is not closed leaves only net/http's own frames behind.
      if (name.includes('body-small')) {
        assert.equal(found[0]?.site?.function, 'net/http.(*persistConn).readLoop');
        assert.match(found[0]?.advice?.[0] ?? '', /resp\.Body\.Close/);
        return;
      }
      for (const finding of found) {
        assert.match(finding.site?.function ?? '', /^example\.com\/leaks\/shop\./);
        assert.match(finding.site?.file ?? '', /shop\.go$/);
        assert.ok(finding.confidence > 0.7);
        assert.ok((finding.advice ?? []).length > 0);
      }
    });
  }
});

describe('debug=2: nothing healthy is named', () => {
  for (const name of names(/^ok-.*debug2/)) {
    test(name, () => {
      const events = series(name);
      assert.equal(events.length, 12);
      assert.deepEqual(
        finals(analyse(events)).map((finding) => finding.title),
        [],
      );
    });
  }
});

describe('debug=1: sustained growth is named, growth with load cannot be told from it', () => {
  for (const name of names(/^leak-.*debug1/)) {
    // Without a creator, a goroutine that runs nothing but library code has no line of its own.
    const own = /wg-direct|body-small/.test(name) ? /^(?:sync\.|net\/http\.)/ : /^example\.com\/leaks\/shop\./;
    test(name, () => {
      const found = finals(analyse(series(name)));
      assert.ok(
        found.length >= 1 && found.length <= (/helper-two|two-handlers/.test(name) ? 2 : 1),
        String(found.length),
      );
      assert.match(found[0]?.site?.function ?? '', own);
    });
  }
  for (const name of names(/^ok-(?!load-rises).*debug1/)) {
    test(name, () => {
      assert.deepEqual(
        finals(analyse(series(name))).map((finding) => finding.title),
        [],
      );
    });
  }
  test('ups and downs are told as undecided, with the reason', () => {
    const [finding] = finals(analyse(series('ok-load-rises.debug1')));
    assert.equal(finding?.severity, 'info');
    assert.match(finding!.detail, /debug=2/);
  });
});

describe('dumps of the labelled runs', () => {
  test('goroutine-leak and mutex-leak: cause, onset, rate and creator', () => {
    for (const [name, cause, operation] of [
      ['trace-goroutine-leak', 'main.waitForReply', 'send'],
      ['trace-mutex-leak', 'main.lockAccount', 'lock'],
    ] as const) {
      const events = analyse(series(`${name}.debug2`), (index) => index * 5);
      const [finding, ...more] = finals(events);
      assert.equal(more.length, 0);
      assert.equal(finding?.site?.function, cause);
      assert.equal(finding?.evidence['operation'], operation);
      assert.equal(finding?.at, 10);
      assert.ok(Math.abs((finding?.evidence['ratePerSecond'] as number) - 50) < 10);
      assert.ok((finding?.evidence['share'] as number) > 0.9);
      assert.match(finding?.createdBy?.function ?? '', /^main\.main\.func/);
      const [bend] = events.filter((event): event is InflectionEvent => event.type === 'inflection');
      assert.equal(bend?.kind, 'growth-onset');
      assert.equal(bend?.index, 2);
      assert.equal(bend?.signal, `group:${series(`${name}.debug2`).at(-1)?.groups[0]?.id}`);
    }
  });
  test('both kinds of dumps of one run: one finding', () => {
    const events = [...series('trace-goroutine-leak.debug1'), ...series('trace-goroutine-leak.debug2')];
    assert.equal(finals(analyse(events)).length, 1);
  });
  test('a heap leak and a pool: nothing', () => {
    for (const name of names(/^trace-(?:leak|pool)\./)) assert.deepEqual(finals(analyse(series(name))), []);
  });
});

test('the state as a value goes on where it was', () => {
  for (const name of ['leak-shared-stack.debug2', 'leak-once.debug1', 'ok-warm-up-slow.debug2']) {
    const events = series(name);
    const whole = analyse(events);
    let analysis = new GoroutineSeriesAnalysis();
    const out: GcbendEvent[] = [];
    for (const event of events) {
      out.push(...analysis.push(event));
      analysis = GoroutineSeriesAnalysis.restore(JSON.parse(JSON.stringify(analysis.state())));
    }
    out.push(...analysis.finish());
    assert.deepEqual(out, whole);
  }
});

test('a finding raised while dumps still come is taken back when the growth stops', () => {
  const statuses = analyse(series('ok-warm-up-slow.debug2')).flatMap((event) =>
    event.type === 'finding' ? [event.status] : [],
  );
  assert.equal(statuses.includes('final'), false);
  if (statuses.includes('open')) assert.equal(statuses.at(-1), 'withdrawn');
});

test('a long series of one source, read back from NDJSON, is told while it is read', () => {
  const toldBeforeEnd = (others: number): boolean => {
    const analysis = new Analysis({});
    const threads: GcbendEvent = { type: 'threads', schema: 1, source: '-', line: 1, total: 0, groups: [] };
    const before = Array.from({ length: others }, () => threads);
    const events = [...before, ...series('leak-once.debug1')];
    return events.some((event) => analysis.push(event, { isReadBack: true }).length > 0);
  };
  assert.equal(toldBeforeEnd(195), true);
  assert.equal(toldBeforeEnd(0), false);
});

test('marks of the runtime are proof, in one dump and at debug=1', () => {
  const leak =
    'goroutine 9 [chan send (leaked)]:\nmain.f()\n\t/app/a.go:5 +0x1\ncreated by main.main in goroutine 1\n\t/app/a.go:9 +0x1\n';
  const [finding] = finals(analyse(dumps(leak)));
  assert.equal(finding?.rule, 'blocked-goroutines');
  assert.equal(finding?.severity, 'critical');
  assert.equal(finding?.confidence, 1);
  assert.equal(finding?.site?.line, 5);
  const profile = 'goroutineleak profile: total 3\n3 @ 0x1\n#\t0x1\tmain.f+0x1\t/app/a.go:5\n\n';
  assert.equal(finals(analyse(dumps(profile)))[0]?.confidence, 1);
});

test('marks beside a growth that is named already are not told twice', () => {
  const profile = 'goroutineleak profile: total 3\n3 @ 0x1\n#\t0x1\tmain.waitForReply+0x1\t/app/main.go:144\n\n';
  const events = [...series('trace-goroutine-leak.debug2'), ...dumps(profile)];
  assert.deepEqual(
    finals(analyse(events)).map((finding) => finding.rule),
    ['goroutine-growth'],
  );
});

test('a single dump: many that wait at one line for long are a suspicion, said as such', () => {
  const dump = (wait: string, count: number): string =>
    Array.from(
      { length: count },
      (_, i) =>
        `goroutine ${i + 5} [chan receive${wait}]:\nmain.f(0x${i})\n\t/app/a.go:5 +0x1\ncreated by main.main in goroutine 1\n\t/app/a.go:9 +0x1\n`,
    ).join('\n');
  const [finding] = finals(analyse(dumps(dump(', 42 minutes', 300))));
  assert.equal(finding?.rule, 'blocked-goroutines');
  assert.equal(finding?.severity, 'info');
  assert.match(finding!.detail, /suspicion/);
  assert.deepEqual(finals(analyse(dumps(dump('', 300)))), []);
  assert.deepEqual(finals(analyse(dumps(dump(', 42 minutes', 5)))), []);
  const locked = dump(', 3 minutes', 5).replaceAll('chan receive', 'sync.Mutex.Lock');
  assert.equal(finals(analyse(dumps(locked)))[0]?.severity, 'warning');
});
