// In: real inputs, cut, damaged and mixed at random. Out: what holds for the whole pipeline, whatever comes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GcbendEvent } from '../src/events/types.ts';
import { samples } from './support/gcbend.ts';
import { eventsOfChunks, eventsOfText } from './support/in-process.ts';
import { assertSchema } from './support/schema.ts';

const read = (name: string): Buffer => readFileSync(join(samples, name));
const firstLines = (name: string, count: number): string =>
  read(name).toString('utf8').split('\n').slice(0, count).join('\n').concat('\n');
const firstDump = read('tutorial-goroutines/dumps/goroutine-debug2-001.txt')
  .toString('utf8')
  .split('\n\n')
  .slice(0, 8)
  .join('\n\n');

/** A trace, a torn trace, a wrapped one, two processes at once, a dump and a heap text in one stream. */
const inputs: Readonly<Record<string, string>> = {
  plain: firstLines('leak/stderr.log', 60),
  torn: firstLines('torn/stderr.log', 400),
  docker: firstLines('docker/json-file.log', 60),
  replicas: firstLines('kubectl-replicas/pods.log', 60),
  mixed: [
    firstLines('leak/stderr.log', 20),
    firstLines('go1.4/stderr.log', 5),
    `${firstDump}\n\n`,
    read('heap-leak/dumps/heap-debug1-001.txt').toString('utf8'),
    firstLines('go-build/stderr.log', 30),
  ].join(''),
};
const anyInput = fc.constantFrom(...Object.values(inputs));
const segments = { detectors: ['segments' as const] };

/** Time of arrival is nobody's record. */
const facts = (events: readonly GcbendEvent[]): GcbendEvent[] => events.filter((event) => event.type !== 'summary');

test('chunks may end anywhere: the same events come out', async () => {
  const whole = new Map<string, GcbendEvent[]>();
  for (const text of Object.values(inputs)) whole.set(text, await eventsOfText(text, segments));
  await fc.assert(
    fc.asyncProperty(
      anyInput,
      fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5000 })), {
        minLength: 1,
        maxLength: 12,
      }),
      async (text, sizes) => {
        assert.deepEqual(await eventsOfText(text, segments, sizes), whole.get(text));
      },
    ),
    { numRuns: 60 },
  );
});

const cycleOf = (line: string): number => Number(/^gc (\d+) @/.exec(line)?.[1] ?? Number.NaN);

test('damaged bytes never stop the parser, and cost only the records they stand in', async () => {
  const lines = inputs['plain']!.trimEnd().split('\n');
  const whole = facts(await eventsOfText(inputs['plain']!)).filter((event) => event.type === 'gc');
  const damage = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(400),
    // No line feeds: they would make another line.
    byte: fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 6 }), async (damages) => {
      const bytes = lines.map((line) => Buffer.from(`${line}\n`));
      const touched = new Set<number>();
      for (const { line, at, byte } of damages) {
        const target = bytes[line]!;
        target[at % (target.length - 1)] = byte;
        touched.add(cycleOf(lines[line]!));
      }
      const events = await eventsOfText(Buffer.concat(bytes), segments);
      assertSchema(events);
      for (const wanted of whole) {
        if (touched.has(wanted.cycle)) continue;
        const found = events.find((event) => event.type === 'gc' && event.line === wanted.line);
        const { process: _before, ...rest } = wanted;
        const { process: _after, ...got } = found ?? ({} as GcbendEvent);
        assert.deepEqual(got, rest);
      }
    }),
    { numRuns: 80 },
  );
});

test('an input that is cut anywhere gives what stands before the cut', async () => {
  for (const text of Object.values(inputs)) {
    const whole = facts(await eventsOfText(text));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), async (length) => {
        const cut = text.slice(0, length);
        const events = await eventsOfText(cut, segments);
        assertSchema(events);
        assert.equal(events.at(-1)?.type, 'summary');
        // Records that ended well before the cut: a torn record or a dump needs what follows it.
        const complete = cut.split('\n').length - 40;
        const cycles = events.filter((event) => event.type === 'gc').map((event) => JSON.stringify(event));
        for (const event of whole) {
          if (event.type === 'gc' && event.line < complete) assert.ok(cycles.includes(JSON.stringify(event)));
        }
      }),
      { numRuns: 25 },
    );
  }
});

