// In: real and odd traces. Out: state saved and restored anywhere changes nothing; results merge in any order; no number breaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnalysisResult, mergeResults, TraceAnalysis } from '../../src/findings/index.ts';
import { analyse, cycle, realTrace } from './support.ts';

test('saved and restored at any point, the rest of the stream says the same', () => {
  const traces = ['leak', 'warmup'].map((name) => realTrace(name));
  fc.assert(
    fc.property(fc.constantFrom(...traces), fc.double({ min: 0, max: 1, noNaN: true }), (events, where) => {
      const cut = Math.floor(where * events.length);
      const whole = new TraceAnalysis({ process: 3, limitBytes: 2 ** 30 });
      let parted = new TraceAnalysis({ process: 3, limitBytes: 2 ** 30 });
      for (const [i, event] of events.entries()) {
        if (i === cut) parted = TraceAnalysis.restore(JSON.parse(JSON.stringify(parted.state())));
        assert.deepEqual(parted.push(event), whole.push(event));
      }
      assert.deepEqual(parted.finish(), whole.finish());
      assert.deepEqual(parted.result(), whole.result());
    }),
    { numRuns: 8 },
  );
});

function resultOf(name: string): AnalysisResult {
  const analysis = new TraceAnalysis({ process: 1 });
  for (const event of realTrace(name)) analysis.push(event);
  analysis.finish();
  return analysis.result();
}

test('results merge in any order and grouping', () => {
  const results = ['leak', 'flat', 'warmup', 'step', 'flat'].map(resultOf);
  const all = mergeResults(results);
  assert.equal(all.processes.length, 5);
  assert.deepEqual(mergeResults([]), { version: 1, processes: [] });
  fc.assert(
    fc.property(fc.shuffledSubarray(results, { minLength: 5 }), fc.nat(5), (shuffled, cut) => {
      const left = mergeResults(shuffled.slice(0, cut));
      const right = mergeResults(shuffled.slice(cut));
      assert.deepEqual(mergeResults([left, right]), all);
      assert.deepEqual(mergeResults([right, left]), all);
    }),
    { numRuns: 30 },
  );
  assert.equal(all.processes.find(({ source }) => source === 'leak.log')?.findings[0]?.rule, 'heap-growth');
});

test('no number breaks the analysis, and every derived event is plain JSON', () => {
  const odd = fc.oneof(
    { weight: 3, arbitrary: fc.nat(200) },
    fc.constantFrom(0, -1, 1e15, 1e308, 8532210231537, Number.NaN, Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(odd, odd, odd, odd, fc.nat(3000)), { maxLength: 120 }), (rows) => {
      let at = 0;
      const events = rows.map(([live, extra, goal, ms, step], i) => {
        at += step / 1000;
        return cycle(i + 1, at, 1, {
          heapMiB: { start: live + extra, end: live + extra, live, goal },
          clockMs: { sweepTermination: ms, mark: 1, markTermination: ms },
          cpuMs: { sweepTermination: ms, assist: extra, background: ms, idle: live, markTermination: ms },
          procs: i % 3,
        });
      });
      for (const event of analyse(events, { limitBytes: 2 ** 28, detectors: ['segments', 'peaks'] })) {
        assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
      }
    }),
    { numRuns: 60 },
  );
});
