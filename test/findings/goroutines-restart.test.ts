// In: series of real dumps after each other, as of a program that was restarted. Out: proof that each life is a series of its own, that
// it is said, and that nothing of a pool that empties and fills looks like it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { FindingEvent, GcbendEvent, GoroutinesEvent, HeapEvent } from '../../src/events/types.ts';
import { Analysis } from '../../src/findings/analysis.ts';
import { GoroutineSeriesAnalysis } from '../../src/findings/goroutines.ts';
import { dumps } from '../events/goroutines/drive.ts';

const folder = join(import.meta.dirname, 'goroutine-series');
const names = readdirSync(folder).filter((file) => file.endsWith('.txt.gz'));
const series = (file: string): GoroutinesEvent[] => dumps(gunzipSync(readFileSync(join(folder, file))));

function analyse(events: readonly GcbendEvent[]): { findings: FindingEvent[]; notes: string[] } {
  const analysis = new GoroutineSeriesAnalysis();
  const out = [...events.flatMap((event) => analysis.push(event)), ...analysis.finish()];
  const findings = out.filter((event): event is FindingEvent => event.type === 'finding');
  return {
    findings: findings.filter(({ rule, status }) => rule === 'goroutine-growth' && status === 'final'),
    notes: analysis.notes,
  };
}

function heapText(line: number, numGC: number): HeapEvent {
  const none = { objects: 0, bytes: 0 };
  return {
    type: 'heap',
    schema: 1,
    source: 'heap.txt',
    line,
    sampleRate: 524288,
    inUse: none,
    allocated: none,
    sites: [],
    numGC,
  };
}

test('one life of a program is never taken for two', () => {
  for (const name of names) assert.deepEqual(analyse(series(name)).notes, [], name);
});

describe('ids that begin anew', () => {
  for (const name of names.filter((file) => /^leak.*debug2/.test(file))) {
    test(`${name} twice: said once, and found as in one life`, () => {
      const life = series(name);
      const { findings, notes } = analyse([...life, ...life]);
      assert.equal(notes.length, 1);
      assert.match(notes[0]!, /^-: the process was restarted \(goroutine ids begin anew: up to \d+ before, \d+ now\)/);
      const places = (list: FindingEvent[]): unknown[] => list.map(({ site, ongoing }) => [site, ongoing]);
      assert.deepEqual(places(findings), places(analyse(life).findings));
    });
  }

  test('innocents twice: nothing is found', () => {
    for (const name of names.filter((file) => /^ok.*debug2/.test(file))) {
      const life = series(name);
      const before = analyse(life).findings.length;
      assert.equal(analyse([...life, ...life]).findings.length, before, name);
    }
  });

  test('what leaked until the restart is told as over', () => {
    const { findings, notes } = analyse([
      ...series('leak-chan-send.debug2.txt.gz'),
      ...series('ok-keep-alive.debug2.txt.gz'),
    ]);
    assert.equal(notes.length, 1);
    assert.equal(findings.length, 1);
    assert.equal(findings[0]!.ongoing, false);
    assert.match(findings[0]!.detail, /The process was restarted then\.$/);
    assert.equal(findings[0]!.evidence['dumps'], 12);
  });

  test('saved and restored at any dump, the rest says the same', () => {
    const life = series('leak-slow-one.debug2.txt.gz');
    const events = [...life, ...life];
    const whole = new GoroutineSeriesAnalysis();
    let parted = new GoroutineSeriesAnalysis();
    for (const event of events) {
      assert.deepEqual(parted.push(event), whole.push(event));
      parted = GoroutineSeriesAnalysis.restore(JSON.parse(JSON.stringify(parted.state())));
    }
    assert.deepEqual(parted.finish(), whole.finish());
    assert.deepEqual(parted.notes, whole.notes);
  });

  test('a finding that was open is told to be over at once, and goes on under its id when the leak does', () => {
    const life = series('leak-chan-send.debug2.txt.gz');
    const analysis = new GoroutineSeriesAnalysis();
    const out = [...life, ...life].flatMap((event) => analysis.push(event));
    out.push(...analysis.finish());
    const told = out.filter((event): event is FindingEvent => event.type === 'finding');
    assert.equal(new Set(told.map(({ id }) => id)).size, 1);
    assert.deepEqual(
      told.map(({ status, ongoing }) => [status, ongoing]),
      [
        ['open', true],
        ['open', false],
        ['open', true],
        ['final', true],
      ],
    );
  });
});

