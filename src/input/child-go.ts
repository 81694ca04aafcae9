// In: a `go run …` or `go test …` command line. Out: the same command with an `-exec` wrapper that traces the program it builds,
// not the go tool: the wrapper alone sets GODEBUG, and gives the program's stderr a file of its own, because go test
// swallows it or moves it to stdout, and the go command replays on stderr what compilers of earlier builds printed.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, openSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { GcbendError } from '../errors.ts';
import { canPunchHoles, FileSpool, findMemoryDirectory, punchBytesIn } from './child-spool.ts';

/** Flags of `go run` and `go test` that stand alone; every other one takes a value. */
const BOOLEAN_FLAGS = new Set(
  (
    'a n v x c i race msan asan cover work linkshared modcacherw trimpath json buildvcs failfast short ' +
    'benchmem fullpath artifacts test.v test.short test.failfast test.benchmem test.fullpath test.artifacts h help'
  ).split(' '),
);

/** A `go run` or `go test` command line, taken apart around its `-exec`. */
export interface GoCommand {
  subcommand: 'run' | 'test';
  /** Arguments up to where an `-exec` may be put (after `-C DIR`, which has to stay first). */
  head: string[];
  /** The rest without the user's own `-exec`. */
  tail: string[];
  /** The value of the user's own `-exec`, as they wrote it. */
  exec: string | undefined;
}

/**
 * Recognises `go [-C DIR] run|test [FLAG…] …` (also by path, and `go1.22.3`, `gotip`).
 * Undefined for every other command: those are traced like any program.
 */
export function parseGoCommand(command: string, args: readonly string[]): GoCommand | undefined {
  if (!/^go(?:\d[\w.]*|tip)?(?:\.exe)?$/.test(basename(command))) return undefined;
  let at = directoryFlagLength(args, 0);
  const subcommand = args[at];
  if (subcommand !== 'run' && subcommand !== 'test') return undefined;
  at += 1;
  at += directoryFlagLength(args, at);
  const head = args.slice(0, at);
  const tail: string[] = [];
  let exec: string | undefined;
  for (; at < args.length; at += 1) {
    const arg = args[at]!;
    const flag = /^--?([^-=][^=]*)(=?)(.*)$/s.exec(arg);
    const ends = arg === '--' || flag?.[1] === 'args' || (flag === null && subcommand === 'run');
    if (ends) break;
    if (flag === null) {
      tail.push(arg);
      continue;
    }
    const [, name, equals, value] = flag;
    const next = equals === '' && !BOOLEAN_FLAGS.has(name!) ? args[at + 1] : undefined;
    if (next !== undefined) at += 1;
    if (name === 'exec') exec = equals === '' ? next : value;
    else tail.push(arg, ...(next === undefined ? [] : [next]));
  }
  return { subcommand, head, tail: [...tail, ...args.slice(at)], exec };
}

function directoryFlagLength(args: readonly string[], at: number): number {
  const arg = args[at] ?? '';
  if (/^--?C$/.test(arg)) return 2;
  return /^--?C=/.test(arg) ? 1 : 0;
}

/**
 * Splits as the go command splits `-exec` and GOFLAGS: white space, with whole words in '…' or "…", no escapes.
 * Undefined for an open quote (go itself will complain about it).
 */
export function splitGoWords(text: string): string[] | undefined {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : undefined;
    const end = quote === undefined ? rest.search(/\s|$/) : rest.indexOf(quote, 1);
    if (end < 0) return undefined;
    words.push(quote === undefined ? rest.slice(0, end) : rest.slice(1, end));
    rest = rest.slice(quote === undefined ? end : end + 1).trimStart();
  }
  return words;
}

