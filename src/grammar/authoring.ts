// In: grammar XML files. Out: compiled grammars and broken rules. Loaded by the build, `--grammar` and `gcbend grammars --check` only.

export type { GrammarFile } from './compile.ts';
export { compileGrammars, lintGrammars } from './lint.ts';
export { formatProblem, type GrammarProblem } from './problems.ts';
