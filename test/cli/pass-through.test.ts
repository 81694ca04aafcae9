// In: a program's stderr, cut anywhere. Out: all of it but the lines that are whole trace records; prompts without waiting for their end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { PassThrough } from '../../src/cli/pass-through.ts';
import { readBuiltinGrammars } from '../../src/grammar/builtin.ts';
import { loadGrammars } from '../../src/grammar/index.ts';

const grammars = loadGrammars(readBuiltinGrammars());
const gc = (cycle: number) =>
  `gc ${cycle} @${cycle}.5s 1%: 0.02+0.3+0.01 ms clock, 0.1+0.1/0.2/0.3+0.1 ms cpu, 4->4->1 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 2 P\n`;

function passed(pieces: readonly Buffer[]): string {
  let text = '';
  const stream = new PassThrough(grammars, (bytes) => {
    text += bytes.toString('latin1');
  });
  for (const piece of pieces) stream.push(piece);
  stream.end();
  return text;
}

test('records go, everything else stays to the byte: cut lines, panics, long lines, no newline at the end', () => {
  const half = gc(2).slice(0, 40);
  const own = [
    'started\r\n',
    `${half}a line in between\n${gc(2).slice(40)}`,
    'panic: boom\n\ngoroutine 1 [running]:\n',
    '\x00\xff\n',
  ];
  const long = `${'x'.repeat(3 << 20)}\n`;
  const text = `${own[0] + gc(1) + own[1] + gc(3) + own[2] + long + own[3] + gc(4)}the end`;
  assert.equal(passed([Buffer.from(text, 'latin1')]), `${own[0]}${own[1]}${own[2]}${long}${own[3]}the end`);
  assert.equal(
    passed([Buffer.from(gc(5).trimEnd())]),
    '',
    'a record that the end of the program cuts off at its newline',
  );
});

test('property: where the text is cut makes no difference', () => {
  const line = fc.oneof(
    fc.integer({ min: 1, max: 999 }).map(gc),
    fc.string({ maxLength: 30 }).map((text) => `${text.replaceAll('\n', ' ')}\n`),
    fc.constant(gc(7).slice(0, 30)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(600), { maxLength: 12 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.join(''));
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      assert.equal(passed(pieces), passed([bytes]));
    }),
    { numRuns: 200 },
  );
});

test('a prompt is shown while its line is open, and its rest is not held back', async () => {
  let text = '';
  const stream = new PassThrough(grammars, (bytes) => {
    text += bytes.toString();
  });
  stream.push(Buffer.from('name? '));
  assert.equal(text, '');
  await sleep(200);
  assert.equal(text, 'name? ');
  stream.push(Buffer.from('again? '));
  assert.equal(text, 'name? again? ');
  stream.push(Buffer.from(`\n${gc(1)}next\n`));
  assert.equal(text, 'name? again? \nnext\n');
});

test('a record behind a prompt goes, in one piece or in many: the prompt stands there as without a trace', async () => {
  let text = '';
  const stream = new PassThrough(grammars, (bytes) => {
    text += bytes.toString();
  });
  stream.push(Buffer.from('name? '));
  await sleep(200);
  stream.push(Buffer.from(gc(1)));
  stream.push(Buffer.from(gc(2).slice(0, 2)));
  stream.push(Buffer.from(gc(2).slice(2, 50)));
  stream.push(Buffer.from(gc(2).slice(50) + gc(3)));
  assert.equal(text, 'name? ');
  stream.push(Buffer.from('. '));
  stream.push(Buffer.from(gc(4)));
  assert.equal(text, 'name? . ');
  stream.push(Buffer.from(`hello\n${gc(5)}gc is no`));
  stream.push(Buffer.from(' record\ngc'));
  stream.end();
  assert.equal(text, 'name? . hello\ngc is no record\ngc');
  const long = new PassThrough(grammars, (bytes) => {
    text += bytes.toString();
  });
  text = '';
  long.push(Buffer.from('x'.repeat(70_000)));
  long.push(Buffer.from(gc(1)));
  assert.equal(
    text.length,
    70_000 + gc(1).length,
    'in the middle of a line that is no prompt it may be the text of the program',
  );
});