function quoteGoWord(word: string): string {
  if (!/[\s'"]/.test(word)) return word;
  if (word.includes("'") && word.includes('"')) {
    throw new GcbendError('USAGE', `go's -exec cannot carry a word with both kinds of quotes: ${word}`);
  }
  return word.includes("'") ? `"${word}"` : `'${word}'`;
}

function quoteShellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What go would have used without ours: `-exec` of GOFLAGS (also from `go env -w`), or `go_OS_ARCH_exec` when cross-building. */
function inheritedExec(command: string, env: NodeJS.ProcessEnv, cwd: string | undefined): string | undefined {
  let values: string[];
  try {
    const names = ['GOFLAGS', 'GOOS', 'GOARCH', 'GOHOSTOS', 'GOHOSTARCH'];
    values = execFileSync(command, ['env', ...names], {
      encoding: 'utf8',
      env,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
  } catch {
    // A go that cannot tell its settings says so itself in a moment, in its own words.
    return undefined;
  }
  const [flags = '', os, arch, hostOs, hostArch] = values;
  const own = splitGoWords(flags)?.findLast((word) => /^--?exec=/.test(word));
  if (own !== undefined) return own.slice(own.indexOf('=') + 1);
  if (os === hostOs && arch === hostArch) return undefined;
  const name = `go_${os}_${arch}_exec`;
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return quoteGoWord(path);
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** One program that the go tool started. `source` is its name, numbered from the second of that name on. */
export interface GoProgram {
  source: string;
  spool: FileSpool;
  /** It has ended: when the spool is empty, nothing more will come. */
  ended(): boolean;
}

/** The wrapper on disk and the files that the programs write to. */
export interface GoChannel {
  args: string[];
  /** Programs that appeared since the last call. */
  found(): GoProgram[];
  remove(): void;
}

/**
 * Writes the wrapper and returns the arguments for go. `programEnv` is set for the program alone.
 * The files lie in memory where the system has such a place, else in the temporary directory, and are unlinked as soon as they
 * are open on both sides. (In a plain temporary directory they are not cut: they grow until the program ends.)
 */
export function openGoChannel(
  command: string,
  parsed: GoCommand,
  programEnv: Record<string, string>,
  env: NodeJS.ProcessEnv,
  cwd: string | undefined,
): GoChannel {
  const execText = parsed.exec ?? inheritedExec(command, env, cwd) ?? '';
  const userExec = splitGoWords(execText);
  if (userExec === undefined) throw new GcbendError('USAGE', `-exec ${execText}: a quote is not closed`);
  const memory = findMemoryDirectory();
  const directory = mkdtempSync(join(memory ?? tmpdir(), 'gcbend-go-'));
  const punchBytes = memory !== undefined && canPunchHoles(memory) ? punchBytesIn(memory) : 0;
  const wrapper = join(directory, 'exec');
  writeFileSync(wrapper, wrapperScript(directory, programEnv, userExec.length), { mode: 0o600 });
  const counts = new Map<string, number>();

  // Through sh: a container's /dev/shm seldom allows execution.
  const exec = ['/bin/sh', quoteGoWord(wrapper), ...userExec.map(quoteGoWord)].join(' ');
  return {
    args: [...parsed.head, `-exec=${exec}`, ...parsed.tail],
    found() {
      const programs: GoProgram[] = [];
      for (const name of readdirSync(directory)) {
        const match = /^(\d+)\.(.*)$/s.exec(name);
        if (match === null) continue;
        const path = join(directory, name);
        const spool = new FileSpool(openSync(path, 'r'), punchBytes);
        unlinkSync(path);
        const program = match[2]!;
        const count = (counts.get(program) ?? 0) + 1;
        counts.set(program, count);
        const pid = Number(match[1]);
        programs.push({ source: count === 1 ? program : `${program}#${count}`, spool, ended: () => !isAlive(pid) });
      }
      return programs;
    },
    remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** `exec` keeps the shell's process id, so the file's name says which process writes to it. */
function wrapperScript(directory: string, programEnv: Record<string, string>, userWords: number): string {
  const settings = Object.entries(programEnv).map(([name, value]) => `  export ${name}=${quoteShellWord(value)}`);
  const place = quoteShellWord(directory);
  return [
    // Without the directory its reader is gone: the program then runs as if nobody watched.
    `if [ -d ${place} ]; then`,
    ...settings,
    `  exec "$@" 2>>${place}/"$$.\${${userWords + 1}##*/}"`,
    'fi',
    'exec "$@"',
    '',
  ].join('\n');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
