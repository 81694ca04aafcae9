// In: lines of every shape, and of shapes that no Go prints. Out: proof that runs hold the members, numbers and ends that lines have alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineReader } from '../../src/framing/index.ts';
import { compileGrammars } from '../../src/grammar/authoring.ts';
import {
  type GrammarSet,
  loadGrammars,
  RowDecoder,
  RUN_READER_BYTES,
  RunReader,
  type Shape,
} from '../../src/grammar/index.ts';
import { loadProjectGrammars } from './project-grammars.ts';

const HEAD = '{"type":"x","line":';
const TAIL = ',"a text of more than sixteen bytes":true';

interface Run {
  lines: number;
  ndjson: string;
  events: Record<string, unknown>[];
  /** What stands behind the run. */
  rest: string;
  /** Where the reader came to, and the number of the line before. */
  stoppedAt: number;
  stoppedBehind: number;
}

/** The run of a shape's lines at the beginning of a text; undefined when such lines are not read in runs. */
function readRun(
  shape: Shape,
  text: string,
  { head = HEAD, firstLine = 1, most = 100, passes = false } = {},
): Run | undefined {
  const reader = new LineReader({ anchors: [Buffer.from(shape.compiled.anchor)], workBytes: RUN_READER_BYTES });
  const runs = new RunReader(reader.workspace);
  const holes = shape.fields.map((_, hole) => hole);
  if (!runs.prepare(shape, holes, head, TAIL)) return undefined;
  reader.push(Buffer.from(text));
  const line = reader.next('every');
  assert.ok(line);
  const lines = runs.read(line.start, reader.complete, firstLine, most, passes);
  const decoder = new RowDecoder(shape, { type: 'x' });
  const events = Array.from({ length: lines }, (_, index) => decoder.decode(runs.values, index * runs.width));
  const end = lines === 0 ? 0 : runs.lineEnd(lines - 1);
  const outputEnd = lines === 0 ? 0 : runs.outputEnd(lines - 1);
  const ndjson = `${runs.output.subarray(0, outputEnd)}`;
  const stopped = { stoppedAt: runs.lineEnd(lines), stoppedBehind: runs.lineNumber(lines) };
  return { lines, events, ndjson, rest: text.slice(end), ...stopped };
}

/** What the same lines give one by one. */
function readAlone(
  grammars: GrammarSet,
  shape: Shape,
  lines: readonly string[],
  firstLine = 1,
): Pick<Run, 'lines' | 'events' | 'ndjson'> {
  const events: Record<string, unknown>[] = [];
  let ndjson = '';
  for (const [index, line] of lines.entries()) {
    const bytes = Buffer.from(line);
    const match = grammars.matchShape(shape, bytes, 0, bytes.length, true);
    assert.ok(match, line);
    const out = Buffer.alloc(grammars.maxJsonBytes(match));
    const members = out.toString('utf8', 0, grammars.encodeJson(match, out, 0));
    ndjson += `${HEAD}${firstLine + index}${TAIL}${members}}\n`;
    events.push({ type: 'x', ...grammars.decode(match) });
  }
  return { lines: lines.length, events, ndjson };
}

function assertSame(grammars: GrammarSet, shape: Shape, lines: readonly string[], firstLine = 1): void {
  const run = readRun(shape, `${lines.join('\n')}\nbehind\n`, { firstLine });
  assert.ok(run);
  const { rest, lines: count, events, ndjson } = run;
  const read = { lines: count, events, ndjson };
  const alone = readAlone(grammars, shape, lines, firstLine);
  assert.deepEqual(read, alone);
  assert.equal(JSON.stringify(read.events), JSON.stringify(alone.events));
  assert.equal(rest, 'behind\n');
}

test('samples of every shape of plain numbers and flags; the others are refused', () => {
  const grammars = loadProjectGrammars();
  const read: string[] = [];
  for (const shape of grammars.shapes) {
    const samples = shape.grammar.samples.filter((sample) => sample.shape === shape.compiled.id);
    const isPlain = shape.fields.every(
      (field, hole) => field.type === 'flag' || (shape.isPlain[hole] === 1 && !shape.compiled.optional[hole]),
    );
    const texts = samples.map((sample) => sample.text);
    if (!isPlain) assert.equal(readRun(shape, `${texts[0]}\n`), undefined);
    else {
      assertSame(grammars, shape, [...texts, ...texts]);
      read.push(`${shape.grammar.id} ${shape.compiled.id}`);
    }
  }
  for (const id of ['gctrace go1.18', 'gctrace go1.6', 'gctrace go1.5', 'scav go1.21'])
    assert.ok(read.includes(id), id);
});

const OWN = `<grammar id="own" event="runtime" go="1.26">
  <title>Literals of any length, flags of every kind</title>
  <field name="first" type="integer">A number.</field>
  <field name="group.second" type="decimal">A number in a group.</field>
  <field name="late" type="flag" otherwise="true">Always there.</field>
  <field name="group.rare" type="flag">There when it is there.</field>
  <field name="third" type="duration" unit="ms">Another one.</field>
  <shape id="long" go="1.26" anchor="a literal of more than thirty-two bytes: " sure="1">
    <line>a literal of more than thirty-two bytes: {first}<optional flag="late">, words that need more than one step</optional>, {group.second}<optional flag="group.rare"> (sixteen bytes)</optional> ends {third} here, not sooner</line>
    <sample go="1.26"><text>a literal of more than thirty-two bytes: 1, 2 ends 3 here, not sooner</text><expect>{"first": 1, "group": {"second": 2}, "late": true, "third": 3}</expect></sample>
  </shape>
  <reject reason="no number">a literal of more than thirty-two bytes: none</reject>
</grammar>`;
const own = loadGrammars(compileGrammars([{ path: 'own.xml', xml: OWN }]));
const [ownShape] = own.shapes as [Shape];

