// In: heap and goroutine texts of programs whose leak is known, and made-up histories of places that are innocent. Out: the cause is
// named, once; nothing is blamed without one; what one MemStats block says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { GoroutineDumpParser } from '../../src/events/goroutines/index.ts';
import { ProfileTextParser, scaleHeapSample } from '../../src/events/profiles/index.ts';
import type {
  FindingEvent,
  Frame,
  GcbendEvent,
  GoroutinesEvent,
  HeapEvent,
  MemStatsEvent,
} from '../../src/events/types.ts';
import { HeapSeriesAnalysis } from '../../src/findings/heap.ts';
import { memoryBill } from '../../src/findings/heap-bill.ts';
import { differentBuilds } from '../../src/series/profile-own-frame.ts';

const folder = new URL('./fixtures/heap/', import.meta.url);

function read(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(name, folder)));
}

/** All heap texts of a file, one after the other. */
function heapTexts(name: string): (HeapEvent | MemStatsEvent)[] {
  const bytes = read(name);
  const events: GcbendEvent[] = [];
  let from = 0;
  while (from < bytes.length) {
    const parser = new ProfileTextParser('heap', { source: name });
    const result = parser.push(bytes, from, bytes.length, 1);
    events.push(...parser.finish());
    from = result.state === 'more' ? bytes.length : result.consumed;
  }
  return events as (HeapEvent | MemStatsEvent)[];
}

function goroutineTexts(name: string): GoroutinesEvent[] {
  const events: GoroutinesEvent[] = [];
  for (const text of read(name)
    .toString('utf8')
    .split(/^(?=goroutine profile: )/m)) {
    const bytes = Buffer.from(text);
    const parser = new GoroutineDumpParser({ source: name });
    parser.push(bytes, 0, bytes.length, 1, true);
    const event = parser.finish();
    if (event?.type === 'goroutines') events.push(event);
  }
  return events;
}

function analyse(scenario: string, options: ConstructorParameters<typeof HeapSeriesAnalysis>[0] = {}): GcbendEvent[] {
  const analysis = new HeapSeriesAnalysis(options);
  const out: GcbendEvent[] = [];
  for (const event of heapTexts(`${scenario}.heap.txt.gz`)) out.push(...analysis.push(event));
  return [...out, ...analysis.finish()];
}

function findings(events: readonly GcbendEvent[], rule: string): FindingEvent[] {
  return events.filter((e): e is FindingEvent => e.type === 'finding' && e.status === 'final' && e.rule === rule);
}

const causes: [string, string, string][] = [
  ['leak', 'main.retainOrder', 'slice-growth'],
  ['map-cache', 'main.cacheUser', 'map-without-eviction'],
  ['slice-bloat', 'main.bloat', 'slice-growth'],
  ['timer-leak', 'main.timerCapture', 'captured-closure'],
];

for (const [scenario, guilty, cause] of causes) {
  test(`${scenario}: ${guilty} is named, alone, with its cause`, () => {
    const events = analyse(scenario);
    const [growth, ...others] = findings(events, 'site-growth');
    assert.deepEqual(others, []);
    assert.equal(growth?.site?.function, guilty);
    assert.equal(growth?.severity, 'warning');
    assert.equal(growth?.ongoing, true);
    assert.ok(growth.confidence >= 0.9);
    assert.equal(growth.evidence.cause, cause);
    const bends = events.filter((event) => event.type === 'inflection');
    assert.deepEqual(
      bends.map((bend) => [bend.signal, bend.kind]),
      [[`site:${guilty}`, 'growth-onset']],
    );
    assert.ok(bends[0]!.slopeAfter > 0.25 && bends[0]!.slopeAfter < 1.6);
  });
}

test('with the source at hand the line itself is the evidence', () => {
  const source = readFileSync(new URL('source.go.txt', folder), 'utf8').split('\n');
  const readSource = (file: string) => (file === 'example.com/workload/main.go' ? source : undefined);
  for (const [scenario, , cause] of causes.filter(([name]) => name !== 'slice-bloat')) {
    const [growth] = findings(analyse(scenario, { readSource }), 'site-growth');
    assert.equal(growth?.evidence.cause, cause);
    assert.equal(growth?.evidence.causeCertainty, 'shown');
  }
});

