// Processes told apart: logs put together from real traces, line by line, with the process of each line known.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GcSighting, ProcessTracker } from '../../src/events/processes.ts';
import { parseText, parseTexts } from './parse-text.ts';

interface TrueLine {
  pid: number;
  text: string;
  /** When it was printed, seconds. */
  seconds: number;
}

const samples = resolve(import.meta.dirname, '../../samples');
const fixtures = resolve(import.meta.dirname, 'fixtures/replicas');
const readTrace = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^gc \d+ @.* P(?: \(forced\))?$/.test(line));
const leak = readTrace(`${samples}/leak/stderr.log`);
const healthy = readTrace(`${samples}/healthy/stderr.log`);
const replicas = [1, 2, 3].map((n) => readTrace(`${fixtures}/replica-${n}.log`));

/** The lines of a process that began at `startSeconds`. */
function printAt(trace: readonly string[], pid: number, startSeconds: number): TrueLine[] {
  return trace.map((text) => {
    const [, at, clock] = /@([\d.]+)s .*?: ([\d.+]+) ms clock/.exec(text) as unknown as [string, string, string];
    const cycleMs = clock.split('+').reduce((sum, part) => sum + Number(part), 0);
    return { pid, text, seconds: startSeconds + Number(at) + cycleMs / 1000 };
  });
}

function mix(...processes: TrueLine[][]): TrueLine[] {
  return processes.flat().sort((a, b) => a.seconds - b.seconds);
}

const wallStart = Date.parse('2026-11-21T09:00:00Z');
function stamp(lines: TrueLine[], shiftMs: (seconds: number) => number = () => 0): TrueLine[] {
  return lines.map((line) => ({
    ...line,
    text: `${new Date(wallStart + line.seconds * 1000 + shiftMs(line.seconds)).toISOString()} ${line.text}`,
  }));
}

/** Without `share` of the lines; the same ones at every call. */
function lose(lines: TrueLine[], share: number): TrueLine[] {
  let seed = 7;
  return lines.filter(() => {
    seed = (seed * 1664525 + 1013904223) % 4294967296;
    return seed / 4294967296 >= share;
  });
}

function processOf(lines: TrueLine[]): number[] {
  const found: number[] = [];
  for (const event of parseText(lines.map(({ text }) => `${text}\n`).join(''))) {
    if (event.type === 'gc') found[event.line - 1] = event.process as number;
  }
  return found;
}

