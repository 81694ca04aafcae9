// In: record and frame lines of a heap or contention text, as bytes. Out: its sites, scaled, with their stacks; what is torn.
// Follows runtime/pprof/pprof.go; examples: `34: 278528 [34: 278528] @ 0x47e1ac 0x4815c9` and `657603694 79 @ 0x4e1d39 0x486501`.

import type { ContentionSite, Frame } from '../types.ts';
import { AddressInterner, FrameInterner, StackInterner } from './intern.ts';
import { NumberReader } from './number-reader.ts';
import { BuildSample, contentionSite, HeapSites, type OpenRecord } from './sites.ts';

const MAX_FRAMES = 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const COLON = 58;
const AT = 64;
const OPENING = 91;
const CLOSING = 93;

/** No application's line looks like these: a record, however broken. */
const HEAP_EVIDENCE = /^-?\d+: *-?\d+ *\[|\] *@ *0x[0-9a-f]/;
const CONTENTION_EVIDENCE = /^-?\d+ +-?\d+ +@|^\S+ +(?:\S+ +)?@ *0x[0-9a-f]/;

/** What `takeRecord` made of a line: undefined when it is no record, a fault when it is a broken one. */
export type RecordVerdict = 'taken' | { fault: string } | undefined;

/** The records of one text. Lines come one after the other: a record, its frames, a blank line. */
export class ProfileRecords {
  readonly contentionSites: ContentionSite[] = [];
  /** Sites of a heap text; to be replaced as soon as the sampling rate is known. */
  heapSites = new HeapSites(0);
  cyclesPerSecond = 0;
  period = 1;
  readonly #isHeap: boolean;
  readonly #frames = new FrameInterner();
  readonly #stacks = new StackInterner(this.#frames);
  readonly #addresses = new AddressInterner();
  readonly #build = new BuildSample(this.#frames);
  readonly #numbers = new NumberReader();
  readonly #ids = new Int32Array(MAX_FRAMES);
  #open: OpenRecord | undefined;
  #depth = 0;
  /** Of the record that began last: hash of its addresses, where its frames begin in this push (-1: not all of them in it). */
  #addressHash = 0;
  #addressStart = 0;
  #addressEnd = 0;
  #begun = false;
  #blockStart = -1;

  constructor(isHeap: boolean) {
    this.#isHeap = isHeap;
  }

  /** A record has begun and its end has not been seen. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Function to address, for telling builds apart; undefined when nothing is known. */
  get functionEntries(): Record<string, string> | undefined {
    return this.#build.known();
  }

  /** Offsets that were kept are those of bytes that are gone. */
  beginPush(): void {
    this.#blockStart = -1;
  }

  /** Takes the frame that begins at `start`, behind `#\t`. Returns where its newline stands (`to`: there is none), -1 when it is no frame. */
  takeFrame(bytes: Buffer, start: number, to: number): number {
    let id = this.#frames.match(bytes, start, to);
    let newline: number;
    if (id === -1) {
      newline = bytes.indexOf(NEWLINE, start);
      if (newline === -1 || newline > to) newline = to;
      id = this.#frames.add(
        bytes,
        start,
        newline > start && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline,
      );
      if (id === -1) return -1;
    } else {
      newline = start + this.#frames.lengthOf(id);
      if (bytes[newline] === CARRIAGE_RETURN) newline++;
    }
    if (this.#open !== undefined && this.#depth < MAX_FRAMES) this.#ids[this.#depth++] = id;
    return newline;
  }

  /** A frame of the open record is torn: its lines are no longer what its addresses stand for. */
  loseFrame(): void {
    this.#blockStart = -1;
  }

  /** Opens the record that the content line `bytes[start, end)` is. */
  takeRecord(bytes: Buffer, start: number, end: number, line: number): RecordVerdict {
    this.#numbers.set(bytes, start, end);
    const verdict = this.#isHeap
      ? this.#takeHeapRecord(bytes, end, line)
      : this.#takeContentionRecord(bytes, end, line);
    if (verdict !== undefined) return verdict;
    const evidence = this.#isHeap ? HEAP_EVIDENCE : CONTENTION_EVIDENCE;
    if (!evidence.test(bytes.toString('latin1', start, Math.min(end, start + 200)))) return undefined;
    this.close();
    return { fault: 'record is torn' };
  }

