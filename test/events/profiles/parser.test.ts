// In: real profile texts of Go 1.9 to 1.26. Out: values equal to `go tool pprof -raw` on the same text (fixtures/pprof-raw.out),
// whole MemStats, and nothing lost or thrown when texts are cut, torn or flipped.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { anchors, ProfileTextParser, pausesOf } from '../../../src/events/profiles/index.ts';
import type { ContentionEvent, GcbendEvent, HeapEvent, MemStatsEvent } from '../../../src/events/types.ts';
import { fixture, fixtures, fixtureText, parseText } from './read.ts';

/** Sample values by text, as pprof printed them: `alloc_objects alloc_space inuse_objects inuse_space`, or `count delay`. */
function pprofValues(): Map<string, number[][]> {
  const values = new Map<string, number[][]>();
  let rows: number[][] = [];
  for (const line of fixtureText('pprof-raw.out').split('\n')) {
    if (line.startsWith('== ')) {
      rows = [];
      values.set(line.slice(3), rows);
    } else {
      const match = /^((?: *-?\d+)+):/.exec(line);
      if (match !== null) rows.push(match[1]!.trim().split(/ +/).map(Number));
    }
  }
  return values;
}

function find<T extends GcbendEvent['type']>(events: GcbendEvent[], type: T): Extract<GcbendEvent, { type: T }> {
  const event = events.find((candidate) => candidate.type === type);
  assert.ok(event, type);
  return event as Extract<GcbendEvent, { type: T }>;
}

function ourValues(events: GcbendEvent[], columns: number): number[][] {
  const event = events.find((e): e is HeapEvent | ContentionEvent => e.type === 'heap' || e.type === 'contention');
  assert.ok(event);
  if (event.type === 'contention') return event.sites.map((site) => [site.count, site.delayNs]);
  return event.sites.map(({ allocated, inUse }) =>
    columns === 4 ? [allocated.objects, allocated.bytes, inUse.objects, inUse.bytes] : [inUse.objects, inUse.bytes],
  );
}

const reference = pprofValues();

for (const [name, rows] of reference) {
  test(`${name}: every record as pprof scales it`, () => {
    const events = parseText(fixture(name), name);
    assert.deepEqual(ourValues(events, rows[0]?.length ?? 4), rows);
    assert.ok(events.every((event) => event.type !== 'malformed'));
    const record = events.find((e): e is HeapEvent | ContentionEvent => e.type === 'heap' || e.type === 'contention');
    assert.equal(record?.truncated, undefined);
    for (const site of record?.sites ?? []) {
      assert.ok(site.stack.length > 0);
      for (const frame of site.stack) assert.match(frame.function, /^[a-z][\w./]*\.\S/);
    }
  });
}

test('every sample of the folder has its reference', () => {
  const texts = readdirSync(fixtures).filter((name) => /^go.*\.txt$/.test(name));
  assert.ok(texts.length >= 39);
  for (const name of texts) assert.ok(reference.has(name), name);
});

describe('a heap text in full', () => {
  const events = parseText(fixture('go1.26-heap1.txt'), 'dumps/heap1.txt');
  const heap = find(events, 'heap');
  const stats = find(events, 'memstats');

  test('head, totals and the first record', () => {
    assert.equal(heap.line, 1);
    assert.equal(heap.profile, 'heap');
    assert.equal(heap.sampleRate, 4096);
    assert.deepEqual(heap.inUse, { objects: 5569, bytes: 696049 });
    assert.equal(heap.sites.length, 6);
    const site = heap.sites[4]!;
    assert.deepEqual(site.stack, [
      { function: 'main.generic0[...]', file: 'example.com/app/main.go', line: 368 },
      { function: 'main.main', file: 'example.com/app/main.go', line: 319 },
      { function: 'runtime.main', file: 'runtime/proc.go', line: 290 },
    ]);
    assert.deepEqual(site.raw.inUse, { objects: 1, bytes: 8192 });
    assert.deepEqual(site.inUse, { objects: 1, bytes: 9474 });
    assert.deepEqual(heap.functionEntries?.['runtime.main'], '0x44cd00');
  });

  test('MemStats under their own names', () => {
    assert.equal(stats.line, 33);
    assert.equal(stats.HeapAlloc, 968712);
    assert.equal(stats.Mallocs, 7362);
    assert.equal(typeof stats.StackInuse, 'number');
    assert.equal(typeof stats.StackSys, 'number');
    assert.equal(stats.DebugGC, false);
    assert.equal(typeof stats.MaxRSS, 'number');
    assert.equal((stats.PauseNs as unknown[]).length, 256);
    assert.equal(heap.numGC, stats.NumGC);
  });
});

