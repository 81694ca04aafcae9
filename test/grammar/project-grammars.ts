// In: the grammars folder of the project. Out: its files and the set that is built from them.

import { readdirSync, readFileSync } from 'node:fs';
import { compileGrammars, type GrammarFile } from '../../src/grammar/authoring.ts';
import { type GrammarSet, loadGrammars } from '../../src/grammar/index.ts';

const folder = new URL('../../grammars/', import.meta.url);

/** All grammar files of the project. */
export function readProjectGrammars(): GrammarFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .sort()
    .map((name) => ({ path: name, xml: readFileSync(new URL(name, folder), 'utf8') }));
}

/** The project's grammars, by way of the JSON that the build writes. */
export function loadProjectGrammars(): GrammarSet {
  return loadGrammars(JSON.parse(JSON.stringify(compileGrammars(readProjectGrammars()))));
}
