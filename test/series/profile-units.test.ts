// In: values with units. Out: the texts of `go tool pprof`, checked by hand against Go's fmt for the awkward ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPercent, formatScaled, isKnownUnit, scaleValue } from '../../src/series/profile-units.ts';

test('values take the largest unit in which they are at least 1', () => {
  const cases: [number, string, string, string][] = [
    [0, 'bytes', 'auto', '0'],
    [512, 'bytes', 'auto', '512B'],
    [3072, 'bytes', 'auto', '3kB'],
    [3200, 'bytes', 'auto', '3.12kB'],
    [3176, 'bytes', 'auto', '3.10kB'],
    [-1536, 'bytes', 'auto', '-1.50kB'],
    [1076930, 'bytes', 'kB', '1051.69kB'],
    [5 * 2 ** 30, 'bytes', 'auto', '5GB'],
    [253305205, 'nanoseconds', 'auto', '253.31ms'],
    [90 * 60e9, 'nanoseconds', 'auto', '1.50hrs'],
    [79, 'count', 'auto', '79'],
    [79, 'count', 'minimum', '79'],
    [1, 'bytes', 'MB', '0'],
  ];
  for (const [value, from, to, text] of cases) assert.equal(formatScaled(value, from, to), text);
});

test('ties round to even, as Go prints them', () => {
  assert.equal(formatScaled(1024 * 0.125 * 8 + 128, 'bytes', 'kB'), '1.12kB');
  assert.equal(formatScaled(1024 + 384, 'bytes', 'kB'), '1.38kB');
  assert.equal(formatScaled(1024 + 640, 'bytes', 'kB'), '1.62kB');
});

test('shares are six columns wide', () => {
  assert.equal(formatPercent(1, 1), '  100%');
  assert.equal(formatPercent(-1, 4), '25.00%');
  assert.equal(formatPercent(1, 20), ' 5.00%');
  assert.equal(formatPercent(1, 200), '  0.5%');
  assert.equal(formatPercent(1, 3000), '0.033%');
  assert.equal(formatPercent(1, 10 ** 7), '1e-05%');
  assert.equal(formatPercent(0, 5), '    0%');
  assert.equal(formatPercent(5, 0), '    0%');
});

test('units by their names', () => {
  for (const name of ['kB', 'MB', 'ms', 'seconds', 'auto', 'B']) assert.ok(isKnownUnit(name), name);
  assert.ok(!isKnownUnit('furlong'));
  assert.deepEqual(scaleValue(2048, 'bytes', 'kilobytes'), { value: 2, unit: 'kB' });
});
