// In: the bytes of one source, cut anywhere. Out: its records: trace lines, dumps and profile texts, among whatever else stands there.
// One pass: framing finds lines, the envelope is taken off, then a line is a record, part of a block, part of a torn record, or nobody's.
import { type Unwrapped, Unwrapper, anchors as wrapperAnchors } from '../envelope/index.ts';
import { LineReader } from '../framing/index.ts';
import type { Line } from '../framing/types.ts';
import { type GrammarSet, type Match, RUN_READER_BYTES } from '../grammar/index.ts';
import { type BlockOptions, startsBlock } from './block.ts';
import { cleanText } from './clean-text.ts';
import type { Content } from './content.ts';
import { ForeignLines } from './foreign-lines.ts';
import { anchors as dumpAnchors } from './goroutines/index.ts';
import { OpenBlocks } from './open-blocks.ts';
import type { ProcessTracker } from './processes.ts';
import { anchors as profileAnchors } from './profiles/index.ts';
import { RecordEmitter, type RecordSink } from './record-emitter.ts';
import { type RecordRun, RunTaker } from './record-run.ts';
import { type TornOutcome, TornPrinters } from './torn/index.ts';

/** Where a parser puts what it finds, in stream order. */
export interface ParserSink extends RecordSink {
  /** Many records at once, instead of `record` for each; the object is reused. */
  run?(run: RecordRun): void;
  /** The events of runs are asked for, too. */
  readonly asksForEvents?: boolean;
  /** Bytes that belong to no record, as they came, with their newlines. Set: every line is looked at. */
  foreign?(bytes: Buffer, start: number, end: number): void;
}

export interface SourceOptions {
  source: string;
  grammars: GrammarSet;
  tracker: ProcessTracker;
  sink: ParserSink;
  eachGoroutine: boolean;
  infrastructure: BlockOptions['infrastructure'];
  /** For wrappers that print no year (syslog, journald): that of the file, or of now for what arrives now. */
  year?: number | undefined;
  /** Wall time of bytes that arrive while they are printed; absent for files. */
  now?: (() => Date | undefined) | undefined;
  /** Wall time at which the program was started, ms since 1970, where that is known before it prints anything. */
  startedMs?: number | undefined;
}

/** So many lines of a source are looked at one by one: how an application's lines begin tells where a torn record stops. */
const learnedLines = 256;
/** Less than this before the first field of a shape is a word that anybody may write. */
const WEAK_HEAD_BYTES = 8;
/** `tracealloc(…)` and its like are followed by a goroutine's stack each (runtime/mprof.go, Go 1.3 to 1.22). */
const allocationTrace = 'allocfreetrace';
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

