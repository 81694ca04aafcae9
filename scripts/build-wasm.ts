// In: the .wat files of src. Out: beside them .wasm.ts files, the same programs as base64.
// Run `node --import tsx scripts/build-wasm.ts` after a change; a test fails when the two differ.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import wabtModule from 'wabt';

const src = join(import.meta.dirname, '../src');

/**
 * Paths within src, without their extensions, and the names under which the programs are exported. A program is one .wat file, or all
 * those of its folder where one of them is called module.wat: imports and globals are there, functions in the others.
 */
export const programs = [
  { path: 'detect/kernel/kernel', name: 'KERNEL_WASM' },
  { path: 'events/goroutines/stack-engine', name: 'STACK_ENGINE_WASM' },
  { path: 'framing/anchor-scanner', name: 'ANCHOR_SCANNER_WASM' },
  { path: 'grammar/run-reader', name: 'RUN_READER_WASM' },
] as const;

export type Program = (typeof programs)[number];

export const outputOf = ({ path }: Program): string => join(src, `${path}.wasm.ts`);

/** The text of the .wasm.ts that belongs to the committed .wat. */
export async function compileProgram({ path, name }: Program): Promise<string> {
  const wabt = await wabtModule();
  const { file, text } = sourceOf(path);
  const module = wabt.parseWat(file, text, { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  module.destroy();
  return (
    `// In: ${file}. Out: that program, compiled by scripts/build-wasm.ts. Not written by hand.\n` +
    `export const ${name} =\n  '${base64.replace(/(.{100})(?=.)/g, "$1' +\n  '")}';\n`
  );
}

function sourceOf(path: string): { file: string; text: string } {
  const folder = join(src, dirname(path));
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const names = readdirSync(folder).filter((name) => name.endsWith('.wat'));
  if (!names.includes('module.wat')) return { file: `${basename(path)}.wat`, text: read(`${basename(path)}.wat`) };
  const functions = names.filter((name) => name !== 'module.wat').sort();
  return { file: 'the .wat files here', text: ['module.wat', ...functions].map(read).join('') };
}

if (process.argv[1] === import.meta.filename) {
  for (const program of programs) writeFileSync(outputOf(program), await compileProgram(program));
}
