// In: bytes through the library's streams. Out: one and the same events, as objects and as NDJSON.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { detect, type GcbendEvent, parse, toNdjson } from '../src/index.ts';
import { samples } from './support/gcbend.ts';

const leak = readFileSync(join(samples, 'leak/stderr.log'));

async function asEvents(bytes: Buffer): Promise<GcbendEvent[]> {
  const events = Readable.from([bytes]).pipe(parse()).pipe(detect());
  return (await events.toArray()) as GcbendEvent[];
}

async function asNdjson(bytes: Buffer): Promise<GcbendEvent[]> {
  const pieces = Readable.from([bytes]).pipe(toNdjson({ detect: {} }));
  const lines = Buffer.concat(await pieces.toArray())
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as GcbendEvent);
}

test('NDJSON holds what the events are, the summary too, whoever asks for it', async () => {
  for (const bytes of [leak, Buffer.from('hello\n'), Buffer.alloc(0)]) {
    const events = await asEvents(bytes);
    assert.equal(events.at(-1)?.type, 'summary');
    assert.deepEqual(await asNdjson(bytes), JSON.parse(JSON.stringify(events)));
  }
});
