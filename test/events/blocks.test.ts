// In: logs in which several containers or processes print dumps at the same time. Out: proof that each dump has its own goroutines only.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GcbendEvent, GoroutinesEvent } from '../../src/events/types.ts';
import { parseText } from './parse-text.ts';

/** A debug=2 dump of `count` goroutines in `main.NAME`. */
function dump(name: string, count: number): string[] {
  const waiting = Array.from({ length: count }, (_, i) => [
    `goroutine ${i + 10} [chan receive]:`,
    `main.${name}()`,
    `\t/app/${name}.go:7 +0x1`,
    'created by main.main in goroutine 1',
    '\t/app/main.go:9 +0x2',
    '',
  ]);
  return ['goroutine 1 [running]:', 'main.main()', '\t/app/main.go:5 +0x1', '', ...waiting.flat()];
}

function interleave(...lists: string[][]): string[] {
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}

const read = (lines: readonly string[], passed?: string[]): GcbendEvent[] =>
  parseText(lines.map((line) => `${line}\n`).join(''), passed && { foreign: (text) => passed.push(text) });

const shapeOf = (events: readonly GcbendEvent[]): unknown[] =>
  events
    .filter((event): event is GoroutinesEvent => event.type === 'goroutines')
    .map(({ total, groups }) => [total, ...groups.map(({ count, stack }) => `${count} ${stack[0]?.function}`)]);

const wrappers: Record<string, (printer: string, text: string) => string> = {
  compose: (printer, text) => `web-${printer}  | ${text}`,
  'kubectl --prefix': (printer, text) => `[pod/web-7d9f-${printer}/app] ${text}`,
  syslog: (printer, text) => `Nov 21 10:00:01 host app[${printer}]: ${text}`,
};

describe('dumps of two printers at once', () => {
  for (const [name, wrap] of Object.entries(wrappers)) {
    test(name, () => {
      const lines = interleave(
        dump('alpha', 4).map((line) => wrap('1', line)),
        [...dump('beta', 6), '2026/11/21 10:00:00 INFO up'].map((line) => wrap('2', line)),
      );
      const passed: string[] = [];
      for (const events of [read(lines), read(lines, passed)]) {
        assert.deepEqual(shapeOf(events), [
          [5, '4 main.alpha', '1 main.main'],
          [7, '6 main.beta', '1 main.main'],
        ]);
      }
      assert.deepEqual(passed, [`${wrap('2', '2026/11/21 10:00:00 INFO up')}\n`]);
    });
  }

  test('lines without a prefix go on with the dump that is open', () => {
    const [first, ...rest] = dump('alpha', 3);
    assert.deepEqual(shapeOf(read([wrappers['syslog']!('1', first!), ...rest])), [[4, '3 main.alpha', '1 main.main']]);
  });

  test('one whose printer says no more is told while the others go on', () => {
    const lines = dump('alpha', 3).map((line) => wrappers['compose']!('1', line));
    const others = Array.from({ length: 1200 }, (_, i) => wrappers['compose']!('2', `line ${i}`));
    const gc =
      'gc 1 @0.004s 14%: 0.14+2.4+0.003 ms clock, 0.28+0.53/0.53/1.4+0.006 ms cpu, 7->7->7 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P';
    const events = read([...lines, ...others, wrappers['compose']!('2', gc)]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['goroutines', 'process', 'gc'],
    );
  });
});
