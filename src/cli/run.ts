// In: a command line of the user's. Out: the command run with its trace watched; its own status, unless --fail-on fires.
import { constants } from 'node:os';
import type { SourceChunk } from '../core/parsing.ts';
import { GcbendError } from '../errors.ts';
import { cleanText } from '../events/clean-text.ts';
import type { SummaryEvent } from '../events/types.ts';
import type { GrammarSet } from '../grammar/index.ts';
import { type ChildChunk, type RunningChild, runChild } from '../input/child.ts';
import { passSignals } from '../input/child-signals.ts';
import { parseTarget } from '../input/endpoint-target.ts';
import { Pace } from '../input/pace.ts';
import { ChildText } from './child-text.ts';
import { explainError } from './errors.ts';
import { exitStatus } from './exit-status.ts';
import { createLive } from './live.ts';
import { endingWith, mergeSources } from './merge-sources.ts';
import type { AnalysisArgs, OutputArgs } from './options.ts';
import { PassThrough } from './pass-through.ts';
import { hasRecords, prepareSession, runSession } from './session.ts';
import { detectOptions, loadGrammarSet, parseBytes, reportSize } from './settings.ts';
import { keepMemorySmall } from './small-memory.ts';
import { Stop } from './stop.ts';
import { endpointOptions, Feedback, type PollOptions, snapshotChunks, type WatchOptionArgs } from './watch.ts';

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

/** How often it is said how late the analysis is. */
const BEHIND_MS = 1000;

export async function runCommand(args: RunArgs): Promise<number> {
  const [command, ...rest] = args.child;
  if (command === undefined) {
    throw new GcbendError('USAGE', 'run needs a command', { hint: 'gcbend run -- go run ./x' });
  }
  keepMemorySmall();
  // Whatever is wrong with the options is said before the program runs.
  const grammars = await loadGrammarSet(args.grammar);
  const known = detectOptions(args);
  const detect =
    known === undefined || args.memlimit === undefined || args.memlimit === 'off'
      ? known
      : { ...known, goMemLimitBytes: parseBytes(args.memlimit, '--memlimit') };
  const size = reportSize(args, process.stderr);
  const limits = programLimits(args);
  const session = await prepareSession(args, detect, process.stderr);
  const polls = new AbortController();
  const pollOptions: PollOptions = { signal: polls.signal, waitForTarget: true, feedback: new Feedback() };
  if (args.watch !== undefined) {
    parseTarget(args.watch);
    endpointOptions(args, pollOptions);
  }
  let quit = (): unknown => undefined;
  const live = args.quiet
    ? undefined
    : createLive({
        output: process.stderr,
        title: args.child.join(' '),
        size,
        keys: args.keys,
        quit: () => quit(),
      });
  const startedMs = Date.now();
  const child = await runChild({
    command,
    args: rest,
    pollMs: () => pace.pollMs,
    // Keys go to one reader only.
    ...(args.keys ? { stdin: 'ignore' as const } : {}),
    ...limits,
  });
  // It looks at what the machine does from now on.
  const pace = new Pace();
  live?.start();
  quit = () => child.kill('SIGINT');
  if (child.notice !== undefined && !args.quiet) process.stderr.write(`gcbend: ${child.notice}\n`);
  const release = passSignals(child, quitAfter(child));
  const print = (bytes: Buffer): void => {
    if (live === undefined) process.stderr.write(bytes);
    else live.print(bytes);
  };
  const text = new ChildText(child.chunks, args.passthrough ? passTo(print, grammars) : undefined, pace);
  const trace = endingWith(text.chunks(), () => polls.abort());
  const behind = setInterval(() => live?.setBehind(text.behindSeconds), BEHIND_MS);
  try {
    const input =
      args.watch === undefined ? trace : mergeSources([trace, pollWhileItRuns(args.watch, args, pollOptions)]);
    const result = await runSession(session, {
      parse: {
        grammars,
        eachGoroutine: args.eachGoroutine,
        infrastructure: args.configuration.infrastructure,
        ...(child.capture === 'programs' ? {} : { startedMs }),
      },
      input,
      stop: new Stop(),
      live,
      observe: (event) => pollOptions.feedback?.take(event),
    });
    const { status } = await child.exit;
    if (session.format === 'report' && !hasRecords(result.summary)) {
      process.stderr.write(explainNoTrace(command, result.summary));
    }
    return result.failed.length > 0 ? args.findingExitCode : status;
  } catch (error) {
    process.stderr.write(explainError(error));
    // What the program writes still reaches the terminal, and it is waited for: only the watching has failed.
    await text.goOn(({ bytes }) => process.stderr.write(bytes));
    await child.exit;
    return exitStatus.misuse;
  } finally {
    clearInterval(behind);
    polls.abort();
    release();
  }
}

