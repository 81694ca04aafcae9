// In: the lines of one source. Out: the text that collectors and loggers wrapped, line by line, with their time and identity.
// What nothing is wrapped around comes back as it is, in the same bytes.

import type { Line } from '../framing/types.ts';
import { stripSequences } from './ansi.ts';
import { JournalDecoder } from './journal.ts';
import { readLokiEntries } from './loki.ts';
import { MARK_TAKERS, mayBePrefixed, PREFIX_TAKERS, type Taker } from './prefixes.ts';
import { StructuredDecoder } from './structured.ts';
import { toIsoTime } from './times.ts';
import { type EnvelopeKind, type Layer, type LooksLikeRecord, Text } from './types.ts';

/** Wrappers within wrappers: CRI around JSON around a timestamp. */
const MOST_LAYERS = 3;
/** After so many lines in a row that fit nothing known, the source is looked at anew. */
const MOST_MISFITS = 3;
/** What may wait for the rest of a line that its collector cut in pieces; beyond, pieces come out as lines. */
const MOST_HELD_BYTES = 1024 * 1024;
/** After so many lines in a row without colours, or padding, the source has no more of them. */
const MOST_PLAIN_LINES = 64;
const NEWLINE = 0x0a;
const ESCAPE = 0x1b;
const NUL = 0;

export interface UnwrapperOptions {
  /** Weak wrappers (a bare timestamp, say) are only believed when a record stands behind them. */
  looksLikeRecord: LooksLikeRecord;
  /** The text begins with an unmistakable head of a record of one line, and lacks its end. */
  looksCut?: LooksLikeRecord;
  /** What makes a line `anchored`. Without them a text that its wrapper writes in numbers may always hold a record. */
  anchors?: readonly Buffer[];
  /** For times without a year (syslog, journald). Without it such times stay unknown. */
  year?: number | undefined;
}

/** A line without its wrappers. Reused: read it before the next call. */
export interface Unwrapped {
  bytes: Buffer;
  start: number;
  end: number;
  /** Of the line it was wrapped in, the last of them where its collector cut it in pieces. */
  number: number;
  /** Of the first of those lines. */
  startNumber: number;
  terminated: boolean;
  /** The text, or the line it was wrapped in, contains an anchor. */
  anchored: boolean;
  /** Outermost first; empty when nothing was wrapped around the line. */
  kinds: readonly EnvelopeKind[];
  /** Container, pod, host and pid: what the wrappers have of it. */
  identity: string | undefined;
  stream: 'stdout' | 'stderr' | undefined;
  /** ISO 8601 time of the outermost wrapper that has one. Read from text at every call: ask only when it is needed. */
  loggedAt(): string | undefined;
}

const NO_KINDS: readonly EnvelopeKind[] = [];

/**
 * One per source. `for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next())` walks the texts of a
 * line: usually one, several when a message holds newlines, none when a piece of a line waits for the rest.
 */
export class Unwrapper {
  readonly #looksLikeRecord: LooksLikeRecord;
  readonly #anchors: readonly Buffer[] | undefined;
  readonly #year: number | undefined;
  readonly #takers: readonly Taker[];
  /** A decoder for each depth: its buffer holds the text while the next depth is read. */
  readonly #decoders: readonly StructuredDecoder[];
  /** By depth: what has fitted there before, the latest first. */
  readonly #known: Taker[][] = [[], [], []];
  #depth = 0;
  #misfits = 0;
  /** So many lines may still be coloured, since one was, or have blanks behind them. */
  #colouredLines = 0;
  #paddedLines = 0;
  readonly #layers: Layer[] = [];
  readonly #held = new Map<string, { bytes: Buffer[]; size: number; startNumber: number }>();
  readonly #result: Unwrapped;
  /** What follows the result in the same message, up to `#restEnd`. */
  #restStart = 0;
  #restEnd = -1;
  /** What follows in a line that holds several, the next one last. */
  #entries: Buffer[] = [];

