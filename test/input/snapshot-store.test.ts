// In: series of real profile texts. Out: proof that they come back to the byte from files that repeat nothing.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { SnapshotReader, SnapshotStore, splitRecords } from '../../src/input/snapshot-store.ts';

const root = mkdtempSync(join(tmpdir(), 'gcbend-store-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const place = () => join(root, `s${count++}`);
const fixtures = join(import.meta.dirname, 'fixtures/series');
const series = (kind: string) =>
  readdirSync(fixtures)
    .filter((name) => name.startsWith(kind))
    .sort()
    .map((name) => readFileSync(join(fixtures, name)));
const time = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, 0) + second * 1000);

function readAll(directory: string) {
  const reader = new SnapshotReader();
  return readdirSync(directory)
    .sort()
    .map((name) => reader.read(join(directory, name)));
}

test('a series comes back to the byte, in the order of its names, with its times', () => {
  const directory = place();
  const store = new SnapshotStore(directory, 'http://h/debug/pprof/?key=…');
  const saved: { profile: string; at: Date; bytes: Buffer }[] = [];
  const kinds = ['goroutine-debug1', 'heap-debug1', 'goroutine-debug2'];
  for (let round = 0; round < 4; round += 1) {
    for (const kind of kinds) {
      const bytes = series(kind)[round];
      if (bytes === undefined) continue;
      const profile = kind.replace(/-debug1/, '').replace('-debug2', '2');
      const path = store.save(profile, time(round * 10 + kinds.indexOf(kind)), bytes);
      if (path !== undefined) saved.push({ profile, at: time(round * 10 + kinds.indexOf(kind)), bytes });
    }
  }
  const back = readAll(directory);
  assert.deepEqual(
    back,
    saved.map((item) => ({ ...item, from: 'http://h/debug/pprof/?key=…' })),
  );
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    assert.ok(new SnapshotReader().readIfSaved(join(directory, name)) !== undefined);
  }
});

test('what has not changed is not written again', () => {
  const directory = place();
  const store = new SnapshotStore(directory, 'x');
  const groups = Array.from({ length: 500 }, (_, i) => `${i} @ 0x${i}\n#\t0x${i}\tmain.f${i}+0x1\t/a/b/c.go:${i}\n\n`);
  const text = (total: number, list: string[]) => Buffer.from(`goroutine profile: total ${total}\n${list.join('')}`);
  const first = store.save('goroutine', time(0), text(1, groups))!;
  assert.equal(store.save('goroutine', time(1), text(1, groups)), undefined);
  const turned = [...groups.slice(250), ...groups.slice(0, 250), 'new @ 0x9\n\n'];
  const second = store.save('goroutine', time(2), text(2, turned))!;
  assert.ok(statSync(second).size < 500, readFileSync(second, 'latin1'));
  assert.ok(statSync(first).size > 20_000);
  const reader = new SnapshotReader();
  const back = reader.read(second);
  assert.ok(!('problem' in back) && back.bytes.equals(text(2, turned)));
  assert.match(readFileSync(second, 'latin1'), /^\+ 27\ngoroutine profile: total 2\n/m);
});

test('any texts, in any order of changes, come back', () => {
  const record = fc.constantFrom(
    'a\n\n',
    'b @ 1\n\n',
    '# x\n# y\n',
    '\n',
    '\n\n',
    'no end',
    '\0\xff\n\n',
    '+ 3\nab\n\n',
    '= 1 2\n',
  );
  const text = fc.array(record, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
      const directory = place();
      const store = new SnapshotStore(directory, 'x');
      const saved: string[] = [];
      for (const [i, each] of texts.entries()) {
        assert.equal(splitRecords(each).join(''), each);
        if (store.save('p', time(i), Buffer.from(each, 'latin1')) !== undefined) saved.push(each);
      }
      const back = readAll(directory).map((item) => ('problem' in item ? item.problem : item.bytes.toString('latin1')));
      assert.deepEqual(back, saved);
      assert.deepEqual(
        saved,
        texts.filter((each, i) => i === 0 || each !== texts[i - 1]),
      );
      rmSync(directory, { recursive: true });
    }),
    { numRuns: 100 },
  );
});

test('a long series starts anew from time to time, so that a lost file does not take the rest with it', () => {
  const directory = place();
  const store = new SnapshotStore(directory, 'x');
  const filler = 'same @ 1\n\n'.repeat(100);
  for (let i = 0; i < 120; i += 1) store.save('p', time(i), Buffer.from(`total ${i}\n${filler}${i} @ 2\n\n`));
  const names = readdirSync(directory).sort();
  rmSync(join(directory, names[10]!));
  writeFileSync(join(directory, names[60]!), readFileSync(join(directory, names[60]!)).subarray(0, -4));
  const back = readAll(directory);
  assert.equal(back.length, 119);
  assert.deepEqual(
    back.slice(0, 10).filter((item) => 'problem' in item),
    [],
  );
  assert.deepEqual(back[10], { problem: `it builds on ${names[10]}: ${names[10]} is missing` });
  assert.deepEqual(back[59], { problem: 'it is damaged or cut short' });
  assert.ok(!('problem' in back[50]!) && !('problem' in back.at(-1)!));
});

test('two snapshots of one millisecond both stay; a foreign file is told from a snapshot', () => {
  const directory = place();
  const store = new SnapshotStore(directory, 'x');
  store.save('p', time(0), Buffer.from('one'));
  store.save('p', time(0), Buffer.from('two'));
  assert.deepEqual(
    readAll(directory).map((item) => ('problem' in item ? item : String(item.bytes))),
    ['one', 'two'],
  );
  writeFileSync(join(directory, 'other'), 'heap profile: 1');
  assert.equal(new SnapshotReader().readIfSaved(join(directory, 'other')), undefined);
  assert.equal(new SnapshotReader().readIfSaved(join(directory, 'none')), undefined);
  assert.deepEqual(new SnapshotReader().read(join(directory, 'other')), { problem: 'no header of a saved snapshot' });
});

test('a place that cannot be written to is named', () => {
  mkdirSync(root, { recursive: true });
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => new SnapshotStore(file, 'x'), { code: 'OUTPUT_FAILED' });
  assert.throws(() => new SnapshotStore(join(file, 'deeper', 'still'), 'x'), { code: 'OUTPUT_FAILED' });
  new SnapshotStore(join(root, 'some', 'way', 'down'), 'x');
  if (process.platform === 'linux') {
    assert.throws(() => new SnapshotStore('/proc/nope', 'x'), { code: 'OUTPUT_FAILED' });
  }
});
