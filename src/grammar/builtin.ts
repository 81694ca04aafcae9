// In: dist/grammars.json, which the build compiles from grammars/*.xml. Out: gcbend's own grammars.
import { readFileSync } from 'node:fs';
import { GcbendError } from '../errors.ts';
import type { CompiledGrammars } from './types.ts';

/** The source, the library and the command's bundle all lie two folders below the package. */
const compiledFile = new URL('../../dist/grammars.json', import.meta.url);

/** Throws GcbendError('GRAMMAR_INVALID') when the package was not built. */
export function readBuiltinGrammars(): CompiledGrammars {
  try {
    return JSON.parse(readFileSync(compiledFile, 'utf8')) as CompiledGrammars;
  } catch (cause) {
    throw new GcbendError('GRAMMAR_INVALID', `the compiled grammars cannot be read: ${String(cause)}`, {
      hint: 'npm run build',
      cause,
    });
  }
}
