// In: gcbend's grammars, or the user's files. Out: a list of the formats that are understood, or which rules a file breaks.
import { GcbendError } from '../errors.ts';
import { readBuiltinGrammars } from '../grammar/builtin.ts';
import { exitStatus } from './exit-status.ts';
import { splitList } from './options.ts';
import { readText } from './settings.ts';

export async function grammarsCommand(args: { check?: string[] | undefined; files: string[] }): Promise<number> {
  if (args.check !== undefined) return checkGrammars([...splitList(args.check), ...args.files]);
  if (args.files.length === 0) return listGrammars();
  throw new GcbendError('USAGE', `grammars ${args.files.join(' ')}: what is to be done with it?`, {
    hint: `gcbend grammars --check ${args.files.join(' ')}`,
  });
}

function listGrammars(): number {
  const rows = readBuiltinGrammars().grammars.map((grammar) => [
    grammar.id,
    grammar.event,
    `Go ${grammar.go}`,
    `${grammar.samples.length} samples`,
    grammar.title,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  return exitStatus.done;
}

async function checkGrammars(files: readonly string[]): Promise<number> {
  if (files.length === 0)
    throw new GcbendError('USAGE', '--check needs a file', { hint: 'gcbend grammars --check my-format.xml' });
  const { formatProblem, lintGrammars } = await import('../grammar/authoring.ts');
  const problems = lintGrammars(files.map((path) => ({ path, xml: readText(path) })));
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0) return exitStatus.misuse;
  process.stdout.write(`${files.length === 1 ? `${files[0]} keeps` : `${files.length} grammars keep`} every rule\n`);
  return exitStatus.done;
}
