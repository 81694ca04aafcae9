// In: a line, and whether it may hold a record. Out: the wrappers around its text, outermost first, as they were seen in the source before or
// as they leave a record.

import { JournalDecoder } from './journal.ts';
import { MARK_TAKERS, mayBePrefixed, PREFIX_TAKERS } from './prefixes.ts';
import { StructuredDecoder } from './structured.ts';
import { type Layer, type LooksLikeRecord, type Recognisers, type Taker, Text } from './types.ts';

/** Wrappers within wrappers: CRI around JSON around a timestamp. */
const MOST_LAYERS = 3;
/** After so many lines in a row that fit nothing known, the source is looked at anew. */
const MOST_MISFITS = 3;
/** By depth; one that was not needed for longest is forgotten. */
const MOST_KNOWN = 16;
const NEWLINE = 0x0a;
const NO_TAKERS: readonly Taker[] = [];

export class LayerFinder {
  /** Of the line that was taken last. */
  readonly layers: Layer[] = [];

  readonly #looksLikeRecord: LooksLikeRecord;
  readonly #takers: readonly Taker[];
  /** By depth: what has fitted there before, the latest first. */
  readonly #known: readonly Taker[][] = Array.from({ length: MOST_LAYERS }, () => []);
  #depth = 0;
  #misfits = 0;

  constructor(recognisers: Recognisers) {
    this.#looksLikeRecord = recognisers.looksLikeRecord;
    // A decoder for each depth: its buffer holds the text while the next depth is read.
    const decoders = Array.from({ length: MOST_LAYERS }, () => new StructuredDecoder(recognisers));
    const decoder = (): StructuredDecoder => decoders[this.#depth]!;
    const journal = new JournalDecoder();
    this.#takers = [
      { nests: true, take: (text) => decoder().takeJson(text), variants: (text) => decoder().fieldsOfJson(text) },
      { nests: true, take: (text) => journal.take(text) },
      ...PREFIX_TAKERS,
      { nests: false, take: (text) => decoder().takeLogfmt(text), variants: (text) => decoder().fieldsOfLogfmt(text) },
      { nests: true, take: (text) => decoder().takeMember(text), variants: (text) => decoder().memberOf(text) },
      { nests: true, take: (text) => decoder().takePair(text) },
      { nests: true, take: (text) => decoder().takeQuoted(text), variants: (text) => decoder().cellsOfTable(text) },
      ...MARK_TAKERS,
    ];
  }

  /** True once a wrapper was seen, and as long as it fits. */
  get knowsSome(): boolean {
    return this.#known[0]!.length > 0;
  }

  /** The line goes on in its wrapper's next one. */
  get isPartial(): boolean {
    return this.layers.some((layer) => layer.partial);
  }

  /** Takes off what was seen before. */
  takeKnown(outer: Text): Text {
    const { layers } = this;
    let text = outer;
    layers.length = 0;
    while (layers.length < MOST_LAYERS) {
      const layer = this.#takeKnownAt(text, layers.length);
      if (layer === undefined) break;
      layers.push(layer);
      text = layer.text;
    }
    return text;
  }

  /** The known wrappers left no record: perhaps more is wrapped inside, or one of them does not belong to this line. */
  lookAnew(outer: Text, inner: Text): void {
    const { layers } = this;
    if (this.#discover(inner, layers.length) || layers.length === 0) return;
    for (let depth = layers.length - 1; depth >= 0; depth--) {
      layers.length = depth;
      const text = layers[depth - 1]?.text ?? outer;
      if (this.#discover(text, depth) && this.isRecord(layers[layers.length - 1]!.text)) return;
    }
    // Taken once more: their decoded texts may have been overwritten meanwhile.
    this.takeKnown(outer);
  }

  /** A line was read: without a wrapper, it is a reason to forget those that are known. True when it was the last reason. */
  settle(): boolean {
    if (this.layers.length > 0) this.#misfits = 0;
    else if (this.knowsSome && ++this.#misfits === MOST_MISFITS) {
      this.#misfits = 0;
      for (const known of this.#known) known.length = 0;
      return true;
    }
    return false;
  }

  /** Whether a line of the text is a record: a message may begin with other words. */
  isRecord({ bytes, start, end }: Text): boolean {
    for (let at = start; at < end; ) {
      const newline = bytes.subarray(at, end).indexOf(NEWLINE);
      const to = newline < 0 ? end : at + newline;
      if (this.#looksLikeRecord(bytes, at, to)) return true;
      at = to + 1;
    }
    return false;
  }

  /** Whether a message is a record, or what wraps one in turn. */
  wrapsRecord(message: string): boolean {
    const bytes = Buffer.from(message);
    const text = new Text(bytes, 0, bytes.length);
    const found = this.isRecord(text) || this.#discover(text, 0);
    this.layers.length = 0;
    return found;
  }

  #takeKnownAt(text: Text, depth: number): Layer | undefined {
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
      const strong = this.#try(taker, text, depth);
      if (strong === true) return true;
      this.#depth = depth;
      for (const variant of taker.variants?.(text) ?? NO_TAKERS)
        if (this.#try(variant, text, depth) === true) return true;
      if (strong === undefined) continue;
      this.#depth = depth;
      // Taken once more: a variant may have overwritten its decoded text.
      this.layers.push(taker.take(text)!);
      this.#remember(taker, depth);
      return true;
    }
    return false;
  }

  /** True when it leaves a record, `strong` when it is to be believed without one. */
  #try(taker: Taker, text: Text, depth: number): true | 'strong' | undefined {
    const { layers } = this;
    this.#depth = depth;
    const layer = taker.take(text);
    if (layer === undefined) return undefined;
    const at = layers.length;
    layers.push(layer);
    const leavesRecord = layer.partial || this.isRecord(layer.text);
    if (leavesRecord || (taker.nests && this.#discover(layer.text, depth + 1))) {
      this.#remember(taker, depth);
      return true;
    }
    layers.length = at;
    return layer.strong ? 'strong' : undefined;
  }

  #remember(taker: Taker, depth: number): void {
    const known = this.#known[depth]!;
    const at = known.indexOf(taker);
    if (at >= 0) known.splice(at, 1);
    known.unshift(taker);
    if (known.length > MOST_KNOWN) known.pop();
  }
}
