// In: goroutines as spans of bytes: names without arguments, `FILE:LINE` without offsets. Out: one row a distinct (state, stack, creator).
// Hashed and compared on the bytes themselves, so that a dump of 900,000 goroutines makes objects only for its distinct stacks.

import type { CreatedBy, Frame } from '../types.ts';

/** Ids kept per group: those of least hash, so that the overlap of two dumps can be judged from the samples alone. */
export const SAMPLE_IDS = 128;

const LABELS_PER_GROUP = 1000;

/** What is known of one distinct (state, stack, creator) while the dump is read. */
export interface GroupRow {
  stateIndex: number;
  hash: number;
  keyStart: number;
  keyEnd: number;
  count: number;
  /** -1 while no member had a figure. */
  waitMin: number;
  waitMax: number;
  /** A member had no wait figure: it waits for less than a minute. */
  waitMissing: boolean;
  locked: number;
  leaked: number;
  labels: Map<string, number> | undefined;
  /** Goroutine that started the members; 0 none printed, -1 they differ. */
  creator: number;
  /** The sample, once there are SAMPLE_IDS members; up to then they stand in the table's list from `idHead` on. */
  sample: IdSample | undefined;
  idHead: number;
  /** Numbers of the frames printed with `(...)`. */
  inlined: number[] | undefined;
  framesElided: number;
  ancestors: string[] | undefined;
  /** Made when first asked for. */
  described: DescribedStack | undefined;
}

/** A row as objects. */
export interface DescribedStack {
  id: string;
  stack: Frame[];
  createdBy: CreatedBy | undefined;
}

/** Integer mixing with full avalanche (MurmurHash3's finaliser). */
export function mixId(id: number): number {
  let h = (id ^ Math.floor(id / 4294967296)) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** A full sample: a heap with the greatest hash on top, which the next id of lesser hash replaces. */
export class IdSample {
  readonly #ids: Float64Array;
  readonly #hashes: Float64Array;

  /** At most SAMPLE_IDS; the sample stays of that size. */
  constructor(ids: readonly number[]) {
    const order = ids.map((id) => ({ id, hash: mixId(id) })).sort((a, b) => b.hash - a.hash);
    this.#ids = Float64Array.from(order, (one) => one.id);
    this.#hashes = Float64Array.from(order, (one) => one.hash);
  }

  offer(id: number): void {
    const ids = this.#ids;
    const hashes = this.#hashes;
    const hash = mixId(id);
    if (hash >= hashes[0]!) return;
    const size = hashes.length;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && hashes[child + 1]! > hashes[child]!) child++;
      if (hashes[child]! <= hash) break;
      hashes[at] = hashes[child]!;
      ids[at] = ids[child]!;
      at = child;
    }
    hashes[at] = hash;
    ids[at] = id;
  }

  toArray(): number[] {
    return Array.from(this.#ids);
  }
}

/** Open-addressing table from (state, key bytes) to rows; keys lie one after another in one arena. */
export class StackTable {
  readonly rows: GroupRow[] = [];
  #slots = new Int32Array(128);
  #arena = Buffer.allocUnsafe(4096);
  #arenaView = new DataView(this.#arena.buffer, this.#arena.byteOffset, this.#arena.byteLength);
  #arenaEnd = 0;
  /** Lists of ids, last one first: small groups are many, and an array each would cost more than the ids. */
  #ids = new Float64Array(256);
  #idNext = new Int32Array(256);
  #idCount = 0;