test('a slice that grows shows its ladder of sizes', () => {
  const [growth] = findings(analyse('slice-bloat'), 'site-growth');
  assert.match(growth!.detail, /freed records of one stack step up by .*× 1\.25/);
});

test('two leaks are two findings, each with its own onset', () => {
  const found = findings(analyse('two-leaks'), 'site-growth');
  assert.deepEqual(found.map((finding) => finding.site?.function).sort(), ['main.cacheUser', 'main.retainOrder']);
  const onsets = found.map((finding) => [finding.site?.function, finding.evidence.growingSince]);
  assert.deepEqual(Object.fromEntries(onsets), { 'main.retainOrder': 2, 'main.cacheUser': 5 });
});

test('a leak that stopped is not one that goes on', () => {
  assert.deepEqual(findings(analyse('leak-fixed'), 'site-growth'), []);
});

test('a pool is no leak, and says why', () => {
  const events = analyse('pool');
  assert.ok(events.every((e) => e.type !== 'finding' || e.severity === 'info'));
  assert.deepEqual(findings(events, 'site-growth'), []);
  const pool = findings(events, 'alloc-churn').find((finding) => finding.evidence.syncPool === true);
  assert.equal(pool?.site?.function, 'main.main.func21');
});

describe('who holds the memory', () => {
  for (const [scenario, guilty] of [
    ['goroutine-leak', 'main.waitForReply'],
    ['mutex-leak', 'main.lockAccount'],
  ] as const) {
    test(`${scenario}: one object for each goroutine, one leak`, () => {
      const analysis = new HeapSeriesAnalysis();
      const heaps = heapTexts(`${scenario}.heap.txt.gz`).filter((event) => event.type === 'heap');
      const dumps = goroutineTexts(`${scenario}.goroutine1.txt.gz`);
      assert.equal(dumps.length, heaps.length);
      heaps.forEach((heap, i) => {
        analysis.push(dumps[i]!, i * 5);
        analysis.push(heap, i * 5);
      });
      const [growth, ...others] = findings(analysis.finish(), 'site-growth');
      assert.deepEqual(others, []);
      assert.equal(growth?.site?.function, guilty);
      assert.equal(growth?.severity, 'info');
      assert.equal(growth?.evidence.cause, 'goroutine-leak');
      assert.deepEqual((growth!.evidence.sameLeakAs as { rule: string }).rule, 'goroutine-growth');
      const held = growth!.evidence.heldBy as Record<string, number>;
      assert.ok(held.newObjectsPerNewGoroutine! > 0.6 && held.newObjectsPerNewGoroutine! < 1.5);
      assert.ok(held.kibPerGoroutine! > 6 && held.kibPerGoroutine! < 16);
    });

    test(`${scenario}: one moment is a suspicion, with state and creator`, () => {
      const analysis = new HeapSeriesAnalysis();
      analysis.push(goroutineTexts(`${scenario}.goroutine2-last.txt.gz`)[0]!);
      analysis.push(
        heapTexts(`${scenario}.heap.txt.gz`)
          .filter((event) => event.type === 'heap')
          .at(-1)!,
      );
      const [holder] = findings(analysis.finish(), 'blocked-goroutines');
      assert.equal(holder?.site?.function, guilty);
      assert.equal(holder?.severity, 'info');
      assert.match(holder?.createdBy?.function ?? '', /^main\.main\.func/);
      assert.match(holder?.title ?? '', scenario === 'mutex-leak' ? /sync\.Mutex\.Lock/ : /chan send/);
    });
  }
});

const RATE = 524288;

interface Place {
  name: string;
  objectBytes: number;
  /** Sampled objects in use, and allocated so far, at each snapshot. */
  inUse: number[];
  allocated: number[];
  frames?: Frame[];
  hiddenFrames?: number;
}

