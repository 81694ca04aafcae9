// In: the anchors. Out: for each the four bytes that are looked for first, and a bucket, so that chance hits are rare.
import { KNOWN_FINGERPRINTS } from './known-fingerprints.ts';

/** As many as a byte has bits: see anchor-scanner.wat. */
export const BUCKETS = 8;

/** What anchor-scanner.wat looks at. */
export const FINGERPRINT_BYTES = 4;
/** A low and a high half of each. */
const PLACES = 2 * FINGERPRINT_BYTES;

/** Stands for a half byte before the anchor: any is accepted there. */
const ANY = 16;

/** An anchor and the index of the last of its fingerprint bytes (below 3 when the anchor is shorter). */
export interface Fingerprint {
  anchor: Buffer;
  last: number;
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

/** Shares of half bytes, and 1 for ANY. */
const LOW_SHARES = new Float64Array(ANY + 1);
const HIGH_SHARES = new Float64Array(ANY + 1);
for (let byte = 0; byte < 256; byte++) {
  LOW_SHARES[byte & 15]! += SHARES[byte]!;
  HIGH_SHARES[byte >> 4]! += SHARES[byte]!;
}
LOW_SHARES[ANY] = HIGH_SHARES[ANY] = 1;

function makeShares(groups: readonly (readonly [string, number])[]): Float64Array {
  const shares = new Float64Array(256).fill(0.0002);
  for (const [characters, share] of groups) {
    for (let index = 0; index < characters.length; index++) shares[characters.charCodeAt(index)] = share / 1000;
  }
  return shares;
}

/** What the places of a bucket accept. */
export class Bucket {
  /** How often it matches by chance, a byte of text; halves count as independent. */
  cost = 0;
  /** Share of the half bytes that a place accepts, 0–1. */
  readonly #accepted = new Float64Array(PLACES);
  /** By place and half byte: the same, if the place also took in that one. */
  readonly #shares = Array.from({ length: PLACES }, (_, place) => (place % 2 === 0 ? LOW_SHARES : HIGH_SHARES).slice());

  constructor(fingerprints: readonly Fingerprint[]) {
    for (const fingerprint of fingerprints) this.add(fingerprint);
  }

  /** What `cost` would become. */
  costWith(fingerprint: Fingerprint): number {
    let cost = 1;
    for (const [place, half] of halvesOf(fingerprint).entries()) cost *= this.#shares[place]![half]!;
    return cost;
  }

  /** Whether it matches four bytes of text. */
  accepts(window: Buffer): boolean {
    for (const [place, half] of halvesOf({ anchor: window, last: FINGERPRINT_BYTES - 1 }).entries()) {
      if (this.#shares[place]![half] !== this.#accepted[place]) return false;
    }
    return true;
  }

  add(fingerprint: Fingerprint): void {
    this.cost = this.costWith(fingerprint);
    for (const [place, half] of halvesOf(fingerprint).entries()) this.#accept(place, half);
  }

  #accept(place: number, half: number): void {
    const shares = this.#shares[place]!;
    const before = this.#accepted[place]!;
    const accepted = shares[half]!;
    if (accepted === before) return;
    this.#accepted[place] = accepted;
    for (let other = 0; other < ANY; other++) {
      const share = shares[other]!;
      shares[other] = half === ANY || share === before ? accepted : share + accepted - before;
    }
    shares[half] = accepted;
  }
}

/** Low and high halves of the bytes of a fingerprint. */
function halvesOf({ anchor, last }: Fingerprint): Uint8Array {
  const halves = new Uint8Array(PLACES).fill(ANY);
  for (let position = 0; position < FINGERPRINT_BYTES; position++) {
    const byte = anchor[last + 1 - FINGERPRINT_BYTES + position];
    if (byte === undefined) continue;
    halves[2 * position] = byte & 15;
    halves[2 * position + 1] = byte >> 4;
  }
  return halves;
}

/** All that an anchor has. */
export function fingerprintsOf(anchor: Buffer): Fingerprint[] {
  const first = Math.min(FINGERPRINT_BYTES, anchor.length) - 1;
  return Array.from({ length: anchor.length - first }, (_, index) => ({ anchor, last: first + index }));
}

/**
 * Spreads the anchors over the buckets; returns BUCKETS entries. gcbend's own have their places, which were found by a longer search than a
 * start has time for; any other goes to where it makes the fewest chance hits.
 */
export function assignBuckets(anchors: readonly Buffer[]): Fingerprint[][] {
  const assigned: Fingerprint[][] = Array.from({ length: BUCKETS }, () => []);
  const others: Buffer[] = [];
  for (const anchor of anchors) {
    const known = KNOWN_FINGERPRINTS[anchor.toString('latin1')];
    if (known === undefined) others.push(anchor);
    else assigned[known[0]]!.push({ anchor, last: known[1] });
  }
  if (others.length > 0) assignGreedily(others, assigned);
  return assigned;
}

/** Each to where it makes the fewest chance hits. */
export function assignGreedily(anchors: readonly Buffer[], assigned: readonly Fingerprint[][]): void {
  const buckets = assigned.map((fingerprints) => new Bucket(fingerprints));
  // Short anchors have little choice of fingerprint: they settle first.
  for (const anchor of [...anchors].sort((a, b) => a.length - b.length)) {
    let best = { index: 0, fingerprint: { anchor, last: anchor.length - 1 }, added: Number.POSITIVE_INFINITY };
    for (const fingerprint of fingerprintsOf(anchor)) {
      for (const [index, bucket] of buckets.entries()) {
        const added = bucket.costWith(fingerprint) - bucket.cost;
        if (added < best.added) best = { index, fingerprint, added };
      }
    }
    buckets[best.index]!.add(best.fingerprint);
    assigned[best.index]!.push(best.fingerprint);
  }
}
