// In: nothing. Out: the options that several commands share, as yargs declares them, and their types.

import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { findingRules } from '../events/types.ts';
import type { Config } from './config.ts';

export const formats = ['report', 'ndjson', 'json', 'csv', 'markdown', 'html', 'junit', 'openmetrics'] as const;
export type Format = (typeof formats)[number];

const asOptions = <T extends Record<string, Options>>(options: T): T => options;

export const outputOptions = asOptions({
  format: { choices: formats, describe: 'What to write to standard output' },
  output: {
    alias: 'o',
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Also write to FILE; its ending says the format (repeatable)',
  },
  width: { type: 'number', requiresArg: true, describe: 'Columns of the report (default: the terminal, else 80)' },
  height: { type: 'number', requiresArg: true, describe: 'Rows of the chart' },
  color: {
    choices: ['auto', 'always', 'never'] as const,
    default: 'auto' as const,
    describe: 'Colours (NO_COLOR and FORCE_COLOR are honoured)',
  },
  ascii: { type: 'boolean', default: false, describe: 'Draw with 7-bit characters only' },
  quiet: { type: 'boolean', default: false, describe: 'No report, panel or notes: only what -o writes, and errors' },
});

export const analysisOptions = asOptions({
  signal: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Signals to look at (default: all that the input carries)',
  },
  detector: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    default: ['segments'],
    describe: 'segments, peaks or none (repeatable, or a list with commas)',
  },
  sensitivity: {
    choices: ['low', 'normal', 'high'] as const,
    default: 'normal' as const,
    describe: 'How little evidence makes a bend',
  },
  limit: { type: 'string', requiresArg: true, describe: 'Memory limit for the projection: bytes, or 512MiB, 2GiB …' },
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'Configuration file (default: .gcbendrc.json or package.json#gcbend, here or above)',
  },
  grammar: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'A grammar of your own (XML, repeatable)',
  },
  'group-by': {
    type: 'string',
    requiresArg: true,
    default: 'stack',
    describe: 'Goroutine groups: stack, function, creator, state or label:KEY',
  },
  filter: {
    type: 'string',
    requiresArg: true,
    describe: 'Goroutine groups to keep, as in: state == "chan send" && wait > 5',
  },
  'each-goroutine': { type: 'boolean', default: false, describe: 'Also one event for each goroutine' },
  'on-finding': {
    type: 'string',
    requiresArg: true,
    describe: 'Run this command for each new finding; the finding is on its standard input, as JSON',
  },
  webhook: { type: 'string', requiresArg: true, describe: 'POST each new finding to this address' },
  'fail-on': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: `Exit 1 on a finding of these rules (list with commas): ${findingRules.join(', ')}`,
  },
});

type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
/** yargs is told to hand over `--each-goroutine` as `eachGoroutine` only. */
type CamelKeys<T> = { [K in keyof T as Camel<K & string>]: T[K] };

export const watchOptions = asOptions({
  profiles: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Also poll: goroutine2 (stops the world), block, mutex, threadcreate, goroutineleak (forces a GC), vars',
  },
  cacert: { type: 'string', requiresArg: true, describe: 'Authorities to trust (PEM)' },
  cert: { type: 'string', requiresArg: true, describe: 'Client certificate (PEM)' },
  key: { type: 'string', requiresArg: true, describe: 'Its private key (PEM)' },
  insecure: { type: 'boolean', default: false, describe: 'Trust any certificate' },
  'token-file': { type: 'string', requiresArg: true, describe: 'Bearer token, read from a file' },
  'token-env': { type: 'string', requiresArg: true, describe: 'Bearer token, read from this environment variable' },
  header: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: "A further header, 'Name: value' (repeatable)",
  },
  timeout: { type: 'string', requiresArg: true, describe: 'For a whole answer (default 30s)' },
  interval: { type: 'string', requiresArg: true, describe: 'Fixed time between polls (default: adapted, 1s to 60s)' },
  count: { type: 'number', requiresArg: true, describe: 'End after so many rounds' },
  'max-bytes': { type: 'string', requiresArg: true, describe: 'Longest answer (default 256MiB)' },
  save: {
    type: 'string',
    requiresArg: true,
    describe: 'Keep the snapshots in this directory, without what did not change',
  },
});

export type OutputArgs = CamelKeys<InferredOptionTypes<typeof outputOptions>>;
export type AnalysisArgs = CamelKeys<InferredOptionTypes<typeof analysisOptions>> & { configuration: Config };

/** Adds the options of the main job. */
export function addAnalysisOptions<T>(args: Argv<T>) {
  return args.options(outputOptions).options(analysisOptions);
}

const viewOptions = asOptions({
  function: {
    type: 'string',
    requiresArg: true,
    describe: 'Functions to list or peek at: a regular expression (default: --focus, else all)',
  },
  base: { type: 'string', array: true, nargs: 1, requiresArg: true, describe: 'Subtract this profile (repeatable)' },
  focus: { type: 'string', requiresArg: true, describe: 'Only stacks with a matching function or file' },
  ignore: { type: 'string', requiresArg: true, describe: 'No stacks with a matching function or file' },
  hide: { type: 'string', requiresArg: true, describe: 'Take matching functions out of the stacks' },
  unit: { type: 'string', requiresArg: true, describe: 'Unit of the values: kB, MB, ms …' },
  'sample-index': {
    type: 'string',
    requiresArg: true,
    describe: 'inuse_space, inuse_objects, alloc_space, alloc_objects, delay, contentions …',
  },
  cum: { type: 'boolean', default: false, describe: 'Sort by the cumulative value (top)' },
  'node-count': { type: 'number', requiresArg: true, describe: 'So many rows (top)' },
  'source-path': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Look for sources below this folder (list, repeatable)',
  },
  'trim-path': { type: 'string', requiresArg: true, describe: 'Prefix to take off source paths (list)' },
  width: outputOptions.width,
  color: outputOptions.color,
  ascii: outputOptions.ascii,
});

/** Adds the options of top, list, traces and peek. */
export function addViewOptions<T>(args: Argv<T>) {
  return args
    .positional('files', { type: 'string', array: true, demandOption: true, describe: 'Profile texts or .pb.gz files' })
    .options(viewOptions);
}

/** `a,b` and repeated options mean the same. */
export function splitList(values: readonly string[] | undefined): string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
