// In: chunks as a program writes them. Out: they are shown at once, kept for the analysis up to a bound, and none is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ChildText } from '../../src/cli/child-text.ts';
import type { ChildChunk } from '../../src/input/child.ts';
import { Pace } from '../../src/input/pace.ts';

const MIB = 1024 * 1024;
const CHUNKS = 64;

/** A program that has written 64 MiB, and how far it was read. */
function flood() {
  const seen = { read: 0, shown: 0 };
  async function* chunks(): AsyncGenerator<ChildChunk> {
    for (; seen.read < CHUNKS; seen.read++) yield { source: 'stderr', bytes: Buffer.alloc(MIB, 'x') };
  }
  const show = () => {
    seen.shown++;
  };
  const text = new ChildText(chunks(), show, new Pace());
  return { seen, text };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 1000; i++) await turn();
}

test('what nobody takes yet is not all read into memory, and nothing of it is lost', async () => {
  const { seen, text } = flood();
  await turns();
  assert.ok(seen.shown > 0 && seen.shown < CHUNKS / 2, `${seen.shown} chunks were read`);
  let bytes = 0;
  for await (const chunk of text.chunks()) bytes += chunk.bytes?.length ?? 0;
  assert.equal(bytes, CHUNKS * MIB);
  assert.equal(seen.shown, CHUNKS);
});

test('when the analysis has failed the rest is still shown', async () => {
  const { seen, text } = flood();
  await turns();
  let shown = 0;
  await text.goOn(() => {
    shown++;
  });
  assert.equal(seen.shown + shown, CHUNKS);
});
