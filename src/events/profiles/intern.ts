// In: frame lines (`#\t0xPC\tNAME+0xOFF\tFILE:LINE`) as bytes. Out: one Frame object per distinct line and one frozen
// stack array per distinct list of lines: a text of a million records keeps as many objects as it has different stacks.
// Follows runtime/pprof/pprof.go printStackRecord.

import { unescapeName } from '../goroutines/names.ts';
import type { Frame } from '../types.ts';

const FRAME = /^0x([0-9a-f]+)(?:\t(.*?)(?:\+0x([0-9a-f]+))?(?:[\t ]+(\S.*?):(-?\d+))?)?[\t ]*$/;

interface InternedFrame {
  frame: Frame;
  /** The same frame marked as inlined; made when the first stack needs it. */
  inlined: Frame | undefined;
  /** Where the machine function that holds this frame begins: pc - offset. NaN when not printed. */
  entry: number;
}

const CHUNK_BYTES = 1 << 20;

/** Copies of byte ranges in chunks that never move: growing costs no copying. */
class ByteArena {
  private readonly chunks: Buffer[] = [];
  private used = CHUNK_BYTES;
  /** Bytes in all chunks but the last. */
  size = 0;

  /** Where the copy lies, for `equals`; the range is at most a chunk long. */
  add(bytes: Buffer, start: number, end: number): number {
    const length = end - start;
    if (this.used + length > CHUNK_BYTES) {
      this.chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
      this.size += this.used;
      this.used = 0;
    }
    const chunk = this.chunks.length - 1;
    bytes.copy(this.chunks[chunk]!, this.used, start, end);
    const at = chunk * CHUNK_BYTES + this.used;
    this.used += length;
    return at;
  }

  equals(at: number, length: number, bytes: Buffer, start: number): boolean {
    const chunk = this.chunks[Math.floor(at / CHUNK_BYTES)]!;
    const from = at % CHUNK_BYTES;
    return bytes.compare(chunk, from, from + length, start, start + length) === 0;
  }
}

/** Frame lines by their address; the distinct ones are kept as bytes, so that equal addresses are settled by comparing. */
export class FrameInterner {
  private readonly arena = new ByteArena();
  private slots = new Int32Array(1 << 10).fill(-1);
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly hashes: number[] = [];
  private readonly frames: InternedFrame[] = [];

  /**
   * Number of the known frame line that begins at `start` and ends before `to` with a newline (`lengthOf` tells where);
   * -1 when it is not known yet. No search for the newline: the known length says where it must be.
   */
  match(bytes: Buffer, start: number, to: number): number {
    const hash = hashAddress(bytes, start, to);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot]!;
      if (id === -1) return -1;
      if (this.hashes[id] !== hash) continue;
      const length = this.lengths[id]!;
      const end = start + length;
      if (length < 0 || end >= to || (bytes[end] !== 10 && bytes[end] !== 13)) continue;
      if (this.equals(id, bytes, start, length)) return id;
    }
  }

  lengthOf(id: number): number {
    return this.lengths[id]!;
  }

  /** Number of the frame line `bytes[start, end)`; -1 when it is no frame line. */
  add(bytes: Buffer, start: number, end: number): number {
    const hash = hashAddress(bytes, start, end);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let id = this.slots[slot]!; id !== -1; id = this.slots[slot]!) {
      if (this.hashes[id] === hash && this.lengths[id] === end - start && this.equals(id, bytes, start, end - start)) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
    const frame = parseFrame(bytes.toString('utf8', start, end));
    if (frame === undefined) return -1;
    const length = end - start;
    const id = this.frames.length;
    // A line longer than a chunk is no name that comes again: kept as one that nothing equals.
    this.starts.push(length > CHUNK_BYTES ? 0 : this.arena.add(bytes, start, end));
    this.lengths.push(length > CHUNK_BYTES ? -1 : length);
    this.hashes.push(hash);
    this.frames.push(frame);
    this.slots[slot] = id;
    if (this.frames.length * 2 > this.slots.length) this.rehash();
    return id;
  }

  at(id: number): InternedFrame {
    return this.frames[id]!;
  }

  private equals(id: number, bytes: Buffer, start: number, length: number): boolean {
    return this.arena.equals(this.starts[id]!, length, bytes, start);
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.frames.length; id++) {
      let slot = this.hashes[id]! & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.slots = slots;
  }
}

