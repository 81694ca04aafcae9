// In: nothing. Out: what a broken rule of a grammar file is, and how it is told.

/** One broken rule, with the place where it is broken. */
export interface GrammarProblem {
  path: string;
  line: number;
  rule: string;
  message: string;
}

/** Notes a broken rule of the file at hand. */
export type Report = (line: number, rule: string, message: string) => void;

/** `gctrace.xml:12: sample: …` */
export function formatProblem(problem: GrammarProblem): string {
  return `${problem.path}:${problem.line}: ${problem.rule}: ${problem.message}`;
}