  /**
   * The row of the key that `segments[0 .. 2*count)` spans in `view` (start, end pairs), or -1.
   * `hash` is `hashSegments` of the same spans.
   */
  find(stateIndex: number, hash: number, view: DataView, segments: Int32Array, count: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const arena = this.#arenaView;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = slots[slot]! - 1;
      if (index < 0) return -1;
      const row = this.rows[index]!;
      if (row.hash === hash && row.stateIndex === stateIndex) {
        if (sameKey(arena, row.keyStart, row.keyEnd, view, segments, count)) return index;
      }
    }
  }

  add(stateIndex: number, hash: number, bytes: Buffer, segments: Int32Array, count: number): GroupRow {
    const keyStart = this.#arenaEnd;
    let length = 0;
    for (let i = 0; i < count; i++) length += segments[2 * i + 1]! - segments[2 * i]! + 1;
    this.#reserve(length);
    const arena = this.#arena;
    let at = keyStart;
    for (let i = 0; i < count; i++) {
      // Names are short: a loop beats a call.
      const end = segments[2 * i + 1]!;
      for (let from = segments[2 * i]!; from < end; from++) arena[at++] = bytes[from]!;
      arena[at++] = 10;
    }
    this.#arenaEnd = at;
    const row: GroupRow = {
      stateIndex,
      hash,
      keyStart,
      keyEnd: at,
      count: 0,
      waitMin: -1,
      waitMax: -1,
      waitMissing: false,
      locked: 0,
      leaked: 0,
      labels: undefined,
      creator: 0,
      sample: undefined,
      idHead: -1,
      inlined: undefined,
      framesElided: 0,
      ancestors: undefined,
      described: undefined,
    };
    this.rows.push(row);
    if (this.rows.length * 2 > this.#slots.length) this.#rehash();
    else this.#place(hash, this.rows.length);
    return row;
  }

  /** Takes one member's id into the row's sample of least hashes; `row.count` members were there before. */
  sampleId(row: GroupRow, id: number): void {
    if (row.sample !== undefined) {
      row.sample.offer(id);
      return;
    }
    if (this.#idCount === this.#ids.length) this.#growIds();
    this.#ids[this.#idCount] = id;
    this.#idNext[this.#idCount] = row.idHead;
    row.idHead = this.#idCount++;
    if (row.count + 1 >= SAMPLE_IDS) row.sample = new IdSample(this.sampledIds(row));
  }

  sampledIds(row: GroupRow): number[] {
    if (row.sample !== undefined) return row.sample.toArray();
    const ids: number[] = [];
    for (let at = row.idHead; at >= 0; at = this.#idNext[at]!) ids.push(this.#ids[at]!);
    return ids;
  }

  /** Puts other ids, at most SAMPLE_IDS, in the place of the row's own. */
  setIds(row: GroupRow, ids: readonly number[]): void {
    row.sample = new IdSample(ids);
  }

  #growIds(): void {
    const ids = new Float64Array(this.#ids.length * 2);
    ids.set(this.#ids);
    this.#ids = ids;
    const next = new Int32Array(this.#idNext.length * 2);
    next.set(this.#idNext);
    this.#idNext = next;
  }

  /**
   * The bytes that `keyStart` and `keyEnd` of the rows point into, valid until the next `add`. A key's lines, each with its newline:
   * function, tab + place, ..., `created by ` + function, tab + place.
   */
  get keys(): { bytes: Buffer; view: DataView } {
    return { bytes: this.#arena, view: this.#arenaView };
  }

  #place(hash: number, value: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = value;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let i = 0; i < this.rows.length; i++) this.#place(this.rows[i]!.hash, i + 1);
  }

  #reserve(length: number): void {
    const need = this.#arenaEnd + length;
    if (need <= this.#arena.length) return;
    const grown = Buffer.allocUnsafe(Math.max(need, this.#arena.length * 2));
    this.#arena.copy(grown, 0, 0, this.#arenaEnd);
    this.#arena = grown;
    this.#arenaView = new DataView(grown.buffer, grown.byteOffset, grown.byteLength);
  }
}

/**
 * Of places (`\tFILE:LINE`) every byte, four a step; of names the length, since places tell nearly all stacks apart and
 * `find` compares every byte anyway.
 */
export function hashSegments(view: DataView, segments: Int32Array, count: number, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < count; i++) {
    let at = segments[2 * i]!;
    const end = segments[2 * i + 1]!;
    if (end === at) continue;
    const wordEnd = end - 3;
    h = Math.imul(h ^ (end - at), 0x5bd1e995);
    if (view.getUint8(at) !== 9) continue;
    for (; at < wordEnd; at += 4) {
      h = Math.imul(h ^ view.getInt32(at, true), 0x01000193);
      h ^= h >>> 15;
    }
    for (; at < end; at++) h = Math.imul(h ^ view.getUint8(at), 0x01000193);
  }
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function sameKey(
  arena: DataView,
  keyStart: number,
  keyEnd: number,
  view: DataView,
  segments: Int32Array,
  count: number,
): boolean {
  let key = keyStart;
  for (let i = 0; i < count; i++) {
    let at = segments[2 * i]!;
    const end = segments[2 * i + 1]!;
    if (key + (end - at) >= keyEnd) return false;
    const wordEnd = end - 3;
    for (; at < wordEnd; at += 4, key += 4) {
      if (arena.getInt32(key, true) !== view.getInt32(at, true)) return false;
    }
    for (; at < end; at++, key++) if (arena.getUint8(key) !== view.getUint8(at)) return false;
    if (arena.getUint8(key++) !== 10) return false;
  }
  return key === keyEnd;
}

/** `amount` more members with these labels; beyond a bound all further values of a key count as `KEY=(other)`. */
export function countLabels(row: GroupRow, labels: Record<string, string>, amount: number): void {
  row.labels ??= new Map();
  for (const [key, value] of Object.entries(labels)) {
    let text = `${key}=${value}`;
    if (row.labels.size >= LABELS_PER_GROUP && !row.labels.has(text)) text = `${key}=(other)`;
    row.labels.set(text, (row.labels.get(text) ?? 0) + amount);
  }
}

/** Set of goroutine ids, four bytes each; ids above 2^32 go to a plain Set. */
export class IdSet {
  #slots = new Uint32Array(64);
  #size = 0;
  #large: Set<number> | undefined;

  /** False when it was there already. */
  add(id: number): boolean {
    if (id >= 4294967295) {
      this.#large ??= new Set();
      if (this.#large.has(id)) return false;
      this.#large.add(id);
      return true;
    }
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    if (!place(this.#slots, id + 1)) return false;
    this.#size++;
    return true;
  }

  has(id: number): boolean {
    if (id >= 4294967295) return this.#large?.has(id) ?? false;
    const mask = this.#slots.length - 1;
    for (let slot = Math.imul(id + 1, 0x9e3779b1) & mask; ; slot = (slot + 1) & mask) {
      const value = this.#slots[slot];
      if (value === 0) return false;
      if (value === id + 1) return true;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 4);
    for (let i = 0; i < old.length; i++) if (old[i] !== 0) place(slots, old[i]!);
    this.#slots = slots;
  }
}

function place(slots: Uint32Array, value: number): boolean {
  const mask = slots.length - 1;
  let slot = Math.imul(value, 0x9e3779b1) & mask;
  for (; slots[slot] !== 0; slot = (slot + 1) & mask) if (slots[slot] === value) return false;
  slots[slot] = value;
  return true;
}