/** GOGC and GOMEMLIMIT in the runtime's own words: what it does not understand it passes over (GOGC) or dies of (GOMEMLIMIT). */
function programLimits({ gogc, memlimit }: RunArgs): { gogc?: string; memlimit?: string } {
  if (gogc !== undefined && !/^(?:off|-?\d+)$/.test(gogc)) {
    throw new GcbendError('USAGE', `--gogc ${gogc} is no percentage`, { hint: '--gogc 50, --gogc 400 or --gogc off' });
  }
  const isGoSize = memlimit === undefined || /^(?:off|\d+(?:(?:[KMGT]i)?B)?)$/.test(memlimit);
  const limit = isGoSize ? memlimit : `${parseBytes(memlimit, '--memlimit')}`;
  return { ...(gogc === undefined ? {} : { gogc }), ...(limit === undefined ? {} : { memlimit: limit }) };
}

function explainNoTrace(command: string, summary: SummaryEvent | undefined): string {
  const { lines = 0, bytes = 0 } = summary ?? {};
  const seen = bytes === 0 ? 'nothing' : `${lines} line${lines === 1 ? '' : 's'} of other text`;
  return (
    `gcbend: ${cleanText(command)} printed no trace (seen on its stderr: ${seen})\n` +
    '  try: a Go program that runs until its first collection: at 4 MiB allocated,\n' +
    '       earlier with --gogc 10; behind sudo, ssh or docker set\n' +
    '       GODEBUG=gctrace=1 in the environment that the program has there\n'
  );
}

/**
 * Signals are the program's: it ends, its stderr ends, then the report is made. One that comes while the report is made ends
 * gcbend at once; the Ctrl-C that has just ended the program may still be on its way to us.
 */
function quitAfter(child: RunningChild): (signal: NodeJS.Signals) => void {
  let endedMs: number | undefined;
  let before = 0;
  child.exit.then(() => {
    endedMs = performance.now();
  });
  return (signal) => {
    const isLate = endedMs !== undefined && (before > 0 || performance.now() - endedMs > 300);
    before += 1;
    if (isLate) process.exit(128 + constants.signals[signal]);
  };
}

/** Hands on what a program wrote besides its trace; each source is a stream of lines of its own. */
function passTo(print: (bytes: Buffer) => void, grammars: GrammarSet): (chunk: ChildChunk) => void {
  const streams = new Map<string, PassThrough>();
  return ({ source, bytes, ended }) => {
    let stream = streams.get(source);
    if (stream === undefined) {
      stream = new PassThrough(grammars, print);
      streams.set(source, stream);
    }
    stream.push(bytes);
    if (ended !== true) return;
    stream.end();
    streams.delete(source);
  };
}

/** An endpoint that cannot be read is said; the program and its trace go on. */
async function* pollWhileItRuns(url: string, args: RunArgs, options: PollOptions): AsyncGenerator<SourceChunk> {
  try {
    yield* snapshotChunks(url, args, options);
  } catch (error) {
    if (!(error instanceof GcbendError)) throw error;
    process.stderr.write(`${explainError(error)}gcbend: the endpoint is not polled any more; the trace goes on\n`);
  }
}
