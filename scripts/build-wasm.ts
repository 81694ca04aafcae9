// In: the .wat files of src. Out: beside each a .wasm.ts, the same program as base64.
// Run `node --import tsx scripts/build-wasm.ts` after a change; a test fails when the two differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import wabtModule from 'wabt';

const src = join(import.meta.dirname, '../src');

/** Paths within src, without their extensions, and the names under which the programs are exported. */
export const programs = [
  { path: 'detect/kernel', name: 'KERNEL_WASM' },
  { path: 'events/goroutines/stack-engine', name: 'STACK_ENGINE_WASM' },
  { path: 'framing/anchor-scanner', name: 'ANCHOR_SCANNER_WASM' },
  { path: 'grammar/run-reader', name: 'RUN_READER_WASM' },
] as const;

export type Program = (typeof programs)[number];

export const outputOf = ({ path }: Program): string => join(src, `${path}.wasm.ts`);

/** The text of the .wasm.ts that belongs to the committed .wat. */
export async function compileProgram({ path, name }: Program): Promise<string> {
  const wabt = await wabtModule();
  const file = `${basename(path)}.wat`;
  const module = wabt.parseWat(file, readFileSync(join(src, `${path}.wat`), 'utf8'), { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  module.destroy();
  return (
    `// In: ${file}. Out: that program, compiled by scripts/build-wasm.ts. Not written by hand.\n` +
    `export const ${name} =\n  '${base64.replace(/(.{100})(?=.)/g, "$1' +\n  '")}';\n`
  );
}

if (process.argv[1] === import.meta.filename) {
  for (const program of programs) writeFileSync(outputOf(program), await compileProgram(program));
}
