// In: made-up samples. Out: what pprof's rules say of recursion, inlining, filters, trimming and subtraction.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame, GoroutinesEvent } from '../../src/events/types.ts';
import {
  addProfiles,
  compileGoPattern,
  filterSamples,
  type ProfileData,
  profileOf,
  sameSampleTypes,
  subtractProfile,
} from '../../src/series/profile-samples.ts';
import { findSampleType, listTable, peekTable, topTable, tracesView } from '../../src/series/profile-table.ts';

/** `a<b<main`: leaf first; a leading `~` marks an inlined frame. */
function stack(text: string): Frame[] {
  return text.split('<').map((name, i) => ({
    function: name.replace('~', ''),
    file: 'a.go',
    line: i + 1,
    ...(name.startsWith('~') ? { inlined: true } : {}),
  }));
}

function profile(samples: Record<string, number>): ProfileData {
  return {
    sampleTypes: [{ type: 'space', unit: 'bytes' }],
    defaultIndex: 0,
    samples: Object.entries(samples).map(([text, value]) => ({ stack: stack(text), values: [value] })),
  };
}

const rows = (data: ProfileData, options = {}) =>
  topTable(data, { trim: false, ...options }).rows.map((row) => [row.function, row.flat, row.cum, row.inline]);

test('recursion counts once in cum', () => {
  assert.deepEqual(rows(profile({ 'f<g<f<main': 10, 'g<f<main': 5 })), [
    ['f', 10, 15, undefined],
    ['g', 5, 15, undefined],
    ['main', 0, 15, undefined],
  ]);
});

test('inlined everywhere, or only here and there', () => {
  assert.deepEqual(rows(profile({ '~f<main': 10, 'f<h<main': 5, '~g<main': 1 })), [
    ['f', 15, 15, 'partial-inline'],
    ['g', 1, 1, 'inline'],
    ['h', 0, 5, undefined],
    ['main', 0, 16, undefined],
  ]);
});

test('a hidden holder leaves its inlined callee as the outermost frame there', () => {
  const [sample] = filterSamples(profile({ '~f<g<main': 1 }).samples, { hide: /^g$/ });
  assert.deepEqual(
    sample!.stack.map((frame) => [frame.function, frame.inlined ?? false]),
    [
      ['f', false],
      ['main', false],
    ],
  );
  assert.deepEqual(filterSamples(profile({ 'f<main': 1 }).samples, { hide: /./ }), []);
});

test('focus and ignore look at names and files, percentages stay of the whole', () => {
  const data = profile({ 'f<main': 60, 'g<main': 40 });
  const table = topTable(data, { focus: /^f$/ });
  assert.equal(table.total, 100);
  assert.equal(table.shown, 60);
  assert.deepEqual(rows(data, { ignore: /a\.go/ }), []);
});

test('functions below half a per cent are dropped, and so is the flat value they hid', () => {
  const table = topTable(profile({ 'f<main': 9970, 'tiny<main': 30 }));
  assert.equal(table.droppedNodes, 1);
  assert.deepEqual(
    table.rows.map((row) => [row.function, row.flat, row.cum]),
    [
      ['f', 9970, 9970],
      ['main', 0, 10000],
    ],
  );
});

test('less than the base is negative; equal samples vanish', () => {
  const next = profile({ 'f<main': 5, 'g<main': 7, 'h<main': 3 });
  const base = profile({ 'f<main': 9, 'g<main': 7 });
  assert.deepEqual(rows(subtractProfile(next, base)), [
    ['f', -4, -4, undefined],
    ['h', 3, 3, undefined],
    ['main', 0, -1, undefined],
  ]);
  assert.equal(topTable(subtractProfile(next, base)).total, 7);
  assert.equal(addProfiles([next, base]).samples.length, 3);
});

test('peek orders callers and callees by weight', () => {
  const table = peekTable(profile({ 'f<a<main': 3, 'f<b<main': 5, 'x<f<b<main': 1 }), /^f$/);
  assert.deepEqual(
    table.entries[0]!.callers.map((call) => [call.function, call.weight]),
    [
      ['b', 6],
      ['a', 3],
    ],
  );
  assert.deepEqual(table.entries[0]!.callees, [{ function: 'x', weight: 1, inline: false }]);
  assert.deepEqual(peekTable(profile({ 'f<main': 1 }), /nothing/).entries, []);
});

test('list without source names the sampled lines', () => {
  const table = listTable(profile({ 'f<main': 5, 'f<g<main': 2 }), /^main$/, () => undefined);
  assert.deepEqual(table.routines[0]!.lines, [
    { number: 2, flat: 0, cum: 5 },
    { number: 3, flat: 0, cum: 2 },
  ]);
  assert.equal(table.routines[0]!.sourceFound, false);
});

test('goroutine dumps are profiles too, labels and states apart', () => {
  const dump: GoroutinesEvent = {
    type: 'goroutines',
    schema: 1,
    source: 'x',
    line: 1,
    debug: 2,
    total: 5,
    cause: 'debug',
    states: {},
    groups: [
      { id: '1', count: 3, state: 'select', stack: stack('wait<run') },
      { id: '2', count: 2, state: 'chan receive', stack: stack('wait<run') },
    ],
  };
  const data = profileOf(dump);
  assert.deepEqual(rows(data), [
    ['wait', 5, 5, undefined],
    ['run', 0, 5, undefined],
  ]);
  assert.equal(tracesView(data).traces.length, 2);
  assert.ok(!sameSampleTypes(data, profile({ f: 1 })));
});

test('sample types by name, number and short name; patterns with Go flags', () => {
  const heap: ProfileData = {
    sampleTypes: ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'].map((type) => ({
      type,
      unit: 'count',
    })),
    defaultIndex: 3,
    samples: [],
  };
  assert.equal(findSampleType(heap, undefined), 3);
  assert.equal(findSampleType(heap, 'alloc_space'), 1);
  assert.equal(findSampleType(heap, 'space'), 3);
  assert.equal(findSampleType(heap, '0'), 0);
  assert.equal(findSampleType(heap, '9'), undefined);
  assert.equal(findSampleType(heap, 'delay'), undefined);
  assert.ok(compileGoPattern('(?i)MAIN').test('main.f'));
  assert.throws(() => compileGoPattern('('), SyntaxError);
});
