// In: a command line of the user's. Out: the command run with its trace watched; its own status, unless --fail-on fires.
import { GcbendError } from '../errors.ts';
import { runChild } from '../input/child.ts';
import { passSignals } from '../input/child-signals.ts';
import type { SourceChunk } from '../pipeline.ts';
import { lineTo } from './foreign-lines.ts';
import { startLive } from './live.ts';
import { endingWith, mergeSources } from './merge-sources.ts';
import type { AnalysisArgs, OutputArgs } from './options.ts';
import { runSession } from './session.ts';
import { detectOptions, loadGrammarSet, parseBytes, reportSize } from './settings.ts';
import { Stop } from './stop.ts';
import { snapshotChunks, type WatchOptionArgs } from './watch.ts';

export interface RunArgs extends AnalysisArgs, OutputArgs, WatchOptionArgs {
  gogc?: string | undefined;
  memlimit?: string | undefined;
  watch?: string | undefined;
  passthrough: boolean;
  keys: boolean;
  findingExitCode: number;
  /** What stands behind `--`. */
  child: readonly string[];
}

export async function runCommand(args: RunArgs): Promise<number> {
  const [command, ...rest] = args.child;
  if (command === undefined) {
    throw new GcbendError('USAGE', 'run needs a command', { hint: 'gcbend run -- go run ./x' });
  }
  const grammars = await loadGrammarSet(args.grammar);
  const known = detectOptions(args);
  const detect =
    known === undefined || args.memlimit === undefined || args.memlimit === 'off'
      ? known
      : { ...known, goMemLimitBytes: parseBytes(args.memlimit, '--memlimit') };
  const child = await runChild({
    command,
    args: rest,
    // Keys go to one reader only.
    ...(args.keys ? { stdin: 'ignore' as const } : {}),
    ...(args.gogc === undefined ? {} : { gogc: args.gogc }),
    ...(args.memlimit === undefined ? {} : { memlimit: args.memlimit }),
  });
  if (child.notice !== undefined && !args.quiet) process.stderr.write(`gcbend: ${child.notice}\n`);
  const stop = new Stop();
  // Signals are the program's: it ends, its stderr ends, then the report is made.
  const release = passSignals(child);
  const live = args.quiet
    ? undefined
    : startLive({
        output: process.stderr,
        title: args.child.join(' '),
        size: reportSize(args, process.stderr),
        keys: args.keys,
        quit: () => child.kill('SIGINT'),
      });
  const polls = new AbortController();
  const trace = endingWith(childChunks(child.chunks), () => polls.abort());
  try {
    const input =
      args.watch === undefined ? trace : mergeSources([trace, snapshotChunks(args.watch, args, polls.signal)]);
    const result = await runSession({
      args,
      parse: {
        grammars,
        eachGoroutine: args.eachGoroutine,
        infrastructure: args.configuration.infrastructure,
        ...(args.passthrough
          ? { foreign: lineTo((bytes) => (live === undefined ? process.stderr.write(bytes) : live.print(bytes))) }
          : {}),
      },
      detect,
      input,
      stop,
      output: process.stderr,
      live,
    });
    const { status } = await child.exit;
    return result.failed.length > 0 ? args.findingExitCode : status;
  } finally {
    polls.abort();
    release();
  }
}

async function* childChunks(
  chunks: AsyncIterable<{ source: string; bytes: Buffer; ended?: true }>,
): AsyncGenerator<SourceChunk> {
  for await (const { source, bytes, ended } of chunks) {
    yield { source, bytes, at: new Date(), ...(ended ? { end: true } : {}) };
  }
}
