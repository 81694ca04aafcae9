// Each rule that a grammar file can break gives one message with file, line and rule.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GcbendError } from '../../src/errors.ts';
import { compileGrammars, formatProblem, lintGrammars } from '../../src/grammar/authoring.ts';
import { loadGrammars } from '../../src/grammar/index.ts';
import { readProjectGrammars } from './project-grammars.ts';

const GOOD = `<grammar id="cache" event="runtime" go="1.26">
  <title>Cache sizes</title>
  <field name="entries" type="integer" unit="count">Entries.</field>
  <field name="full" type="flag" otherwise="false">It is full.</field>
  <shape id="size" go="1.26" anchor="cache: " sure="1">
    <line>cache: {entries} entries<optional flag="full"> (full)</optional></line>
    <sample go="1.26"><text>cache: 12 entries</text><expect>{"entries": 12, "full": false}</expect></sample>
  </shape>
  <reject reason="no number">cache: many entries</reject>
</grammar>`;

function lint(xml: string): string[] {
  return lintGrammars([{ path: 'own.xml', xml }]).map(formatProblem);
}

test('the grammars of the project break no rule', () => {
  assert.deepEqual(lintGrammars(readProjectGrammars()).map(formatProblem), []);
});

test('a sample matches no shape but its own, in any grammar', () => {
  const compiled = compileGrammars(readProjectGrammars());
  const set = loadGrammars(compiled);
  let pairs = 0;
  for (const grammar of compiled.grammars) {
    for (const sample of grammar.samples) {
      const bytes = Buffer.from(sample.text);
      for (const shape of set.shapes) {
        const matched = set.matchShape(shape, bytes, 0, bytes.length, true) !== undefined;
        const own = shape.grammar.id === grammar.id && shape.compiled.id === sample.shape;
        assert.equal(matched, own, `${sample.text} against ${shape.grammar.id}/${shape.compiled.id}`);
        pairs++;
      }
      assert.ok(
        set.anchors.some((anchor) => bytes.includes(anchor)),
        sample.text,
      );
    }
  }
  assert.ok(pairs > 2500, `${pairs} pairs`);
});

test('a good grammar of a user', () => {
  assert.deepEqual(lint(GOOD), []);
  assert.deepEqual(lint(`\ufeff${GOOD}`), []);
});

const BROKEN: [string, string, string, string][] = [
  ['mismatched tags', '</shape>', '</form>', "own.xml:8: well-formed: Expected closing tag 'shape'"],
  ['a duplicate attribute', 'go="1.26" anchor', 'go="1.26" go="1.25" anchor', 'own.xml:5: well-formed: '],
  [
    'an unknown element',
    '<title>',
    '<colour>red</colour><title>',
    'own.xml:2: schema: <colour> may not stand in <grammar>',
  ],
  ['an unknown attribute', 'unit="count"', 'units="count"', 'own.xml:3: schema: <field> has no attribute "units"'],
  ['a missing attribute', ' anchor="cache: "', '', 'own.xml:5: schema: <shape> needs the attribute "anchor"'],
  ['an unknown event', 'event="runtime"', 'event="cache"', 'own.xml:1: event: event "cache" is none of '],
  ['an unknown type', 'type="integer"', 'type="int"', 'own.xml:3: field-type: type "int" of "entries" is none of '],
  ['an undeclared field', '{entries}', '{count}', 'own.xml:6: field: shape "size": {count} is not declared as a field'],
  ['a hole that is not closed', '{entries}', '{entries', 'own.xml:6: hole: shape "size": '],
  [
    'an anchor that is not there',
    'anchor="cache: "',
    'anchor="store: "',
    'own.xml:6: anchor: shape "size": the anchor "store: "',
  ],
  ['a line that begins with a hole', '<line>cache: ', '<line>', 'own.xml:6: literal-first: '],
  [
    'a shape without sample',
    /<sample[\s\S]*<\/sample>/.source,
    '',
    'own.xml:5: shape-sample: shape "size" has no sample',
  ],
  ['a wrong value', '"entries": 12', '"entries": 21', 'own.xml:7: sample-value: field "entries" is 12, expected 21'],
  [
    'a value that is not named',
    '"entries": 12, ',
    '',
    'own.xml:7: sample-value: field "entries" is 12, but <expect> does not name it',
  ],
  [
    'a value too many',
    '"entries": 12',
    '"entries": 12, "x": 1',
    'own.xml:7: sample-value: field "x" is absent, expected 1',
  ],
  [
    'a sample that does not match',
    'cache: 12 entries<',
    'cache: 12 things<',
    'own.xml:7: sample-match: the sample does not match shape "size" (after "cache: " expected " entries", saw ',
  ],
  [
    'a reject that matches',
    'cache: many entries',
    'cache: 3 entries',
    'own.xml:9: reject: the line must be rejected (no number) but matches shape "size"',
  ],
  [
    'an expectation that is no JSON',
    '{"entries": 12, "full": false}',
    'entries=12',
    'own.xml:7: sample: <expect> must hold a JSON object',
  ],
  [
    'a DOCTYPE',
    '<grammar',
    '<!DOCTYPE grammar [<!ENTITY a "b">]><grammar',
    'own.xml:1: well-formed: DOCTYPE and ENTITY are not allowed',
  ],
];

for (const [name, from, to, message] of BROKEN) {
  test(`lint: ${name}`, () => {
    const xml = GOOD.replace(from.startsWith('<sample[') ? new RegExp(from) : from, to);
    assert.notEqual(xml, GOOD);
    const problems = lint(xml);
    assert.ok(
      problems.some((problem) => problem.startsWith(message)),
      `expected ${message}, got\n${problems.join('\n')}`,
    );
    assert.throws(
      () => compileGrammars([{ path: 'own.xml', xml }]),
      (error: unknown) =>
        error instanceof GcbendError && error.code === 'GRAMMAR_INVALID' && error.message.includes('own.xml:'),
    );
  });
}

test('lint: holes side by side, and a text that nothing ends', () => {
  const adjacent = GOOD.replace('<field name="full"', '<field name="more" type="integer"/><field name="full"').replace(
    '{entries}',
    '{entries}{more}',
  );
  assert.ok(lint(adjacent).some((problem) => problem.includes('adjacent-holes: shape "size": {entries} and {more}')));
  const open = GOOD.replace('type="integer"', 'type="word"').replace(
    ' entries<optional flag="full"> (full)</optional>',
    '',
  );
  assert.ok(lint(open).some((problem) => problem.includes('open-hole: shape "size": {entries} must be followed')));
});

test('lint: one line in two grammars, one id twice', () => {
  const twin = GOOD.replace('id="cache"', 'id="twin"');
  const problems = lintGrammars([
    { path: 'a.xml', xml: GOOD },
    { path: 'b.xml', xml: twin },
  ]).map(formatProblem);
  assert.ok(
    problems.some((problem) =>
      problem.includes('a.xml:7: sample-unique: the sample matches 2 shapes: cache/size, twin/size'),
    ),
  );
  const same = lintGrammars([
    { path: 'a.xml', xml: GOOD },
    { path: 'b.xml', xml: GOOD },
  ]).map(formatProblem);
  assert.ok(same.includes('b.xml:1: unique-id: grammar "cache" is also in a.xml'));
});

test('compiled grammars are plain JSON', () => {
  const compiled = compileGrammars(readProjectGrammars());
  assert.deepEqual(JSON.parse(JSON.stringify(compiled)), compiled);
});
