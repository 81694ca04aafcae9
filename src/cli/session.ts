// In: bytes of sources and the options of the command. Out: every format on its way, and the exit status when the input has ended.
import { pipeline } from 'node:stream/promises';
import { ndjsonPieces } from '../core/ndjson-writing.ts';
import type { ParseOptions, SourceChunk } from '../core/parsing.ts';
import { watch } from '../core/watch-stage.ts';
import { type Detection, type DetectOptions, Watching, type WatchOptions } from '../core/watching.ts';
import { cleanText } from '../events/clean-text.ts';
import { Revisions } from '../events/revisions.ts';
import type { FindingEvent, GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { AlarmHooks } from '../export/alarm-hooks.ts';
import type { EventSink } from '../export/types.ts';
import { exitStatus } from './exit-status.ts';
import type { Live } from './live.ts';
import type { AnalysisArgs, Format, OutputArgs } from './options.ts';
import { checkWritable, createSink, FileOutput, formatOfFile } from './outputs.ts';
import { failRules, loadDetection, parseRefinement, reportSize } from './settings.ts';
import { StandardOutput } from './standard-output.ts';
import type { Stop } from './stop.ts';

/** What the options of a session ask for: checked, and its code read. */
export interface PreparedSession {
  args: AnalysisArgs & OutputArgs;
  rules: ReadonlySet<string>;
  refine: ((event: GcbendEvent) => GcbendEvent) | undefined;
  detection: Detection | undefined;
  alarms: AlarmHooks | undefined;
  /** Where the result goes: stdout, or stderr where stdout belongs to the program that is watched. */
  output: NodeJS.WriteStream;
  /** Undefined with `--quiet`. */
  format: Format | undefined;
  main: EventSink | undefined;
  files: { file: string; sink: EventSink }[];
}

export interface SessionOptions {
  parse: ParseOptions;
  input: AsyncIterable<SourceChunk>;
  stop: Stop;
  /** Shows what happens while it happens; it gives the terminal back before the report is written. */
  live?: Live | undefined;
  /** Sees every event as it comes. */
  observe?: ((event: GcbendEvent) => void) | undefined;
}

export interface SessionResult {
  summary: SummaryEvent | undefined;
  /** Findings that `--fail-on` names, in their last state. */
  failed: FindingEvent[];
  /** The reader of the output has gone. */
  closed: boolean;
}

/** Before anything is started or read. Throws GcbendError for options that cannot be followed. */
export async function prepareSession(
  args: AnalysisArgs & OutputArgs,
  detect: DetectOptions | undefined,
  output: NodeJS.WriteStream,
): Promise<PreparedSession> {
  const rules = failRules(args.failOn);
  const refine = await parseRefinement(args);
  const formats = (args.output ?? []).map((file) => {
    const format = formatOfFile(file, args.format);
    checkWritable(file);
    return { file, format };
  });
  const format = args.quiet ? undefined : (args.format ?? 'report');
  const size = reportSize(args, output);
  const asked = new Set([...rules].filter((rule) => INFORMING_RULES.has(rule)));
  const plain = { ...size, color: false, width: args.width ?? 100 };
  return {
    args,
    rules,
    refine,
    detection: await loadDetection(detect),
    alarms: await openAlarms(args),
    output,
    format,
    main: format && (await createSink(format, size, asked)),
    files: await Promise.all(
      formats.map(async ({ file, format: own }) => ({ file, sink: await createSink(own, plain, asked) })),
    ),
  };
}

/** Runs the stages until the input ends or is stopped. Throws GcbendError for what cannot be read or written. */
export async function runSession(prepared: PreparedSession, options: SessionOptions): Promise<SessionResult> {
  const { args, rules, refine, detection, alarms, format, main, files } = prepared;
  const { stop } = options;
  const output = new StandardOutput(prepared.output, () => {
    // Nobody reads the result; files that were asked for are still written.
    if (files.length === 0) stop.now('closed output');
  });
  // Whoever read the notes has gone: the result does not depend on it.
  if (prepared.output !== process.stderr) process.stderr.on('error', () => {});
  const reversed = new Set<string>();
  const parse: ParseOptions = {
    ...options.parse,
    exitReason: () => stop.reason ?? 'end of input',
    onReverse: (source) => reversed.add(source),
  };
  if (
    format === 'ndjson' &&
    files.length === 0 &&
    rules.size === 0 &&
    refine === undefined &&
    options.observe === undefined &&
    options.live === undefined
  ) {
    const result = await runNdjson(options.input, { ...parse, detection }, output);
    sayNotes([...reversed].map(explainReverse));
    return result;
  }
  const outputs = files.map(({ file, sink }) => new FileOutput(file, sink));
  const findings = new Revisions<FindingEvent>();
  let summary: SummaryEvent | undefined;
  /** What the events of one chunk have become on the standard output. */
  let text = '';
  const take = (found: GcbendEvent): void => {
    const event = refine?.(found) ?? found;
    if (event.type === 'summary') summary = event;
    if (event.type === 'finding' && rules.has(event.rule)) findings.push(event);
    if (event.type === 'finding' && event.severity !== 'info') alarms?.offer(event);
    options.live?.take(event);
    options.observe?.(event);
    text += main?.push(event) ?? '';
    for (const file of outputs) file.push(event);
  };
  const taken = async (): Promise<string> => {
    const now = text;
    text = '';
    for (const file of outputs) await file.drained();
    return now;
  };
  const write = async (pieces: AsyncIterable<string>): Promise<void> => {
    for await (const piece of pieces) await output.write(piece);
  };
  try {
    const watching = new Watching({ ...parse, detection }, take);
    await pipeline(options.input, watch(watching, taken), write);
    options.live?.stop();
    const notes = [...reversed].map(explainReverse);
    // An input without a record has nothing to report: the caller says so on stderr.
    if (main !== undefined && (format !== 'report' || hasRecords(summary))) await output.write(main.finish(notes));
    if (!args.quiet) sayNotes(notes);
    for (const file of outputs) await file.finish(notes);
    await alarms?.close();
  } catch (error) {
    options.live?.stop();
    for (const file of outputs) await file.discard();
    throw error;
  }
  const failed = findings.values().filter(({ severity, rule }) => severity !== 'info' || INFORMING_RULES.has(rule));
  return { summary, failed, closed: output.closed };
}

function sayNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`gcbend: ${note}\n`);
}

