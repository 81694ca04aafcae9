// In: random bytes in random chunks. Out: proof that LineReader gives what a plain split gives, at any chunking.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GcbendError } from '../../src/errors.ts';
import { type LineMode, LineReader } from '../../src/framing/index.ts';

interface Seen {
  text: string;
  number: number;
  terminated: boolean;
}

const ANCHORS = ['gc ', '%: ', ' MB goal, ', 'goroutine ', 'panic: '].map((text) => Buffer.from(text));

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((to, index) => bytes.subarray(borders[index]!, to));
}

/** `intoRoom`: the bytes are put where the reader has room for them. */
function readAll(reader: LineReader, chunks: readonly Buffer[], mode: LineMode, intoRoom = false): Seen[] {
  const seen: Seen[] = [];
  const drain = (): void => {
    for (let line = reader.next(mode); line !== undefined; line = reader.next(mode)) {
      seen.push({
        text: line.bytes.toString('latin1', line.start, line.end),
        number: line.number,
        terminated: line.terminated,
      });
    }
  };
  for (const chunk of chunks) {
    const room = intoRoom ? reader.room() : undefined;
    if (room !== undefined && chunk.length > 0 && chunk.length <= room.length) {
      chunk.copy(room);
      reader.push(room.subarray(0, chunk.length));
      drain();
      continue;
    }
    // The reader may not hold on to a chunk: it is overwritten as soon as it was read.
    const copy = Buffer.from(chunk);
    reader.push(copy);
    drain();
    copy.fill(0x21);
  }
  reader.end();
  drain();
  return seen;
}

/** Where the first `headBytes` hold carriage returns and no newline, those are the newlines, up to the first. */
function withNewlines(bytes: Buffer, headBytes = 4096): string {
  const text = bytes.toString('latin1');
  const head = text.slice(0, headBytes);
  if (head.includes('\n') || !head.slice(0, -1).includes('\r')) return text;
  return text.replace(/^[^\n]*/, (first) => first.replaceAll('\r', '\n'));
}

function splitPlainly(bytes: Buffer, headBytes?: number): Seen[] {
  const texts = withNewlines(bytes, headBytes).split('\n');
  const last = texts.pop()!;
  const seen = texts.map((text, index) => ({ text: text.replace(/\r$/, ''), number: index + 1, terminated: true }));
  if (last !== '') seen.push({ text: last.replace(/\r$/, ''), number: seen.length + 1, terminated: false });
  return seen;
}

const isAnchored = (line: Seen): boolean => ANCHORS.some((anchor) => line.text.includes(anchor.toString()));

