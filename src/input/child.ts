// In: a command line. Out: the command running with gctrace=1 merged into its GODEBUG, the bytes of its stderr, and its end.
// It is told nothing else and never waits for the reader; where its stderr goes is chosen in child-spool.ts.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { GcbendError } from '../errors.ts';
import { type GoChannel, openGoChannel, parseGoCommand } from './child-go.ts';
import { createChildSpool, type Spool } from './child-spool.ts';
import { POLL_MS } from './pace.ts';

export interface ChildOptions {
  command: string;
  args: readonly string[];
  /** Default: this process's environment. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** GOGC for the program, as the runtime takes it (`50`, `off`). */
  gogc?: string;
  /** GOMEMLIMIT for the program, as the runtime takes it (`512MiB`). */
  memlimit?: string;
  /** How long it takes until its stderr is looked at again; asked each time. Default `POLL_MS`. */
  pollMs?: () => number;
  /** Descriptors for its stdin and stdout. Default: ours. */
  stdin?: 'inherit' | 'ignore' | number;
  stdout?: 'inherit' | 'ignore' | number;
}

/** What one program wrote to stderr. Under `go run` and `go test` each program is a source of its own. */
export interface ChildChunk {
  source: string;
  bytes: Buffer;
  /** The program of this source has ended; `bytes` is empty. */
  ended?: true;
  /** A process that it started has cut its stderr (`> /dev/stderr`): text before these bytes may be lost. */
  cut?: true;
}

export interface ChildExit {
  code: number | undefined;
  signal: NodeJS.Signals | undefined;
  /** What a shell would report: the code, or 128 + the signal's number. */
  status: number;
}

export interface RunningChild {
  pid: number;
  /** How its stderr is taken: `file` and `programs` (go run, go test) cost it nothing, `pipe` a little. */
  capture: 'file' | 'pipe' | 'programs';
  /** Something that the user should know, or undefined. */
  notice: string | undefined;
  /** Ends when the child has ended and all it wrote has been handed out; what its own children write after that is not awaited. */
  chunks: AsyncIterable<ChildChunk>;
  exit: Promise<ChildExit>;
  kill(signal: NodeJS.Signals): boolean;
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'fish', 'busybox']);

/**
 * Adds `key=value` to a GODEBUG text; every other key stays, and so does a `key` that is already switched on.
 * The runtime lets the last setting of a key win.
 */
export function mergeGodebug(current: string | undefined, key: string, value: string): string {
  const settings = (current ?? '').split(',').filter((setting) => setting.trim() !== '');
  const own = settings.findLast((setting) => setting.startsWith(`${key}=`));
  if (own !== undefined && !/=(0*)$/.test(own)) return settings.join(',');
  return [...settings, `${key}=${value}`].join(',');
}

/**
 * Lets the child have the processor first: reading and counting can wait for what the file holds, its collector cannot.
 * (On Linux a priority belongs to a thread, so each of ours gets it.)
 */
function yieldProcessor(): void {
  // SCHED_IDLE is preempted at once; a low priority keeps its slice, and a collector that has stopped the world waits for it.
  const idle = spawnSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)], { stdio: 'ignore' });
  if (idle.status === 0) return;
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0];
  for (const thread of threads) {
    try {
      setPriority(thread, osConstants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // A thread that has ended, or a system that does not allow it: then we run as we are.
    }
  }
}

/**
 * Starts the command, and lowers the priority of this process below the child's. Rejects with GcbendError CHILD_FAILED when it cannot be started.
 * Signals are the caller's: see passSignals in child-signals.ts.
 */
export async function runChild(options: ChildOptions): Promise<RunningChild> {
  const baseEnv = options.env ?? process.env;
  const traceEnv: Record<string, string> = { GODEBUG: mergeGodebug(baseEnv.GODEBUG, 'gctrace', '1') };
  if (options.gogc !== undefined) traceEnv.GOGC = options.gogc;
  if (options.memlimit !== undefined) traceEnv.GOMEMLIMIT = options.memlimit;

  const go = parseGoCommand(options.command, options.args);
  if (go !== undefined && process.platform !== 'win32') {
    const channel = openGoChannel(options.command, go, traceEnv, baseEnv, options.cwd);
    return startGo(options, channel, baseEnv);
  }
  const notice =
    go === undefined
      ? undefined
      : `on this system the trace of "go ${go.subcommand}" also holds the go command's own cycles: build first, then run the program`;
  const spool = createChildSpool(mayReopenStderr(options.command, baseEnv));
  const child = await start(options, options.args, { ...baseEnv, ...traceEnv }, spool?.childFd ?? 'pipe').catch(
    (error: unknown) => {
      spool?.started();
      spool?.close();
      throw error;
    },
  );
  spool?.started();
  const source: Spool = spool ?? new StreamSpool(child.stderr!);
  return watchChild(child, options, spool?.kind ?? 'pipe', notice, {
    poll: () => [{ source: 'stderr', spool: source, ended: () => false }],
    close: () => {},
  });
}

async function startGo(options: ChildOptions, channel: GoChannel, env: NodeJS.ProcessEnv): Promise<RunningChild> {
  const remove = () => channel.remove();
  process.once('exit', remove);
  const close = () => {
    process.removeListener('exit', remove);
    remove();
  };
  // The go command and the compilers that it starts would print their own cycles where GODEBUG asks every program for them.
  const isTracing = mergeGodebug(env.GODEBUG, 'gctrace', '1') === env.GODEBUG;
  const goEnv = isTracing ? { ...env, GODEBUG: `${env.GODEBUG},gctrace=0` } : env;
  let child: ChildProcess;
  try {
    child = await start(options, channel.args, goEnv, 'inherit');
  } catch (error) {
    close();
    throw error;
  }
  return watchChild(child, options, 'programs', undefined, { poll: () => channel.found(), close });
}

