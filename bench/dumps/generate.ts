// In: a size, a number of goroutines' distinct stacks, a path. Out: a debug=2 dump written there, as Go 1.22-1.25 prints it.
// Usage: tsx bench/dumps/generate.ts FILE MIB STACKS
import fs from 'node:fs';

const WAITS = ['chan receive', 'chan send', 'select', 'IO wait', 'sync.Mutex.Lock', 'sleep', 'semacquire'];

/** Deterministic: a linear congruential step is random enough for pointers and waits. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** One stack with holes for what differs from goroutine to goroutine. */
function makeStack(number: number, random: () => number): (pointer: string) => string {
  const depth = 1 + (number % 4);
  const parts: string[] = [];
  for (let i = 0; i < depth; i++) {
    const name = `example.com/shop/svc${number % 97}.(*Handler${number}).step${i}`;
    parts.push(
      `${name}(POINTER, 0x${(number + i).toString(16)}?)\n\t/app/svc${number % 97}/h${number}.go:${40 + i} +0x${(16 + number).toString(16)}\n`,
    );
  }
  const line = 10 + Math.floor(random() * 300);
  const text = `${parts.join('')}created by example.com/shop/pool.Start in goroutine 1\n\t/app/pool/pool.go:${line} +0x45\n`;
  const pieces = text.split('POINTER');
  return (pointer) => pieces.join(pointer);
}

export function writeDump(path: string, mebibytes: number, stacks: number): number {
  const random = makeRandom(7);
  const makers = Array.from({ length: stacks }, (_, i) => makeStack(i, random));
  const out = fs.openSync(path, 'w');
  let written = 0;
  let id = 0;
  let chunk: string[] = [];
  let chunkLength = 0;
  const limit = mebibytes * 1048576;
  while (written + chunkLength < limit) {
    id += 1 + Math.floor(random() * 3);
    const number = Math.floor(random() * stacks);
    const minutes = Math.floor(random() * 120);
    const wait = minutes > 0 ? `, ${minutes} minutes` : '';
    const pointer = `0xc${Math.floor(random() * 0xfffffff)
      .toString(16)
      .padStart(9, '0')}`;
    const record = `goroutine ${id} [${WAITS[number % WAITS.length]}${wait}]:\n${makers[number]!(pointer)}\n`;
    chunk.push(record);
    chunkLength += record.length;
    if (chunkLength > 1 << 20) {
      written += fs.writeSync(out, chunk.join(''));
      chunk = [];
      chunkLength = 0;
    }
  }
  written += fs.writeSync(out, chunk.join(''));
  fs.closeSync(out);
  return written;
}

const [path, mebibytes = '200', stacks = '30'] = process.argv.slice(2);
if (path !== undefined && process.argv[1]?.endsWith('generate.ts') === true) {
  console.log(`${path}: ${writeDump(path, Number(mebibytes), Number(stacks))} bytes`);
}
