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

/** Growing copy of the distinct frame lines, so that equal hashes are settled by comparing bytes. */
export class FrameInterner {
  private arena = Buffer.allocUnsafe(1 << 16);
  private arenaEnd = 0;
  private slots = new Int32Array(1 << 10).fill(-1);
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly hashes: number[] = [];
  private readonly frames: InternedFrame[] = [];

  /** Number of the frame line `bytes[start, end)` whose hash is `hash`; -1 when it is no frame line. */
  lookUp(bytes: Buffer, start: number, end: number, hash: number): number {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.slots[slot]!;
      if (id === -1) break;
      if (this.hashes[id] === hash && this.equals(id, bytes, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    const interned = parseFrame(bytes.toString('utf8', start, end));
    if (interned === undefined) return -1;
    return this.add(slot, bytes, start, end, hash, interned);
  }

  at(id: number): InternedFrame {
    return this.frames[id]!;
  }

  private equals(id: number, bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (this.lengths[id] !== length) return false;
    const from = this.starts[id]!;
    for (let i = 0; i < length; i++) if (this.arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private add(slot: number, bytes: Buffer, start: number, end: number, hash: number, frame: InternedFrame): number {
    const length = end - start;
    if (this.arenaEnd + length > this.arena.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.arena.length * 2, this.arenaEnd + length));
      this.arena.copy(larger, 0, 0, this.arenaEnd);
      this.arena = larger;
    }
    bytes.copy(this.arena, this.arenaEnd, start, end);
    const id = this.frames.length;
    this.starts.push(this.arenaEnd);
    this.lengths.push(length);
    this.hashes.push(hash);
    this.frames.push(frame);
    this.arenaEnd += length;
    this.slots[slot] = id;
    if (this.frames.length * 2 > this.slots.length) this.rehash();
    return id;
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