describe('dumps without ids', () => {
  const life = series('leak-chan-send.debug1.txt.gz');
  const lives = [...life, ...life];

  /** Each dump with a heap text before or behind it. */
  const withHeap = (order: 'before' | 'behind'): GcbendEvent[] =>
    lives.flatMap((dump, i) => {
      const heap = heapText(i + 1, 10 + (i % life.length));
      return order === 'before' ? [heap, dump] : [dump, heap];
    });

  for (const order of ['before', 'behind'] as const) {
    test(`the heap texts ${order} them say it: NumGC falls`, () => {
      const { findings, notes } = analyse(withHeap(order));
      assert.equal(notes.length, 1);
      assert.match(notes[0]!, /^heap\.txt: the process was restarted \(NumGC fell from \d+ to 10\)/);
      const [finding, ...others] = findings;
      assert.deepEqual(others, []);
      const [single] = analyse(life).findings;
      assert.deepEqual(finding!.evidence['counts'], single!.evidence['counts']);
    });
  }

  test('heap and allocs texts have counts of their own', () => {
    const events = life.flatMap((dump, i): GcbendEvent[] => [
      dump,
      { ...heapText(i, 20 + i), profile: 'heap' },
      { ...heapText(i, 10 + i), profile: 'allocs' },
    ]);
    assert.deepEqual(analyse(events).notes, []);
  });

  test('the trace beside them says it: another process, younger than the one before', () => {
    const ofProcess = (dump: GoroutinesEvent, i: number): GoroutinesEvent => ({
      ...dump,
      process: i < life.length ? 1 : 2,
      at: 5 * (i % life.length) + 1,
    });
    const { findings, notes } = analyse(lives.map(ofProcess));
    assert.deepEqual(notes, [
      '-: the process was restarted (process 2 has followed process 1); a new series of goroutine dumps begins.',
    ]);
    assert.deepEqual(findings[0]!.evidence['counts'], analyse(life).findings[0]!.evidence['counts']);
    // Which of two processes printed last is a guess: one series goes on.
    const mixed = life.map((dump, i) => ({ ...dump, process: 1 + (i % 2), at: 5 * i }));
    assert.deepEqual(analyse(mixed).notes, []);
  });
});

describe('dumps of two replicas by turns', () => {
  const leak = series('leak-chan-send.debug2.txt.gz');
  const healthy = series('ok-keep-alive.debug2.txt.gz');

  function analyseLog(trace: string): { findings: FindingEvent[]; notes: readonly string[] } {
    const analysis = new Analysis({});
    const events: GcbendEvent[] = [1, 2].map((process) => ({
      type: 'process',
      schema: 1,
      source: trace,
      line: process,
      process,
      reason: 'interleaved',
      format: 'gctrace',
    }));
    leak.forEach((dump, i) => {
      events.push({ ...dump, source: 'app.log', process: 1 }, { ...healthy[i]!, source: 'app.log', process: 2 });
    });
    const out = [...events.flatMap((event) => analysis.push(event)), ...analysis.finish()];
    const findings = out.filter((event): event is FindingEvent => event.type === 'finding');
    return { findings: findings.filter(({ status }) => status === 'final'), notes: analysis.notes };
  }

  test('in the log they print to: one series each, and no restart', () => {
    const { findings, notes } = analyseLog('app.log');
    assert.deepEqual(notes, []);
    const [single] = analyse(leak).findings;
    assert.deepEqual(
      findings.map(({ rule, process, site, evidence }) => [rule, process, site, evidence['counts']]),
      [['goroutine-growth', 1, single!.site, single!.evidence['counts']]],
    );
  });
});
