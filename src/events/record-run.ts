// In: a trace line in its reader's window. Out: the run of lines that go on from it, each read, assigned to its process and encoded, at once.
// A trace of a million cycles is a million times the same line: here they cost a tenth of what they cost one by one.
import type { Line, LineReader } from '../framing/index.ts';
import { type GrammarSet, OP_HOLE, RowDecoder, RunReader, type Shape } from '../grammar/index.ts';
import { SightingReader } from './gc-sighting.ts';
import { frameTexts } from './line-record.ts';
import type { ProcessState, ProcessTracker, SightingRows } from './processes.ts';
import type { GcbendEvent } from './types.ts';

/** Consecutive records of one shape and process. Reused: read it before the next line. */
export interface RecordRun {
  type: string;
  process: number;
  records: number;
  /** Of the last record. */
  at: number | undefined;
  /** NDJSON of all records. */
  bytes: Buffer;
  /** Where record `index` ends in `bytes`. */
  end(index: number): number;
  event(index: number): GcbendEvent;
  /** The same in an object that the next call uses again. */
  peek(index: number): GcbendEvent;
}

export interface RunOptions {
  source: string;
  grammars: GrammarSet;
  tracker: ProcessTracker;
  reader: LineReader;
  /** `RecordRun.event` will be asked for: all numbers are read then, not only those that tell processes apart. */
  withEvents: boolean;
}

/** More lines than the output of a run has room for. */
const mostLines = 1024;

/**
 * Takes runs of the only process that prints, as long as it prints its next cycle. It changes nothing but the time that this takes: a
 * line that is not exactly what was expected is left to the parser, and nothing of it is remembered here.
 */
export class RunTaker {
  readonly #options: RunOptions;
  readonly #sightings: SightingReader;
  #reader: RunReader | undefined;
  /** What the reader is prepared for, and what it then reads; undefined: it cannot. */
  #shape: Shape | undefined;
  #process = 0;
  #rows: SightingRows | undefined;
  #decoder: RowDecoder | undefined;
  /** Lines to try: few after a run that was cut short, so that little is read in vain. */
  #most = 1;
  readonly #run: RecordRun;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#sightings = new SightingReader(options.grammars);
    this.#run = {
      type: '',
      process: 0,
      records: 0,
      at: undefined,
      bytes: Buffer.alloc(0),
      end: (index) => this.#reader!.outputEnd(index),
      event: (index) => this.#numbered(this.#decoder!.decode(this.#rows!.values, index * this.#rows!.width), index),
      peek: (index) => this.#numbered(this.#decoder!.read(this.#rows!.values, index * this.#rows!.width), index),
    };
  }

  /** The run that begins with a line that was just read and that nothing is wrapped around; undefined when there is none. */
  take(line: Line, passes: boolean): RecordRun | undefined {
    const { tracker, grammars, reader, source } = this.#options;
    const only = tracker.only;
    if (only === undefined || only.identity !== undefined) return undefined;
    const shape = grammars.likely(line.bytes[line.start]!);
    if (shape === undefined || shape.index !== only.shape || !this.#prepare(shape, only)) return undefined;
    const runs = this.#reader!;
    const most = runs.read(line.start, reader.complete, line.number, this.#most, passes);
    if (most === 0) return undefined;
    const rows = this.#rows!;
    const records = tracker.followRows(this.#sightings.readFirst(rows, shape, source), rows, most);
    this.#most = records < most ? 1 : Math.min(2 * this.#most, mostLines);
    if (records === 0) return undefined;
    const last = records < most ? records - 1 : records;
    reader.advance(runs.lineEnd(last), runs.lineNumber(last) - line.number);
    const run = this.#run;
    run.records = records;
    run.at = only.atSeconds;
    return run;
  }

  /** True when the reader takes lines of this shape from this process. */
  #prepare(shape: Shape, { process }: ProcessState): boolean {
    if (shape === this.#shape && process === this.#process) return this.#rows !== undefined;
    this.#shape = shape;
    this.#process = process;
    this.#rows = undefined;
    const { source, reader, withEvents } = this.#options;
    const holes = isPlainCycle(shape) ? this.#sightings.plainHoles(shape) : undefined;
    if (holes === undefined) return false;
    this.#reader ??= new RunReader(reader.workspace);
    const runs = this.#reader;
    const asked = withEvents ? shape.fields.map((_, hole) => hole) : Object.values(holes);
    if (!runs.prepare(shape, asked, ...frameTexts(shape.grammar, source, process))) return false;
    this.#rows = { values: runs.values, width: runs.width, ...holes };
    const { event: type } = shape.grammar;
    this.#decoder = new RowDecoder(shape, { type, schema: 1, source, line: 0, process });
    const run = this.#run;
    run.type = type;
    run.process = process;
    run.bytes = runs.output;
    return true;
  }

  #numbered(event: Record<string, unknown>, index: number): GcbendEvent {
    event['line'] = this.#reader!.lineNumber(index);
    return event as unknown as GcbendEvent;
  }
}

/** `gc 12`: where a line begins so, nobody looks for a wrapper around it. */
function isPlainCycle({ grammar, compiled, isPlain }: Shape): boolean {
  const { literals, program } = compiled;
  return grammar.event === 'gc' && literals[program[1]!] === 'gc ' && program[2] === OP_HOLE && isPlain[0] === 1;
}