/** One line whose only object is made anew ever larger: `live` says which size is in use at each snapshot. */
function ladder(name: string, sizes: readonly number[], live: readonly number[], hiddenFrames = 2): Place[] {
  const frames = [{ function: name, file: 'main.go', line: 7 }, { function: 'main.main' }];
  return sizes.map((objectBytes, rung) => ({
    name,
    objectBytes,
    frames,
    hiddenFrames,
    inUse: live.map((at) => (at === rung ? 1 : 0)),
    allocated: live.map((at) => (at >= rung ? 1 : 0)),
  }));
}

function heapEvent(places: readonly Place[], at: number, extra: Partial<HeapEvent> = {}): HeapEvent {
  const sites = places.map((place) => {
    const stack = place.frames ?? [{ function: place.name, file: 'main.go', line: 7 }, { function: 'main.main' }];
    const raw = {
      inUse: { objects: place.inUse[at]!, bytes: place.inUse[at]! * place.objectBytes },
      allocated: { objects: place.allocated[at]!, bytes: place.allocated[at]! * place.objectBytes },
    };
    return {
      function: stack[0]!.function,
      stack,
      raw,
      inUse: scaleHeapSample(raw.inUse.objects, raw.inUse.bytes, RATE),
      allocated: scaleHeapSample(raw.allocated.objects, raw.allocated.bytes, RATE),
      ...(place.hiddenFrames === undefined ? {} : { hiddenFrames: place.hiddenFrames }),
    };
  });
  const sum = (key: 'inUse' | 'allocated') => ({
    objects: sites.reduce((total, site) => total + site[key].objects, 0),
    bytes: sites.reduce((total, site) => total + site[key].bytes, 0),
  });
  return {
    type: 'heap',
    schema: 1,
    source: `heap-${at}.txt`,
    line: 1,
    sampleRate: RATE,
    inUse: sum('inUse'),
    allocated: sum('allocated'),
    sites,
    numGC: at * 10 + 1,
    ...extra,
  };
}

function run(places: readonly Place[], step = 30): FindingEvent[] {
  const analysis = new HeapSeriesAnalysis();
  const out: GcbendEvent[] = [];
  for (let i = 0; i < places[0]!.inUse.length; i++) out.push(...analysis.push(heapEvent(places, i), i * step));
  return findings([...out, ...analysis.finish()], 'site-growth');
}

describe('innocent histories', () => {
  const cases: Record<string, Place> = {
    'a load that is kept': {
      name: 'main.load',
      objectBytes: 8192,
      inUse: [2, 2, 2, 60, 60, 60, 60, 60],
      allocated: [2, 2, 2, 60, 60, 60, 60, 60],
    },
    'a cache that is full': {
      name: 'main.fill',
      objectBytes: 8192,
      inUse: [0, 15, 30, 45, 50, 50, 50, 50],
      allocated: [0, 15, 30, 45, 50, 50, 50, 50],
    },
    'a cycle that ends on its rise': {
      name: 'main.batch',
      objectBytes: 8192,
      inUse: [5, 25, 45, 4, 24, 44, 6, 26, 46],
      allocated: [5, 25, 45, 65, 85, 105, 125, 145, 165],
    },
    'a cycle whose rise is longer than half the series': {
      name: 'main.batch',
      objectBytes: 8192,
      inUse: [62, 81, 3, 22, 40, 59, 78, 90],
      allocated: [462, 481, 503, 522, 540, 559, 578, 590],
    },
    'a busy place that breathes': {
      name: 'main.serve',
      objectBytes: 32768,
      inUse: [12, 17, 9, 14, 18, 8, 13, 19],
      allocated: [12, 60, 110, 160, 210, 260, 310, 360],
    },
    'use that follows the load': {
      name: 'main.handle',
      objectBytes: 16384,
      inUse: [10, 20, 32, 44, 58, 70, 84, 98],
      allocated: [10, 60, 170, 340, 570, 860, 1210, 1620],
    },
    'a few samples by chance': {
      name: 'main.rare',
      objectBytes: 64,
      inUse: [0, 0, 1, 1, 2, 2, 3, 3],
      allocated: [0, 1, 2, 3, 5, 6, 8, 9],
    },
  };
  for (const [what, place] of Object.entries(cases)) {
    test(what, () => assert.deepEqual(run([place]), []));
  }
});

