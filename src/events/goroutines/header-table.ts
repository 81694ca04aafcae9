// In: what stands in the brackets of a header, as bytes. Out: its meaning, parsed once per distinct text; counts of the states.
import { type HeaderDetails, isGlued, parseHeaderDetails } from './header.ts';

/** What a header's brackets mean; one shape, since every goroutine passes through it. */
export class HeaderMeta {
  readonly bytes: Buffer;
  readonly hash: number;
  readonly stateIndex: number;
  readonly state: string;
  readonly running: boolean;
  /** Two headers in one line. */
  readonly glued: boolean;
  /** -1: no figure. */
  readonly minutes: number;
  readonly locked: boolean;
  readonly leaked: boolean;
  readonly labels: Record<string, string> | undefined;

  constructor(bytes: Buffer, hash: number, stateIndex: number, details: HeaderDetails) {
    this.bytes = bytes;
    this.hash = hash;
    this.stateIndex = stateIndex;
    this.state = details.state;
    this.running = details.state === 'running';
    this.glued = isGlued(details.state);
    this.minutes = details.minutes ?? -1;
    this.locked = details.locked;
    this.leaked = details.leaked;
    this.labels = details.labels;
  }
}

/** Places for texts: few for the stack of one goroutine in a log, many for a large dump with all its waits. */
const FEW_BITS = 6;
const MANY_BITS = 13;

/** By hash, one text a place: what is pushed out is parsed again. */
export class HeaderTable {
  /** Names of states by index; `counts` goes with them. */
  readonly states: string[] = [];
  readonly counts: number[] = [];
  readonly #indexes = new Map<string, number>();
  #bits = FEW_BITS;
  #places: (HeaderMeta | undefined)[] = emptyPlaces(FEW_BITS);
  #parsed = 0;

  /** `hash` is `hashDetails` of the same bytes. */
  get(bytes: Buffer, start: number, end: number, hash: number): HeaderMeta {
    const place = Math.imul(hash, 0x9e3779b1) >>> (32 - this.#bits);
    const known = this.#places[place];
    if (known !== undefined && known.hash === hash && sameBytes(known.bytes, bytes, start, end)) return known;
    const details = parseHeaderDetails(bytes.toString('utf8', start, end));
    const meta = new HeaderMeta(
      Buffer.from(bytes.subarray(start, end)),
      hash,
      this.#stateIndex(details.state),
      details,
    );
    this.#places[place] = meta;
    if (++this.#parsed === 1 << (FEW_BITS - 1)) {
      this.#bits = MANY_BITS;
      this.#places = emptyPlaces(MANY_BITS);
    }
    return meta;
  }

  /** Counts by state, the most frequent first. */
  summary(): Record<string, number> {
    const order = this.states.map((_, i) => i).sort((a, b) => this.counts[b]! - this.counts[a]!);
    return Object.fromEntries(order.filter((i) => this.counts[i]! > 0).map((i) => [this.states[i]!, this.counts[i]!]));
  }

  #stateIndex(state: string): number {
    const known = this.#indexes.get(state);
    if (known !== undefined) return known;
    const index = this.states.push(state) - 1;
    this.counts.push(0);
    this.#indexes.set(state, index);
    return index;
  }
}

function emptyPlaces(bits: number): (HeaderMeta | undefined)[] {
  return new Array<HeaderMeta | undefined>(1 << bits).fill(undefined);
}

/** The hash that `scanRecord` makes of the bytes between a header's brackets. */
export function hashDetails(bytes: Buffer, start: number, end: number): number {
  let h = 0;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h;
}

function sameBytes(a: Buffer, b: Buffer, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}
