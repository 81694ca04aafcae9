// In: files that are written, renamed, cut, copied and deleted while they are followed. Out: every byte, once, in order.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type FollowChunk, type FollowOptions, followFiles } from '../../src/input/follow.ts';

const root = mkdtempSync(join(tmpdir(), 'gcbend-follow-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
function place(): string {
  const dir = join(root, `d${count++}`);
  mkdirSync(dir);
  return dir;
}

/** Follows while `act` runs, and gives what came: texts by source, and the events in order as `source:event`. */
async function followWhile(
  patterns: string[],
  act: (settled: () => Promise<void>) => Promise<void>,
  options: Partial<FollowOptions> = {},
) {
  const stop = new AbortController();
  const texts: Record<string, string> = {};
  const events: string[] = [];
  let chunks = 0;
  const reading = (async () => {
    const follow = followFiles(patterns, { signal: stop.signal, pollMs: 2, patternMs: 5, ...options });
    for await (const chunk of follow as AsyncIterable<FollowChunk>) {
      chunks += 1;
      texts[chunk.source] = (texts[chunk.source] ?? '') + chunk.bytes.toString('latin1');
      if (chunk.event) events.push(`${chunk.source.split('/').at(-1)}:${chunk.event}`);
    }
  })();
  // Settled: nothing has come for a while.
  const settled = async () => {
    for (let seen = -1; seen !== chunks; await sleep(60)) seen = chunks;
  };
  // Every case has something to tell at the start.
  while (chunks === 0) await sleep(5);
  await settled();
  await act(settled);
  await settled();
  stop.abort();
  await reading;
  return { texts, events };
}

test('what is there and what is added', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'one\n');
  const { texts, events } = await followWhile([log], async (settled) => {
    appendFileSync(log, 'tw');
    await settled();
    appendFileSync(log, 'o\n');
  });
  assert.deepEqual(texts, { [log]: 'one\ntwo\n' });
  assert.deepEqual(events, []);
});

test('a file that is not there yet', async () => {
  const log = join(place(), 'app.log');
  const { texts, events } = await followWhile([log], async () => writeFileSync(log, 'late\n'));
  assert.equal(texts[log], 'late\n');
  assert.deepEqual(events, ['app.log:waiting', 'app.log:appeared']);
});

test('rename: the old file is read until the writer has moved on', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'a\n');
  const { texts, events } = await followWhile([log], async (settled) => {
    renameSync(log, `${log}.1`);
    await settled();
    writeFileSync(log, '');
    await settled();
    // The writer still has the old file open.
    appendFileSync(`${log}.1`, 'b\n');
    await settled();
    appendFileSync(`${log}.1`, 'c\n');
    appendFileSync(log, 'd\n');
  });
  assert.equal(texts[log], 'a\nb\nc\nd\n');
  assert.deepEqual(events, ['app.log:gone', 'app.log:rotated']);
});

test('two rotations between two looks lose nothing', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'a\n');
  const { texts } = await followWhile(
    [log],
    async () => {
      await sleep(20);
      for (const text of ['b\n', 'c\n', 'd\n']) {
        for (const n of [3, 2, 1]) {
          try {
            renameSync(n === 1 ? log : `${log}.${n - 1}`, `${log}.${n}`);
          } catch {}
        }
        writeFileSync(log, text);
        spawnSync('sleep', ['0.01']);
      }
    },
    { pollMs: 200 },
  );
  assert.equal(texts[log], 'a\nb\nc\nd\n');
});

test('truncated and written anew, shorter and longer than before', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'first content\n');
  const { texts, events } = await followWhile([log], async (settled) => {
    writeFileSync(log, 'short\n');
    await settled();
    writeFileSync(log, 'this one is longer than what was there before\n');
  });
  assert.equal(texts[log], 'first content\nshort\nthis one is longer than what was there before\n');
  assert.deepEqual(events, ['app.log:truncated', 'app.log:truncated']);
});

test('copytruncate: what was not read yet is taken from the copy, and the copy is not read as a new file', async () => {
  const dir = place();
  const log = join(dir, 'app.log');
  const before = 'x'.repeat(100);
  writeFileSync(log, `${before}\n`);
  const { texts, events } = await followWhile([join(dir, '*.log*')], async () => {
    // In one go, before the next look.
    appendFileSync(log, 'unread\n');
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    appendFileSync(log, 'new\n');
  });
  assert.deepEqual(texts, { [log]: `${before}\nunread\nnew\n` });
  assert.deepEqual(events, ['app.log:truncated']);
});

test('a writer that does not append leaves a hole, which is skipped', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'old\n');
  const { texts } = await followWhile([log], async () => {
    truncateSync(log);
    const zeros = Buffer.alloc(1e6);
    writeFileSync(log, Buffer.concat([zeros, Buffer.from('new\n')]));
  });
  assert.equal(texts[log], 'old\nnew\n');
});

test('deleted and created again, also empty at first', async () => {
  const log = join(place(), 'app.log');
  writeFileSync(log, 'a\n');
  const { texts, events } = await followWhile([log], async (settled) => {
    unlinkSync(log);
    await settled();
    writeFileSync(log, '');
    await settled();
    appendFileSync(log, 'b\n');
  });
  assert.equal(texts[log], 'a\nb\n');
  assert.deepEqual(events, ['app.log:gone', 'app.log:rotated']);
});