test('an old text has what its version prints', () => {
  const stats = find(parseText(fixture('go1.9-heap1.txt'), 'x'), 'memstats');
  assert.equal(stats.Lookups, 3);
  assert.ok(!('MaxRSS' in stats));
  assert.equal(typeof stats.LastGC, 'string');
});

test('the pause ring gives pauses, newest last', () => {
  const stats = find(parseText(fixture('leak-heap-008.txt'), 'x'), 'memstats') as MemStatsEvent;
  const pauses = pausesOf(stats);
  const cycles = stats.NumGC as number;
  assert.equal(pauses.length, Math.min(256, cycles));
  assert.equal(pauses.at(-1)?.endUnixNs, stats.LastGC);
  assert.ok(pauses.every((pause, i) => i === 0 || BigInt(pause.endUnixNs!) > BigInt(pauses[i - 1]!.endUnixNs!)));
  const ring = Array.from({ length: 256 }, (_, i) => i + 1);
  const wrapped = pausesOf({ NumGC: 300, PauseNs: ring });
  assert.equal(wrapped.length, 256);
  assert.equal(wrapped.at(-1)?.pauseNs, 44);
  assert.equal(wrapped[0]?.pauseNs, 45);
});

describe('texts that are not whole', () => {
  const whole = fixture('go1.24-heap1.txt');

  test('cut in the records: what was read, and said to be cut', () => {
    const heap = find(parseText(whole.subarray(0, 900), 'x'), 'heap');
    assert.equal(heap.truncated, true);
    assert.ok(heap.sites.length > 2);
  });

  test('a torn record is malformed, the others stay', () => {
    const text = whole.toString('utf8').replace(/^(\d+: \d+ \[\d+): (\d+\] @)/m, '$1 2026-11-21 INFO request $2');
    const events = parseText(Buffer.from(text), 'x');
    const malformed = find(events, 'malformed');
    assert.equal(malformed.reason, 'record is torn');
    assert.equal(find(events, 'heap').sites.length, find(parseText(whole, 'x'), 'heap').sites.length - 1);
  });

  test('objects without bytes but bytes without objects are refused, as pprof refuses them', () => {
    const text =
      'heap profile: 1: 1 [1: 1] @ heap/2\n0: 17 [0: 0] @ 0x1\n\n1: 16 [1: 16] @ 0x2\n#\t0x1\tmain.f+0x1\ta.go:3\n\n';
    const events = parseText(Buffer.from(text), 'x');
    assert.equal(find(events, 'malformed').line, 2);
    assert.equal(find(events, 'heap').sites.length, 1);
  });

  test('log lines between the lines go back to the caller, the text stays whole', () => {
    const lines = whole.toString('utf8').split('\n');
    const noisy = lines.flatMap((line, i) =>
      i % 3 === 1 ? [line, `2026/11/21 10:00:0${i % 10} INFO line ${i}`] : [line],
    );
    const clean = find(parseText(whole, 'x'), 'heap');
    assert.deepEqual(find(parseText(Buffer.from(noisy.join('\n')), 'x'), 'heap').sites, clean.sites);
  });

  test('carriage returns and indentation do not matter', () => {
    const clean = find(parseText(whole, 'x'), 'heap');
    const crlf = Buffer.from(whole.toString('utf8').replaceAll('\n', '\r\n'));
    assert.deepEqual(find(parseText(crlf, 'x'), 'heap').sites, clean.sites);
    const indented = Buffer.from(whole.toString('utf8').replace(/^/gm, '    '));
    assert.deepEqual(find(parseText(indented, 'x'), 'heap').sites, clean.sites);
  });

  test('two texts after each other are two events', () => {
    const bytes = Buffer.concat([whole, whole]);
    const parser = new ProfileTextParser('heap', { source: 'x' });
    const result = parser.push(bytes, 0, bytes.length, 1);
    assert.equal(result.state, 'done');
    assert.equal(result.consumed, whole.length);
    assert.equal(find(parser.finish(), 'heap').truncated, undefined);
  });

  test('other text for long ends it', () => {
    const noise = Buffer.from(`${'something else altogether\n'.repeat(200)}`);
    const parser = new ProfileTextParser('heap', { source: 'x' });
    parser.push(whole, 0, 900, 1);
    let from = 0;
    for (;;) {
      const result = parser.push(noise, from, noise.length, 30);
      if (result.state === 'done') break;
      assert.equal(result.state, 'foreign');
      from = noise.indexOf(10, result.consumed) + 1;
      assert.ok(from < noise.length);
    }
  });

  test('addresses alone still make stacks', () => {
    const text = 'heap profile: 3: 48 [3: 48] @ heap/2\n1: 16 [1: 16] @ 0x10 0x20\n2: 32 [2: 32] @ 0x10 0x30\n';
    const heap = find(parseText(Buffer.from(text), 'x'), 'heap');
    assert.deepEqual(
      heap.sites.map((site) => site.stack.map((frame) => frame.function)),
      [
        ['0x10', '0x20'],
        ['0x10', '0x30'],
      ],
    );
  });
});

