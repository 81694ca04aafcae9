// In: the anchors. Out: for each the four bytes that are looked for first, and a bucket, so that chance hits are rare.

/** As many as a byte has bits: see anchor-scanner.wat. */
export const BUCKETS = 8;

/** What anchor-scanner.wat looks at. */
export const FINGERPRINT_BYTES = 4;

/** How many places of an anchor are tried: its rarest ones. */
const TRIED_PLACES = 3;

/** An anchor and the index of the last of its fingerprint bytes (below 3 when the anchor is shorter). */
export interface Fingerprint {
  anchor: Buffer;
  last: number;
}

/**
 * What a bucket accepts, as bit sets of half bytes: low and high of fingerprint position 0, of 1, and so on.
 * Plain numbers in one array: this runs at every start.
 */
type BucketState = Uint16Array;

/**
 * Rough shares of bytes in logs, in parts of a thousand: digits and common letters make up most of it, capitals,
 * brackets and signs are rare. Only the order of magnitude matters.
 */
const SHARES = makeShares([
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 4],
  ['eta', 45],
  ['soinr', 38],
  ['cdlpum', 22],
  ['hgfbv', 12],
  ['wkyxqjz', 4],
  ['0123456789', 35],
  [' ', 90],
  ['.:-/"=,_', 20],
  ["[]{}()\\&?+;|<>@#%*'", 3],
  ['\n', 9],
]);

function makeShares(groups: readonly (readonly [string, number])[]): Float64Array {
  const shares = new Float64Array(256).fill(0.0002);
  for (const [characters, share] of groups) {
    for (const character of characters) shares[character.charCodeAt(0)] = share / 1000;
  }
  return shares;
}

/** Share of positions at which both halves are accepted, 0–1. */
function shareOf(low: number, high: number): number {
  let sum = 0;
  for (let uppers = high; uppers !== 0; uppers &= uppers - 1) {
    const row = lowestBit(uppers) * 16;
    for (let lowers = low; lowers !== 0; lowers &= lowers - 1) sum += SHARES[row + lowestBit(lowers)]!;
  }
  return Math.min(sum, 1);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** How often a bucket would match by chance, a byte of text, if it also took in the fingerprint. */
function costWith(state: BucketState, anchor: Buffer, last: number): number {
  let cost = 1;
  for (let position = 0; position < FINGERPRINT_BYTES; position++) {
    const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
    if (byte === undefined) continue;
    cost *= shareOf(state[position * 2]! | (1 << (byte & 15)), state[position * 2 + 1]! | (1 << (byte >> 4)));
  }
  return cost;
}

function add(state: BucketState, anchor: Buffer, last: number): void {
  for (let position = 0; position < FINGERPRINT_BYTES; position++) {
    const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
    state[position * 2]! |= byte === undefined ? 0xffff : 1 << (byte & 15);
    state[position * 2 + 1]! |= byte === undefined ? 0xffff : 1 << (byte >> 4);
  }
}

/** The places of the rarest fingerprints of an anchor, as indexes of their last byte. */
function rarestPlaces(anchor: Buffer): number[] {
  const places: { last: number; share: number }[] = [];
  for (let last = Math.min(FINGERPRINT_BYTES, anchor.length) - 1; last < anchor.length; last++) {
    let share = 1;
    for (let index = Math.max(0, last + 1 - FINGERPRINT_BYTES); index <= last; index++)
      share *= SHARES[anchor[index]!]!;
    places.push({ last, share });
  }
  places.sort((a, b) => a.share - b.share);
  return places.slice(0, TRIED_PLACES).map(({ last }) => last);
}

/** Spreads the anchors over the buckets, each to where it makes the fewest chance hits; returns BUCKETS entries. */
export function assignBuckets(anchors: readonly Buffer[]): Fingerprint[][] {
  const buckets: Fingerprint[][] = Array.from({ length: BUCKETS }, () => []);
  const states: BucketState[] = buckets.map(() => new Uint16Array(2 * FINGERPRINT_BYTES));
  const costs = new Float64Array(BUCKETS);
  // Short anchors have little choice of fingerprint: they settle first.
  for (const anchor of [...anchors].sort((a, b) => a.length - b.length)) {
    let best = 0;
    let bestLast = 0;
    let bestAdded = Number.POSITIVE_INFINITY;
    const places = rarestPlaces(anchor);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      for (const last of places) {
        const added = costWith(states[bucket]!, anchor, last) - costs[bucket]!;
        if (added >= bestAdded) continue;
        bestAdded = added;
        best = bucket;
        bestLast = last;
      }
    }
    buckets[best]!.push({ anchor, last: bestLast });
    add(states[best]!, anchor, bestLast);
    costs[best]! += bestAdded;
  }
  return buckets;
}
