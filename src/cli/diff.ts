// In: two inputs of one kind. Out: what grew between them.
import { readFileSync } from 'node:fs';
import { GcbendError } from '../errors.ts';
import type { GcbendEvent } from '../events/types.ts';
import { type DiffFormat, diffFormats, exportDiff } from '../export/diff.ts';
import { eventsOfResult, isResultDocument } from '../export/json.ts';
import { renderDiff } from '../render/diff-view.ts';
import type { ProcessSummary } from '../series/process-stats.ts';
import { diffEvents } from '../series/profile-diff.ts';
import type { DiffResult, DiffRow } from '../series/profile-diff-table.ts';
import { exitStatus } from './exit-status.ts';
import type { AnalysisArgs, Format, OutputArgs } from './options.ts';
import { checkWritable, FileOutput, formatOfFile, type ReportSize } from './outputs.ts';
import { holdNothing, readEvents } from './read-events.ts';
import { detectOptions, failRules, loadGrammarSet, parseRefinement, reportSize } from './settings.ts';

export interface DiffArgs extends AnalysisArgs, OutputArgs {
  base: string;
  new: string;
}

/** What a comparison is not written in: those are formats of events. */
type DiffOutput = DiffFormat | 'report';

export async function diffCommand(args: DiffArgs): Promise<number> {
  const rules = failRules(args.failOn);
  const format = checkFormat(args.format ?? 'report', '--format');
  const files = (args.output ?? []).map((file) => ({
    file,
    format: checkFormat(formatOfFile(file, args.format), `-o ${file}`),
  }));
  for (const { file } of files) checkWritable(file);
  const [base, next] = [await readSide(args.base, args), await readSide(args.new, args)];
  const result = diffEvents(base.events, next.events, {
    ...(base.traces === undefined ? {} : { base: base.traces }),
    ...(next.traces === undefined ? {} : { next: next.traces }),
  });
  // Findings alone compare what was looked for on one side only.
  if (result.tables.every(({ kind }) => kind === 'findings')) {
    const code = holdNothing(base.events) || holdNothing(next.events) ? 'NOTHING_RECOGNISED' : 'INPUT_UNSUPPORTED';
    throw new GcbendError(code, `${args.base} and ${args.new} have nothing in common that could be compared`, {
      hint: 'two dumps, two heap texts, two traces, or two results of --format json',
    });
  }
  const size = reportSize(args, process.stdout);
  if (!args.quiet) process.stdout.write(textOf(result, format, size));
  const plain = { ...size, color: false, width: args.width ?? 100 };
  for (const { file, format: own } of files) {
    const output = new FileOutput(file, { push: () => undefined, finish: () => textOf(result, own, plain) });
    await output.finish();
  }
  const isNew = ({ name, change }: DiffRow): boolean => change > 0 && rules.has(name);
  const found = result.tables.some(({ kind, rows }) => kind === 'findings' && rows.some(isNew));
  return found ? exitStatus.found : exitStatus.done;
}

function checkFormat(format: Format, option: string): DiffOutput {
  const known: readonly DiffOutput[] = ['report', ...diffFormats];
  const found = known.find((name) => name === format);
  if (found !== undefined) return found;
  throw new GcbendError('USAGE', `${option}: a comparison is not written as ${format}`, { hint: known.join(', ') });
}

function textOf(result: DiffResult, format: DiffOutput, { width, ascii, color }: ReportSize): string {
  if (format !== 'report') return exportDiff(result, format);
  return `${renderDiff(result, { style: { color, ascii }, width }).join('\n')}\n`;
}

interface Side {
  events: GcbendEvent[];
  /** Sums of the processes of a saved result, whose cycles are gone. */
  traces?: ProcessSummary[];
}

/** A saved result document, or anything else that gcbend reads. */
async function readSide(name: string, args: DiffArgs): Promise<Side> {
  if (name.endsWith('.json')) {
    const saved = parseJson(name);
    if (isResultDocument(saved)) {
      const traces = saved.processes.flatMap(({ stats }) => (stats === undefined ? [] : [stats]));
      return { events: eventsOfResult(saved), traces };
    }
  }
  const detect = detectOptions(args);
  const events = await readEvents(
    [name],
    await loadGrammarSet(args.grammar),
    detect === undefined ? undefined : { ...detect, orderDumps: true },
  );
  const refine = await parseRefinement(args);
  return { events: refine === undefined ? events : events.map(refine) };
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
