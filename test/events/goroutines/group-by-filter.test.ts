// In: a dump. Out: proof that --group-by and --filter do what their names say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { GcbendError } from '../../../src/errors.ts';
import { compileFilter, filterGroups, groupBy, parseGroupKey } from '../../../src/events/goroutines/index.ts';
import { dumps } from './drive.ts';

const sample = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
const [event] = dumps(sample('go1.26/goroutine2.txt'));
const [counts] = dumps(sample('go1.26/goroutine1.txt'));

const count = (expression: string): number =>
  filterGroups(event!, compileFilter(expression)).groups.reduce((sum, group) => sum + group.count, 0);

test('groups by state, creator, function and label', () => {
  const states = groupBy(event!, 'state');
  assert.deepEqual(Object.fromEntries(states.groups.map((group) => [group.key, group.count])), event!.states);
  assert.equal(groupBy(event!, 'stack'), event);
  const creators = groupBy(event!, 'creator').groups;
  assert.ok(creators.some((group) => group.key === 'main.blockAll:118' && group.count === 3));
  const functions = groupBy(event!, 'function').groups;
  assert.equal(functions.find((group) => group.key === 'main.(*pair[...]).wait')?.count, 2);
  assert.equal(functions.find((group) => group.key === 'main.inlined')?.count, 4);
  const labels = groupBy(counts!, 'label:worker').groups;
  assert.deepEqual(
    labels.map((group) => [group.key, group.count]),
    [
      ['worker=(none)', 26],
      ['worker=w 1', 3],
    ],
  );
  for (const key of ['state', 'creator', 'function', 'label:worker'] as const) {
    assert.equal(
      groupBy(counts!, key).groups.reduce((sum, group) => sum + group.count, 0),
      29,
      key,
    );
  }
  assert.throws(() => parseGroupKey('colour'), GcbendError);
  assert.equal(parseGroupKey('label:a b'), 'label:a b');
});

test('filters on every field', () => {
  assert.equal(count('state == "chan send"'), 2);
  assert.equal(count("state ~ 'chan' && !(state ~ nil)"), 11);
  assert.equal(count('state != "chan send"'), 27);
  assert.equal(count('count >= 3'), 3);
  assert.equal(count('function ~ /^main\\.level\\d$/'), 3);
  assert.equal(count('function !~ "main."'), 5);
  assert.equal(count('file ~ sub.dot'), 1);
  assert.equal(count('creator == main.level1 || creator == main.level2'), 2);
  assert.equal(count('locked'), 1);
  assert.equal(count('infrastructure == true'), 1);
  assert.equal(count('wait > 5'), 0);
  const labelled = filterGroups(counts!, compileFilter('label.worker == "w 1"'));
  assert.equal(labelled.groups.length, 1);
  assert.equal(labelled.total, 29);
  assert.equal(filterGroups(counts!, compileFilter('label."quote\\"d"')).groups.length, 1);
});

test('mistakes are told with their place', () => {
  for (const [expression, message] of [
    ['state =', /position 7/],
    ['colour == 1', /no field is called colour/],
    ['wait > much', /needs a number/],
    ['(count > 1', /missing \)/],
    ['count > 1 count', /unexpected count/],
    ['', /the end/],
    ['function ~ /(/', /regular expression/],
  ] as const) {
    assert.throws(
      () => compileFilter(expression),
      (error) => error instanceof GcbendError && error.code === 'USAGE' && message.test(error.message),
      expression,
    );
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        filterGroups(event!, compileFilter(text));
      } catch (error) {
        assert.ok(error instanceof GcbendError);
      }
    }),
    { numRuns: 300 },
  );
});
