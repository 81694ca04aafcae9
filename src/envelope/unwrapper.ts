// In: the lines of one source. Out: the text that collectors and loggers wrapped, line by line, with their time and identity.
// What nothing is wrapped around comes back as it is, in the same bytes.

import type { Line } from '../framing/types.ts';
import { DocumentReader, type Entry } from './documents.ts';
import { LayerFinder } from './layers.ts';
import { Pieces } from './pieces.ts';
import { mayBePrefixed } from './prefixes.ts';
import { type Printed, SupervisorLog } from './supervisor.ts';
import { mayFill, Surroundings } from './surroundings.ts';
import { toIsoTime } from './times.ts';
import { type EnvelopeKind, type Layer, type LooksLikeRecord, Text } from './types.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

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
const NO_LAYERS: readonly Layer[] = [];

/**
 * One per source. `for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next())` walks the texts of a
 * line: usually one, several when a message holds newlines, none when a piece of a line waits for the rest.
 */
export class Unwrapper {
  readonly #anchors: readonly Buffer[] | undefined;
  readonly #year: number | undefined;
  readonly #finder: LayerFinder;
  readonly #documents: DocumentReader;
  readonly #supervisor = new SupervisorLog();
  readonly #surroundings: Surroundings;
  readonly #pieces = new Pieces();
  readonly #result: Unwrapped;
  /** Around the result, outermost first. */
  #layers: readonly Layer[] = NO_LAYERS;
  /** What follows the result in the same message, up to `#restEnd`. */
  #restStart = 0;
  #restEnd = -1;
  /** What follows in a line that holds several, the next one last. */
  #entries: Entry[] = [];

  constructor(options: UnwrapperOptions) {
    const { looksLikeRecord, looksCut = () => false, anchors, year } = options;
    this.#anchors = anchors;
    this.#year = year;
    const texts = anchors?.map((anchor) => anchor.toString('utf8'));
    const mayHoldRecord = (text: string): boolean => texts?.some((anchor) => text.includes(anchor)) ?? true;
    this.#finder = new LayerFinder({ looksLikeRecord, looksCut, mayHoldRecord });
    this.#documents = new DocumentReader(mayHoldRecord, year);
    this.#surroundings = new Surroundings(looksLikeRecord);
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
    return !this.#pieces.isEmpty || this.#supervisor.isOpen;
  }

  /** True once a wrapper, colours or padding were seen in this source and as long as they fit: blocks must not be read around the unwrapper. */
  get isWrapped(): boolean {
    return this.#finder.knowsSome || this.#surroundings.areSeen || this.#documents.knowsSome || this.#supervisor.isOpen;
  }

