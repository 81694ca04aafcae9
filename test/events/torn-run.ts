// In: a log as text. Out: the records that come out of it when it is read as the recogniser reads it.

import { type ExpectedCycle, TornLineAssembler, type TornOutcome } from '../../src/events/torn/index.ts';
import type { GrammarSet, Match } from '../../src/grammar/index.ts';

export interface TornRun {
  /** Whole text of each record, in order. */
  records: string[];
  repaired: string[];
  malformed: { grammar: string; reason: string; text: string; line: number }[];
  /** Lines and pieces of lines that are nobody's record. */
  foreign: string[];
}

/** Reads one process's log line by line. `learn`: the assembler sees application lines outside of tears too. */
export function runTorn(grammars: GrammarSet, text: string, options: { learn: boolean } = { learn: true }): TornRun {
  const assembler = new TornLineAssembler(grammars);
  const run: TornRun = { records: [], repaired: [], malformed: [], foreign: [] };
  let expect: ExpectedCycle[] = [];
  const bytes = Buffer.from(text, 'utf8');
  const note = (match: Match): string => {
    const record = match.bytes.toString('utf8', match.start, match.end);
    run.records.push(record);
    const cycle = grammars.numberAt(match, 'cycle');
    if (cycle !== undefined) expect = [{ cycle, at: grammars.numberAt(match, 'at') ?? 0, shape: match.shape }];
    return record;
  };
  const handle = (outcomes: TornOutcome[]): void => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'malformed') run.malformed.push(outcome);
      else if (outcome.kind === 'record') {
        const record = note(outcome.match);
        if (outcome.repaired) run.repaired.push(record);
      } else {
        const match = grammars.match(outcome.bytes, outcome.start, outcome.end);
        if (match === undefined) run.foreign.push(outcome.bytes.toString('utf8', outcome.start, outcome.end));
        else note(match);
      }
    }
  };
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    number++;
    const match = assembler.pending === 0 ? grammars.match(bytes, start, end) : undefined;
    if (match !== undefined) note(match);
    else if (newline < 0) handle(assembler.pushLast(bytes, start, end, number, expect));
    else if (options.learn || assembler.pending > 0 || bytes[start] === 103) {
      handle(assembler.push(bytes, start, end, number, expect));
    } else run.foreign.push(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  handle(assembler.end(expect));
  return run;
}
