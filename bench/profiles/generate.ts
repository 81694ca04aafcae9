// In: a file name, a size in MB, how many distinct stacks. Out: a heap text of that size, such as a large service writes:
// 4,000 functions, stacks of 8 to 40 frames, several sizes of objects for each stack, one MemStats block.
import { closeSync, openSync, writeSync } from 'node:fs';

const FUNCTIONS = 4000;

/** A small generator with a seed: the same file every time. */
function randomInts(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function generateHeapText(file: string, megabytes: number, stacks: number): void {
  const random = randomInts(7);
  const out = openSync(file, 'w');
  const frames = Array.from({ length: FUNCTIONS }, (_, i) => {
    const pkg = `example.com/shop/internal/module${i % 97}/layer${i % 13}`;
    const name = i % 3 === 0 ? `${pkg}.(*Service${i % 31}).Handle${i}` : `${pkg}.process${i}`;
    const pc = 0x400000 + i * 0x340 + 0x9c;
    return {
      pc: `0x${(pc + 1).toString(16)}`,
      line: `#\t0x${pc.toString(16)}\t${name}+0x9c\t\t/src/${pkg}/file${i % 7}.go:${(i % 900) + 1}\n`,
    };
  });
  const paths = Array.from({ length: stacks }, () => {
    const depth = 8 + random(33);
    return Array.from({ length: depth }, () => frames[random(FUNCTIONS)]!);
  });
  writeSync(out, 'heap profile: 1: 1 [1: 1] @ heap/1048576\n');
  let written = 0;
  while (written < megabytes * 1e6) {
    let chunk = '';
    while (chunk.length < 1 << 20) {
      const path = paths[random(stacks)]!;
      const size = 16 << random(12);
      const live = random(40);
      const all = live + random(400);
      chunk += `${live}: ${live * size} [${all}: ${all * size}] @ ${path.map((frame) => frame.pc).join(' ')} 0x4a1e21\n`;
      for (const frame of path) chunk += frame.line;
      chunk += '\n';
    }
    written += writeSync(out, chunk);
  }
  writeSync(out, '\n# runtime.MemStats\n# Alloc = 1\n# HeapAlloc = 1\n# NumGC = 3\n# DebugGC = false\n');
  closeSync(out);
}