/** Bytes in which newlines, anchors and pieces of anchors are frequent. */
const logBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '\n\n',
        '\r',
        'gc ',
        '%: ',
        ' MB goal, ',
        'gc',
        '%',
        ' MB go',
        'goroutin',
        'e ',
        'panic',
        ': ',
      ),
      fc.string({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

test('any chunking of any bytes gives the lines of a plain split', () => {
  fc.assert(
    fc.property(logBytes, cuts, (bytes, at) => {
      const reader = new LineReader({ anchors: ANCHORS });
      const expected = splitPlainly(bytes);
      assert.deepEqual(readAll(reader, chunksOf(bytes, at), 'every'), expected);
      const other = new LineReader({ anchors: ANCHORS, maxLineBytes: 100_000 });
      assert.deepEqual(readAll(other, chunksOf(bytes, at), 'every', true), expected);
      assert.equal(reader.lines, expected.length);
      assert.equal(reader.bytes, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test('anchored mode returns exactly the lines that contain an anchor', () => {
  fc.assert(
    fc.property(logBytes, cuts, (bytes, at) => {
      const reader = new LineReader({ anchors: ANCHORS });
      const expected = splitPlainly(bytes);
      const wanted = expected.filter(isAnchored);
      assert.deepEqual(readAll(reader, chunksOf(bytes, at), 'anchored'), wanted);
      assert.equal(reader.lines, expected.length);
    }),
    { numRuns: 300 },
  );
});

test('chunks of one byte', () => {
  const bytes = Buffer.from('a\ngc 1 @0.1s\r\n\nx%: y\nlast gc ');
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  assert.deepEqual(readAll(new LineReader({ anchors: ANCHORS }), chunks, 'every'), splitPlainly(bytes));
  assert.deepEqual(
    readAll(new LineReader({ anchors: ANCHORS }), chunks, 'anchored').map((line) => line.number),
    [2, 4, 5],
  );
});

test('the mode may change on every call', () => {
  const reader = new LineReader({ anchors: ANCHORS });
  reader.push(Buffer.from('app\ngc 1\nnext\nmore\ngc 2\ntail\n'));
  const text = (mode: LineMode): string | undefined => {
    const line = reader.next(mode);
    return line && `${line.number}:${line.bytes.toString('latin1', line.start, line.end)}`;
  };
  assert.equal(text('anchored'), '2:gc 1');
  assert.equal(text('every'), '3:next');
  assert.equal(text('anchored'), '5:gc 2');
  assert.equal(text('every'), '6:tail');
  assert.equal(text('every'), undefined);
});

test('modes and blocks mixed at will: numbers and anchored hold', () => {
  const step = fc.constantFrom('every', 'anchored', 'block');
  fc.assert(
    fc.property(logBytes, cuts, fc.array(step, { minLength: 1, maxLength: 9 }), (bytes, at, steps) => {
      const reader = new LineReader({ anchors: ANCHORS });
      const expected = splitPlainly(bytes);
      let turn = 0;
      const drain = (): void => {
        for (;;) {
          const mode = steps[turn++ % steps.length]!;
          const before = reader.lines;
          if (mode === 'block') {
            const span = reader.remaining();
            if (span.start < span.end) reader.advance(span.bytes.indexOf(0x0a, span.start) + 1);
            continue;
          }
          const line = reader.next(mode as LineMode);
          if (line === undefined) return;
          assert.equal(line.bytes.toString('latin1', line.start, line.end), expected[line.number - 1]!.text);
          assert.equal(line.anchored, isAnchored(expected[line.number - 1]!));
          if (mode === 'every') assert.equal(line.number, before + 1);
          else assert.ok(line.anchored && !expected.slice(before, line.number - 1).some(isAnchored));
        }
      };
      // Blocks alone never say that the chunk is read.
      if (steps.every((it) => it === 'block')) steps = [...steps, 'every'];
      for (const chunk of chunksOf(bytes, at)) {
        reader.push(chunk);
        drain();
      }
      reader.end();
      drain();
      assert.equal(reader.lines, expected.length);
    }),
    { numRuns: 300 },
  );
});

test('lines above the limit are skipped, counted and reported, at any chunking and in both modes', () => {
  fc.assert(
    fc.property(
      logBytes,
      cuts,
      fc.constantFrom<LineMode>('every', 'anchored'),
      fc.boolean(),
      (bytes, at, mode, intoRoom) => {
        const maxLineBytes = 9;
        const reader = new LineReader({ anchors: ANCHORS, maxLineBytes });
        const all = withNewlines(bytes, maxLineBytes).split('\n');
        const tooLong = all.map((text, index) => ({ number: index + 1, byteLength: text.length }));
        const expected = splitPlainly(bytes, maxLineBytes).filter(
          (line) => all[line.number - 1]!.length <= maxLineBytes && (mode === 'every' || isAnchored(line)),
        );
        assert.deepEqual(readAll(reader, chunksOf(bytes, at), mode, intoRoom), expected);
        const reported = tooLong.filter((line) => line.byteLength > maxLineBytes);
        assert.deepEqual(reader.takeOversized(), reported);
        assert.equal(reader.oversized, reported.length);
        assert.deepEqual(reader.takeOversized(), []);
      },
    ),
    { numRuns: 300 },
  );
});

test('remaining and advance give the same bytes in blocks', () => {
  fc.assert(
    fc.property(logBytes, cuts, (bytes, at) => {
      const reader = new LineReader({ anchors: ANCHORS });
      let text = '';
      for (const chunk of chunksOf(bytes, at)) {
        reader.push(chunk);
        for (let span = reader.remaining(); span.start < span.end; span = reader.remaining()) {
          // Every other time only one line is taken, so that blocks and lines mix.
          const to = text.length % 2 === 0 ? span.end : span.bytes.indexOf(0x0a, span.start) + 1;
          text += span.bytes.toString('latin1', span.start, to);
          reader.advance(to);
        }
      }
      // What ends the lines of less than 4 KiB without a newline is known only at their end.
      assert.equal(text, bytes.toString('latin1').replace(/[^\n]*$/, ''));
      assert.equal(reader.lines, text.split('\n').length - 1);
    }),
    { numRuns: 200 },
  );
});

test('carriage returns alone end the lines of a source that begins with 4 KiB of them', () => {
  const lines = Array.from(
    { length: 200 },
    (_, index) => `${index % 5 === 0 ? 'gc ' : 'app '}${index} ${'.'.repeat(30)}`,
  );
  const bytes = Buffer.from(`${lines.join('\r')}\r`);
  const texts = (reader: LineReader, all: Buffer, at: readonly number[]): string[] =>
    readAll(reader, chunksOf(all, at), 'every').map(({ text }) => text);
  for (const at of [[], [10], [4095], [4096], [4097, 5000]]) {
    const reader = new LineReader({ anchors: ANCHORS });
    assert.deepEqual(texts(reader, bytes, at), lines);
    assert.equal(reader.endsWithReturns, true);
    const turned = new LineReader({ anchors: ANCHORS });
    const behind = Buffer.concat([bytes, Buffer.from('done\n10%\r20%\ngc 1\n')]);
    assert.deepEqual(texts(turned, behind, at), [...lines, 'done', '10%\r20%', 'gc 1']);
    assert.equal(turned.endsWithReturns, false);
  }
  const late = Buffer.concat([Buffer.alloc(4095, 0x2e), Buffer.from('\r\ngc 1\r\n')]);
  assert.deepEqual(texts(new LineReader({ anchors: ANCHORS }), late, []), ['.'.repeat(4095), 'gc 1']);
});

test('misuse is said', () => {
  const isMisuse = (error: unknown): boolean => error instanceof GcbendError && error.code === 'STATE_INVALID';
  const reader = new LineReader({ anchors: ANCHORS });
  reader.push(Buffer.from('one\ntwo\n'));
  assert.throws(() => reader.push(Buffer.from('x')), isMisuse);
  reader.remaining();
  assert.throws(() => reader.advance(2), isMisuse);
  reader.advance(4);
  assert.equal(reader.next('every')!.number, 2);
  reader.end();
  assert.throws(() => reader.push(Buffer.from('x')), isMisuse);
  assert.throws(() => new LineReader({ anchors: [], maxLineBytes: 0 }), isMisuse);
});
