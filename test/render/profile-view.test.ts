// In: profiles written twice at one moment, as text and as pb.gz (fixtures/pprof/make.sh). Out: our views of either are, byte for
// byte, what `go tool pprof` printed for the pb.gz.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderList, renderPeek, renderTop, renderTraces } from '../../src/render/profile-view.ts';
import { isProfileEvent, type ProfileData, profileOf, subtractProfile } from '../../src/series/profile-samples.ts';
import { listTable, peekTable, topTable, tracesView } from '../../src/series/profile-table.ts';
import { fixtureText, readProfile } from '../events/profiles/read.ts';

function profile(name: string): ProfileData {
  const event = readProfile(`pprof/${name}`).find(isProfileEvent);
  assert.ok(event, name);
  return profileOf(event);
}

/** pprof's output from the line that starts with `from` on, without what only the binary or the clock tells. */
function printed(name: string): string[] {
  const lines = fixtureText(`pprof/${name}`).trimEnd().split('\n');
  const kept: string[] = [];
  let inFilters = false;
  for (const line of lines) {
    if (/^(File|Build ID|Time|Duration): /.test(line)) continue;
    if (line === 'Active filters:') inFilters = true;
    else if (inFilters && line.startsWith('   ')) continue;
    else {
      inFilters = false;
      kept.push(line.trimEnd());
    }
  }
  return kept;
}

/** Traces as a bag: the text sorts its records, the pb.gz does not. Records that are nothing but zeros are left out. */
function bag(lines: readonly string[]): string[] {
  const traces = lines.join('\n').split(/^-{11}\+-+$/m);
  return traces.filter((trace) => !/^\n {9}0 {3}/.test(trace)).sort();
}

for (const ending of ['txt', 'pb.gz']) {
  for (const kind of ['heap', 'allocs', 'block', 'mutex']) {
    // Nothing in the text says which of the two it is; the name of the source does.
    test(`top, cum and traces of ${kind}.${ending}`, () => {
      const data = profile(`${kind}.${ending}`);
      assert.deepEqual(renderTop(topTable(data)), printed(`${kind}.top.out`));
      assert.deepEqual(renderTop(topTable(data, { sort: 'cum' })), printed(`${kind}.cum.out`));
      assert.deepEqual(bag(renderTraces(tracesView(data))), bag(printed(`${kind}.traces.out`)));
    });
  }

  test(`sample types, units and filters of heap.${ending}`, () => {
    const data = profile(`heap.${ending}`);
    for (const sampleIndex of ['inuse_objects', 'alloc_space', 'alloc_objects']) {
      assert.deepEqual(renderTop(topTable(data, { sampleIndex })), printed(`heap.${sampleIndex}.out`));
    }
    assert.deepEqual(renderTop(topTable(data, { unit: 'B' })), printed('heap.unitB.out'));
    assert.deepEqual(renderTop(topTable(data, { focus: /remember/ })), printed('heap.focus.out'));
    assert.deepEqual(renderTop(topTable(data, { ignore: /walk|grow/ })), printed('heap.ignore.out'));
    assert.deepEqual(renderTop(topTable(data, { hide: /small|runtime/ })), printed('heap.hide.out'));
    const hidden = renderTraces(tracesView(data, { hide: /small|runtime/ }));
    assert.deepEqual(bag(hidden), bag(printed('heap.hidetraces.out')));
  });

  test(`contentions of mutex.${ending}`, () => {
    const table = topTable(profile(`mutex.${ending}`), { sampleIndex: 'contentions' });
    assert.deepEqual(renderTop(table), printed('mutex.contentions.out'));
  });

  test(`base of heap.${ending}`, () => {
    const data = subtractProfile(profile(`later/heap.${ending}`), profile(`heap.${ending}`));
    assert.deepEqual(renderTop(topTable(data)), printed('heap.base.out'));
  });

  test(`peek of ${ending}`, () => {
    assert.deepEqual(
      renderPeek(peekTable(profile(`heap.${ending}`), /main.walk|main.small/)),
      printed('heap.peek.out'),
    );
    assert.deepEqual(renderPeek(peekTable(profile(`mutex.${ending}`), /Unlock/)), printed('mutex.peek.out'));
  });

  test(`list of heap.${ending}`, () => {
    const source = fixtureText('pprof/app/main.go').split('\n');
    const table = listTable(profile(`heap.${ending}`), /main\.(walk|remember|small|inlinedTwice)/, (file) =>
      file === 'example.com/profiled/main.go' ? source : undefined,
    );
    const ours = renderList(table).map((line) => line.replace(' in example.com/profiled/', ' in ').trimEnd());
    const theirs = printed('heap.list.out').map((line) => line.replaceAll('\t', '    '));
    assert.deepEqual(ours, theirs);
  });
}
