// In: the command line without node and script. Out: the exit status; the command's module is loaded only when it is called.
import yargs from 'yargs';
import type { AnalyseArgs } from './analyse.ts';
import { type Config, readConfig } from './config.ts';
import { explainError, statusOfError } from './errors.ts';
import { exitStatus } from './exit-status.ts';
import { addAnalysisOptions, addViewOptions, watchOptions } from './options.ts';
import { checkFiles, checkValues, explainUsage, type KnownOptions } from './usage.ts';
import { version } from './version.ts';
import type { View, ViewArgs } from './views.ts';

/** Runs one command. Never throws; never calls process.exit, so that pending writes end. */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = exitStatus.done;
  // Timers and streams have no caller that could explain what went wrong in them.
  process.once('uncaughtException', (error) => {
    process.stderr.write(explainError(error));
    process.exit(exitStatus.misuse);
  });
  const run =
    <A>(load: () => Promise<(args: A) => Promise<number>>) =>
    async (args: unknown): Promise<void> => {
      checkValues(args as object, own, knownOptions());
      const command = await load();
      status = await command({ ...(args as A), configuration });
    };
  const view = (name: View) =>
    run<ViewArgs>(async () => {
      const { viewCommand } = await import('./views.ts');
      return (args) => viewCommand(name, args);
    });
  const [own, child] = splitAtDoubleDash(argv);
  let configuration: Config;
  try {
    configuration = readConfig(optionIn(own, '--config'), process.cwd());
  } catch (error) {
    process.stderr.write(explainError(error));
    return exitStatus.misuse;
  }
  // Not in its types.
  const knownOptions = (): KnownOptions => (cli as unknown as { getOptions(): KnownOptions }).getOptions();
  const cli = yargs([...own])
    .scriptName('gcbend')
    .usage(
      'Reads what the Go runtime prints, finds where memory bends, and says why.\n\n  GODEBUG=gctrace=1 go run ./x 2>&1 | gcbend\n  gcbend service.log.gz\n  gcbend run -- go test ./...',
    )
    .parserConfiguration({
      'greedy-arrays': false,
      'strip-aliased': true,
      'strip-dashed': true,
    })
    .config(configuration.options)
    .command(
      ['$0 [files..]'],
      'Read files or standard input: parse, detect, report',
      (args) =>
        addAnalysisOptions(
          args.positional('files', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'Files, globs, or - for standard input',
          }),
        )
          .option('follow', {
            alias: 'f',
            type: 'boolean',
            default: false,
            describe: 'Go on reading as files grow (tail -F)',
          })
          .option('since', {
            type: 'string',
            requiresArg: true,
            describe: 'With --follow: only what is newer (10m, 2h, or a time)',
          })
          .option('passthrough', {
            type: 'boolean',
            describe: "Copy what is nobody's record (default: input is a pipe and output a terminal)",
          }),
      run<AnalyseArgs>(async () => {
        const { analyse } = await import('./analyse.ts');
        return (args) => {
          checkFiles(args.files);
          return analyse(args);
        };
      }),
    )
    .command(
      'run',
      'Run a program with its trace watched: gcbend run [opts] -- CMD [ARG...]',
      (args) =>
        addAnalysisOptions(args)
          .option('gogc', { type: 'string', requiresArg: true, describe: 'GOGC of the program' })
          .option('memlimit', { type: 'string', requiresArg: true, describe: 'GOMEMLIMIT of the program' })
          .option('passthrough', {
            type: 'boolean',
            default: true,
            describe: 'Show what else the program writes to stderr',
          })
          .option('keys', {
            type: 'boolean',
            default: false,
            describe: "Take keys for the panel; the program's stdin is empty then",
          })
          .option('finding-exit-code', {
            type: 'number',
            requiresArg: true,
            default: 1,
            describe: 'Exit status when --fail-on fires',
          })
          .option('watch', { type: 'string', requiresArg: true, describe: 'Also poll this net/http/pprof endpoint' })
          .options(watchOptions),
      run<object>(async () => {
        const { runCommand } = await import('./run.ts');
        return (args) => runCommand({ ...(args as Parameters<typeof runCommand>[0]), child });
      }),
    )
    .command(
      'watch <url>',
      'Poll a net/http/pprof endpoint and follow what grows',
      (args) =>
        addAnalysisOptions(
          args.positional('url', {
            type: 'string',
            demandOption: true,
            describe: 'http://HOST:PORT/debug/pprof/, or unix:/path',
          }),
        )
          .option('trace', { type: 'string', requiresArg: true, describe: "Also follow the program's log (gctrace)" })
          .options(watchOptions),
      run(async () => (await import('./watch.ts')).watchCommand),
    )
    .command(
      'top <files..>',
      'Functions by what they hold: go tool pprof -top, from the text alone',
      (args) => addViewOptions(args),
      view('top'),
    )
    .command(
      'traces <files..>',
      'Every stack with its value: go tool pprof -traces',
      (args) => addViewOptions(args),
      view('traces'),
    )
    .command(
      'peek <files..>',
      'Callers and callees of functions: go tool pprof -peek',
      (args) => addViewOptions(args),
      view('peek'),
    )
    .command(
      'list <files..>',
      'Source lines of functions: go tool pprof -list',
      (args) => addViewOptions(args),
      view('list'),
    )
    .command(
      'diff <base> <new>',
      'What grew between two dumps, heap texts, traces or saved results',
      (args) =>
        addAnalysisOptions(
          args
            .positional('base', { type: 'string', demandOption: true })
            .positional('new', { type: 'string', demandOption: true }),
        ),
      run(async () => (await import('./diff.ts')).diffCommand),
    )
    .command(
      'grammars [files..]',
      'List the grammars, or check your own: --check FILE...',
      (args) =>
        args
          .positional('files', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'Further files to check',
          })
          .option('check', {
            type: 'string',
            array: true,
            nargs: 1,
            requiresArg: true,
            describe: 'Grammar files (XML) to check',
          }),
      run(async () => (await import('./grammars.ts')).grammarsCommand),
    )
    .command(
      'schema',
      'Print the JSON Schema of the events',
      {},
      run(async () => (await import('./schema.ts')).schemaCommand),
    )
    // yargs' own completion command would go on with the main job, as it may not end the process here.
    .command(
      'completion',
      'Print a shell completion script',
      {},
      run(async () => async () => {
        cli.showCompletionScript();
        return exitStatus.done;
      }),
    )
    .version(version)
    .help()
    .alias('help', 'h')
    .strict()
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // A YError is a finding about the command line, too.
      throw error === undefined || error.name === 'YError' ? explainUsage(message ?? '', own, knownOptions()) : error;
    });
  try {
    await cli.parseAsync();
    return status;
  } catch (error) {
    process.stderr.write(explainError(error));
    return statusOfError(error);
  }
}

/** What stands behind the first `--` of `run` belongs to the program, whatever it looks like. */
function splitAtDoubleDash(argv: readonly string[]): [own: readonly string[], child: readonly string[]] {
  const at = argv.indexOf('--');
  return at < 0 || argv[0] !== 'run' ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}

/** The value of an option, before yargs has read the command line. */
function optionIn(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return argv[at] === name ? argv[at + 1] : argv[at]!.slice(name.length + 1);
}
