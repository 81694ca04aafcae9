// In: profile messages that a Go program wrote beside the texts of the same moment. Out: the same events; damage is one event.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodePprof, looksLikePprof } from '../../../src/events/profiles/index.ts';
import type { ContentionEvent, GcbendEvent, GoroutinesEvent, HeapEvent } from '../../../src/events/types.ts';
import { fixture, readProfile } from './read.ts';

function message(name: string): Buffer {
  return gunzipSync(fixture(`pprof/${name}.pb.gz`));
}

/** Records as text, to compare them as bags: the text sorts them, the message does not. Records of nothing are left out. */
function bag(event: GcbendEvent | undefined): string[] {
  assert.ok(event?.type === 'heap' || event?.type === 'contention');
  return (event as HeapEvent | ContentionEvent).sites
    .map(({ function: _function, file: _file, line: _line, stack, ...values }) => {
      const { hiddenFrames: _hidden, ...rest } = values as Record<string, unknown>;
      return JSON.stringify([stack.map((frame) => [frame.function, frame.line, frame.inlined ?? false]), rest]);
    })
    .filter((text) => !text.includes('"allocated":{"objects":0,"bytes":0}'))
    .sort();
}

for (const kind of ['heap', 'allocs', 'block', 'mutex']) {
  test(`${kind}: the message gives what the text gives`, () => {
    const [fromMessage] = decodePprof(message(kind), `${kind}.pb.gz`);
    const fromText = readProfile(`pprof/${kind}.txt`).find(
      (event) => event.type === 'heap' || event.type === 'contention',
    );
    assert.deepEqual(bag(fromMessage), bag(fromText));
    assert.equal((fromMessage as HeapEvent).profile, (fromText as HeapEvent).profile);
    if (fromMessage?.type === 'heap' && fromText?.type === 'heap') {
      assert.deepEqual(fromMessage.inUse, fromText.inUse);
      assert.deepEqual(fromMessage.allocated, fromText.allocated);
      assert.equal(fromMessage.sampleRate, fromText.sampleRate);
    }
  });
}

test('goroutines and threads', () => {
  const [event] = decodePprof(message('goroutine'), 'goroutine.pb.gz') as [GoroutinesEvent];
  assert.equal(event.type, 'goroutines');
  assert.equal(event.debug, 1);
  assert.equal(event.total, 31);
  assert.equal(event.groups[0]?.count, 30);
  assert.ok(event.groups[0]?.stack.some((frame) => frame.function === 'main.waiter'));
  assert.match(event.atTime ?? '', /^20\d\d-\d\d-\d\dT/);
  const [threads] = decodePprof(message('threadcreate'), 'x');
  assert.ok(threads?.type === 'threads');
  // Zeros that fill a stack up are no frames, as in the text.
  assert.deepEqual(threads.groups, [{ count: 4, stack: [] }]);
});

describe('what is a message', () => {
  test('real ones are', () => {
    for (const kind of ['heap', 'allocs', 'block', 'mutex', 'goroutine', 'threadcreate']) {
      assert.ok(looksLikePprof(message(kind)), kind);
    }
  });

  test('texts are not, even when they begin with a newline', () => {
    for (const text of ['', '\n', '\n\n\ngc 1 @0.1s', '\nheap profile: 1', 'Z\u0004abc', '\n\u0004hello world']) {
      assert.equal(looksLikePprof(Buffer.from(text)), false, JSON.stringify(text));
    }
    fc.assert(fc.property(fc.string({ minLength: 8 }), (text) => !looksLikePprof(Buffer.from(`\n${text}`))));
  });
});

test('a CPU profile is said to be one that is not read', () => {
  // sample_type samples/count and cpu/nanoseconds, string table: what a CPU profile has at its head.
  const strings = ['', 'samples', 'count', 'cpu', 'nanoseconds'];
  const head = [0x0a, 4, 8, 1, 16, 2, 0x0a, 4, 8, 3, 16, 4];
  const bytes = Buffer.concat([
    Buffer.from(head),
    ...strings.map((text) => Buffer.concat([Buffer.from([0x32, text.length]), Buffer.from(text)])),
  ]);
  assert.ok(looksLikePprof(bytes));
  const [event] = decodePprof(bytes, 'cpu.pb.gz');
  assert.equal(event?.type, 'malformed');
  assert.match(event?.type === 'malformed' ? event.reason : '', /a profile of samples, cpu/);
});

test('a CPU profile of the runtime begins with its time', () => {
  const bytes = Buffer.from(
    '48a0b98e828a938bf5180a04080110020a040803100450f3c6beb2015a0408031004' +
      '6080ade204320032077361' +
      '6d706c65733205636f756e743203637075320b6e616e6f7365636f6e6473',
    'hex',
  );
  assert.ok(looksLikePprof(bytes));
  assert.match(JSON.stringify(decodePprof(bytes, 'cpu.pb.gz')), /a profile of samples, cpu/);
  fc.assert(fc.property(fc.string({ minLength: 8 }), (text) => !looksLikePprof(Buffer.from(`H${text}`))));
});

test('flipped bytes and cuts never throw, and give events that JSON can hold', () => {
  const messages = ['heap', 'mutex', 'goroutine'].map(message);
  fc.assert(
    fc.property(
      fc.constantFrom(...messages),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.nat(),
      fc.boolean(),
      (whole, flips, cut, cuts) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        const events = decodePprof(cuts ? bytes.subarray(0, cut % bytes.length) : bytes, 'x');
        assert.ok(events.length === 1 && events[0]!.schema === 1);
        JSON.stringify(events);
      },
    ),
    { numRuns: 300 },
  );
});