describe('broken lines that all others stand on', () => {
  const whole = fixture('go1.24-heap1.txt').toString('utf8');
  const withHeader = (header: string): GcbendEvent[] => parseText(Buffer.from(whole.replace(/^.*/, header)), 'x');

  const headers: [header: string, reason: RegExp][] = [
    ['heap profile: 12: 345 [15: 789] @ heap/0', /sampling rate in the header of the heap text is 0/],
    [
      'heap profile: 99999999999999999999999: 345 [6: 789] @ heap/8192',
      /^99999999999999999999999 .* more than 64 bits/,
    ],
    ['heap profile: -12: -345 [6: 789] @ heap/8192', /^"-12" .* no count/],
    ['heap profile: 12: 345 [6: x] @ heap/8192', /^"x" .* no count/],
    ['heap profile: 12x: 345 [6: 789] @ heap/8192', /^"12x" .* no count/],
    ['heap profile: 12: 345 [6: 789] @ heap/81z', /^"heap\/81z" .* names no sampling rate/],
    ['heap profile: 12: 345 [6: 789] @ heap/', /^"heap\/" .* names no sampling rate/],
    ['heap profile: 12: 345 [6: 789] @ heap/8192 2026/11/21 INFO up', /names no sampling rate/],
    ['heap profile: 12: 345 [6: ', /^the header of the heap text is torn$/],
  ];
  for (const [header, reason] of headers) {
    test(`${header}: malformed, and MemStats stay`, () => {
      const events = withHeader(header);
      assert.deepEqual(
        events.map((event) => event.type),
        ['malformed', 'memstats'],
      );
      const malformed = find(events, 'malformed');
      assert.match(malformed.reason, reason);
      assert.equal(malformed.grammar, 'heap');
      assert.equal(malformed.line, 1);
      assert.equal(malformed.text, header);
      assert.deepEqual(
        parseText(Buffer.from(`${header}\n`), 'x').map((event) => event.type),
        ['malformed'],
      );
    });
  }

  test('a rate of zero with nothing sampled is that of a program without profiling', () => {
    const heap = find(parseText(Buffer.from('heap profile: 0: 0 [0: 0] @ heap/0\n\n'), 'x'), 'heap');
    assert.equal(heap.sampleRate, 0);
    assert.deepEqual(heap.sites, []);
  });

  test('sentences about heap profiles begin nothing', () => {
    for (const line of ['heap profile: enabled', 'heap profile: written to /tmp/heap.out', 'heap profile: 12 MiB']) {
      assert.deepEqual(parseText(Buffer.from(`${line}\n`), 'x'), [], line);
    }
  });

  test('records of a heap text with garbage where a number belongs', () => {
    const good = '2: 32 [3: 48] @ 0x2\n#\t0x1\tmain.f+0x1\ta.go:3\n\n';
    for (const record of [
      '1x: 16 [1: 16] @ 0x1',
      'x: 16 [1: 16] @ 0x1',
      '1: 16 [1: 16 @ 0x1',
      '1: 16 [-1: 16] @ 0x1',
      '1: 99999999999999999999999 [1: 16] @ 0x1',
    ]) {
      const frame = '#\t0x5\tmain.lost+0x1\ta.go:9\n\n';
      const events = parseText(Buffer.from(`heap profile: 3: 48 [4: 64] @ heap/2\n${record}\n${frame}${good}`), 'x');
      assert.deepEqual(
        events.map((event) => event.type),
        ['heap', 'malformed'],
        record,
      );
      const malformed = find(events, 'malformed');
      assert.deepEqual([malformed.line, malformed.reason, malformed.text], [2, 'record is torn', record]);
      assert.deepEqual(find(events, 'heap').inUse, { objects: 2, bytes: 32 });
    }
  });

  test('what scales a contention text', () => {
    const records = '662083769 79 @ 0x1\n#\t0x1\tmain.f+0x1\ta.go:3\n\n';
    const kinds = (text: string): string[] =>
      parseText(Buffer.from(text), 'x').map((event) => (event.type === 'malformed' ? event.reason : event.type));
    const block = (rate: string): string[] => kinds(`--- contention:\n${rate}${records}`);
    assert.deepEqual(block('cycles/second=2600000000\n'), ['contention']);
    for (const rate of ['x', '0', '-5', '99999999999999999999999', '26e']) {
      assert.deepEqual(
        block(`cycles/second=${rate}\n`),
        ['cycles/second is no number above 0: the records cannot be scaled'],
        rate,
      );
    }
    assert.deepEqual(block(''), ['the line "cycles/second" is missing: the records cannot be scaled']);
    const mutex = (period: string): string[] => kinds(`--- mutex:\ncycles/second=2600000000\n${period}${records}`);
    assert.deepEqual(mutex('sampling period=5\n'), ['contention']);
    assert.deepEqual(mutex('sampling period=-5\n'), [
      'sampling period is no number above 0: the records cannot be scaled',
    ]);
    assert.deepEqual(mutex('sampling period=0\n'), ['the sampling period is 0: the records cannot be scaled']);
    assert.deepEqual(mutex(''), ['the line "sampling period" is missing: the records cannot be scaled']);
    assert.deepEqual(kinds('--- mutex:\ncycles/second=2600000000\nsampling period=0\n'), ['contention']);
    assert.deepEqual(kinds('--- mutex:\nsome other text\n'), []);
  });

  test('records of a contention text with garbage where a number belongs', () => {
    for (const record of ['12x 4 @ 0x1', '12 -4 @ 0x1', '12 @ 0x1 0x2', '99999999999999999999999 4 @ 0x1']) {
      const events = parseText(
        Buffer.from(`--- contention:\ncycles/second=1000000000\n${record}\n\n7 1 @ 0x2\n\n`),
        'x',
      );
      assert.deepEqual(
        events.map((event) => event.type),
        ['contention', 'malformed'],
        record,
      );
      assert.equal(find(events, 'contention').sites.length, 1);
    }
  });

  test('a text that another one cuts short is said to be cut', () => {
    const header = 'heap profile: 1: 16 [1: 16] @ heap/2\n1: 16 [1: 16] @ 0x1\n\n';
    assert.equal(find(parseText(Buffer.from(`${header}goroutine profile: total 3\n`), 'x'), 'heap').truncated, true);
  });
});