/** Hash of the address alone (up to the tab): it tells nearly all lines apart. */
function hashAddress(bytes: Buffer, start: number, to: number): number {
  let hash = 0;
  const end = Math.min(to, start + 20);
  for (let i = start + 2; i < end; i++) {
    const c = bytes[i]!;
    if (c === 9 || c === 10) break;
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function parseFrame(text: string): InternedFrame | undefined {
  const match = FRAME.exec(text);
  if (match === null) return undefined;
  const [, pc, name, offset, file, line] = match;
  const frame: Frame = { function: name === undefined || name === '' ? `0x${pc}` : unescapeName(name) };
  if (file !== undefined) frame.file = file;
  if (line !== undefined) frame.line = Number(line);
  const entry = offset === undefined ? Number.NaN : Number.parseInt(pc!, 16) - Number.parseInt(offset, 16);
  return { frame, inlined: undefined, entry };
}

/** Stacks by their frame numbers: equal stacks share one array. */
export class StackInterner {
  private slots = new Int32Array(1 << 10).fill(-1);
  private readonly stacks: Frame[][] = [];
  private readonly ids: Int32Array[] = [];
  private readonly hashes: number[] = [];
  private readonly interner: FrameInterner;

  constructor(interner: FrameInterner) {
    this.interner = interner;
  }

  /** The stack of the first `length` frame numbers in `ids`, leaf first. */
  lookUp(ids: Int32Array, length: number): Frame[] {
    let hash = length;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ ids[i]!, 0x9e3779b1) ^ (hash >>> 15);
    let mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.slots[slot]!;
      if (id === -1) break;
      if (this.hashes[id] === hash && sameIds(this.ids[id]!, ids, length)) return this.stacks[id]!;
      slot = (slot + 1) & mask;
    }
    const stack = this.build(ids, length);
    this.slots[slot] = this.stacks.length;
    this.stacks.push(stack);
    this.ids.push(ids.slice(0, length));
    this.hashes.push(hash);
    if (this.stacks.length * 2 > this.slots.length) {
      const slots = new Int32Array(this.slots.length * 2).fill(-1);
      mask = slots.length - 1;
      for (let id = 0; id < this.stacks.length; id++) {
        slot = this.hashes[id]! & mask;
        while (slots[slot] !== -1) slot = (slot + 1) & mask;
        slots[slot] = id;
      }
      this.slots = slots;
    }
    return stack;
  }

  /**
   * Neighbours with one entry address lie in one machine function, the outermost of them: the others were inlined
   * into it. A frame of that same name is a recursive call, not an inlined one.
   */
  private build(ids: Int32Array, length: number): Frame[] {
    const stack: Frame[] = new Array<Frame>(length);
    let entry = Number.NaN;
    let holder = '';
    for (let i = length - 1; i >= 0; i--) {
      const interned = this.interner.at(ids[i]!);
      if (interned.entry !== entry) {
        entry = interned.entry;
        holder = interned.frame.function;
        stack[i] = interned.frame;
      } else if (interned.frame.function === holder) {
        stack[i] = interned.frame;
      } else {
        interned.inlined ??= { ...interned.frame, inlined: true };
        stack[i] = interned.inlined;
      }
    }
    return stack;
  }
}

function sameIds(known: Int32Array, ids: Int32Array, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== ids[i]) return false;
  return true;
}

/** Copies of address lists are kept up to this size; stacks that come later are read line by line. */
const MAX_ADDRESS_BYTES = 1 << 24;
/** So much of the end of a frame block is compared, too: where it matches, nothing foreign has moved it. */
const TAIL_BYTES = 64;

/**
 * Stacks by the addresses of their record, which name them within one text: when a stack comes again (for another size of object), its
 * frame lines are stepped over. The block has to end where the known one did, in the same words, with a blank line.
 */
export class AddressInterner {
  private readonly arena = new ByteArena();
  private slots = new Int32Array(1 << 10).fill(-1);
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly tails: number[] = [];
  private readonly blockLengths: number[] = [];
  private readonly hashes: number[] = [];
  private readonly stacks: Frame[][] = [];

  /** Number of the stack of the address list `bytes[start, end)` whose frame block begins at `block`; -1 when it is not known. */
  match(hash: number, bytes: Buffer, start: number, end: number, block: number, to: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot]!;
      if (id === -1) return -1;
      if (this.hashes[id] !== hash || this.lengths[id] !== end - start) continue;
      const blockEnd = block + this.blockLengths[id]!;
      if (blockEnd >= to || bytes[blockEnd] !== 10) continue;
      const tail = Math.min(TAIL_BYTES, this.blockLengths[id]!);
      if (!this.arena.equals(this.tails[id]!, tail, bytes, blockEnd - tail)) continue;
      if (this.arena.equals(this.starts[id]!, end - start, bytes, start)) return id;
    }
  }

  blockLengthOf(id: number): number {
    return this.blockLengths[id]!;
  }

  stackOf(id: number): Frame[] {
    return this.stacks[id]!;
  }

  /** `bytes[block, blockEnd)`: the frame lines, one for each frame of `stack`. */
  add(hash: number, bytes: Buffer, start: number, end: number, block: number, blockEnd: number, stack: Frame[]): void {
    if (end - start > CHUNK_BYTES || this.arena.size > MAX_ADDRESS_BYTES) return;
    if ((this.stacks.length + 1) * 2 > this.slots.length) this.rehash();
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== -1) slot = (slot + 1) & mask;
    this.slots[slot] = this.stacks.length;
    this.starts.push(this.arena.add(bytes, start, end));
    this.lengths.push(end - start);
    this.tails.push(this.arena.add(bytes, Math.max(block, blockEnd - TAIL_BYTES), blockEnd));
    this.blockLengths.push(blockEnd - block);
    this.hashes.push(hash);
    this.stacks.push(stack);
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.stacks.length; id++) {
      let slot = this.hashes[id]! & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.slots = slots;
  }
}
