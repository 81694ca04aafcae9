// Matching, finding, diagnosing and encoding, on good lines, glued lines, sentences and damaged bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadProjectGrammars } from './project-grammars.ts';

const grammars = loadProjectGrammars();
const GC =
  'gc 4 @0.030s 7%: 0.16+2.7+0.005 ms clock, 0.33+0/0.83/2.0+0.011 ms cpu, 26->26->25 MB, 30 MB goal, 1 MB stacks, 2 MB globals, 8 P';
const samples = grammars.grammars.flatMap((grammar) =>
  grammar.samples.map((sample) => ({ ...sample, id: grammar.id })),
);

function encode(line: Buffer): unknown {
  const match = grammars.match(line, 0, line.length);
  if (match === undefined) return undefined;
  const out = Buffer.alloc(grammars.maxJsonBytes(match), 0x55);
  const end = grammars.encodeJson(match, out, 3);
  const members = out.toString('utf8', 3, end);
  return members === '' ? {} : JSON.parse(`{${members.slice(1)}}`);
}

test('JSON text and object are the same for every sample, wherever the line stands in its buffer', () => {
  for (const sample of samples) {
    assert.deepEqual(encode(Buffer.from(sample.text)), sample.expect, sample.text);
    const framed = Buffer.from(`xx${sample.text}\nyy`);
    const match = grammars.match(framed, 2, framed.length - 3);
    assert.ok(match, sample.text);
    assert.deepEqual(grammars.decode(match), sample.expect);
    const digits = Buffer.from(`xx${sample.text}77`);
    const inside = grammars.match(digits, 2, digits.length - 2);
    assert.ok(inside, sample.text);
    assert.deepEqual(grammars.decode(inside), sample.expect);
  }
});

test('numberAt reads a field by path or by hole', () => {
  const line = Buffer.from(GC);
  const match = grammars.match(line, 0, line.length);
  assert.ok(match);
  assert.equal(grammars.numberAt(match, 'cycle'), 4);
  assert.equal(grammars.numberAt(match, 'heapMiB.live'), 25);
  assert.equal(grammars.numberAt(match, grammars.holeOf(match.shape, 'at')), 0.03);
  assert.equal(grammars.numberAt(match, 'nothing'), undefined);
});

test('a record may end before the line does, and begin after foreign text', () => {
  const glued = Buffer.from(`${GC}${GC.replace('gc 4', 'gc 5')}`);
  assert.equal(grammars.match(glued, 0, glued.length), undefined);
  assert.equal(grammars.matchPrefix(glued, 0, glued.length)?.end, GC.length);
  const behind = Buffer.from(`downloading...${GC}`);
  assert.equal(grammars.find(behind, 0, behind.length)?.start, 'downloading...'.length);
  const word = Buffer.from(`m${GC}`);
  assert.equal(grammars.find(word, 0, word.length), undefined);
});

test('a sentence is neither a record nor malformed', () => {
  for (const text of [
    'gc 3 reasons to love a small heap',
    'gc off',
    'gc',
    'gc 12',
    'GC forced by the operator',
    'init database @primary in 4 ms',
    'scav the disk',
    'SCHED 10',
    'pause 5 seconds',
    'pacer: a horse',
    '',
  ]) {
    const line = Buffer.from(text);
    assert.equal(grammars.match(line, 0, line.length), undefined, text);
    assert.equal(grammars.diagnose(line, 0, line.length), undefined, text);
    assert.equal(grammars.find(line, 0, line.length), undefined, text);
  }
});

test('a broken line says where and why', () => {
  const reason = (text: string): string | undefined => {
    const line = Buffer.from(text);
    const diagnosis = grammars.diagnose(line, 0, line.length);
    return diagnosis && `${diagnosis.shape.grammar.id}: ${diagnosis.reason}`;
  };
  assert.equal(reason('gc 12 @0.500s 3%: 0.10+x'), 'gctrace: after "+" expected a number, saw "x"');
  const cut = GC.slice(0, GC.indexOf('0.011'));
  assert.equal(reason(cut), `gctrace: line ends after ${JSON.stringify(cut.slice(-16))}, expected a number`);
  assert.equal(reason(`${GC} and more`), 'gctrace: after " P" expected the end of the line, saw " and more"');
  assert.equal(reason('SCHED 57ms: gomaxprocs=2'), 'sched: line ends after "ms: gomaxprocs=2", expected " idleprocs="');
});

test('numbers: 2^53 and more as text, NaN and infinities left out, both float styles', () => {
  const value = (text: string): unknown => (encode(Buffer.from(text)) as Record<string, unknown>)?.['assistRatio'];
  const line = (ratio: string): string => `pacer: assist ratio=${ratio} (scan 0 MB in 3->4 MB) workers=0+0.25`;
  assert.equal(value(line('+1.234567e+000')), 1.234567);
  assert.equal(value(line('1.75e-14')), 1.75e-14);
  assert.equal(value(line('-2')), -2);
  for (const none of ['NaN', '+Inf', '-Inf']) assert.equal(value(line(none)), undefined);
  const huge = GC.replace('30 MB goal', '18446744073709551615 MB goal');
  assert.equal((encode(Buffer.from(huge)) as { heapMiB: { goal: unknown } }).heapMiB.goal, '18446744073709551615');
});

test('flipped, cut and inserted bytes: what still matches encodes as it decodes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples.map((sample) => sample.text)),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'add')), {
        maxLength: 4,
      }),
      (text, edits) => {
        let line = Buffer.from(text);
        for (const [place, byte, edit] of edits) {
          const at = line.length === 0 ? 0 : place % line.length;
          if (edit === 'set') line[at] = byte;
          else if (edit === 'cut') line = Buffer.concat([line.subarray(0, at), line.subarray(at + 1)]);
          else line = Buffer.concat([line.subarray(0, at), Buffer.from([byte]), line.subarray(at)]);
        }
        const match = grammars.match(line, 0, line.length);
        if (match !== undefined) {
          const decoded = grammars.decode(match);
          assert.deepEqual(encode(line), JSON.parse(JSON.stringify(decoded)));
        }
        grammars.find(line, 0, line.length);
        grammars.diagnose(line, 0, line.length);
      },
    ),
    { numRuns: 300 },
  );
});
