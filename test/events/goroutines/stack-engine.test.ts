// In: made dumps, whole and a line at a time, large, with ids of any size, one after the other and at once. Out: proof that bulk reading sees what lines say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mixId, SAMPLE_IDS } from '../../../src/events/goroutines/goroutine-ids.ts';
import { GoroutineDumpParser } from '../../../src/events/goroutines/index.ts';
import type { GoroutineEvent } from '../../../src/events/types.ts';
import { drive, dumps } from './drive.ts';

const name = fc.constantFrom(
  'main.f',
  'main.(*T[...]).run.func1',
  'example.com/app/sub%2edot.(*T).Wait',
  'example.com/größe.Läuft',
  'runtime.gopark',
  'runtime.Gosched',
  '9fans.net/go/acme.(*Win).Ctl',
  'type:.eq.main.T',
);
const place = fc.constantFrom(
  '/app/main.go:80 +0x28',
  '/app/main.go:81',
  'C:/Users/me/my app/x.go:7 +0x1',
  '/app/ü.go:9 +0xff',
  'runtime/proc.go:398 +0xce fp=0xc00003af78 sp=0xc00003af58 pc=0x436b4e',
  'runtime/proc.go:399 fp=0xc00003af78 sp=0xc00003af58 pc=0x436b4e',
  '_cgo_gotypes.go:40 +0x45',
);
const call = fc
  .tuple(name, fc.constantFrom('(0x1, {0x2, 0x3?})', '(...)', '()', '(0x1, ...)'), place)
  .map(([called, passed, at]) => `${called}${passed}\n\t${at}\n`);
const creator = fc.option(
  fc
    .tuple(name, fc.constantFrom('', ' in goroutine 1', ' in goroutine 99999999999'), place)
    .map(([by, where, at]) => `created by ${by}${where}\n\t${at}\n`),
  { nil: '' },
);
const words = fc.constantFrom(
  'chan send',
  'chan send, 3 minutes',
  'select (no cases), 1 minutes, locked to thread',
  'chan receive (leaked), 7 minutes',
  'semacquire labels:{"request":"é ]: 7", "k":"v"}',
  'sleep, 2 minutes labels:{"request":"8"}',
);
const header = fc.tuple(fc.constantFrom('', ' gp=0xc000002380 m=nil', ' gp=0xc000002380 m=3 mp=0xc00004'), words);
const record = fc.tuple(header, fc.array(call, { minLength: 1, maxLength: 6 }), creator).map(
  ([[gp, inner], calls, created]) =>
    (id: number) =>
      `goroutine ${id}${gp} [${inner}]:\n${calls.join('')}${created}\n`,
);
const idStep = fc.constantFrom(1, 7, 2 ** 31, 2 ** 36, 2 ** 38);

test('a dump read in bulk is the dump read line by line', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, idStep), { minLength: 1, maxLength: 30 }), (records) => {
      let id = 0;
      const text = records
        .map(([print, step]) => {
          id += step;
          return print(id);
        })
        .join('');
      const bytes = Buffer.from(text);
      const everyLine = [...bytes.keys()].filter((i) => bytes[i] === 10).map((i) => i + 1);
      const read = (cuts: number[]): unknown => {
        const each: GoroutineEvent[] = [];
        return [drive(bytes, cuts), drive(bytes, cuts, { eachGoroutine: (event) => each.push(event) }), each];
      };
      const [whole, , each] = read([]) as [ReturnType<typeof drive>, unknown, GoroutineEvent[]];
      assert.deepEqual(read([]), read(everyLine));
      assert.equal(whole.events.length, 1);
      assert.equal(whole.foreign.length, 0);
      assert.equal(whole.events[0]?.total, records.length);
      assert.deepEqual(
        each.map((event) => event.id),
        [...each].map((event) => event.id).sort((a, b) => a - b),
      );
    }),
    { numRuns: 150 },
  );
});

test('of many ids those of least hash are kept, also of ids that need more than 32 bits', () => {
  for (const [count, step] of [
    [5, 1],
    [12, 2 ** 32],
    [13, 1],
    [20, 2 ** 32 - 1],
    [127, 2 ** 31],
    [128, 1],
    [128, 2 ** 33 + 1],
    [1000, 2 ** 30 + 7],
    [3000, 3],
  ] as const) {
    const ids = Array.from({ length: count }, (_, i) => 2 + i * step);
    // Not in rising order, as reused slots print them.
    const printed = [...ids].sort((a, b) => mixId(a + 1) - mixId(b + 1));
    const text = printed.map((id) => `goroutine ${id} [select]:\nmain.f()\n\t/a.go:1 +0x1\n\n`).join('');
    const [event] = dumps(text);
    const expected = ids
      .sort((a, b) => mixId(a) - mixId(b))
      .slice(0, SAMPLE_IDS)
      .sort((a, b) => a - b);
    assert.deepEqual(event?.groups[0]?.sampleIds, expected, `${count} ids, ${step} apart`);
    assert.equal(event?.groups[0]?.count, count);
  }
});

