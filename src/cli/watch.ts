// In: the address of a program's net/http/pprof handlers. Out: its dumps, polled, as one series; the report when it is stopped.

import type { SourceChunk } from '../core/parsing.ts';
import { GcbendError } from '../errors.ts';
import type { GcbendEvent } from '../events/types.ts';
import { type EndpointFeedback, type EndpointOptions, type Snapshot, watchEndpoint } from '../input/endpoint.ts';
import { PROFILE_NAMES, type ProfileName, parseTarget } from '../input/endpoint-target.ts';
import { SnapshotStore } from '../input/snapshot-store.ts';
import { exitStatus } from './exit-status.ts';
import { createLive } from './live.ts';
import { endingWith, mergeSources } from './merge-sources.ts';
import { type AnalysisArgs, type OutputArgs, splitList } from './options.ts';
import { hasRecords, prepareSession, runSession, statusOf } from './session.ts';
import { detectOptions, loadGrammarSet, parseBytes, reportSize } from './settings.ts';
import { keepMemorySmall } from './small-memory.ts';
import { Stop } from './stop.ts';

/** Options of every command that polls. */
export interface WatchOptionArgs {
  profiles?: string[] | undefined;
  cacert?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  insecure?: boolean | undefined;
  tokenFile?: string | undefined;
  tokenEnv?: string | undefined;
  header?: string[] | undefined;
  timeout?: string | undefined;
  maxBytes?: string | undefined;
  interval?: string | undefined;
  count?: number | undefined;
  save?: string | undefined;
}

export interface WatchArgs extends AnalysisArgs, OutputArgs, WatchOptionArgs {
  url: string;
  trace?: string | undefined;
}

export async function watchCommand(args: WatchArgs): Promise<number> {
  keepMemorySmall();
  const grammars = await loadGrammarSet(args.grammar);
  const session = await prepareSession(args, detectOptions(args), process.stdout);
  const stop = new Stop().listen();
  const { signal } = stop.controller;
  const live =
    args.quiet || (args.format ?? 'report') !== 'report'
      ? undefined
      : createLive({
          output: process.stdout,
          title: parseTarget(args.url).display,
          size: reportSize(args, process.stdout),
          keys: process.stdin.isTTY === true,
          quit: () => stop.now('q'),
        });
  live?.start();
  const feedback = new Feedback();
  try {
    // With --count the polls end; following a log beside them would not.
    const polls = endingWith(snapshotChunks(args.url, args, { signal, feedback }), () => stop.now('end of polling'));
    const input =
      args.trace === undefined ? polls : mergeSources([polls, await follow(args.trace, args.quiet, signal)]);
    const result = await runSession(session, {
      parse: {
        grammars,
        eachGoroutine: args.eachGoroutine,
        infrastructure: args.configuration.infrastructure,
      },
      input: stop.until(input),
      stop,
      live,
      observe: (event) => feedback.take(event),
    });
    if (!hasRecords(result.summary) && stop.status === undefined) {
      process.stderr.write(
        `gcbend: ${parseTarget(args.url).display} gave nothing that could be read\n  try: gcbend watch http://HOST:PORT/debug/pprof/\n`,
      );
      return exitStatus.nothingRecognised;
    }
    return statusOf(result, stop);
  } finally {
    stop.release();
  }
}

async function follow(pattern: string, quiet: boolean, signal: AbortSignal): Promise<AsyncIterable<SourceChunk>> {
  const { followed } = await import('./followed.ts');
  return followed([pattern], { since: undefined, quiet, signal });
}

/** Tells the poller what the texts say, so that it looks more closely while something grows. */
export class Feedback {
  #growing = false;
  #gcCpuFraction: number | undefined;
  #cycles: number | undefined;
  #restarted = false;

  take(event: GcbendEvent): void {
    if (event.type === 'finding') this.#growing = event.ongoing && event.status === 'open' && event.severity !== 'info';
    if (event.type !== 'memstats') return;
    const fraction = event['GCCPUFraction'];
    if (typeof fraction === 'number') this.#gcCpuFraction = fraction;
    const cycles = Number(event['NumGC']);
    if (Number.isFinite(cycles)) {
      this.#restarted ||= this.#cycles !== undefined && cycles < this.#cycles;
      this.#cycles = cycles;
    }
  }