test('a pattern: new files are picked up, rotated ones are not read twice, compressed ones are left alone', async () => {
  const dir = place();
  const log = join(dir, 'app.log');
  const other = join(dir, 'other.log');
  const one = `${log}.1`;
  writeFileSync(log, 'first line of the application\n');
  writeFileSync(one, 'older\n');
  const { texts } = await followWhile([join(dir, '*.log*')], async (settled) => {
    writeFileSync(other, 'other\n');
    await settled();
    renameSync(one, `${log}.2`);
    renameSync(log, one);
    writeFileSync(log, 'second\n');
    await settled();
    spawnSync('gzip', [`${log}.2`]);
    renameSync(one, `${log}.2`);
    renameSync(log, one);
    writeFileSync(log, 'third\n');
  });
  const all = Object.values(texts).join('');
  for (const line of ['first line of the application\n', 'older\n', 'other\n', 'second\n', 'third\n']) {
    assert.equal(all.split(line).length - 1, 1, `${line} in ${JSON.stringify(texts)}`);
  }
  assert.equal(texts[log], 'first line of the application\nsecond\nthird\n');
});

test('one file under two names is read once', async () => {
  const dir = place();
  writeFileSync(join(dir, 'a.log'), 'text\n');
  symlinkSync('a.log', join(dir, 'current.log'));
  const { texts } = await followWhile([join(dir, '*.log')], async () => appendFileSync(join(dir, 'a.log'), 'more\n'));
  assert.deepEqual(Object.values(texts).filter(Boolean), ['text\nmore\n']);
});

test('a symbolic link that is pointed elsewhere', async () => {
  const dir = place();
  writeFileSync(join(dir, '1'), 'one\n');
  const link = join(dir, 'current');
  symlinkSync('1', link);
  const { texts } = await followWhile([link], async () => {
    appendFileSync(join(dir, '1'), 'end\n');
    writeFileSync(join(dir, '2'), 'two\n');
    symlinkSync('2', join(dir, 'next'));
    renameSync(join(dir, 'next'), link);
  });
  assert.equal(texts[link], 'one\nend\ntwo\n');
});

test('since: what was last changed before it is read from its end', async () => {
  const dir = place();
  const [old, fresh] = [join(dir, 'old.log'), join(dir, 'fresh.log')];
  writeFileSync(old, 'old\n');
  writeFileSync(fresh, 'fresh\n');
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(old, hourAgo, hourAgo);
  const { texts } = await followWhile([old, fresh], async () => appendFileSync(old, 'now\n'), {
    since: new Date(Date.now() - 60_000),
  });
  assert.deepEqual(texts, { [old]: 'now\n', [fresh]: 'fresh\n' });
});

test('since: lines whose time is older are left out', async () => {
  const log = join(place(), 'app.log');
  const line = (minutes: number) => `${new Date(Date.now() - minutes * 60_000).toISOString()} line ${minutes}\n`;
  const fresh = line(5) + line(1);
  writeFileSync(log, line(90) + line(30) + fresh);
  const { texts } = await followWhile([log], async () => appendFileSync(log, 'now\n'), {
    since: new Date(Date.now() - 600_000),
  });
  assert.deepEqual(texts, { [log]: `${fresh}now\n` });
});

test('a pattern that no file matches yet is told once; a compressed file is told, not followed', async () => {
  const dir = place();
  const pattern = join(dir, '*.log');
  const { texts, events } = await followWhile([pattern], async (settled) => {
    writeFileSync(join(dir, 'a.log'), 'text\n');
    await settled();
  });
  assert.deepEqual(events, ['*.log:unmatched']);
  assert.equal(texts[join(dir, 'a.log')], 'text\n');
  const zipped = join(dir, 'b.log');
  writeFileSync(zipped, gzipSync('text\n'));
  const run = await followWhile([zipped], async (settled) => {
    rmSync(zipped);
    await settled();
    writeFileSync(zipped, 'plain now\n');
  });
  assert.deepEqual(run.events, ['b.log:unreadable', 'b.log:appeared']);
  assert.equal(run.texts[zipped], 'plain now\n');
});

test('what cannot be read is an event, and is read when it can be', async () => {
  const dir = place();
  const { events } = await followWhile([dir], async () => {});
  assert.deepEqual(events, [`${dir.split('/').at(-1)}:unreadable`]);
  if (process.getuid?.() === 0) return;
  const log = join(dir, 'app.log');
  writeFileSync(log, 'text\n');
  chmodSync(log, 0);
  const run = await followWhile([log], async () => chmodSync(log, 0o600));
  assert.equal(run.texts[log], 'text\n');
  assert.deepEqual(run.events, ['app.log:unreadable', 'app.log:appeared']);
});

test('a stream of lines through rotations of every kind: nothing lost, nothing twice', async () => {
  const dir = place();
  const log = join(dir, 'app.log');
  let written = 'start\n';
  writeFileSync(log, written);
  const { texts } = await followWhile([join(dir, '*')], async () => {
    for (let i = 0; i < 600; i++) {
      const line = `${String(i).padStart(6, '0')} ${'y'.repeat(i % 90)}\n`;
      appendFileSync(log, line);
      written += line;
      if (i % 50 === 49) {
        try {
          renameSync(`${log}.1`, `${log}.2`);
        } catch {}
        if (i % 100 === 49) {
          renameSync(log, `${log}.1`);
        } else {
          copyFileSync(log, `${log}.1`);
          truncateSync(log);
        }
      }
      if (i % 7 === 0) await sleep(1);
    }
  });
  // Between two looks a file may get its rotated name: then its lines come under that name.
  const lines = (text: string) => text.split('\n').sort();
  assert.deepEqual(lines(Object.values(texts).join('')), lines(written));
});

test('a large file is read whole when the following is stopped at once', async () => {
  const log = join(place(), 'big.log');
  writeFileSync(log, 'z'.repeat(9e6));
  const stop = new AbortController();
  stop.abort();
  let bytes = 0;
  for await (const chunk of followFiles([log], { signal: stop.signal })) bytes += chunk.bytes.length;
  assert.equal(bytes, 9e6);
});
