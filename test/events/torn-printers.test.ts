// In: logs of several containers, pods or processes whose trace lines are torn at the same time. Out: proof that pieces of two of them
// never make one record.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { GcEvent } from '../../src/events/types.ts';
import { loadProjectGrammars } from '../grammar/project-grammars.ts';
import { parseText } from './parse-text.ts';
import { writesOf } from './torn-generator.ts';

const grammars = loadProjectGrammars();

/** Live heaps and times tell the printers apart. */
const gc = (printer: number, cycle: number): string =>
  `gc ${cycle} @${cycle}.${100 + printer}s 1%: 0.14+2.4+0.003 ms clock, 0.28+0.53/0.53/1.4+0.006 ms cpu, ` +
  `${printer}7->${printer}8->${printer}6 MB, ${printer}9 MB goal, 0 MB stacks, 0 MB globals, ${printer} P`;

const wrappers: Record<string, (printer: number, text: string) => string> = {
  compose: (printer, text) => `web-${printer}  | ${text}`,
  'kubectl --prefix': (printer, text) => `[pod/web-7d9f-${printer}/app] ${text}`,
  syslog: (printer, text) => `Nov 21 10:00:01 host app[${printer}]: ${text}`,
  'RFC 5424': (printer, text) => `<30>1 2026-11-21T10:00:01Z host app ${printer} - - ${text}`,
};

describe('torn lines of several printers', () => {
  for (const [name, wrap] of Object.entries(wrappers)) {
    test(name, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 2, max: 4 }),
          fc.array(fc.nat(38), { minLength: 12, maxLength: 12 }),
          (count, cuts) => {
            const printers = Array.from({ length: count }, (_, i) => i + 1);
            const lines = printers.map((printer) => wrap(printer, gc(printer, 1)));
            for (let cycle = 2; cycle <= 4; cycle++) {
              const torn = printers.map((printer) => {
                const writes = writesOf(grammars, gc(printer, cycle));
                const cut = 2 + (cuts[(cycle * count + printer) % cuts.length]! % (writes.length - 2));
                return { printer, head: writes.slice(0, cut).join(''), rest: writes.slice(cut).join('') };
              });
              for (const { printer, head } of torn) lines.push(wrap(printer, `${head}2026/11/21 10:00:00 INFO served`));
              for (const { printer, rest } of torn) lines.push(wrap(printer, rest));
            }
            const events = parseText(lines.map((line) => `${line}\n`).join(''));
            const records = events.filter((event): event is GcEvent => event.type === 'gc');
            for (const { cycle, at, heapMiB, procs, process } of records) {
              assert.equal(at, cycle + (100 + procs) / 1000);
              assert.equal(heapMiB.live, procs * 10 + 6);
              assert.equal(process, procs);
            }
            assert.equal(records.length, 4 * count, lines.join('\n'));
          },
        ),
        { numRuns: 25 },
      );
    });
  }
});

test('a sentence about the cycle that is to come is no broken record once that cycle has come', () => {
  const lines = [gc(1, 1), 'gc 2 @home', gc(1, 2), 'gc 4 @0.4s says the manual', gc(1, 3), gc(1, 4)];
  const events = parseText(lines.map((line) => `${line}\n`).join(''));
  assert.deepEqual(
    events.map((event) => event.type),
    ['process', 'gc', 'gc', 'gc', 'gc'],
  );
});

test('a record cut by the end of its process is malformed, although another one begins with cycle 1', () => {
  const lines = [gc(1, 1), gc(1, 2), gc(1, 3).slice(0, 60), gc(2, 1), gc(2, 2)];
  const events = parseText(lines.map((line) => `${line}\n`).join(''));
  assert.deepEqual(
    events.filter(({ type }) => type === 'malformed').map(({ line }) => line),
    [3],
  );
});

test('a whole record right behind a word is one', () => {
  const events = parseText(`${gc(1, 1)}\ndone${gc(1, 2)}\nthe bgc 3 @home\n${gc(1, 3)}\n`);
  assert.deepEqual(
    events.map((event) => [event.type, event.line]),
    [
      ['process', 1],
      ['gc', 1],
      ['gc', 2],
      ['gc', 4],
    ],
  );
});

test('words that begin like a record inside a torn one do not take its rest', () => {
  const second = gc(1, 2);
  const at = second.indexOf(' @');
  const lines = [gc(1, 1), `${second.slice(0, at)}gc pause 3ms`, '5.5s elapsed', second.slice(at), gc(1, 3)];
  const records = parseText(lines.map((line) => `${line}\n`).join('')).filter(
    (event): event is GcEvent => event.type === 'gc',
  );
  assert.deepEqual(
    records.map(({ cycle, at: seconds }) => [cycle, seconds]),
    [
      [1, 1.101],
      [2, 2.101],
      [3, 3.101],
    ],
  );
});

test('what a printer has left open is given up while the others go on', () => {
  const wrap = wrappers['compose']!;
  const lines = [wrap(1, gc(1, 1)), wrap(2, gc(2, 1)), wrap(1, gc(1, 2).slice(0, 60))];
  for (let i = 0; i < 30_000; i++) lines.push(wrap(2, `line ${i}`));
  lines.push(wrap(2, gc(2, 2)));
  assert.deepEqual(
    parseText(lines.map((line) => `${line}\n`).join('')).map(({ type, line }) => [type, line]),
    [
      ['process', 1],
      ['gc', 1],
      ['process', 2],
      ['gc', 2],
      ['malformed', 3],
      ['gc', lines.length],
    ],
  );
});
