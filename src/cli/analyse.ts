// In: files or standard input. Out: the main job: parse, detect, report; the exit status.
import { accessSync, constants, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { SourceChunk } from '../core/parsing.ts';
import { GcbendError } from '../errors.ts';
import { EventParser } from '../events/event-parser.ts';
import type { GrammarSet } from '../grammar/index.ts';
import { expandInputs, type Input, openInput } from '../input/index.ts';
import { SnapshotReader } from '../input/snapshot-store.ts';
import { exitStatus } from './exit-status.ts';
import { explainNothing, FirstBytes } from './nothing-recognised.ts';
import type { AnalysisArgs, OutputArgs } from './options.ts';
import { prepareSession, runSession, statusOf } from './session.ts';
import { detectOptions, loadGrammarSet, reportSize } from './settings.ts';
import { keepMemorySmall } from './small-memory.ts';
import { Stop } from './stop.ts';

export interface AnalyseArgs extends AnalysisArgs, OutputArgs {
  files: string[];
  follow: boolean;
  since?: string | undefined;
  passthrough?: boolean | undefined;
}

export async function analyse(args: AnalyseArgs): Promise<number> {
  const grammars = await loadGrammarSet(args.grammar);
  const detect = detectOptions(args);
  if (args.follow && (args.files.length === 0 || args.files.includes('-'))) {
    throw new GcbendError('USAGE', '--follow needs files; standard input is followed anyway', {
      hint: 'gcbend -f app.log',
    });
  }
  if (args.since !== undefined && !args.follow) {
    throw new GcbendError('USAGE', '--since goes with --follow', { hint: 'gcbend -f --since 10m app.log' });
  }
  const names = args.follow ? args.files : await expandInputs(args.files.length === 0 ? ['-'] : args.files);
  const orderDumps = names.length > 1 && !args.follow;
  const session = await prepareSession(args, detect && { ...detect, orderDumps }, process.stdout);
  if (!args.follow) for (const name of names) checkReadable(name);
  if (names.includes('-') && isatty(0)) {
    process.stderr.write(
      'gcbend: reading standard input; try `GODEBUG=gctrace=1 go run ./x 2>&1 | gcbend`, or gcbend --help\n',
    );
  }
  const fromPipe = args.follow || (names.includes('-') && isPipe());
  if (fromPipe) keepMemorySmall();
  const wantsReport = args.format === undefined && !args.quiet;
  const stop = new Stop().listen();
  const firstBytes = new FirstBytes();
  const live =
    fromPipe && wantsReport
      ? (await import('./live.ts')).createLive({
          output: process.stdout,
          title: names.map((name) => (name === '-' ? 'standard input' : name)).join(', '),
          size: reportSize(args, process.stdout),
          keys: true,
          quit: () => stop.now('q'),
        })
      : undefined;
  live?.start();
  const passthrough = args.passthrough ?? (fromPipe && process.stdout.isTTY === true && wantsReport && !args.follow);
  const print = (bytes: Buffer): void => {
    if (live === undefined) process.stdout.write(bytes);
    else live.print(bytes);
  };
  const input = args.follow
    ? (await import('./followed.ts')).followed(names, {
        since: args.since,
        quiet: args.quiet,
        signal: stop.controller.signal,
      })
    : readAll(orderTraces(names, grammars));
  try {
    const result = await runSession(session, {
      parse: {
        grammars,
        year: new Date().getUTCFullYear(),
        eachGoroutine: args.eachGoroutine,
        infrastructure: args.configuration.infrastructure,
        // The bytes are the parser's.
        ...(passthrough ? { foreign: (bytes, start, end) => print(Buffer.from(bytes.subarray(start, end))) } : {}),
      },
      input: stop.until(firstBytes.of(input)),
      stop,
      live,
    });
    const status = statusOf(result, stop);
    if (status === exitStatus.nothingRecognised)
      process.stderr.write(explainNothing(names, result.summary, firstBytes.bytes));
    return status;
  } finally {
    stop.release();
  }
}

function checkReadable(name: string): void {
  if (name === '-') return;
  try {
    accessSync(name, constants.R_OK);
  } catch {
    // Opening says precisely what is wrong.
    openInput(name);
  }
}

function isPipe(): boolean {
  try {
    return !fstatSync(0).isFile() && !isatty(0);
  } catch {
    return false;
  }
}

async function* readAll(names: AsyncIterable<string>): AsyncGenerator<SourceChunk> {
  const snapshots = new SnapshotReader();
  for await (const name of names) {
    const saved = snapshots.readIfSaved(name);
    if (saved !== undefined) {
      if ('problem' in saved) process.stderr.write(`gcbend: ${name} is left out: ${saved.problem}\n`);
      else yield { source: name, bytes: saved.bytes, at: saved.at, end: true };
      continue;
    }
    const input = openInput(name);
    const modifiedMs = input.modifiedAt?.getTime();
    yield* readInput(input, modifiedMs);
    yield { source: name, end: true, modifiedMs };
    if (input.problem !== undefined)
      process.stderr.write(`gcbend: ${input.problem.message}; what was read until there is reported\n`);
  }
}

/** Each chunk is read to where the parser of the ones before has room for it. */
async function* readInput(
  { name: source, chunks }: Input,
  modifiedMs: number | undefined,
): AsyncGenerator<SourceChunk> {
  try {
    for (let room: Buffer | undefined; ; ) {
      const { value: bytes, done } = await chunks.next(room);
      if (done) return;
      const chunk: SourceChunk = { source, bytes, modifiedMs };
      yield chunk;
      room = chunk.room;
    }
  } finally {
    await chunks.return();
  }
}

/**
 * Rotated logs: files whose trace begins in the middle of a process follow those that begin with its first cycle, in the order of their first
 * cycles, so that a process goes on from one file to the next whatever the files are called.
 */
async function* orderTraces(names: readonly string[], grammars: GrammarSet): AsyncGenerator<string> {
  if (names.length < 2) {
    yield* names;
    return;
  }
  const firsts: { name: string; first: number }[] = [];
  for (const name of names) firsts.push({ name, first: name === '-' ? 0 : await firstCycle(name, grammars) });
  yield* firsts.filter(({ first }) => first <= 1).map(({ name }) => name);
  yield* firsts
    .filter(({ first }) => first > 1)
    .sort((a, b) => a.first - b.first)
    .map(({ name }) => name);
}

/** Number of the first cycle in the first chunk of a file; 0 when there is none. */
async function firstCycle(name: string, grammars: GrammarSet): Promise<number> {
  let cycle = 0;
  const parser = new EventParser(
    { grammars },
    {
      record: ({ match }) => {
        if (cycle === 0) cycle = grammars.numberAt(match, 'cycle') ?? 0;
      },
      event: () => {},
      processEnded: () => {},
    },
  );
  try {
    for await (const chunk of openInput(name).chunks) {
      parser.push(name, chunk);
      break;
    }
  } catch (error) {
    if (!(error instanceof GcbendError)) throw error;
  }
  return cycle;
}