test('random bytes are nobody’s record and stop nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 300 }), async (before, after) => {
      const trace = inputs['plain']!;
      const bytes = Buffer.concat([Buffer.from(before), Buffer.from('\n'), Buffer.from(trace), Buffer.from(after)]);
      const events = await eventsOfText(bytes, segments);
      assertSchema(events);
      assert.equal(events.filter((event) => event.type === 'gc').length, 60);
    }),
    { numRuns: 60 },
  );
});

test('events that were written and are read back are the same', async () => {
  for (const [name, text] of Object.entries(inputs)) {
    const first = await eventsOfText(text, segments);
    const ndjson = first.map((event) => `${JSON.stringify(event)}\n`).join('');
    const again = await eventsOfText(ndjson, segments);
    const json = (events: readonly GcbendEvent[]): unknown => JSON.parse(JSON.stringify(facts(events)));
    assert.deepEqual(json(again), json(first), name);
    // Keys in another order and blanks, as other tools write them, change nothing.
    const spaced = ndjson.replaceAll('","', '", "').replace(/^\{"type":/gm, '{"type": ');
    assert.equal((await eventsOfText(spaced, segments)).length, again.length, name);
  }
});

/** Application lines of the kinds that stand in real logs; none looks like a record. */
const applicationLine = fc.oneof(
  fc.string({ maxLength: 120 }).map((text) => text.replace(/[\r\n\u2028\u2029]/g, ' ')),
  fc.nat(99_999).map((id) => `2026/11/20 09:30:00 INFO request id=${id} status=200 took=${id % 50}ms`),
  fc.nat(99).map((n) => `{"level":"info","msg":"order ${n} stored","took":"${n}ms"}`),
  fc.constantFrom('gc 3 reasons to love a small heap', 'gc', 'goroutine pool is full', '# done', '', 'heap: 12 MB'),
);

test('application lines between records take none away', async () => {
  const lines = inputs['plain']!.trimEnd().split('\n');
  const whole = facts(await eventsOfText(inputs['plain']!)).filter((event) => event.type === 'gc');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.nat(lines.length), text: applicationLine }), { maxLength: 60 }),
      async (foreign) => {
        const merged = lines.flatMap((line, i) => [
          ...foreign.filter(({ at }) => at === i).map(({ text }) => text),
          line,
        ]);
        const events = await eventsOfText(`${merged.join('\n')}\n`);
        const strip = ({ line: _, ...rest }: GcbendEvent): object => rest;
        assert.deepEqual(events.filter((event) => event.type === 'gc').map(strip), whole.map(strip));
      },
    ),
    { numRuns: 80 },
  );
});

test('sources that come in pieces by turns are kept apart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 10 }), async (sizes) => {
      const sources = { a: Buffer.from(inputs['plain']!), b: Buffer.from(firstLines('healthy/stderr.log', 60)) };
      const chunks: { source: string; bytes?: Buffer; end?: boolean }[] = [];
      for (let at = 0, n = 0; at < Math.max(sources.a.length, sources.b.length); n++) {
        const next = at + sizes[n % sizes.length]!;
        for (const [source, bytes] of Object.entries(sources)) {
          if (at < bytes.length) chunks.push({ source, bytes: bytes.subarray(at, next) });
        }
        at = next;
      }
      chunks.push({ source: 'a', end: true }, { source: 'b', end: true });
      const events = await eventsOfChunks(chunks);
      const cycles = (source: string): number[] =>
        events.flatMap((event) => (event.type === 'gc' && event.source === source ? [event.cycle] : []));
      assert.deepEqual(
        cycles('a'),
        Array.from({ length: 60 }, (_, i) => i + 1),
      );
      assert.ok(cycles('b').length > 40);
    }),
    { numRuns: 40 },
  );
});