  read(): EndpointFeedback {
    const restarted = this.#restarted;
    this.#restarted = false;
    return {
      growing: this.#growing,
      restarted,
      ...(this.#gcCpuFraction === undefined ? {} : { gcCpuFraction: this.#gcCpuFraction }),
    };
  }
}

export interface PollOptions {
  signal: AbortSignal;
  feedback?: Feedback;
  /** The program has only just been started. */
  waitForTarget?: boolean;
}

/** The texts of an endpoint as they are polled; each is a source that ends at once. */
export async function* snapshotChunks(
  url: string,
  args: WatchOptionArgs,
  options: PollOptions,
): AsyncGenerator<SourceChunk> {
  const target = parseTarget(url);
  const store = args.save === undefined ? undefined : new SnapshotStore(args.save, target.display);
  const saving = new Saving();
  for await (const item of watchEndpoint(url, endpointOptions(args, options))) {
    if (item.type === 'notice') {
      process.stderr.write(`gcbend: ${item.message}\n`);
      continue;
    }
    if (store !== undefined && item.changed) saving.save(store, item);
    yield { source: `${target.display}#${item.profile}`, bytes: item.bytes, at: item.at, end: true };
  }
}

/** The first snapshot has to find its place; a disk that is full later does not end the watching: it is said, and tried again. */
class Saving {
  #hasSaved = false;
  #isFailing = false;

  save(store: SnapshotStore, { profile, at, bytes }: Snapshot): void {
    try {
      store.save(profile, at, bytes);
      if (this.#isFailing) process.stderr.write('gcbend: snapshots are saved again\n');
      this.#hasSaved = true;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#hasSaved || !(error instanceof GcbendError)) throw error;
      if (!this.#isFailing)
        process.stderr.write(`gcbend: ${error.message}; the watching goes on, saving is tried again\n`);
      this.#isFailing = true;
    }
  }
}

/** Throws GcbendError('USAGE') for options that contradict each other or mean nothing. */
export function endpointOptions(args: WatchOptionArgs, options: PollOptions): EndpointOptions {
  const { signal, feedback, waitForTarget = false } = options;
  const extra = splitList(args.profiles);
  for (const name of extra) {
    if (!(PROFILE_NAMES as readonly string[]).includes(name)) {
      throw new GcbendError('USAGE', `--profiles ${name}: there is no such profile`, {
        hint: PROFILE_NAMES.join(', '),
      });
    }
  }
  if (args.tokenFile !== undefined && args.tokenEnv !== undefined) {
    throw new GcbendError('USAGE', '--token-file and --token-env exclude each other');
  }
  const headers = Object.fromEntries(
    (args.header ?? []).map((line) => {
      const colon = line.indexOf(':');
      // What was meant as a name may be a secret.
      if (colon < 1) throw new GcbendError('USAGE', '--header without a colon', { hint: "--header 'Name: value'" });
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    signal,
    waitForTarget,
    // An address may name one profile itself; then only what is asked for is added.
    ...(extra.length === 0
      ? {}
      : { profiles: [...new Set<ProfileName>(['goroutine', 'heap', ...(extra as ProfileName[])])] }),
    headers,
    tls: {
      ...(args.cacert === undefined ? {} : { cacert: args.cacert }),
      ...(args.cert === undefined ? {} : { cert: args.cert }),
      ...(args.key === undefined ? {} : { key: args.key }),
      insecure: args.insecure ?? false,
    },
    ...(args.tokenFile === undefined ? {} : { token: { file: args.tokenFile } }),
    ...(args.tokenEnv === undefined ? {} : { token: { env: args.tokenEnv } }),
    ...(args.timeout === undefined ? {} : { timeoutMs: parseDuration(args.timeout, '--timeout') }),
    ...(args.interval === undefined ? {} : { intervalMs: parseDuration(args.interval, '--interval') }),
    ...(args.count === undefined ? {} : { count: args.count }),
    ...(args.maxBytes === undefined ? {} : { maxBytes: parseBytes(args.maxBytes, '--max-bytes') }),
    ...(feedback === undefined ? {} : { feedback: () => feedback.read() }),
  };
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `5s`, `1m30s`, `2h`, or plain seconds; in ms. Undefined for anything else. */
export function durationOf(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return undefined;
  return parts.reduce((sum, part) => sum + Number(part[1]) * durationUnits[part[2]!]!, 0);
}

function parseDuration(text: string, option: string): number {
  const ms = durationOf(text);
  if (ms !== undefined) return ms;
  throw new GcbendError('USAGE', `${option} ${text} is no duration`, { hint: `${option} 5s, 500ms or 1m30s` });
}
