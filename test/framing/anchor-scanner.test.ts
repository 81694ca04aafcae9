// In: the scanner's source and random anchors in random text. Out: proof that it finds what a plain search finds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anchors as wrapperAnchors } from '../../src/envelope/index.ts';
import { anchors as dumpAnchors } from '../../src/events/goroutines/index.ts';
import { anchors as profileAnchors } from '../../src/events/profiles/index.ts';
import { AnchorScanner, withoutImplied } from '../../src/framing/anchor-scanner.ts';
import { assignBuckets, BUCKETS } from '../../src/framing/fingerprints.ts';
import { KNOWN_FINGERPRINTS } from '../../src/framing/known-fingerprints.ts';
import { builtinGrammars } from '../../src/index.ts';

/** Few different bytes, so that anchors of one to four bytes and chance hits are frequent. */
const letter = fc.constantFrom(...'abAB1Q: \n\x00\xe4');
const text = fc.array(letter, { maxLength: 120 }).map((letters) => letters.join(''));
const anchor = fc
  .array(
    letter.filter((it) => it !== '\n'),
    { minLength: 1, maxLength: 4 },
  )
  .map((letters) => letters.join(''));

test('lines with anchors of any length are found at any place', () => {
  fc.assert(
    fc.property(fc.array(anchor, { maxLength: 30 }), text, (anchors, body) => {
      const scanner = new AnchorScanner(
        anchors.map((it) => Buffer.from(it, 'latin1')),
        256,
      );
      // What lies behind the text must not be found.
      scanner.buffer.fill(anchors[0] ?? 'x', 'latin1');
      const to = scanner.buffer.write(body, 'latin1');
      const found: string[] = [];
      let lines = 0;
      for (let from = 0; from <= to && scanner.find(from, to); from = scanner.lineEnd + 1) {
        lines += scanner.skippedLines;
        found.push(`${lines}:${scanner.buffer.toString('latin1', scanner.lineStart, scanner.lineEnd)}`);
        lines++;
      }
      const expected = body
        .split('\n')
        .map((line, index) => ({ line, text: `${index}:${line}` }))
        .filter(({ line }) => anchors.some((it) => line.includes(it)))
        .map((it) => it.text);
      assert.deepEqual(found, expected);
      assert.equal(scanner.countNewlines(0, to), body.split('\n').length - 1);
      assert.equal(scanner.findNewline(0, to), body.includes('\n') ? body.indexOf('\n') : to);
    }),
    { numRuns: 500 },
  );
});

test('every anchor has one bucket and a fingerprint within itself', () => {
  const anchors = ['gc ', 'x y', '%: ', ' MB goal, ', 'goroutine ', 'x', 'yz', 'panic: '].map((it) => Buffer.from(it));
  const buckets = assignBuckets(anchors);
  assert.equal(buckets.length, BUCKETS);
  const placed = buckets.flat();
  assert.deepEqual(new Set(placed.map((it) => it.anchor)), new Set(anchors));
  assert.equal(placed.length, anchors.length);
  for (const { anchor, last } of placed) assert.ok(last < anchor.length && last >= Math.min(2, anchor.length - 1));
});

test("gcbend's own anchors have their places", () => {
  const own = [...builtinGrammars().anchors, ...dumpAnchors, ...profileAnchors, ...wrapperAnchors];
  const needed = withoutImplied(own).map((it) => it.toString('latin1'));
  assert.deepEqual(Object.keys(KNOWN_FINGERPRINTS).sort(), needed.sort(), 'run scripts/choose-fingerprints.ts');
});
