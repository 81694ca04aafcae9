// In: logs in which records, torn records, dumps and an application's lines stand. Out: proof that what belongs to no record is passed on
// as it came and in its order, and nothing of it is lost.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadProjectGrammars } from '../grammar/project-grammars.ts';
import { parseText } from './parse-text.ts';
import { makeTornLog, STYLES, writesOf } from './torn-generator.ts';

const grammars = loadProjectGrammars();
const fixture = (name: string): string => readFileSync(new URL(`../grammar/fixtures/${name}`, import.meta.url), 'utf8');
const modern = fixture('go1.26/gctrace.txt')
  .split('\n')
  .filter((line) => {
    const bytes = Buffer.from(line);
    return grammars.match(bytes, 0, bytes.length)?.shape.grammar.event === 'gc';
  });
const [first, second, third] = modern as [string, string, string];
const head = writesOf(grammars, second).slice(0, 12).join('');
const rest = second.slice(head.length);

function passed(text: string | Buffer, chunkBytes = Number.POSITIVE_INFINITY): string {
  let left = '';
  parseText(text, {
    chunkBytes,
    foreign: (piece) => {
      left += piece;
    },
  });
  return left;
}

describe('what the application wrote', () => {
  const names = Object.keys(STYLES);
  for (const styles of names.map((name) => [name])) {
    test(`${styles.join()}: whole and in order between torn records`, () => {
      for (let seed = 1; seed <= 12; seed++) {
        const log = makeTornLog(grammars, modern, { seed, styles, tear: 0.4, between: 2 });
        assert.equal(passed(log.text), log.app, `seed ${seed}`);
      }
    });
  }

  test('records in doubt and slow deliveries: pieces of the trace may come with it, nothing is lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 3000 }), (seed, chunkBytes) => {
        const log = makeTornLog(grammars, modern, { seed, styles: names, tear: 0.4, between: 2 });
        const left = passed(log.text, chunkBytes);
        let from = 0;
        for (const line of log.app.trimEnd().split('\n')) {
          const at = left.indexOf(line, from);
          assert.ok(at >= 0, `${line} in\n${left}`);
          from = at + line.length;
        }
      }),
      { numRuns: 60 },
    );
  });

  const own: [name: string, text: string, left?: string][] = [
    ['carriage returns', `started\r\n${first}\r\nup\r\n`, 'started\r\nup\r\n'],
    [
      'colours, NULs and a byte order mark',
      `\ufeff\u001b[32mINFO\u001b[0m up\n\0\0x\n${first}\n`,
      '\ufeff\u001b[32mINFO\u001b[0m up\n\0\0x\n',
    ],
    ['text without a newline before a record', `progress 40%...${first}\nnext\n`, 'progress 40%...next\n'],
    ['two records on a line', `${first}${second}\nnext\n`, 'next\n'],
    ['a record and text behind it', `${first}app: some log line\n\nnext\n`, 'app: some log line\nnext\n'],
    ['no newline at the end', `${first}\nthe end`, 'the end'],
    ['a record that the end cuts off at its newline', `up\n${first}`, 'up\n'],
    [
      'sentences that begin like records and dumps',
      'gc 3 reasons to go\npanic: button\nload profile: total 35\nfatal error: no route\n--- mutex: fast\nnext\n',
    ],
    [
      'a torn record whose rest never comes',
      `${first}\n${second.slice(0, 60)}app: some log line\napp: some log line\n${third}\n`,
      `${second.slice(0, 60)}app: some log line\napp: some log line\n`,
    ],
  ];
  for (const [name, text, left] of own) test(name, () => assert.equal(passed(text), left ?? text));

  test('a line that is too long to be read', () => {
    const long = `${'x'.repeat(3 << 20)}\n`;
    for (const text of [
      `up\n${long}next\n`,
      `up\n${long}${long.trimEnd()}`,
      long,
      `${'x'.repeat((1 << 20) + 1)}\nnext\n`,
    ]) {
      for (const chunkBytes of [1 << 16, Number.POSITIVE_INFINITY]) {
        assert.equal(passed(text.replace('next', `${first}\nnext`), chunkBytes), text);
      }
    }
  });

  test('a dump is a record, the lines beside and inside it are not', () => {
    const dump = readFileSync(new URL('goroutines/fixtures/go1.26/goroutine1.txt', import.meta.url), 'utf8');
    const lines = dump.split('\n');
    lines.splice(3, 0, '2026/11/21 10:00:00 in between');
    assert.equal(passed(`before\n${lines.join('\n')}after\n`), 'before\n2026/11/21 10:00:00 in between\nafter\n');
    const panic = readFileSync(new URL('goroutines/fixtures/go1.26/panic.txt', import.meta.url), 'utf8');
    assert.equal(passed(`before\n${panic.slice(panic.indexOf('panic: '))}`).split('\n')[0], 'before');
  });

  test('wrapped lines are passed on in their wrappers', () => {
    const docker = (text: string): string =>
      `${JSON.stringify({ log: `${text}\n`, stream: 'stderr', time: '2026-11-21T10:00:00.000000000Z' })}\n`;
    const app = docker('2026/11/21 10:00:00 INFO up');
    assert.equal(passed(docker(first) + app + docker(second) + app), app + app);
    const torn = docker(`${head}2026/11/21 10:00:00 INFO up`);
    assert.equal(passed(docker(first) + app + torn + docker(rest) + app), app + torn + app);
    const cri = (tag: string, text: string): string => `2026-11-21T10:00:00.000000000Z stderr ${tag} ${text}\n`;
    const piece = cri('P', 'a long line of the application, ') + cri('F', 'and its end');
    const cut = cri('P', head) + cri('F', rest);
    assert.equal(passed(cri('F', first) + piece + cut + piece), piece + piece);
  });
});

test('a line in doubt is not held back for long', () => {
  let left = '';
  const lines = [
    `${first}\n`,
    `${second.slice(0, 30)}\n`,
    ...Array.from({ length: 20 }, (_, i) => `line ${i} of the log\n`),
  ];
  const seen: number[] = [];
  parseText(lines.join(''), {
    chunkBytes: 24,
    foreign: (piece) => {
      left += piece;
      seen.push(left.split('\n').length - 1);
    },
  });
  assert.equal(left, lines.slice(1).join(''));
  assert.ok(seen.length > 10, 'they come while the record is still open');
});
