// In: content lines, or the reader's bytes at once. Out: the events of the dumps and profile texts in them, with their process and time.
// Each printer that its wrapper tells apart may have one open.
import type { LineReader } from '../framing/index.ts';
import { type BlockOptions, type BlockParser, openBlock } from './block.ts';
import type { Content } from './content.ts';
import type { ForeignLines } from './foreign-lines.ts';
import type { ProcessTracker } from './processes.ts';
import type { GcbendEvent } from './types.ts';

export interface OpenBlocksOptions {
  source: string;
  tracker: ProcessTracker;
  sink: { event(event: GcbendEvent): void };
  eachGoroutine: boolean;
  infrastructure: BlockOptions['infrastructure'];
  now?: (() => Date | undefined) | undefined;
  startedMs?: number | undefined;
  /** Is told which lines a block took. */
  foreign: ForeignLines | undefined;
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
const newline = Buffer.from('\n');
const NEWLINE = 0x0a;

/** The dumps and profile texts of a source that have begun and not ended. */
export class OpenBlocks {
  readonly #options: OpenBlocksOptions;
  /** The one that took a line last stands last. */
  #blocks: OpenBlock[] = [];
  /** The line that the block has been shown already, in bulk, and that is no part of it. */
  #refusedLine = 0;

  constructor(options: OpenBlocksOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#blocks.length;
  }

  /** True when the printer's block goes on with the line. */
  take(content: Content): boolean {
    const block = this.#blockFor(content.identity);
    if (block === undefined || content.line === this.#refusedLine) return false;
    const { parser } = block;
    // A blank line is a line: its newline stands for it.
    const progress =
      content.start === content.end
        ? parser.push(newline, 0, newline.length, content.line, true)
        : parser.push(content.bytes, content.start, content.end, content.line, true);
    if (progress.state === 'done') return this.#close(block, content.wrapper?.loggedAt()) && this.take(content);
    if (progress.state !== 'more') return false;
    this.#options.foreign?.takeForBlock(content.line, block);
    block.lastLine = content.line;
    if (this.#blocks.length > 1) this.#blocks = [...this.#blocks.filter((other) => other !== block), block];
    return true;
  }

  /** True when a block begins with the line. */
  open({ bytes, start, end, line, identity, wrapper }: Content, isTraced: boolean): boolean {
    return this.#begin(bytes, start, end, line, { identity, loggedAt: wrapper?.loggedAt(), isTraced });
  }

  #begin(
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
    printed: Pick<OpenBlock, 'identity' | 'loggedAt' | 'isTraced'>,
  ): boolean {
    const { source, infrastructure, eachGoroutine, sink, foreign } = this.#options;
    const parser = openBlock(bytes, start, end, {
      source,
      infrastructure,
      ...(eachGoroutine ? { eachGoroutine: (event) => sink.event(this.#withProcess(event, block)) } : {}),
    });
    if (parser === undefined) return false;
    const before = this.#blockFor(printed.identity);
    // Of the one that it had begun only that line will ever come.
    if (before !== undefined && this.#close(before)) this.#close(this.#blocks.at(-1)!);
    const block: OpenBlock = { ...printed, parser, lastLine: line };
    this.#blocks.push(block);
    parser.push(bytes, start, end, line, true);
    foreign?.takeForBlock(line, block);
    return true;
  }

  /** Reads whatever the reader has at once, where nothing is wrapped around lines and only one block is open. */
  takeInBulk(reader: LineReader): void {
    const block = this.#blocks[0]!;
    for (;;) {
      const { bytes, start, end } = reader.remaining();
      if (start === end) return;
      const progress = block.parser.push(bytes, start, end, reader.lines + 1, false);
      // The next dump may begin inside a line: whoever reads that line as a whole finds it there.
      const { consumed } = progress;
      reader.advance(consumed === start ? start : Math.max(start, bytes.lastIndexOf(NEWLINE, consumed - 1) + 1));
      block.lastLine = reader.lines;
      if (progress.state === 'done') this.#close(block);
      if (progress.state === 'foreign') this.#refusedLine = reader.lines + 1;
      if (progress.state !== 'more') return;
    }
  }

  /** Ends those whose printers have been silent up to this line. */
  closeSilent(line: number): void {
    for (const block of this.#blocks) if (line - block.lastLine > silentLines) this.#close(block);
  }

  closeAll(): void {
    for (let [block] = this.#blocks; block !== undefined; [block] = this.#blocks) this.#close(block);
  }

  /** The block that a line of this printer may go on with. A line without a wrapper's word goes on with whatever is open. */
  #blockFor(identity: string | undefined): OpenBlock | undefined {
    const blocks = this.#blocks;
    if (blocks.length === 0) return undefined;
    const own = blocks.find((block) => block.identity === identity);
    if (own !== undefined) return own;
    return identity === undefined ? blocks.at(-1) : blocks.find((block) => block.identity === undefined);
  }

  /** True when it had taken the first line of the next one, which is open now and was logged at `loggedAt`. */
  #close(block: OpenBlock, loggedAt = block.loggedAt): boolean {
    const { foreign, sink } = this.#options;
    this.#blocks = this.#blocks.filter((other) => other !== block);
    const events = block.parser.finish();
    foreign?.endBlock(block, events.length > 0 || block.isTraced);
    if (!block.isTraced) for (const event of events) sink.event(this.#withProcess(event, block));
    const { begun } = block.parser;
    return begun !== undefined && this.#begin(begun.bytes, 0, begun.bytes.length, begun.line, { ...block, loggedAt });
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
}
