// In: a row of the stack engine. Out: the ids kept of its members, lowest first.
import { SAMPLE_IDS } from './goroutine-ids.ts';
import { ROW, type StackEngine } from './stack-engine.ts';

/** Layouts: see $sample in stack-engine.wat. */
const HEAP_IDS = 512;
const BLOCK_BYTES = 32;
const HALVES_FOLLOW = -1;

export function readSampledIds(engine: StackEngine, row: number): number[] {
  const count = engine.int(row + ROW.count);
  const ids = new Array<number>(Math.min(count, SAMPLE_IDS));
  if (count >= SAMPLE_IDS) {
    const heap = engine.int(row + ROW.ids) + HEAP_IDS;
    for (let i = 0; i < SAMPLE_IDS; i++) ids[i] = engine.long(heap + i * 8);
    return ids.sort((a, b) => a - b);
  }
  const { words } = engine;
  let at = (row + ROW.firstIds) >> 2;
  let end = (row + ROW.end) >> 2;
  let block = words[(row + ROW.idBlock) >> 2]! >> 2;
  const next = (): number => {
    if (at === end) {
      at = block + 1;
      end = block + BLOCK_BYTES / 4;
      block = words[block]! >> 2;
    }
    return words[at++]!;
  };
  for (let i = 0; i < ids.length; i++) {
    const word = next();
    ids[i] = word === HALVES_FOLLOW ? (next() >>> 0) + (next() >>> 0) * 4294967296 : word >>> 0;
  }
  return sortNearlySorted(ids);
}

/** In place; for a few dozen, mostly in order, a loop is many times faster than a sort with a comparison. */
function sortNearlySorted(ids: number[]): number[] {
  for (let i = 1; i < ids.length; i++) {
    const id = ids[i]!;
    let at = i;
    for (; at > 0 && ids[at - 1]! > id; at--) ids[at] = ids[at - 1]!;
    ids[at] = id;
  }
  return ids;
}