const whole = fc.oneof(fc.nat(1000), fc.nat(10 ** 9), fc.integer({ min: 0, max: 10 ** 15 - 1 })).map(String);
const decimal = fc.tuple(fc.nat(10 ** 6 - 1), fc.stringMatching(/^[0-9]{1,8}$/)).map((parts) => parts.join('.'));
const ownLine = fc
  .tuple(whole, fc.boolean(), fc.oneof(whole, decimal), fc.boolean(), fc.oneof(whole, decimal))
  .map(
    ([first, late, second, rare, third]) =>
      `a literal of more than thirty-two bytes: ${first}${late ? ', words that need more than one step' : ''}, ${second}${rare ? ' (sixteen bytes)' : ''} ends ${third} here, not sooner`,
  );

test('literals and words of any length, flags of every kind, numbers of up to fifteen bytes, any line number', () => {
  const lineNumber = fc.oneof(fc.integer({ min: 1, max: 1200 }), fc.constantFrom(999_999, 2 ** 31 - 3, 2 ** 32 - 5000));
  fc.assert(
    fc.property(fc.array(ownLine, { minLength: 1, maxLength: 20 }), lineNumber, (lines, firstLine) => {
      assertSame(own, ownShape, lines, firstLine);
    }),
    { numRuns: 200 },
  );
});

test('a run passes over lines without an anchor, and ends before one that has it', () => {
  const line = fc.oneof(
    fc.constantFrom('', 'words', 'a literal', ' '.repeat(40)).map((text) => ({ text, isOwn: false })),
    ownLine.map((text) => ({ text, isOwn: true })),
  );
  fc.assert(
    fc.property(ownLine, fc.array(line, { maxLength: 30 }), fc.constantFrom('', 'behind\n'), (first, lines, behind) => {
      const all = [{ text: first, isOwn: true }, ...lines];
      const other = `no ${ownShape.compiled.anchor}`;
      const text = `${all.map((it) => `${it.text}\n`).join('')}${other}\n${behind}`;
      const run = readRun(ownShape, text, { firstLine: 7, passes: true });
      const alone = all.flatMap((it, index) => (it.isOwn ? [readAlone(own, ownShape, [it.text], 7 + index)] : []));
      assert.equal(run?.ndjson, alone.map(({ ndjson }) => ndjson).join(''));
      assert.deepEqual(
        run.events,
        alone.flatMap(({ events }) => events),
      );
      assert.equal(run.stoppedAt, text.indexOf(other));
      assert.equal(run.stoppedBehind, 6 + all.length);
    }),
    { numRuns: 200 },
  );
});

test('a run ends before the first line that is not exactly of its shape', () => {
  const good = 'a literal of more than thirty-two bytes: 12, 0.5 ends 3 here, not sooner';
  for (const bad of [
    '',
    'words',
    `${good}\r`,
    `${good} `,
    ` ${good}`,
    good.slice(0, -1),
    good.replace('12', '012'),
    good.replace('12', '00'),
    good.replace('12', '-1'),
    good.replace('12', '1.2'),
    good.replace('12', ''),
    good.replace('12', '1234567890123456'),
    good.replace('12', '12345678901234567890'),
    good.replace('0.5', '0.'),
    good.replace('0.5', '.5'),
    good.replace('0.5', '00.5'),
    good.replace('0.5', '1.2.3'),
    good.replace('0.5', '12345678.1234567'),
    good.replace('0.5', '123456789012345.6'),
    good.replace('0.5', '0.12345678901234567'),
    good.replace('literal', 'litera1'),
    good.replace('ends', 'ands'),
    good.replace(', 0.5', ', words that need more than one stop, 0.5'),
  ]) {
    const run = readRun(ownShape, `${good}\n${good}\n${bad}\n${good}\n`);
    assert.equal(run?.lines, 2, bad);
    assert.equal(run.rest, `${bad}\n${good}\n`);
  }
});

test('a run takes no more lines than it was asked for, none that is not whole, and none for which there is no room', () => {
  const good = 'a literal of more than thirty-two bytes: 12, 0.5 ends 3 here, not sooner';
  assert.equal(readRun(ownShape, `${good}\n`.repeat(9), { most: 4 })?.lines, 4);
  assert.equal(readRun(ownShape, `${good}\n${good}`)?.lines, 1);
  const longHead = 'h'.repeat(10_000);
  const run = readRun(ownShape, `${good}\n`.repeat(20), { head: longHead });
  assert.equal(run?.lines, 6);
  assert.equal(run.ndjson.split('\n').length, 7);
  assert.equal(readRun(ownShape, `${good}\n`, { head: 'h'.repeat(20_000) }), undefined);
  assert.equal(readRun(ownShape, `${good}\n`, { firstLine: 2 ** 32 - 1 })?.lines, 0);
});