test('a JSON object may be pushed from the start of its line', () => {
  const line = Buffer.from('12:00:01 vars {"cmdline":["x"],"memstats":{"HeapAlloc":5,"NextGC":10}}\n');
  const parser = new ProfileTextParser('vars', { source: 'x' });
  parser.push(line, 0, line.length, 1);
  assert.equal(find(parser.finish(), 'memstats').NextGC, 10);
});

describe('MemStats from elsewhere', () => {
  const only = (text: string): MemStatsEvent => find(parseText(Buffer.from(text), 'x'), 'memstats');

  test('expvar, one variable a line', () => {
    const text =
      '"memstats": {"Alloc":1048576,"TotalAlloc":2,"Sys":3,"HeapAlloc":1048576,"NextGC":4194304,"LastGC":1795239794383866814,' +
      '"PauseNs":[208352,0],"PauseEnd":[1795239794383866814,0],"NumGC":1,"EnableGC":true,"BySize":[{"Size":0,"Mallocs":0,"Frees":0}]}\n}\n';
    const stats = only(text);
    assert.equal(stats.HeapAlloc, 1048576);
    assert.equal(stats.LastGC, '1795239794383866814');
    assert.deepEqual(pausesOf(stats), [{ pauseNs: 208352, endUnixNs: '1795239794383866814' }]);
  });

  test('expvar on one line, behind a log prefix, and spread by jq', () => {
    const inner = { cmdline: ['./x'], memstats: { HeapAlloc: 5, NextGC: 10, Mallocs: 7, HeapSys: 20 } };
    assert.equal(only(`${JSON.stringify(inner)}\n`).NextGC, 10);
    assert.equal(only(`12:00:01 vars ${JSON.stringify(inner)}\n`).Mallocs, 7);
    const spread = JSON.stringify(inner, undefined, 2);
    assert.equal(only(spread.slice(spread.indexOf('  "memstats"'))).HeapSys, 20);
    assert.equal(only(`${JSON.stringify(inner.memstats)}\n`).HeapAlloc, 5);
  });

  test('lines that programs print', () => {
    const fields = (text: string) => {
      const { type: _type, schema: _schema, source: _source, line: _line, ...rest } = only(text);
      return rest;
    };
    assert.deepEqual(fields('heap_alloc: 4194304, next_gc: 8388608\n'), { HeapAlloc: 4194304, NextGC: 8388608 });
    assert.deepEqual(fields('time=12:00 level=INFO heap_alloc=10 next_gc=20 gc_cpu_fraction=0.0012\n'), {
      HeapAlloc: 10,
      NextGC: 20,
      GCCPUFraction: 0.0012,
    });
    assert.deepEqual(fields('{"msg":"mem","heapAlloc":10,"nextGC":20,"numGC":3}\n'), {
      HeapAlloc: 10,
      NextGC: 20,
      NumGC: 3,
    });
    assert.deepEqual(fields('HeapAlloc = 3 MiB\tTotalAlloc = 5 MiB\tSys = 12 MiB\tNumGC = 3\n'), {
      HeapAlloc: 3 * 2 ** 20,
      TotalAlloc: 5 * 2 ** 20,
      Sys: 12 * 2 ** 20,
      NumGC: 3,
    });
  });

  test('talk about it is no record of it', () => {
    for (const text of [
      'HeapAlloc is rising\n',
      'the field heap_alloc: see docs\n',
      '# HeapAlloc = 968712\n',
      'heap_alloc: 7\n',
    ]) {
      assert.deepEqual(parseText(Buffer.from(text), 'x'), [], text);
    }
  });
});

