// In: grammar XML files. Out: compiled grammars and broken rules. Loaded by the build, `--grammar` and `gcbend grammars --check` only.

export type { GrammarFile, GrammarProblem } from './compile.ts';
export { compileGrammars, formatProblem, lintGrammars } from './lint.ts';