  constructor(options: UnwrapperOptions) {
    this.#looksLikeRecord = options.looksLikeRecord;
    this.#anchors = options.anchors;
    const looksCut = options.looksCut ?? (() => false);
    this.#decoders = Array.from({ length: MOST_LAYERS }, () => new StructuredDecoder(looksCut));
    this.#year = options.year;
    const journal = new JournalDecoder();
    this.#takers = [
      { nests: true, take: (text) => this.#decoders[this.#depth]!.takeJson(text) },
      { nests: true, take: (text) => journal.take(text) },
      ...PREFIX_TAKERS,
      { nests: false, take: (text) => this.#decoders[this.#depth]!.takeLogfmt(text) },
      { nests: true, take: (text) => this.#decoders[this.#depth]!.takeMember(text) },
      { nests: true, take: (text) => this.#decoders[this.#depth]!.takePair(text) },
      { nests: true, take: (text) => this.#decoders[this.#depth]!.takeQuoted(text) },
      ...MARK_TAKERS,
    ];
    this.#result = {
      bytes: Buffer.alloc(0),
      start: 0,
      end: 0,
      number: 0,
      startNumber: 0,
      terminated: true,
      anchored: false,
      kinds: NO_KINDS,
      identity: undefined,
      stream: undefined,
      loggedAt: () => this.#loggedAt(),
    };
  }

  /** True while a piece of a line waits for its rest: read every line until it came, or the rest may be passed over. */
  get needsEveryLine(): boolean {
    return this.#held.size > 0;
  }

  /** True once a wrapper, colours or padding were seen in this source and as long as they fit: blocks must not be read around the unwrapper. */
  get isWrapped(): boolean {
    return this.#known[0]!.length > 0 || this.#colouredLines > 0 || this.#paddedLines > 0;
  }

  unwrap(line: Line): Unwrapped | undefined {
    const result = this.#result;
    result.bytes = line.bytes;
    result.start = line.start;
    result.end = line.end;
    result.number = line.number;
    result.startNumber = line.number;
    result.terminated = line.terminated;
    result.anchored = line.anchored;
    this.#restEnd = -1;
    if (this.#layers.length > 0) this.#reset();
    if (isPlainCycle(line) || !(line.anchored || this.isWrapped)) return result;
    const entries = readLokiEntries(new Text(line.bytes, line.start, line.end));
    if (entries === undefined) return this.#unwrapLine(result);
    this.#entries = entries.reverse();
    return this.next();
  }

  #unwrapLine(result: Unwrapped): Unwrapped | undefined {
    this.#clean(result);
    const text = new Text(result.bytes, result.start, result.end);
    // A blank line may stand between what is wrapped.
    if (mayBePrefixed(text) || (this.isWrapped && text.start === text.end)) this.#takeLayers(text, result);
    else this.#misfit();
    return this.#layers.length === 0 ? this.#trim(result) : this.#open(result);
  }

  /** The next line of the same message, or of the next one in the same line. */
  next(): Unwrapped | undefined {
    const result = this.#result;
    if (this.#restEnd >= 0) return this.#cutLine(result);
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      this.#reset();
      result.bytes = entry;
      result.start = 0;
      result.end = entry.length;
      result.startNumber = result.number;
      result.terminated = true;
      const text = this.#unwrapLine(result);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** At the end of the source: pieces whose rest never came, one a call. */
  end(): Unwrapped | undefined {
    const [first] = this.#held;
    if (first === undefined) return undefined;
    const [key, { bytes, startNumber }] = first;
    this.#held.delete(key);
    const result = this.#result;
    result.startNumber = startNumber;
    result.bytes = Buffer.concat(bytes);
    result.start = 0;
    result.end = result.bytes.length;
    result.terminated = false;
    return result;
  }

  #reset(): void {
    this.#layers.length = 0;
    this.#result.kinds = NO_KINDS;
    this.#result.identity = undefined;
    this.#result.stream = undefined;
  }

  /** Byte order mark, NULs that a truncated log file was filled up with, colours. */
  #clean(result: Unwrapped): void {
    const { bytes } = result;
    if (result.number === 1 && bytes[result.start] === 0xef && bytes[result.start + 1] === 0xbb) {
      if (bytes[result.start + 2] === 0xbf) result.start += 3;
    }
    while (result.start < result.end && bytes[result.start] === NUL) result.start++;
    while (result.end > result.start && bytes[result.end - 1] === NUL) result.end--;
    if (!bytes.subarray(result.start, result.end).includes(ESCAPE)) {
      if (this.#colouredLines > 0) this.#colouredLines--;
      return;
    }
    this.#colouredLines = MOST_PLAIN_LINES;
    result.bytes = Buffer.from(stripSequences(bytes.toString('latin1', result.start, result.end)), 'latin1');
    result.start = 0;
    result.end = result.bytes.length;
  }

  /** Blanks behind a record, as a screen of fixed width has them. Elsewhere they may belong to a piece of a torn line. */
  #trim(result: Unwrapped): Unwrapped {
    const { bytes, start, terminated } = result;
    let { end } = result;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    if (end === result.end) {
      if (this.#paddedLines > 0) this.#paddedLines--;
    } else if (terminated && (this.#paddedLines > 0 || this.#looksLikeRecord(bytes, start, end))) {
      result.end = end;
      this.#paddedLines = MOST_PLAIN_LINES;
    }
    return result;
  }

  /** Only where a record may be it is worth while to look for wrappers that are not known yet. */
  #takeLayers(outer: Text, result: Unwrapped): void {
    const layers = this.#layers;
    const text = this.#takeKnownLayers(outer);
    const isPiece = layers.some((layer) => layer.partial);
    if (layers.some((layer) => layer.hidden)) result.anchored = this.#holdsAnchor(text);
    if (result.anchored && !isPiece && !this.#isRecord(text)) this.#lookAnew(outer, text);
    if (layers.length > 0) this.#misfits = 0;
    else this.#misfit();
  }

  #takeKnownLayers(outer: Text): Text {
    const layers = this.#layers;
    let text = outer;
    layers.length = 0;
    while (layers.length < MOST_LAYERS) {
      const layer = this.#takeKnown(text, layers.length);
      if (layer === undefined) break;
      layers.push(layer);
      text = layer.text;
    }
    return text;
  }

  #holdsAnchor({ bytes, start, end }: Text): boolean {
    const text = bytes.subarray(start, end);
    return this.#anchors?.some((anchor) => text.includes(anchor)) ?? true;
  }

  /** The known wrappers left no record: perhaps more is wrapped inside, or one of them does not belong to this line. */
  #lookAnew(outer: Text, inner: Text): void {
    const layers = this.#layers;
    if (this.#discover(inner, layers.length) || layers.length === 0) return;
    for (let depth = layers.length - 1; depth >= 0; depth--) {
      layers.length = depth;
      const text = layers[depth - 1]?.text ?? outer;
      if (this.#discover(text, depth) && this.#isRecord(layers[layers.length - 1]!.text)) return;
    }
    // Taken once more: their decoded texts may have been overwritten meanwhile.
    this.#takeKnownLayers(outer);
  }

  #misfit(): void {
    if (this.#known[0]!.length === 0 || ++this.#misfits < MOST_MISFITS) return;
    this.#misfits = 0;
    for (const known of this.#known) known.length = 0;
  }

  #takeKnown(text: Text, depth: number): Layer | undefined {
    this.#depth = depth;
    for (const taker of this.#known[depth]!) {
      const layer = taker.take(text);
      if (layer) return layer;
    }
    return undefined;
  }

  /** Looks for wrappers that leave a record; strong ones are believed by themselves. True when some were found. */
  #discover(text: Text, depth: number): boolean {
    if (depth === MOST_LAYERS || !mayBePrefixed(text)) return false;
    for (const taker of this.#takers) {
      this.#depth = depth;
      const layer = taker.take(text);
      if (!layer) continue;
      this.#layers.push(layer);
      const leavesRecord = layer.partial || this.#isRecord(layer.text);
      if (leavesRecord || (taker.nests && this.#discover(layer.text, depth + 1)) || layer.strong) {
        this.#remember(taker, depth);
        return true;
      }
      this.#layers.length = depth;
    }
    return false;
  }

  #remember(taker: Taker, depth: number): void {
    const known = this.#known[depth]!;
    const at = known.indexOf(taker);
    if (at >= 0) known.splice(at, 1);
    known.unshift(taker);
  }

  /** Whether a line of the text is a record: a message may begin with other words. */
  #isRecord({ bytes, start, end }: Text): boolean {
    for (let at = start; at < end; ) {
      const newline = bytes.subarray(at, end).indexOf(NEWLINE);
      const to = newline < 0 ? end : at + newline;
      if (this.#looksLikeRecord(bytes, at, to)) return true;
      at = to + 1;
    }
    return false;
  }

  /** Fills the result from the innermost layer. Undefined when it is a piece that waits for the rest. */
  #open(result: Unwrapped): Unwrapped | undefined {
    const layers = this.#layers;
    const inner = layers[layers.length - 1]!;
    result.bytes = inner.text.bytes;
    result.start = inner.text.start;
    result.end = inner.text.end;
    result.kinds = layers.map((layer) => layer.kind);
    const identities = layers.flatMap((layer) => layer.identity ?? []);
    result.identity = identities.length === 0 ? undefined : identities.join(' ');
    result.stream = layers.find((layer) => layer.stream !== undefined)?.stream;
    const key = `${result.stream} ${result.identity}`;
    if (layers.some((layer) => layer.partial) && this.#hold(key, result)) return undefined;
    this.#joinHeld(key, result);
    this.#restStart = result.start;
    this.#restEnd = result.end;
    return this.#cutLine(result);
  }

  #hold(key: string, { bytes, start, end, number }: Unwrapped): boolean {
    const held = this.#held.get(key) ?? { bytes: [], size: 0, startNumber: number };
    if (held.size + end - start > MOST_HELD_BYTES) return false;
    held.bytes.push(Buffer.from(bytes.subarray(start, end)));
    held.size += end - start;
    this.#held.set(key, held);
    return true;
  }

  #joinHeld(key: string, result: Unwrapped): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    result.startNumber = held.startNumber;
    result.bytes = Buffer.concat([...held.bytes, result.bytes.subarray(result.start, result.end)]);
    result.start = 0;
    result.end = result.bytes.length;
  }

  #cutLine(result: Unwrapped): Unwrapped {
    const newline = result.bytes.subarray(this.#restStart, this.#restEnd).indexOf(NEWLINE);
    result.start = this.#restStart;
    result.end = newline < 0 ? this.#restEnd : this.#restStart + newline;
    this.#restStart = result.end + 1;
    if (newline < 0) this.#restEnd = -1;
    if (result.end > result.start && result.bytes[result.end - 1] === 0x0d) result.end--;
    return this.#trim(result);
  }

  #loggedAt(): string | undefined {
    for (const { time } of this.#layers) {
      const iso = time === undefined ? undefined : toIsoTime(time, this.#year);
      if (iso !== undefined) return iso;
    }
    return undefined;
  }
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09;

/** `gc 12` begins a trace line and no wrapper: the common case of an unwrapped trace costs no more than this. */
function isPlainCycle({ bytes, start, end }: Line): boolean {
  if (bytes[start] !== 0x67 || bytes[start + 1] !== 0x63 || bytes[start + 2] !== 0x20) return false;
  const digit = bytes[start + 3]!;
  return digit >= 0x30 && digit <= 0x39 && bytes[end - 1] !== NUL && !isBlank(bytes[end - 1]!);
}