describe('guilty histories', () => {
  const cases: Record<string, Place> = {
    'from the start': {
      name: 'main.leak',
      objectBytes: 8192,
      inUse: [4, 8, 13, 16, 21, 26, 29, 34],
      allocated: [4, 8, 13, 16, 21, 26, 29, 34],
    },
    'with an onset halfway': {
      name: 'main.leak',
      objectBytes: 8192,
      inUse: [1, 1, 1, 1, 6, 12, 17, 23],
      allocated: [1, 1, 1, 1, 6, 12, 17, 23],
    },
    'three texts': {
      name: 'main.leak',
      objectBytes: 8192,
      inUse: [1, 12, 24],
      allocated: [1, 12, 24],
    },
    'one of ten stays, under a steady load': {
      name: 'main.leak',
      objectBytes: 8192,
      inUse: [20, 31, 39, 52, 60, 69, 82, 90, 101, 110],
      allocated: [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000],
    },
  };
  for (const [what, place] of Object.entries(cases)) {
    test(what, () => {
      const found = run([place]);
      assert.deepEqual(
        found.map((finding) => finding.site?.function),
        ['main.leak'],
      );
    });
  }

  test('two texts are enough to say what grew, not that it is a leak for sure', () => {
    const found = run([{ name: 'main.leak', objectBytes: 8192, inUse: [2, 40], allocated: [2, 40] }]);
    assert.equal(found[0]?.site?.function, 'main.leak');
    assert.ok(found[0]!.confidence <= 0.7);
  });

  test('what a library allocates is put down to who called it', () => {
    const frames = [{ function: 'bytes.Repeat' }, { function: 'main.remember', file: 'a.go', line: 3 }];
    const inUse = [1, 11, 20, 33, 41];
    const found = run([{ name: 'x', objectBytes: 9472, inUse, allocated: inUse, frames }]);
    assert.deepEqual(found[0]?.site, { function: 'main.remember', file: 'a.go', line: 3 });
  });

  test('the trajectory rule counts scaled allocations and frees', () => {
    const inUse = [1, 11, 20, 33, 41];
    const [found] = run([{ name: 'main.leak', objectBytes: 1024, inUse, allocated: inUse }]);
    const trajectory = found?.evidence.trajectory as Record<string, number>;
    assert.ok(trajectory.allocations! > 500 && trajectory.frees === 0 && trajectory.windowSeconds === 120);
  });
});

