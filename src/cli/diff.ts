// In: two inputs of one kind. Out: what grew between them.
import { readFileSync } from 'node:fs';
import { GcbendError } from '../errors.ts';
import type { GcbendEvent } from '../events/types.ts';
import { eventsOfResult, isResultDocument } from '../export/json.ts';
import { renderDiff } from '../render/diff-view.ts';
import type { ProcessSummary } from '../series/process-stats.ts';
import { diffEvents } from '../series/profile-diff.ts';
import { exitStatus } from './exit-status.ts';
import type { AnalysisArgs, OutputArgs } from './options.ts';
import { readEvents } from './read-events.ts';
import { detectOptions, loadGrammarSet, reportSize } from './settings.ts';

export interface DiffArgs extends AnalysisArgs, OutputArgs {
  base: string;
  new: string;
}

export async function diffCommand(args: DiffArgs): Promise<number> {
  const [base, next] = [await readSide(args.base, args), await readSide(args.new, args)];
  const result = diffEvents(base.events, next.events, {
    ...(base.traces === undefined ? {} : { base: base.traces }),
    ...(next.traces === undefined ? {} : { next: next.traces }),
  });
  if (result.tables.length === 0) {
    throw new GcbendError(
      'INPUT_UNSUPPORTED',
      `${args.base} and ${args.new} have nothing in common that could be compared`,
      {
        hint: 'two dumps, two heap texts, two traces, or two results of --format json',
      },
    );
  }
  if (args.format === 'json' || args.format === 'ndjson') {
    process.stdout.write(`${JSON.stringify(result, undefined, args.format === 'json' ? 2 : undefined)}\n`);
    return exitStatus.done;
  }
  const size = reportSize(args, process.stdout);
  const lines = renderDiff(result, { style: { color: size.color, ascii: size.ascii }, width: size.width });
  process.stdout.write(`${lines.join('\n')}\n`);
  return exitStatus.done;
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
  const events = await readEvents([name], await loadGrammarSet(args.grammar), {
    ...detectOptions(args),
    orderDumps: true,
  });
  return { events };
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
