// In: count profiles (debug=1) with a broken header, record or frame. Out: a malformed event with its reason for each, and all
// that is whole beside it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drive } from './drive.ts';

const send = '20 @ 0x1 0x2\n#\t0x1\tmain.send+0x1\t/app/main.go:7\n\n';
const accept = '3 @ 0x3 0x4\n#\t0x3\tmain.accept+0x1\t/app/main.go:9\n\n';

describe('a header without a total', () => {
  const totals: [total: string, reason: string][] = [
    ['abc', 'the total in the header is no count'],
    ['12x', 'the total in the header is no count'],
    ['-4', 'the total in the header is no count'],
    ['', 'the total in the header is no count'],
    ['99999999999999999999999', 'the total in the header is no count'],
    ['2', 'the records count 23, the header says 2'],
    ['20', 'the records count 23, the header says 20'],
  ];
  for (const name of ['goroutine', 'threadcreate', 'goroutineleak']) {
    for (const [total, reason] of totals) {
      test(`${name} profile: total ${total}`, () => {
        const header = `${name} profile: total ${total}`;
        const { events, malformed, foreign } = drive(`${header}\n${send}${accept}`);
        assert.deepEqual(events, []);
        assert.deepEqual(foreign, []);
        assert.deepEqual(malformed, [
          { type: 'malformed', schema: 1, source: '-', line: 1, grammar: name, reason, text: header },
        ]);
      });
    }
  }

  test('what follows is read as ever', () => {
    const { events, malformed } = drive(`goroutine profile: total x\n${send}goroutine profile: total 3\n${accept}`);
    assert.deepEqual(
      malformed.map(({ line }) => line),
      [1],
    );
    assert.deepEqual(
      events.map((event) => [event.line, event.type === 'goroutines' && event.total]),
      [[5, 3]],
    );
  });
});

describe('a broken record', () => {
  for (const record of ['20x @ 0x1 0x2', '-20 @ 0x1 0x2', '99999999999999999999999 @ 0x1', '20 @ 0y1 0x2', 'x @ 0x1']) {
    test(record, () => {
      const frame = '#\t0x1\tmain.send+0x1\t/app/main.go:7\n\n';
      const { events, malformed } = drive(`goroutine profile: total 23\n${record}\n${frame}${accept}`);
      const [event] = events;
      assert.ok(event?.type === 'goroutines');
      assert.equal(event.total, 23);
      assert.equal(event.truncated, true);
      assert.deepEqual(
        event.groups.map((group) => [group.count, group.stack[0]?.function]),
        [[3, 'main.accept']],
      );
      assert.deepEqual(
        malformed.map(({ line, reason, text }) => [line, reason, text]),
        [[2, 'record is torn', record]],
      );
    });
  }

  test('a stack that lacks a frame is none; cut at the end of the input it is what was read', () => {
    const torn = '20 @ 0x1 0x2\n#\t0x1\tmain.se';
    const inside = drive(`goroutine profile: total 23\n${torn}\n\n${accept}`);
    assert.deepEqual(
      inside.malformed.map(({ line, reason }) => [line, reason]),
      [[3, 'frame is torn']],
    );
    const [event] = inside.events;
    assert.ok(event?.type === 'goroutines');
    assert.deepEqual(
      event.groups.map((group) => group.count),
      [3],
    );
    const atEnd = drive(`goroutine profile: total 23\n${accept}${torn}`);
    assert.deepEqual(atEnd.malformed, []);
    assert.equal(atEnd.events[0]?.truncated, true);
  });
});

test('a sentence that ends like a header is none', () => {
  assert.deepEqual(drive('load profile: total 35\nnext\n').events, []);
  assert.deepEqual(drive('2026/11/21 10:00:00 goroutine profile: total of 35 taken\nnext\n').events, []);
  const { events } = drive('my.connections profile: total 20\n20 @ 0x1 0x2\n#\t0x1\tmain.send+0x1\t/app/main.go:7\n\n');
  assert.equal(events.length, 1);
});