/** `stacks` of 3 frames each, `times` goroutines in every one. */
function makeMany(stacks: number, times: number): string {
  const parts: string[] = [];
  let id = 0;
  for (let i = 0; i < stacks * times; i++) {
    const stack = i % stacks;
    id += 1 + (i % 3) * 40;
    parts.push(
      `goroutine ${id} [chan send, ${stack % 1500} minutes]:\nmain.(*H${stack}).leaf(0xc${i.toString(16)})\n\t/app/h${stack}.go:${stack} +0x1\n` +
        `main.step${stack % 700}(...)\n\t/app/s.go:5\ncreated by main.start in goroutine ${1 + (stack % 2)}\n\t/app/s.go:9 +0x45\n\n`,
    );
  }
  return parts.join('');
}

test('tens of thousands of stacks, and a small dump after them', () => {
  const stacks = 20_000;
  const [event, after] = dumps(`${makeMany(stacks, 2)}${makeMany(3, 1)}`);
  // The second one begins with ids that were there: another dump.
  assert.equal(event?.total, 2 * stacks);
  assert.equal(event?.groups.length, stacks);
  assert.equal(new Set(event?.groups.map((group) => group.id)).size, stacks);
  for (const group of event!.groups) {
    const stack = Number(/\d+/.exec(group.stack[0]!.function)![0]);
    const minutes = stack % 1500;
    assert.equal(group.count, 2);
    assert.deepEqual(group.waitMinutes, { min: minutes, max: minutes });
    assert.deepEqual(group.stack, [
      { function: `main.(*H${stack}).leaf`, file: `/app/h${stack}.go`, line: stack },
      { function: `main.step${stack % 700}`, file: '/app/s.go', line: 5, inlined: true },
    ]);
    assert.deepEqual(group.createdBy, {
      function: 'main.start',
      file: '/app/s.go',
      line: 9,
      goroutine: 1 + (stack % 2),
    });
    assert.equal(group.sampleIds?.length, 2);
  }
  assert.equal(after?.total, 3);
  assert.deepEqual(after, { ...dumps(makeMany(3, 1))[0]!, line: after!.line });
});

test('dumps that are read at once keep apart', () => {
  const texts = [makeMany(40, 3), makeMany(7, 30), makeMany(900, 1)].map((text) => Buffer.from(text));
  const alone = texts.map((text) => drive(text).events[0]);
  const parsers = texts.map(() => new GoroutineDumpParser({ source: '-' }));
  const at = texts.map(() => 0);
  const lines = texts.map(() => 1);
  for (let round = 0; at.some((position, i) => position < texts[i]!.length); round++) {
    for (const [i, text] of texts.entries()) {
      const end = Math.min(text.length, at[i]! + 700 + (round % 5) * 333);
      const { consumed, lines: taken } = parsers[i]!.push(text, at[i]!, end, lines[i]!, end === text.length);
      at[i] = consumed;
      lines[i]! += taken;
    }
  }
  assert.deepEqual(
    parsers.map((parser) => parser.finish()),
    alone,
  );
});

test('stacks of any depth and names of any length', () => {
  const deep = (frames: number, length: number): string =>
    `goroutine 7 [select]:\n${Array.from({ length: frames }, (_, i) => `main.${'x'.repeat(length)}${i}(0x1)\n\t/a.go:${i + 1} +0x1\n`).join('')}\n`;
  const plain = 'goroutine 9 [sleep]:\nmain.f()\n\t/a.go:1 +0x1\n\n';
  for (const [frames, length] of [
    [100, 30],
    [600, 200],
    [3, 70_000],
    [4000, 5],
  ] as const) {
    const [event] = dumps(`${plain}${deep(frames, length)}${plain.replace('9', '10')}`);
    assert.equal(event?.total, 3);
    const group = event?.groups.find((one) => one.state === 'select');
    assert.equal(group?.stack.length, frames);
    assert.equal(group?.stack.at(-1)?.function, `main.${'x'.repeat(length)}${frames - 1}`);
    assert.equal(group?.framesElided, undefined);
  }
  // There is an end to it: what no stack of a Go program has counts as left out.
  const [event] = dumps(`${plain}${deep(5000, 5)}${plain.replace('9', '10')}`);
  const group = event?.groups.find((one) => one.state === 'select');
  assert.equal(event?.total, 3);
  assert.equal((group?.stack.length ?? 0) + (group?.framesElided ?? 0), 5000);
});

test('a line that is no call, no place or no register sends its record to the line machine', () => {
  const before = 'goroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n\n';
  const good =
    'goroutine 5 [select]:\nmain.f(0x1)\n\t/a.go:2 +0x1\ncreated by main.g in goroutine 1\n\t/a.go:3 +0x1\n\n';
  for (const line of [
    'request done (ok)',
    'main.f(0x1) took 3 ms (late)',
    '\t/a.go:x +0x1',
    '\tnothing',
    'created by',
    'created by main.g in goroutine ',
  ]) {
    for (const at of [1, 2, 3, 4, 5]) {
      const lines = good.split('\n');
      lines.splice(at, 0, line);
      const text = `${before}${lines.join('\n')}${good.replace('5', '6')}`;
      const bytes = Buffer.from(text);
      const everyLine = [...bytes.keys()].filter((i) => bytes[i] === 10).map((i) => i + 1);
      assert.deepEqual(drive(text), drive(text, everyLine), JSON.stringify([line, at]));
      assert.equal(dumps(text)[0]?.total, 3);
    }
  }
});