/** Share of lines given to the process that holds most of their own process' lines, each process counted for one. */
function shareRight(lines: TrueLine[], found: number[]): number {
  const counts = new Map<string, number>();
  for (const [i, { pid }] of lines.entries()) {
    const key = `${pid} ${found[i]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const used = new Set<string>();
  let right = 0;
  for (const [key, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    const [pid, process] = key.split(' ');
    if (used.has(`t${pid}`) || used.has(`p${process}`)) continue;
    used.add(`t${pid}`).add(`p${process}`);
    right += count;
  }
  return right / lines.length;
}

/** Checks the share and, where it is whole, the number of processes. */
function expectShare(lines: TrueLine[], least: number): void {
  const found = processOf(lines);
  const right = shareRight(lines, found);
  assert.ok(right >= least, `${(100 * right).toFixed(1)} % of the lines are with their process`);
  if (least === 1) assert.equal(new Set(found).size, new Set(lines.map(({ pid }) => pid)).size);
}

test('two programs that share a stream', () => {
  expectShare(mix(printAt(leak, 1, 0), printAt(healthy, 2, 7.3)), 1);
});

test('replicas of one program that share a stream, started moments apart', () => {
  const lines = mix(...replicas.map((trace, i) => printAt(trace, i, i * 0.31)));
  expectShare(lines, 0.98);
  expectShare(lose(lines, 0.05), 0.95);
});

test('replicas whose wrapper prints the time', () => {
  expectShare(stamp(mix(...replicas.map((trace, i) => printAt(trace, i, i * 0.31)))), 0.98);
});

test('a wrapper that names the pod settles it', () => {
  const lines = mix(...replicas.map((trace, i) => printAt(trace, i, i * 0.001)));
  expectShare(
    lines.map((line) => ({ ...line, text: `[pod/app-${line.pid}/main] ${line.text}` })),
    1,
  );
});

test('a crash loop of twenty lives is no interleaving', () => {
  let start = 0;
  const lives: TrueLine[][] = [];
  for (let life = 0; life < 20; life++) {
    const trace = (life % 2 === 0 ? leak : healthy).slice(0, 3 + ((life * 17) % 50));
    lives.push(printAt(trace, life, start));
    start += 40;
  }
  const lines = lives.flat();
  expectShare(lines, 1);
  const reasons = parseText(lines.map(({ text }) => `${text}\n`).join('')).flatMap((event) =>
    event.type === 'process' ? [event.reason] : [],
  );
  assert.deepEqual(reasons, ['first', ...Array.from({ length: 19 }, () => 'restart')]);
});

test('lost lines, a log that begins in the middle', () => {
  expectShare(lose(printAt(leak, 1, 0), 0.3), 1);
  expectShare(lose(printAt(healthy.slice(90), 1, 0), 0.05), 1);
  const both = mix(printAt(leak, 1, 0), printAt(healthy, 2, 3.1));
  expectShare(both.slice(both.length >> 1), 0.99);
});

test('a line that was sent twice stays with its process', () => {
  const lines = printAt(leak, 1, 0).flatMap((line, i) => (i % 9 === 4 ? [line, line] : [line]));
  expectShare(lines, 1);
});

test('a batch of lines that was sent twice stays with its process', () => {
  const lines = printAt(leak, 1, 0);
  expectShare([...lines.slice(0, 150), ...lines.slice(100)], 1);
});

test('a clock that is set does not restart the process', () => {
  for (const jumpMs of [3_600_000, -3_600_000]) {
    expectShare(
      stamp(printAt(leak, 1, 0), (seconds) => (seconds > 20 ? jumpMs : 0)),
      1,
    );
  }
});

test('rotated logs go on, in order', () => {
  const events = parseTexts([
    ['app.log.1', leak.slice(0, 100).join('\n')],
    ['app.log', `${leak.slice(100).join('\n')}\n`],
  ]);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'process' ? [event.reason] : [])),
    ['first'],
  );
});

const sighting = (gc: Partial<GcSighting>): GcSighting => ({
  cycle: 1,
  atSeconds: 0.01,
  heapStartMiB: 4,
  heapLiveMiB: 1,
  heapGoalMiB: 4,
  source: '-',
  ...gc,
});

test('laws: a cycle that cannot follow begins another process', () => {
  const before = sighting({ cycle: 7, atSeconds: 3, heapLiveMiB: 50, heapStartMiB: 90, heapGoalMiB: 100 });
  const impossible: [string, Partial<GcSighting>][] = [
    ['the number falls', { cycle: 6, atSeconds: 4, heapStartMiB: 90 }],
    ['time falls', { cycle: 8, atSeconds: 2.9, heapStartMiB: 90 }],
    ['the heap lost what marking found alive', { cycle: 8, atSeconds: 4, heapStartMiB: 48 }],
    ['another format', { cycle: 8, atSeconds: 4, heapStartMiB: 90, shape: 3 }],
    ['another pod', { cycle: 8, atSeconds: 4, heapStartMiB: 90, identity: 'b' }],
  ];
  for (const [name, after] of impossible) {
    const tracker = new ProcessTracker();
    tracker.assign({ ...before });
    assert.notEqual(tracker.assign(sighting(after)).opened, undefined, name);
  }
  const tracker = new ProcessTracker();
  tracker.assign({ ...before });
  assert.equal(tracker.assign(sighting({ cycle: 8, atSeconds: 4, heapStartMiB: 49 })).opened, undefined);
});

test('property: every record gets a process; cycles and times of one never fall, unless a line comes twice', () => {
  const anyGc = fc.record({
    cycle: fc.integer({ min: 1, max: 12 }),
    atSeconds: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
    heapStartMiB: fc.integer({ min: 0, max: 60 }),
    heapLiveMiB: fc.integer({ min: 0, max: 50 }),
    heapGoalMiB: fc.integer({ min: 4, max: 100 }),
    source: fc.constantFrom('a', 'b'),
    identity: fc.constantFrom(undefined, 'x', 'y'),
    shape: fc.constantFrom(1, 2),
    wallMs: fc.option(fc.integer({ min: 0, max: 9000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(anyGc, { maxLength: 60 }), (records) => {
      const tracker = new ProcessTracker();
      const last = new Map<number, { cycle: number; at: number; identity: string | undefined }>();
      const ended = new Set<number>();
      const seen = new Map<number, Set<string>>();
      for (const gc of records) {
        const { state, opened, ended: over } = tracker.assign(gc);
        assert.ok(!ended.has(state.process), 'a process that ended does not come back');
        assert.equal(opened !== undefined, !last.has(state.process));
        assert.ok(state.process <= tracker.count);
        const before = last.get(state.process);
        const repeated = seen.get(state.process)?.has(`${gc.cycle} ${gc.atSeconds}`) === true;
        assert.ok(before === undefined || repeated || (before.cycle <= gc.cycle && before.at <= gc.atSeconds));
        assert.ok(before === undefined || before.identity === gc.identity);
        seen.set(state.process, (seen.get(state.process) ?? new Set()).add(`${gc.cycle} ${gc.atSeconds}`));
        if (!repeated) last.set(state.process, { cycle: gc.cycle, at: gc.atSeconds, identity: gc.identity });
        for (const { process } of over) ended.add(process);
      }
    }),
    { numRuns: 200 },
  );
});

test('a log whose newest line comes first is told; what only restarts, or shares a stream, is not', () => {
  const told = (lines: readonly string[]): string[] => {
    const sources = new Set<string>();
    parseText(`${lines.join('\n')}\n`, { onReverse: (source) => sources.add(source) });
    return [...sources];
  };
  assert.deepEqual(told(healthy.toReversed()), ['-']);
  assert.deepEqual(told(leak.slice(0, 6).toReversed()), ['-']);
  assert.deepEqual(told(leak.slice(0, 5).toReversed()), []);
  const pods = replicas.map((trace, pod) => trace.toReversed().map((line) => `web-${pod}  | ${line}`));
  assert.deepEqual(told(pods[0]!.flatMap((line, at) => [line, pods[1]![at] ?? line])), ['-']);
  assert.deepEqual(told(healthy), []);
  assert.deepEqual(told([...leak, ...healthy, ...leak]), []);
  assert.deepEqual(told(Array.from({ length: 40 }, () => healthy[0]!)), []);
  assert.deepEqual(told(mix(...replicas.map((trace, pid) => printAt(trace, pid, 0))).map(({ text }) => text)), []);
});
