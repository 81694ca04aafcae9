import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatConfidence,
  formatDuration,
  formatGrowth,
  formatMoment,
  formatNumber,
  formatPercent,
} from '../../src/render/format.ts';
import { displayText, fitText, textWidth, wrapText } from '../../src/render/sanitize.ts';

test('7 bits: what we draw and what people type has its likeness, the rest a question mark', () => {
  assert.equal(displayText('╭─●┤ ▁█ → … µs café ≥ “x” 漢', true), '.-o| _# -> ~ us cafe >= "x" ?');
  assert.equal(displayText('╭─● 漢', false), '╭─● 漢');
});

test('widths as a terminal counts them', () => {
  assert.equal(textWidth('abc'), 3);
  assert.equal(textWidth('漢字'), 4);
  assert.equal(textWidth('e\u0301'), 1);
  assert.equal(textWidth('😀'), 2);
  assert.equal(textWidth('╭─●'), 3);
});

test('too long: cut at the end, the start or in the middle', () => {
  assert.equal(fitText('/home/ci/shop/store.go:41', 12, false, 'start'), '…store.go:41');
  assert.equal(fitText('/home/ci/shop/store.go:41', 14, false, 'start'), '…/store.go:41');
  assert.equal(fitText('example.com/workload/main.go:181', 19, false, 'start'), '…/main.go:181');
  assert.equal(fitText('orders.(*Queue).publish', 10, false, 'middle'), 'ord…ublish');
  assert.equal(fitText('abcdef', 4, true), 'abc~');
  assert.equal(fitText('漢字漢字', 4, false), '漢…');
});

test('wrapped lines hold every word and are never too wide', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '漢', 'é', '-'), maxLength: 80 });
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 40 }), (content, width) => {
      const lines = wrapText(content, width);
      for (const line of lines) assert.ok(textWidth(line) <= width);
      assert.equal(lines.join('').replaceAll(' ', ''), content.replaceAll(' ', ''));
    }),
    { numRuns: 200 },
  );
});

test('numbers as people read them', () => {
  assert.deepEqual([0, 1e-7, 0.00123, 0.0123, 0.123, 1.234, 12.34, 123.4, 12345].map(formatNumber), [
    '0',
    '1.0e-7',
    '0.0012',
    '0.012',
    '0.12',
    '1.23',
    '12.3',
    '123',
    '12345',
  ]);
  assert.deepEqual([0.0025, 0.5, 48, 119.9, 120, 150, 7200, 12_000, 200_000].map(formatDuration), [
    '2.50 ms',
    '0.50 s',
    '48.0 s',
    '119.9 s',
    '2 min',
    '2 min 30 s',
    '2 h',
    '3 h 20 min',
    '2 d 8 h',
  ]);
  assert.deepEqual([0.005, 4.31, 48.6, 599, 3599.9, 3600, 90_000].map(formatMoment), [
    '0.005 s',
    '4.31 s',
    '48.6 s',
    '599.0 s',
    '1 h 00 min 00 s',
    '1 h 00 min 00 s',
    '1 d 01 h 00 min',
  ]);
  assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 30].map(formatBytes), ['0 B', '1023 B', '1.00 KiB', '1.50 GiB']);
  assert.deepEqual(
    [1.85, 0.01, -0.01, 0.0001, 0].map((rate) => formatGrowth(rate, 'MiB')),
    ['+1.85 MiB/s', '+0.60 MiB/min', '−0.60 MiB/min', '+0.36 MiB/h', '0 MiB/s'],
  );
  assert.deepEqual([1, 0.996, 0.989, 0.5, 0].map(formatConfidence), ['>99 %', '>99 %', '98 %', '50 %', '0 %']);
  assert.deepEqual([0.5, 0.0123, 0.0001, 0].map(formatPercent), ['50 %', '1.2 %', '<0.1 %', '0.0 %']);
});