test('every start holds an anchor', () => {
  const starts = [...reference.keys()]
    .map((name) => fixture(name))
    .map((bytes) => bytes.subarray(0, bytes.indexOf(10)));
  starts.push(Buffer.from('heap_alloc: 1, next_gc: 2'), Buffer.from('"memstats": {"HeapAlloc":1,"NextGC":2}'));
  for (const start of starts)
    assert.ok(
      anchors.some((anchor) => start.includes(anchor)),
      start.toString(),
    );
});

test('lines out of a log wrapper come one by one, without newlines', () => {
  for (const name of ['go1.24-heap1.txt', 'go1.22-block1.txt', 'pprof/heap.txt']) {
    const bytes = fixture(name);
    const kind = ProfileTextParser.startsProfile(bytes, 0, bytes.indexOf(10))!.kind;
    const parser = new ProfileTextParser(kind, { source: 'x' });
    bytes
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .forEach((line, i) => {
        const content = Buffer.from(`{"log":"${line}"}`);
        assert.equal(parser.push(content, 8, content.length - 2, i + 1).state, 'more');
      });
    assert.deepEqual(parser.finish(), parseText(bytes, 'x'));
  }
});

describe('properties', () => {
  const texts = ['go1.24-heap1.txt', 'go1.22-block1.txt', 'go1.26-mutex1.txt', 'pprof/heap.txt'].map(fixture);
  const anyText = fc.constantFrom(...texts);

  test('where pushes begin and end makes no difference', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(30000), { maxLength: 8 }), (bytes, raw) => {
        const cuts = raw.map((cut) => cut % bytes.length).sort((a, b) => a - b);
        assert.deepEqual(parseText(bytes, 'x', cuts), parseText(bytes, 'x'));
      }),
      { numRuns: 100 },
    );
  });

  test('flipped bytes and torn ends never throw, and every event is whole', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
        fc.nat(),
        (text, flips, cut) => {
          const bytes = Buffer.from(text);
          for (const [at, value] of flips) bytes[at % bytes.length] = value;
          for (const event of parseText(bytes.subarray(0, cut % bytes.length), 'x')) {
            assert.equal(event.schema, 1);
            assert.ok(event.line >= 1);
            if (event.type === 'heap') {
              for (const site of event.sites) assert.ok(Number.isFinite(site.inUse.bytes) && Array.isArray(site.stack));
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