  unwrap(line: Line): Unwrapped | undefined {
    if (this.#supervisor.isOpen || this.#supervisor.opensAt(line))
      return this.#openPrinted(this.#supervisor.take(line));
    const result = this.#result;
    result.bytes = line.bytes;
    result.start = line.start;
    result.end = line.end;
    result.number = line.number;
    result.startNumber = line.number;
    result.terminated = line.terminated;
    result.anchored = line.anchored;
    this.#restEnd = -1;
    if (this.#layers.length > 0) this.#forgetLayers();
    if (isPlainCycle(line) || !(line.anchored || this.isWrapped)) return result;
    return this.#unwrapLine(result, undefined);
  }

  /** The next line of the same message, or of the next one in the same line. */
  next(): Unwrapped | undefined {
    const result = this.#result;
    if (this.#restEnd >= 0) return this.#cutLine(result);
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      this.#forgetLayers();
      this.#place(Buffer.from(entry.text));
      result.startNumber = result.number;
      result.terminated = true;
      const text = this.#unwrapLine(result, entry.layer);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** At the end of the source: pieces whose rest never came, one a call. */
  end(): Unwrapped | undefined {
    if (this.#restEnd >= 0) return this.#cutLine(this.#result);
    for (let printed = this.#supervisor.end(); printed !== undefined; printed = this.#supervisor.end()) {
      const text = this.#openPrinted(printed);
      if (text !== undefined) return text;
    }
    const piece = this.#pieces.takeFirst();
    if (piece === undefined) return undefined;
    const result = this.#result;
    result.startNumber = piece.startNumber;
    this.#place(piece.bytes);
    result.terminated = false;
    return result;
  }

  #openPrinted(printed: Printed | undefined): Unwrapped | undefined {
    if (printed === undefined) return undefined;
    const result = this.#result;
    this.#forgetLayers();
    this.#place(printed.bytes);
    result.number = printed.number;
    result.startNumber = printed.startNumber;
    result.terminated = printed.terminated;
    result.anchored = this.#holdsAnchor(printed.bytes);
    this.#restEnd = -1;
    return this.#unwrapLine(result, printed.layer);
  }

  #place(bytes: Buffer): void {
    this.#result.bytes = bytes;
    this.#result.start = 0;
    this.#result.end = bytes.length;
  }

  /** `outermost`: was taken off before; no document stands inside. */
  #unwrapLine(result: Unwrapped, outermost: Layer | undefined): Unwrapped | undefined {
    this.#surroundings.clean(result);
    const text = new Text(result.bytes, result.start, result.end);
    const finder = this.#finder;
    finder.layers.length = 0;
    if (this.#documents.knowsSome && outermost === undefined) {
      const entries = this.#documents.readKnown(text);
      if (entries !== undefined) return this.#openEntries(entries);
    }
    // A blank line may stand between what is wrapped.
    if (mayBePrefixed(text) || (this.isWrapped && text.start === text.end)) {
      const inner = finder.takeKnown(text);
      if (finder.layers.some((layer) => layer.hidden)) {
        result.anchored = this.#holdsAnchor(inner.bytes.subarray(inner.start, inner.end));
      }
      if (result.anchored && !finder.isPartial) {
        // Before all else: as a whole, a document may look like one of expvar's.
        const entries =
          finder.layers.length > 0 || outermost !== undefined
            ? undefined
            : this.#documents.find(text, (message) => finder.wrapsRecord(message));
        if (entries !== undefined) return this.#openEntries(entries);
        if (!finder.isRecord(inner)) finder.lookAnew(text, inner);
      }
    }
    if (outermost === undefined && finder.settle()) this.#documents.forget();
    if (outermost !== undefined) this.#layers = [outermost, ...finder.layers];
    else if (finder.layers.length > 0) this.#layers = finder.layers;
    else return this.#trim(result);
    return this.#open(finder.layers.at(-1)?.text ?? text, result);
  }

  #openEntries(entries: Entry[]): Unwrapped | undefined {
    this.#entries = entries.reverse();
    return this.next();
  }

  #forgetLayers(): void {
    this.#layers = NO_LAYERS;
    this.#result.kinds = NO_KINDS;
    this.#result.identity = undefined;
    this.#result.stream = undefined;
  }

  #holdsAnchor(text: Buffer): boolean {
    return this.#anchors?.some((anchor) => text.includes(anchor)) ?? true;
  }

  /** Fills the result from the innermost layer. Undefined when it is a piece that waits for the rest. */
  #open(inner: Text, result: Unwrapped): Unwrapped | undefined {
    const layers = this.#layers;
    result.bytes = inner.bytes;
    result.start = inner.start;
    result.end = inner.end;
    result.kinds = layers.map((layer) => layer.kind);
    const identities = layers.flatMap((layer) => layer.identity ?? []);
    result.identity = identities.length === 0 ? undefined : identities.join(' ');
    result.stream = layers.find((layer) => layer.stream !== undefined)?.stream;
    const key = `${result.stream} ${result.identity}`;
    if (this.#finder.isPartial && this.#pieces.hold(key, result, result.number)) return undefined;
    const joined = this.#pieces.join(key, result);
    if (joined !== undefined) {
      this.#place(joined.bytes);
      result.startNumber = joined.startNumber;
    }
    this.#restStart = result.start;
    this.#restEnd = result.end;
    return this.#cutLine(result);
  }

  #cutLine(result: Unwrapped): Unwrapped {
    const newline = result.bytes.subarray(this.#restStart, this.#restEnd).indexOf(NEWLINE);
    result.start = this.#restStart;
    result.end = newline < 0 ? this.#restEnd : this.#restStart + newline;
    this.#restStart = result.end + 1;
    if (newline < 0) this.#restEnd = -1;
    if (result.end > result.start && result.bytes[result.end - 1] === CARRIAGE_RETURN) result.end--;
    return this.#trim(result);
  }

  #trim(result: Unwrapped): Unwrapped {
    this.#surroundings.trim(result);
    return result;
  }

  #loggedAt(): string | undefined {
    for (const { time } of this.#layers) {
      const iso = time === undefined ? undefined : toIsoTime(time, this.#year);
      if (iso !== undefined) return iso;
    }
    return undefined;
  }
}

/** `gc 12` begins a trace line and no wrapper: the common case of an unwrapped trace costs no more than this. */
function isPlainCycle({ bytes, start, end }: Line): boolean {
  if (bytes[start] !== 0x67 || bytes[start + 1] !== 0x63 || bytes[start + 2] !== 0x20) return false;
  const digit = bytes[start + 3]!;
  return digit >= 0x30 && digit <= 0x39 && !mayFill(bytes[end - 1]);
}