/** Node's own pipe, where nothing better is to be had. */
class StreamSpool implements Spool {
  readonly kind = 'pipe';
  private readonly queue: Buffer[] = [];

  constructor(stream: Readable) {
    stream.on('data', (bytes: Buffer) => this.queue.push(bytes));
  }

  read(): Buffer | undefined {
    return this.queue.shift();
  }

  wasCut(): boolean {
    return false;
  }

  seal(): void {}

  close(): void {}
}

function start(
  options: ChildOptions,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stderr: number | 'pipe' | 'inherit',
): Promise<ChildProcess> {
  const { command, cwd, stdin = 'inherit', stdout = 'inherit' } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: [stdin, stdout, stderr], ...(cwd === undefined ? {} : { cwd }) });
    child.once('spawn', () => {
      yieldProcessor();
      resolve(child);
    });
    child.once('error', (error: NodeJS.ErrnoException) => reject(explainStart(command, error)));
  });
}

function explainStart(command: string, error: NodeJS.ErrnoException): GcbendError {
  if (error.code === 'ENOENT') {
    return new GcbendError('CHILD_FAILED', `cannot start ${command}: no such command`, {
      hint: 'give its path (./program), and put -- before it when it takes options of its own',
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new GcbendError('CHILD_FAILED', `cannot start ${command}: it is not an executable file`, {
      hint: 'a Go source file runs with: gcbend run -- go run FILE.go',
      cause: error,
    });
  }
  return new GcbendError('CHILD_FAILED', `cannot start ${command}: ${error.message}`, { cause: error });
}

/** Scripts and shells write `> /dev/stderr` and `tee /dev/stderr`: on a file that cuts away what was there. */
function mayReopenStderr(command: string, env: NodeJS.ProcessEnv): boolean {
  const directories = command.includes('/') ? [''] : (env.PATH ?? '').split(delimiter);
  for (const directory of directories) {
    const path = join(directory, command);
    try {
      accessSync(path, constants.X_OK);
      if (SHELLS.has(basename(realpathSync(path)))) return true;
      const fd = openSync(path, 'r');
      const head = Buffer.alloc(2);
      readSync(fd, head, 0, 2, 0);
      closeSync(fd);
      return head.toString('latin1') === '#!';
    } catch {
      // Not in this one; when it is in none, the start fails and says so.
    }
  }
  return false;
}

interface Source {
  source: string;
  spool: Spool;
  ended(): boolean;
}

interface Sources {
  /** Programs that appeared since the last call. */
  poll(): Source[];
  close(): void;
}

function watchChild(
  child: ChildProcess,
  options: ChildOptions,
  capture: RunningChild['capture'],
  notice: string | undefined,
  sources: Sources,
): RunningChild {
  const state = { exited: false, wake: () => {} };
  const exit = new Promise<ChildExit>((resolve) => {
    const end = () => {
      state.exited = true;
      state.wake();
    };
    child.once('exit', (code, signal) => {
      // What is in a pipe of Node's own comes in events; a grandchild that holds it open must not keep us.
      if (child.stderr === null) end();
      else {
        child.once('close', end);
        setTimeout(end, 500).unref();
      }
      const status = code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]);
      resolve({ code: code ?? undefined, signal: signal ?? undefined, status });
    });
  });
  return {
    pid: child.pid!,
    capture,
    notice,
    chunks: drain(capture === 'programs' ? sources : onceOnly(sources), state, options.pollMs ?? (() => POLL_MS)),
    exit,
    kill: (signal) => child.kill(signal),
  };
}

/** A plain command has one source, there from the start. */
function onceOnly(sources: Sources): Sources {
  let first = true;
  return {
    poll() {
      if (!first) return [];
      first = false;
      return sources.poll();
    },
    close: sources.close,
  };
}

async function* drain(
  sources: Sources,
  state: { exited: boolean; wake: () => void },
  pollMs: () => number,
): AsyncGenerator<ChildChunk> {
  const open = new Set<Source>();
  // One timer for all the waits of a week that last as long.
  let timer: NodeJS.Timeout | undefined;
  let timerMs = 0;
  const setTimer = () => {
    const waitMs = pollMs();
    if (timer !== undefined && waitMs === timerMs) {
      timer.refresh();
      return;
    }
    clearTimeout(timer);
    timerMs = waitMs;
    timer = setTimeout(() => state.wake(), waitMs);
  };
  try {
    for (;;) {
      // Asked before reading: what the child wrote before it ended is then certainly read.
      const last = state.exited;
      for (const program of sources.poll()) open.add(program);
      for (const program of open) {
        const { source, spool } = program;
        const ended = last || program.ended();
        if (ended) spool.seal();
        for (let bytes = spool.read(); bytes !== undefined; bytes = spool.read()) {
          yield spool.wasCut() ? { source, bytes, cut: true } : { source, bytes };
        }
        if (!ended) continue;
        open.delete(program);
        spool.close();
        yield { source, bytes: Buffer.alloc(0), ended: true };
      }
      if (last) return;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
        if (state.exited) resolve();
        else setTimer();
      });
    }
  } finally {
    clearTimeout(timer);
    for (const { spool } of open) spool.close();
    sources.close();
  }
}
