// In: the bytes of one source, cut anywhere. Out: its records: trace lines, dumps and profile texts, among whatever else stands there.
// One pass: framing finds lines, the envelope is taken off, then a line is a record, part of a block, part of a torn record, or nobody's.
import { type Unwrapped, Unwrapper, anchors as wrapperAnchors } from '../envelope/index.ts';
import { LineReader } from '../framing/index.ts';
import type { Line } from '../framing/types.ts';
import { type GrammarSet, type Match, RUN_READER_BYTES } from '../grammar/index.ts';
import { type BlockOptions, type BlockParser, openBlock, startsBlock } from './block.ts';
import { cleanText } from './clean-text.ts';
import { ForeignLines } from './foreign-lines.ts';
import { SightingReader } from './gc-sighting.ts';
import { anchors as dumpAnchors } from './goroutines/index.ts';
import type { LineRecord } from './line-record.ts';
import type { OpenReason, ProcessState, ProcessTracker } from './processes.ts';
import { anchors as profileAnchors } from './profiles/index.ts';
import { type RecordRun, RunTaker } from './record-run.ts';
import { type TornOutcome, TornPrinters } from './torn/index.ts';
import type { GcbendEvent } from './types.ts';

/** Where a parser puts what it finds, in stream order. */
export interface ParserSink {
  /** A record of one line; the object is reused. */
  record(record: LineRecord): void;
  /** Many records at once, instead of `record` for each; the object is reused. */
  run?(run: RecordRun): void;
  /** The events of runs are asked for, too. */
  readonly asksForEvents?: boolean;
  event(event: GcbendEvent): void;
  /** Nothing more will come from this process. */
  processEnded(process: number): void;
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

/** One content line with what its wrapper says of it. Reused. */
interface Content {
  bytes: Buffer;
  start: number;
  end: number;
  line: number;
  /** Absent where nothing is wrapped around the line. */
  wrapper: Unwrapped | undefined;
  identity: string | undefined;
}

/** A dump or a profile text that is being read, and what was known where it began: its events carry that line's wrapper. */
interface OpenBlock {
  parser: BlockParser;
  identity: string | undefined;
  loggedAt: string | undefined;
  /** It belongs to an allocation trace and is no dump. */
  isTraced: boolean;
  lastLine: number;
}

/** A block is over when its printer has not gone on with it while others printed so many lines. */
const silentLines = 1000;

/** So many lines of a source are looked at one by one: how an application's lines begin tells where a torn record stops. */
const learnedLines = 256;
/** Less than this before the first field of a shape is a word that anybody may write. */
const WEAK_HEAD_BYTES = 8;
/** `tracealloc(…)` and its like are followed by a goroutine's stack each (runtime/mprof.go, Go 1.3 to 1.22). */
const allocationTrace = 'allocfreetrace';
const newline = Buffer.from('\n');
const NEWLINE = 0x0a;

/** All records of one source. Push chunks of any size, then end. Never throws on what it reads. */
export class SourceParser {
  readonly #options: SourceOptions;
  readonly #reader: LineReader;
  readonly #runs: RunTaker;
  readonly #sightings: SightingReader;
  readonly #record: LineRecord;
  readonly #content: Content = { bytes: newline, start: 0, end: 0, line: 0, wrapper: undefined, identity: undefined };
  readonly #torn: TornPrinters;
  readonly #unwrapper: Unwrapper;
  /** Only where somebody wants what is nobody's record. */
  readonly #foreign: ForeignLines | undefined;
  /** One for each printer that its wrapper tells apart; the one that took a line last stands last. */
  #blocks: OpenBlock[] = [];
  /** The line that the block has been shown already, in bulk, and that is no part of it. */
  #refusedLine = 0;
  /** The record before was an allocation trace: the stack that follows belongs to it and is no dump. */
  #tracesStack = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    const anchors = [...options.grammars.anchors, ...dumpAnchors, ...profileAnchors, ...wrapperAnchors];
    const { foreign } = options.sink;
    this.#foreign = foreign && new ForeignLines(foreign.bind(options.sink));
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
    this.#torn = new TornPrinters(options.grammars, (identity) => options.tracker.expectations(identity));
    this.#unwrapper = new Unwrapper({
      anchors,
      looksLikeRecord: (bytes, start, end) => looksLikeRecord(options.grammars, bytes, start, end),
      year: options.year,
    });
    this.#sightings = new SightingReader(options.grammars);
    this.#record = {
      source: options.source,
      line: 0,
      process: undefined,
      at: undefined,
      loggedAt: undefined,
      atTime: undefined,
      repaired: false,
    } as LineRecord;
  }

  get lines(): number {
    return this.#reader.lines;
  }

  get bytes(): number {
    return this.#reader.bytes;
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
    for (const block of [...this.#blocks]) this.#closeBlock(block);
    this.#foreign?.end();
  }

  #drain(): void {
    const reader = this.#reader;
    for (;;) {
      if (this.#blocks.length === 1 && this.#takesBlocksInBulk) this.#pushInBulk(this.#blocks[0]!);
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

  get #needsEveryLine(): boolean {
    return this.#awaitsRest || this.#reader.lines < learnedLines || this.#foreign !== undefined;
  }

  /** Something has begun that goes on in lines without an anchor. */
  get #awaitsRest(): boolean {
    return this.#blocks.length > 0 || this.#torn.pending > 0 || this.#unwrapper.needsEveryLine;
  }

  /** Runs are taken only where each of their lines stands for itself, has no time but its own, and nobody is told of other lines. */
  #takeRun(line: Line): boolean {
    const { sink, now } = this.#options;
    const isAlone = this.#foreign === undefined && !this.#awaitsRest && now?.() === undefined;
    if (sink.run === undefined || !line.terminated || !isAlone) return false;
    const run = this.#runs.take(line);
    if (run === undefined) return false;
    this.#tracesStack = false;
    sink.run(run);
    return true;
  }

  #takeLine(line: Line): void {
    const unwrapper = this.#unwrapper;
    const awaitsRest = this.#awaitsRest;
    for (const block of this.#blocks) if (line.number - block.lastLine > silentLines) this.#closeBlock(block);
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
    content.wrapper = text.kinds.length === 0 ? undefined : text;
    content.identity = text.identity;
    this.#foreign?.read(text.end - text.start, content.wrapper !== undefined);
    if (text.anchored || !text.terminated || awaitsRest) this.#takeContent(content, text.terminated);
    else this.#torn.learn(text.bytes, text.start, text.end);
  }

  #takeContent(content: Content, terminated: boolean): void {
    const block = this.#blockFor(content.identity);
    if (block !== undefined && content.line !== this.#refusedLine) {
      const { parser } = block;
      // A blank line is a line: its newline stands for it.
      const progress =
        content.start === content.end
          ? parser.push(newline, 0, newline.length, content.line, true)
          : parser.push(content.bytes, content.start, content.end, content.line, true);
      if (progress.state === 'done') this.#closeBlock(block);
      if (progress.state === 'more') {
        this.#foreign?.takeForBlock(content.line, block);
        block.lastLine = content.line;
        if (this.#blocks.length > 1) this.#blocks = [...this.#blocks.filter((other) => other !== block), block];
        return;
      }
    }
    this.#takeRecords(content, terminated);
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
    const block = this.#openBlock({ ...content, bytes, start, end, line });
    if (block === undefined) this.#foreign?.leave(line, bytes, start, end, isBeforeRecord);
    else this.#foreign?.takeForBlock(line, block);
  }

  /** The block that a line of this printer may go on with. A line without a wrapper's word goes on with whatever is open. */
  #blockFor(identity: string | undefined): OpenBlock | undefined {
    const blocks = this.#blocks;
    if (blocks.length === 0) return undefined;
    const own = blocks.find((block) => block.identity === identity);
    if (own !== undefined) return own;
    return identity === undefined ? blocks.at(-1) : blocks.find((block) => block.identity === undefined);
  }

  #openBlock(content: Content): OpenBlock | undefined {
    const { bytes, start, end, line, identity } = content;
    const { source, infrastructure, eachGoroutine, sink } = this.#options;
    const parser = openBlock(bytes, start, end, {
      source,
      infrastructure,
      ...(eachGoroutine ? { eachGoroutine: (event) => sink.event(this.#withProcess(event, block)) } : {}),
    });
    if (parser === undefined) return undefined;
    const before = this.#blockFor(identity);
    if (before !== undefined) this.#closeBlock(before);
    const block: OpenBlock = {
      parser,
      identity,
      loggedAt: content.wrapper?.loggedAt(),
      isTraced: this.#tracesStack,
      lastLine: line,
    };
    this.#blocks.push(block);
    parser.push(bytes, start, end, line, true);
    return block;
  }

  #pushInBulk(block: OpenBlock): void {
    for (;;) {
      const { bytes, start, end } = this.#reader.remaining();
      if (start === end) return;
      const progress = block.parser.push(bytes, start, end, this.#reader.lines + 1, false);
      // The next dump may begin inside a line: whoever reads that line as a whole finds it there.
      const { consumed } = progress;
      this.#reader.advance(consumed === start ? start : Math.max(start, bytes.lastIndexOf(NEWLINE, consumed - 1) + 1));
      block.lastLine = this.#reader.lines;
      if (progress.state === 'done') this.#closeBlock(block);
      if (progress.state === 'foreign') this.#refusedLine = this.#reader.lines + 1;
      if (progress.state !== 'more') return;
    }
  }

  #closeBlock(block: OpenBlock): void {
    this.#blocks = this.#blocks.filter((other) => other !== block);
    const events = block.parser.finish();
    this.#foreign?.endBlock(block, events.length > 0 || block.isTraced);
    if (block.isTraced) return;
    for (const event of events) this.#options.sink.event(this.#withProcess(event, block));
  }

  /** A dump belongs to the process that prints to this source, if that is only one, and lies on the time axis of its trace. */
  #withProcess(event: GcbendEvent, { loggedAt, identity }: OpenBlock): GcbendEvent {
    const { tracker, now, startedMs } = this.#options;
    const state = tracker.current(identity);
    const atTime = loggedAt ?? now?.()?.toISOString();
    const zeroMs = state?.startWallMs ?? startedMs;
    // In a file the place of a dump among the cycles says when it was; live it comes on a way of its own.
    const liveMs = now?.()?.getTime();
    const at = zeroMs === undefined || liveMs === undefined ? undefined : (liveMs - zeroMs) / 1000;
    return {
      ...event,
      ...(state === undefined ? {} : { process: state.process }),
      ...(loggedAt === undefined ? {} : { loggedAt }),
      ...(at === undefined || event.at !== undefined || !(at >= 0) ? {} : { at: Math.round(at * 1000) / 1000 }),
      ...(atTime === undefined ? {} : { atTime }),
    } as GcbendEvent;
  }

  #emitRecord(match: Match, content: Content, line: number, repaired: boolean): void {
    const { tracker, sink, source, now } = this.#options;
    const record = this.#record;
    const { identity } = content;
    const loggedAt = content.wrapper?.loggedAt();
    record.match = match;
    record.line = line;
    record.repaired = repaired;
    record.loggedAt = loggedAt;
    record.atTime = undefined;
    this.#tracesStack = match.shape.grammar.id === allocationTrace;
    const isGc = match.shape.grammar.event === 'gc';
    const wallMs = loggedAt !== undefined ? Date.parse(loggedAt) : now?.()?.getTime();
    if (!isGc) {
      record.process = this.#processOfSibling(identity, match);
      record.at = this.#options.grammars.numberAt(match, 'at');
      if (wallMs !== undefined) record.atTime = new Date(wallMs).toISOString();
      sink.record(record);
      return;
    }
    const startedMs = wallMs === undefined ? undefined : wallMs - this.#sightings.cycleMs(match);
    if (startedMs !== undefined) record.atTime = new Date(startedMs).toISOString();
    const sighting = this.#sightings.read(match, source, identity, startedMs);
    const { state, opened, ended } = tracker.assign(sighting);
    for (const { process } of ended) sink.processEnded(process);
    if (opened !== undefined) this.#emitProcess(state, opened, match, line);
    record.process = state.process;
    record.at = sighting.atSeconds;
    sink.record(record);
  }

  #processOfSibling(identity: string | undefined, match: Match): number | undefined {
    const { tracker, source } = this.#options;
    const current = tracker.current(identity);
    if (current !== undefined) return current.process;
    if (tracker.ambiguous && identity === undefined) return undefined;
    const { state, opened } = tracker.open(identity, source);
    if (opened !== undefined) this.#emitProcess(state, opened, match, this.#record.line);
    return state.process;
  }

  #emitProcess(state: ProcessState, reason: OpenReason, match: Match, line: number): void {
    this.#options.sink.event({
      type: 'process',
      schema: 1,
      source: this.#options.source,
      line,
      process: state.process,
      reason,
      format: match.shape.grammar.id,
    });
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