  /**
   * Behind the newline of a record: steps over its frames when their stack is known by its addresses. Returns the bytes
   * up to the newline of the blank line behind it, and the lines, of what was stepped over.
   */
  skipKnownStack(bytes: Buffer, at: number, to: number): { bytes: number; lines: number } | undefined {
    if (!this.#begun) return undefined;
    this.#begun = false;
    const id = this.#addresses.match(this.#addressHash, bytes, this.#addressStart, this.#addressEnd, at, to);
    if (id === -1) {
      this.#blockStart = at;
      return undefined;
    }
    const stack = this.#addresses.stackOf(id);
    this.#closeWith(stack);
    return { bytes: this.#addresses.blockLengthOf(id), lines: stack.length + 1 };
  }

  /** The blank line at `at` ends the open record. */
  closeAtBlank(bytes: Buffer, at: number): void {
    const block = this.#blockStart;
    const depth = this.#depth;
    this.#blockStart = -1;
    const stack = this.close();
    if (block === -1 || stack === undefined || depth !== stack.length || bytes[at] !== NEWLINE) return;
    this.#addresses.add(this.#addressHash, bytes, this.#addressStart, this.#addressEnd, block, at, stack);
  }

  /** Ends the record that is open; returns its stack, undefined when none was open. */
  close(): Frame[] | undefined {
    const open = this.#open;
    if (open === undefined) {
      this.#depth = 0;
      return undefined;
    }
    const hasFrames = this.#depth > 0;
    const stack = hasFrames ? this.#stacks.lookUp(this.#ids, this.#depth) : framesOfAddresses(open.addresses);
    if (hasFrames) {
      this.#build.note(this.#ids, this.#depth);
      open.addresses = '';
    }
    this.#closeWith(stack);
    return stack;
  }

  #closeWith(stack: Frame[]): void {
    const open = this.#open!;
    this.#open = undefined;
    this.#depth = 0;
    if (this.#isHeap) this.heapSites.add(open, stack);
    else this.contentionSites.push(contentionSite(open, stack, this.cyclesPerSecond, this.period));
  }

  /** `OBJS: BYTES [AOBJS: ABYTES] @ 0xPC ...`; in use may be negative while the runtime counts, allocated may not. */
  #takeHeapRecord(bytes: Buffer, end: number, line: number): RecordVerdict {
    const reader = this.#numbers;
    const inUseObjects = reader.integer();
    if (!reader.skip(COLON)) return undefined;
    const inUseBytes = reader.integer();
    if (!reader.skip(OPENING)) return undefined;
    this.close();
    const allocObjects = reader.integer();
    const colon = reader.skip(COLON);
    const allocBytes = reader.integer();
    const whole = colon && reader.skip(CLOSING) && reader.skip(AT);
    // Not a number, or below zero.
    if (!whole || Number.isNaN(inUseObjects + inUseBytes) || !(allocObjects >= 0 && allocBytes >= 0)) {
      return { fault: 'record is torn' };
    }
    if ((inUseObjects === 0 && inUseBytes !== 0) || (allocObjects === 0 && allocBytes !== 0)) {
      return { fault: 'no objects but bytes' };
    }
    const addresses = addressesOf(bytes, reader.at, end);
    const addressCount = this.#takeAddresses(bytes, reader.at, end);
    this.#open = { line, inUseObjects, inUseBytes, allocObjects, allocBytes, addresses, addressCount };
    return 'taken';
  }

  /** `CYCLES COUNT @ 0xPC ...`. */
  #takeContentionRecord(bytes: Buffer, end: number, line: number): RecordVerdict {
    const reader = this.#numbers;
    const inUseBytes = reader.integer();
    const inUseObjects = reader.integer();
    if (!(inUseBytes >= 0 && inUseObjects >= 0) || !reader.skip(AT)) return undefined;
    this.close();
    const addresses = addressesOf(bytes, reader.at, end);
    this.#takeAddresses(bytes, reader.at, end);
    this.#open = { line, inUseObjects, inUseBytes, allocObjects: 0, allocBytes: 0, addresses, addressCount: 0 };
    return 'taken';
  }

  /** Hashes the address list of a record that begins, and counts its addresses: every one has a blank before it. */
  #takeAddresses(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    let count = 0;
    for (let i = start; i < end; i++) {
      const c = bytes[i]!;
      if (c === 32) count++;
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    this.#addressHash = hash ^ (hash >>> 15);
    this.#addressStart = start;
    this.#addressEnd = end;
    this.#begun = true;
    return count;
  }
}

/** The address list of a record's line, unless a frame line follows at once: then nobody needs it. */
function addressesOf(bytes: Buffer, start: number, end: number): string {
  let next = bytes[end] === CARRIAGE_RETURN ? end + 2 : end + 1;
  while (bytes[next] === 32 || bytes[next] === 9) next++;
  return bytes[next] === 35 ? '' : bytes.toString('latin1', start, end);
}

/** Texts without symbols still tell stacks apart by their addresses. */
function framesOfAddresses(addresses: string): Frame[] {
  return [...addresses.matchAll(/0x[0-9a-f]+/g)].map(([address]) => ({ function: address }));
}
