// In: the .wat files and the programs beside them. Out: proof that they are the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileProgram, outputOf, programs } from '../scripts/build-wasm.ts';

for (const program of programs) {
  test(`${program.path}: the committed program is what the .wat compiles to`, async () => {
    assert.equal(readFileSync(outputOf(program), 'utf8'), await compileProgram(program));
  });
}
