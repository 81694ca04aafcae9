// In: src/framing/anchor-scanner.wat. Out: src/framing/anchor-scanner.wasm.ts, the same program as base64.
// Run `node --import tsx scripts/build-scanner.ts` after a change; a test fails when the two differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabtModule from 'wabt';

const folder = join(import.meta.dirname, '../src/framing');

/** The text of anchor-scanner.wasm.ts that belongs to the committed .wat. */
export async function compileScanner(): Promise<string> {
  const wabt = await wabtModule();
  const module = wabt.parseWat('anchor-scanner.wat', readFileSync(join(folder, 'anchor-scanner.wat'), 'utf8'), {
    simd: true,
  });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  module.destroy();
  return (
    '// In: anchor-scanner.wat. Out: that program, compiled by scripts/build-scanner.ts. Not written by hand.\n' +
    `export const ANCHOR_SCANNER_WASM =\n  '${base64.replace(/(.{100})(?=.)/g, "$1' +\n  '")}';\n`
  );
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(folder, 'anchor-scanner.wasm.ts'), await compileScanner());
}