/** All records of one source. Push chunks of any size, then end. Never throws on what it reads. */
export class SourceParser {
  readonly #options: SourceOptions;
  readonly #reader: LineReader;
  readonly #runs: RunTaker;
  readonly #records: RecordEmitter;
  readonly #blocks: OpenBlocks;
  readonly #content: Content = {
    bytes: NOTHING,
    start: 0,
    end: 0,
    line: 0,
    startLine: 0,
    wrapper: undefined,
    identity: undefined,
  };
  readonly #torn: TornPrinters;
  readonly #unwrapper: Unwrapper;
  /** Only where somebody wants what is nobody's record. */
  readonly #foreign: ForeignLines | undefined;
  /** The record before was an allocation trace: the stack that follows belongs to it and is no dump. */
  #tracesStack = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    const anchors = [...options.grammars.anchors, ...dumpAnchors, ...profileAnchors, ...wrapperAnchors];
    const { foreign } = options.sink;
    this.#foreign = foreign && new ForeignLines((...piece) => foreign.apply(options.sink, this.#asItCame(...piece)));
    this.#reader = new LineReader({
      anchors,
      workBytes: RUN_READER_BYTES,
      skipped: this.#foreign && ((...piece) => this.#foreign?.passUnread(...piece)),
    });
    this.#runs = new RunTaker({
      ...options,
      reader: this.#reader,
      withEvents: options.sink.asksForEvents ?? false,
    });
    this.#records = new RecordEmitter(options);
    this.#blocks = new OpenBlocks({ ...options, foreign: this.#foreign });
    this.#torn = new TornPrinters(options.grammars, (identity) => options.tracker.expectations(identity));
    this.#unwrapper = new Unwrapper({
      anchors,
      looksLikeRecord: (bytes, start, end) => looksLikeRecord(options.grammars, bytes, start, end),
      looksCut: (bytes, start, end) => looksCut(options.grammars, bytes, start, end),
      year: options.year,
    });
  }

  get lines(): number {
    return this.#reader.lines;
  }

  get bytes(): number {
    return this.#reader.bytes;
  }

  /** Where the next bytes may be put before they are pushed: they are not copied then. */
  room(): Buffer | undefined {
    return this.#reader.room();
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
    this.#drain();
    this.#foreign?.endDelivery();
  }

  end(): void {
    this.#reader.end();
    this.#drain();
    for (let text = this.#unwrapper.end(); text !== undefined; text = this.#unwrapper.end())
      this.#takeUnwrapped(text, true);
    for (const [identity, outcomes] of this.#torn.end()) this.#takeOutcomes(outcomes, { ...this.#content, identity });
    this.#blocks.closeAll();
    this.#foreign?.end();
  }

  #drain(): void {
    const reader = this.#reader;
    for (;;) {
      if (this.#blocks.count === 1 && this.#takesBlocksInBulk) this.#blocks.takeInBulk(reader);
      const line = reader.next(this.#needsEveryLine ? 'every' : 'anchored');
      if (line === undefined) break;
      if (!this.#takeRun(line)) this.#takeLine(line);
    }
    for (const { number, byteLength } of reader.takeOversized()) {
      this.#malformed(number, 'line', `the line has ${byteLength} bytes: longer than 1 MiB, skipped`, '');
    }
  }

  /** Blocks are read in bulk only where nothing is wrapped around their lines and nobody wants to see each line. */
  get #takesBlocksInBulk(): boolean {
    return this.#foreign === undefined && !this.#unwrapper.isWrapped;
  }

  /** The reader has put newlines where carriage returns ended the lines. */
  #asItCame(bytes: Buffer, start: number, end: number): [bytes: Buffer, start: number, end: number] {
    if (!this.#reader.endsWithReturns) return [bytes, start, end];
    const came = bytes.subarray(start, end).map((byte) => (byte === NEWLINE ? CARRIAGE_RETURN : byte));
    return [Buffer.from(came), 0, came.length];
  }

  get #needsEveryLine(): boolean {
    return this.#awaitsRest || this.#reader.lines < learnedLines || this.#foreign !== undefined;
  }

  /** Something has begun that goes on in lines without an anchor. */
  get #awaitsRest(): boolean {
    return this.#blocks.count > 0 || this.#torn.pending > 0 || this.#unwrapper.needsEveryLine;
  }

  /** Runs are taken only where each of their lines stands for itself, has no time but its own, and nobody is told of other lines. */
  #takeRun(line: Line): boolean {
    const { sink, now } = this.#options;
    const isAlone = this.#foreign === undefined && !this.#awaitsRest && now?.() === undefined;
    if (sink.run === undefined || !line.terminated || !isAlone) return false;
    const run = this.#runs.take(line, !this.#needsEveryLine);
    if (run === undefined) return false;
    this.#tracesStack = false;
    sink.run(run);
    return true;
  }

  #takeLine(line: Line): void {
    const unwrapper = this.#unwrapper;
    const awaitsRest = this.#awaitsRest;
    this.#blocks.closeSilent(line.number);
    if (this.#torn.pending > 0) {
      for (const [identity, outcomes] of this.#torn.giveUpSilent(line.number))
        this.#takeOutcomes(outcomes, { ...this.#content, identity });
    }
    this.#foreign?.begin(line);
    for (let text = unwrapper.unwrap(line); text !== undefined; text = unwrapper.next())
      this.#takeUnwrapped(text, awaitsRest);
    this.#foreign?.endLine(this.#torn.pendingFrom(this.#foreign.passedTo), unwrapper.needsEveryLine);
  }

  /** `awaitsRest`: it may go on with what has begun before. */
  #takeUnwrapped(text: Unwrapped, awaitsRest: boolean): void {
    const content = this.#content;
    content.bytes = text.bytes;
    content.start = text.start;
    content.end = text.end;
    content.line = text.number;
    content.startLine = text.startNumber;
    content.wrapper = text.kinds.length === 0 ? undefined : text;
    content.identity = text.identity;
    this.#foreign?.read(text.end - text.start, content.wrapper !== undefined);
    const mayHoldRecord = text.anchored || !text.terminated || awaitsRest;
    if (!mayHoldRecord) this.#torn.learn(text.bytes, text.start, text.end);
    else if (!this.#blocks.take(content)) this.#takeRecords(content, text.terminated);
  }

  #takeRecords(content: Content, terminated: boolean): void {
    const { bytes, start, end, line, identity } = content;
    if (terminated && this.#torn.pendingOf(identity) === 0) {
      const whole = this.#options.grammars.match(bytes, start, end);
      if (whole !== undefined) {
        this.#foreign?.take(line);
        this.#emitRecord(whole, content, line, false);
        return;
      }
    }
    this.#takeOutcomes(this.#torn.push(identity, bytes, start, end, line, terminated), content);
  }

  #takeOutcomes(outcomes: readonly TornOutcome[], content: Content): void {
    for (const outcome of outcomes) {
      if (outcome.kind === 'record') {
        for (const line of outcome.used) this.#foreign?.take(line);
        this.#emitRecord(outcome.match, content, outcome.line, outcome.repaired);
      } else if (outcome.kind === 'malformed') {
        this.#foreign?.keep(outcome.line);
        this.#malformed(outcome.line, outcome.grammar, outcome.reason, outcome.text);
      } else this.#takeForeign(outcome, content);
    }
  }

  /** A line that is no part of a torn record: perhaps a record by itself, perhaps the first line of a block. */
  #takeForeign(outcome: Extract<TornOutcome, { kind: 'foreign' }>, content: Content): void {
    const { bytes, start, end, line, isBeforeRecord } = outcome;
    const whole = this.#options.grammars.match(bytes, start, end);
    if (whole !== undefined) {
      this.#foreign?.take(line);
      this.#emitRecord(whole, content, line, false);
      return;
    }
    const isOpened = this.#blocks.open({ ...content, bytes, start, end, line }, this.#tracesStack);
    if (!isOpened) this.#foreign?.leave(line, bytes, start, end, isBeforeRecord);
  }

  #emitRecord(match: Match, content: Content, line: number, repaired: boolean): void {
    this.#tracesStack = match.shape.grammar.id === allocationTrace;
    this.#records.emit(match, content, line === content.line ? content.startLine : line, repaired);
  }

  #malformed(line: number, grammar: string, reason: string, text: string): void {
    this.#options.sink.event({
      type: 'malformed',
      schema: 1,
      source: this.#options.source,
      line,
      grammar,
      reason,
      text: cleanText(text).slice(0, 200),
    });
  }
}

/** A whole record, a broken one with an unmistakable head, or the first line of a block. */
function looksLikeRecord(grammars: GrammarSet, bytes: Buffer, start: number, end: number): boolean {
  const whole = grammars.match(bytes, start, end);
  // `pause 2999` behind whatever words is no reason to believe in a wrapper.
  if (whole !== undefined) return whole.shape.compiled.sure > 0 || whole.shape.head.length >= WEAK_HEAD_BYTES;
  return (
    grammars.matchPrefix(bytes, start, end) !== undefined ||
    grammars.diagnose(bytes, start, end) !== undefined ||
    startsBlock(bytes, start, end)
  );
}

/** The unmistakable head of a trace line, and not all of it. */
function looksCut(grammars: GrammarSet, bytes: Buffer, start: number, end: number): boolean {
  return grammars.matchPrefix(bytes, start, end) === undefined && grammars.diagnose(bytes, start, end) !== undefined;
}
