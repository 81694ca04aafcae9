import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText } from '../../src/events/clean-text.ts';

test('escape sequences go whole, other control bytes one by one', () => {
  assert.equal(
    cleanText('\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://a\x1b\\link \x9b2Jy\x00\x08\x7f\x85z'),
    'red xlink y z',
  );
  assert.equal(cleanText('a\tb\r\nc\u2028d'), 'a b c d');
});

test('text cannot be turned around or hidden', () => {
  assert.equal(cleanText('a\u202eb\u2066c\u200bd\ufeffe\u{e0041}f\u00adg\ufffe'), 'abcdefg');
  assert.equal(cleanText('\ud800x\udc00 \u{1f600}'), '\ufffdx\ufffd \u{1f600}');
});

test('nothing that is left steers a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(cleanText(text), /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/);
    }),
    { numRuns: 300 },
  );
});