describe('few texts', () => {
  const MiB = 1048576;
  const quarters = [1, 1.25, 1.5625, 1.953125, 2.4414, 3.0518, 3.8147].map((factor) => Math.round(factor * 8 * MiB));
  const only = (found: readonly FindingEvent[]): FindingEvent => {
    assert.equal(found.length, 1);
    return found[0]!;
  };

  test('an append in four texts, in use flat between its steps', () => {
    const found = only(run(ladder('main.collect', quarters, [3, 4, 4, 5])));
    assert.equal(found.severity, 'warning');
    assert.equal(found.evidence.cause, 'slice-growth');
    assert.ok(found.confidence <= 0.85);
    assert.match(found.detail, /Only 4 texts: a cache that still fills looks the same\./);
    assert.match(found.advice?.[0] ?? '', /more texts/);
  });

  test('one step of an append in four texts: named, as one that may have been the last', () => {
    for (const live of [
      [3, 3, 3, 4],
      [3, 3, 4, 4],
    ]) {
      const found = only(run(ladder('main.collect', quarters, live)));
      assert.equal(found.severity, 'info');
      assert.ok(found.confidence <= 0.5);
      assert.match(found.detail, /4 texts do not tell it from a load that is kept/);
    }
    assert.deepEqual(run(ladder('main.collect', quarters, [3, 4, 4, 4])), []);
    assert.deepEqual(run(ladder('main.collect', quarters, [4, 4, 4, 4])), []);
  });

  test('a buffer that doubles, not every size of which was sampled', () => {
    const sizes = [8192, 262144, MiB, 4 * MiB, 8 * MiB, 16 * MiB, 32 * MiB];
    assert.equal(only(run(ladder('main.log', sizes, [4, 4, 5, 6]))).evidence.cause, 'slice-growth');
  });

  test('the bucket array of a map before Go 1.24 doubles, deeper in the runtime', () => {
    const sizes = [2, 4, 8, 16, 32].map((size) => size * MiB);
    const small: Place = {
      ...ladder('main.index', [208], [0, 0, 0, 0])[0]!,
      inUse: [2, 3, 3, 4],
      allocated: [5, 9, 12, 16],
    };
    const places = ladder('main.index', sizes, [2, 3, 3, 4], 3);
    const found = only(run([...places, { ...small, frames: places[0]!.frames! }]));
    assert.equal(found.evidence.cause, 'map-without-eviction');
    assert.equal(found.evidence.causeCertainty, 'shown');
  });

  test('a map filled under names that fmt makes: its pool is not theirs', () => {
    const name = 'main.remember';
    const own = { function: name, file: 'main.go', line: 7 };
    const printer = ['fmt.init.func1', 'sync.(*Pool).Get', 'fmt.newPrinter', 'fmt.Sprint'];
    const frames = [...printer.map((fn) => ({ function: fn })), own];
    const inUse = [4, 22, 39, 61];
    const found = only(
      run([
        { name, objectBytes: 8192, inUse, allocated: inUse, frames: [own] },
        { name, objectBytes: 208, inUse: [0, 0, 0, 0], allocated: [1, 1, 1, 1], frames },
      ]),
    );
    assert.equal(found.site?.function, name);
    assert.equal(found.severity, 'warning');
    const pooled = { name, objectBytes: 8192, inUse, allocated: inUse, frames };
    assert.deepEqual(run([pooled]), []);
  });

  test('tables of a map: one of three is freed when they split', () => {
    const inUse = [14, 31, 55, 69];
    assert.equal(
      run([{ name: 'main.index', objectBytes: 27264, inUse, allocated: [27, 66, 122, 156] }])[0]?.severity,
      'warning',
    );
  });

  test('a place that gave back before is a suspicion only', () => {
    const inUse = [5, 20, 36, 50];
    const allocated = inUse.map((count) => count + 300);
    const found = only(run([{ name: 'main.batch', objectBytes: 8192, inUse, allocated }]));
    assert.equal(found.severity, 'info');
    assert.ok(found.confidence <= 0.5);
  });

  test('a load that two texts show the rise of is a suspicion only', () => {
    const inUse = [0, 0, 0, 0, 43, 72];
    const found = only(run([{ name: 'main.reload', objectBytes: 8192, inUse, allocated: inUse }]));
    assert.equal(found.severity, 'info');
    assert.ok(found.confidence <= 0.5);
  });
});