function explainReverse(source: string): string {
  const file = cleanText(source);
  const read = source === '-' ? '… | tac' : /\.gz$/.test(file) ? `zcat ${file} | tac` : `tac ${file}`;
  const name = source === '-' ? 'standard input' : file;
  return `the newest line of ${name} comes first: each cycle looks like a process of its own; \`${read} | gcbend\` reads it in order`;
}

/** Rules whose findings never say more than `info`: they are asked for as they are. In other rules `info` is no claim. */
const INFORMING_RULES: ReadonlySet<string> = new Set(['memory-bill', 'alloc-churn']);

/** Who is told of findings; their code is loaded only when somebody is. */
async function openAlarms(args: AnalysisArgs): Promise<AlarmHooks | undefined> {
  const { onFinding, webhook } = args;
  if (onFinding === undefined && webhook === undefined) return undefined;
  const { AlarmHooks } = await import('../export/alarm-hooks.ts');
  return new AlarmHooks({
    ...(onFinding === undefined ? {} : { command: onFinding }),
    ...(webhook === undefined ? {} : { webhook }),
    onProblem: (message) => process.stderr.write(`gcbend: ${message}\n`),
  });
}

/** The commonest machine-readable case goes from bytes to bytes. */
async function runNdjson(
  input: AsyncIterable<SourceChunk>,
  options: WatchOptions,
  output: StandardOutput,
): Promise<SessionResult> {
  let summary: SummaryEvent | undefined;
  const pieces = ndjsonPieces(input, {
    ...options,
    onSummary: (event) => {
      summary = event;
    },
  });
  for await (const piece of pieces) await output.write(piece);
  return { summary, failed: [], closed: output.closed };
}

const notRecords: ReadonlySet<string> = new Set(['malformed', 'summary', 'process']);

/** True when the input held at least one good record. */
export function hasRecords(summary: SummaryEvent | undefined): boolean {
  return Object.entries(summary?.counts ?? {}).some(([type, count]) => count > 0 && !notRecords.has(type));
}

/** The status of a session by CONTRACT: a signal, a finding that was asked for, nothing recognised, done. */
export function statusOf(result: SessionResult, stop: Stop): number {
  if (stop.status !== undefined) return stop.status;
  if (result.failed.length > 0) return exitStatus.found;
  if (result.closed) return exitStatus.done;
  return hasRecords(result.summary) ? exitStatus.done : exitStatus.nothingRecognised;
}
