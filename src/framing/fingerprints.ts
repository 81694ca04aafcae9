// In: the anchors. Out: for each the four bytes that are looked for first, and a bucket, so that chance hits are rare.

/** As many as a byte has bits: see anchor-scanner.wat. */
export const BUCKETS = 8;

/** What anchor-scanner.wat looks at. */
export const FINGERPRINT_BYTES = 4;

/** How many places of an anchor are tried: its rarest ones. */
const TRIED_PLACES = 3;

/** Where HALF_SHARES holds the low and the high halves. */
const LOW = 0;
const HIGH = 16;

/** An anchor and the index of the last of its fingerprint bytes (below 3 when the anchor is shorter). */
export interface Fingerprint {
  anchor: Buffer;
  last: number;
}

/**
 * What a bucket accepts: bit sets of half bytes and their shares, low and high of fingerprint position 0, of 1, and so on.
 * Plain numbers in arrays: this runs at every start.
 */
interface BucketState {
  halves: Uint16Array;
  shares: Float64Array;
}

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

/** Shares of half bytes: of low ones first, then of high ones. */
const HALF_SHARES = new Float64Array(32);
for (const [byte, share] of SHARES.entries()) {
  HALF_SHARES[byte & 15]! += share;
  HALF_SHARES[HIGH + (byte >> 4)]! += share;
}

function makeShares(groups: readonly (readonly [string, number])[]): Float64Array {
  const shares = new Float64Array(256).fill(0.0002);
  for (const [characters, share] of groups) {
    for (const character of characters) shares[character.charCodeAt(0)] = share / 1000;
  }
  return shares;
}

/** Share of the half bytes that are accepted at a place, 0–1, if it also took in `half`. */
function shareWith({ halves, shares }: BucketState, place: number, half: number, kind: number): number {
  const accepted = ((halves[place]! >> half) & 1) === 1;
  return shares[place]! + (accepted ? 0 : HALF_SHARES[kind + half]!);
}

/** How often a bucket would match by chance, a byte of text, if it also took in the fingerprint. Halves count as independent. */
function costWith(state: BucketState, anchor: Buffer, last: number): number {
  let cost = 1;
  for (let position = 0; position < FINGERPRINT_BYTES; position++) {
    const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
    if (byte === undefined) continue;
    cost *= shareWith(state, position * 2, byte & 15, LOW) * shareWith(state, position * 2 + 1, byte >> 4, HIGH);
  }
  return cost;
}

function add(state: BucketState, anchor: Buffer, last: number): void {
  const { halves, shares } = state;
  for (let position = 0; position < FINGERPRINT_BYTES; position++) {
    const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
    const low = position * 2;
    const high = low + 1;
    shares[low] = byte === undefined ? 1 : shareWith(state, low, byte & 15, LOW);
    shares[high] = byte === undefined ? 1 : shareWith(state, high, byte >> 4, HIGH);
    halves[low]! |= byte === undefined ? 0xffff : 1 << (byte & 15);
    halves[high]! |= byte === undefined ? 0xffff : 1 << (byte >> 4);
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
  const states: BucketState[] = buckets.map(() => ({
    halves: new Uint16Array(2 * FINGERPRINT_BYTES),
    shares: new Float64Array(2 * FINGERPRINT_BYTES),
  }));
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