describe('snapshots that cannot be compared', () => {
  const place = { name: 'main.f', objectBytes: 8192, inUse: [1, 20, 40, 60], allocated: [1, 20, 40, 60] };

  test('no cycle between two texts: a hint with its cost, no finding', () => {
    const analysis = new HeapSeriesAnalysis();
    for (const at of [0, 1, 2]) analysis.push(heapEvent([place], at, { numGC: 7 }));
    assert.deepEqual(findings(analysis.finish(), 'site-growth'), []);
    for (const at of [3, 4, 5]) analysis.push(heapEvent([place], 3, { numGC: 5 + at }));
    for (const at of [3, 3]) analysis.push(heapEvent([place], at, { numGC: 20 }));
    assert.match(analysis.notes[0]!, /gc=1 \(forces a full cycle/);
    assert.equal(analysis.notes.length, 1, 'said once, however many cycles a polled program has');
  });

  test('another build, a restart: the series begins again', () => {
    const analysis = new HeapSeriesAnalysis();
    const old = { 'main.main': '0x1000', 'runtime.main': '0x9000' };
    const next = { 'main.main': '0x1000', 'runtime.main': '0x9400' };
    analysis.push(heapEvent([place], 0, { functionEntries: old }));
    analysis.push(heapEvent([place], 1, { functionEntries: next }));
    analysis.push(heapEvent([place], 2, { functionEntries: next, numGC: 2 }));
    assert.match(analysis.notes[0]!, /another build/);
    assert.match(analysis.notes[1]!, /restarted \(NumGC fell from 11 to 2\)/);
    const moved = heapEvent([place], 3, { functionEntries: { 'main.main': '0x5000', 'runtime.main': '0xd000' } });
    assert.equal(differentBuilds(heapEvent([place], 0, { functionEntries: old }), moved), false);
  });
});

describe('memory bill', () => {
  const stats = (fields: Record<string, number>): MemStatsEvent => ({
    ...fields,
    type: 'memstats',
    schema: 1,
    source: 'x',
    line: 1,
  });
  const block = {
    Sys: 1000e6,
    HeapAlloc: 300e6,
    HeapSys: 900e6,
    HeapIdle: 500e6,
    HeapInuse: 400e6,
    HeapReleased: 100e6,
    NextGC: 400e6,
    StackSys: 20e6,
  };

  test('its parts are the whole', () => {
    const bill = memoryBill(stats(block))!;
    const sum =
      bill.liveBytes +
      bill.untilNextGcBytes +
      bill.fragmentationBytes +
      bill.idleUnreleasedBytes +
      bill.releasedBytes +
      bill.stacksBytes +
      bill.gcAndOtherBytes;
    assert.equal(sum, bill.sysBytes);
    assert.equal(bill.liveBytes, 200e6);
    assert.equal(bill.idleUnreleasedBytes, 400e6);
  });

  test('verdicts', () => {
    const verdict = (fields: Record<string, number>): unknown => {
      const analysis = new HeapSeriesAnalysis();
      analysis.push(stats({ ...block, ...fields }));
      return findings(analysis.finish(), 'memory-bill')[0]?.evidence.verdict;
    };
    assert.equal(verdict({}), 'idle-unreleased');
    assert.equal(verdict({ HeapIdle: 100e6, HeapInuse: 800e6, HeapAlloc: 780e6, NextGC: 1500e6 }), 'live-heap');
    assert.equal(verdict({ HeapIdle: 100e6, HeapInuse: 800e6, HeapAlloc: 780e6, NextGC: 800e6 }), 'until-next-gc');
    assert.equal(verdict({ StackSys: 400e6, Sys: 1380e6 }), 'stacks');
    assert.equal(verdict({ MaxRSS: 4000e6 }), 'outside-go');
  });

  test('a few printed fields are no bill', () => {
    assert.equal(memoryBill(stats({ HeapAlloc: 1, NextGC: 2 })), undefined);
  });
});

test('any history: nothing throws, every finding is whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(80), fc.nat(80)), { minLength: 1, maxLength: 14 }),
      fc.nat(300000),
      (steps, size) => {
        let allocated = 0;
        const place: Place = { name: 'main.f', objectBytes: size + 1, inUse: [], allocated: [] };
        for (const [born, kept] of steps) {
          allocated += born;
          place.allocated.push(allocated);
          place.inUse.push(Math.min(kept, allocated));
        }
        for (const finding of run([place])) {
          assert.ok(finding.confidence > 0 && finding.confidence < 1);
          // A place marked by the trajectory rule alone has no trend.
          if ('growthBytes' in finding.evidence) assert.ok(Number.isFinite(finding.evidence.growthBytes as number));
          else assert.ok('trajectory' in finding.evidence);
        }
      },
    ),
    { numRuns: 200 },
  );
});
