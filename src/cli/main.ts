// In: the command line without node and script. Out: the exit status; the command's module is loaded only when it is called.
import yargs from 'yargs';
import { GcbendError } from '../errors.ts';
import { explainError } from './errors.ts';
import { exitStatus } from './exit-status.ts';
import { addAnalysisOptions } from './options.ts';
import { version } from './version.ts';

/** Runs one command. Never throws; never calls process.exit, so that pending writes end. */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = exitStatus.done;
  const run =
    <A>(load: () => Promise<(args: A) => Promise<number>>) =>
    async (args: unknown): Promise<void> => {
      const command = await load();
      status = await command(args as A);
    };
  const cli = yargs([...argv])
    .scriptName('gcbend')
    .usage(
      'Reads what the Go runtime prints, finds where memory bends, and says why.\n\n  GODEBUG=gctrace=1 go run ./x 2>&1 | gcbend\n  gcbend service.log.gz\n  gcbend run -- go test ./...',
    )
    .parserConfiguration({
      'greedy-arrays': false,
      'duplicate-arguments-array': false,
      'strip-aliased': true,
      'strip-dashed': true,
    })
    .pkgConf('gcbend')
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
      run(async () => (await import('./analyse.ts')).analyse),
    )
    .command(
      'grammars',
      'List the grammars, or check one of your own',
      (args) =>
        args.option('check', {
          type: 'string',
          array: true,
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
    .completion('completion', 'Print a shell completion script')
    .version(version)
    .help()
    .alias('help', 'h')
    .strict()
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw (
        error ?? new GcbendError('USAGE', message ?? 'bad usage', { hint: 'gcbend --help lists commands and options' })
      );
    });
  try {
    await cli.parseAsync();
    return status;
  } catch (error) {
    process.stderr.write(explainError(error));
    return exitStatus.misuse;
  }
}
