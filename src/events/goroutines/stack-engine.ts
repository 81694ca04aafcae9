// In: bytes of goroutine records. Out: counts by state and stack in its own memory, read by address.
// The work is done by stack-engine.wat, which also says how its memory is laid out.
import { createMemory, instantiate, type Memory } from '../../web-assembly.ts';
import { STACK_ENGINE_WASM } from './stack-engine.wasm.ts';

/** Why a scan stopped. */
export const NOT_PLAIN = 0;
export const UNFINISHED = 1;
export const UNKNOWN_WORDS = 2;
export const UNKNOWN_STACK = 3;
export const SEEN = 4;

/** What stands in a header's brackets, as bits. */
export const RUNNING = 1;
export const GLUED = 2;
export const LOCKED = 4;
export const LEAKED = 8;
export const LABELLED = 16;

/** Kinds of frames. */
export const CALL = 0;
export const CREATOR = 1;
export const ELIDED = 2;

/** Addresses. */
export const STOPPED_AT = 0;
export const LINES_TAKEN = 4;
export const WORDS_START = 8;
export const WORDS_END = 12;
export const FRAME_COUNT = 16;
export const RECORD_ROW = 20;
export const RECORD_ID = 24;
export const RECORD_CREATOR = 32;
export const WORDS_PLACE = 48;
/** What lies where in a place. */
export const WORDS_STATE = 12;
export const TOTAL = 60;
export const NAME_IS_PLAIN = 64;
export const NAME_HASH_A = 68;
export const NAME_HASH_B = 72;
export const FILE_HASH = 76;
export const FILE_IS_ASCII = 80;
export const FRAMES = 1024;
export const TEXT = 394_240;

/** Sizes, and what lies where in a frame and a row. */
export const MOST_FRAMES = 4096;
export const FRAME_BYTES = 32;
export const MOST_TEXT = 1 << 20;
export const FRAME = { name: 0, nameEnd: 4, place: 8, placeEnd: 12, kind: 16, colon: 20 } as const;
export const ROW = {
  count: 8,
  waitMin: 12,
  waitMax: 16,
  waitMissing: 20,
  locked: 24,
  leaked: 28,
  creator: 32,
  ids: 40,
  state: 44,
  leader: 48,
  number: 52,
  elided: 56,
  creatorFrame: 60,
  groupId: 64,
  idBlock: 76,
  firstIds: 80,
  end: 128,
} as const;

const ROWS_AT_ONCE = 64;
const START_BYTES = 1_507_328;
const LARGEST_BYTES = 2 ** 32;
/** One that grew beyond this is not kept for the next dump. */
const KEPT_BYTES = 4 << 20;

interface EngineExports {
  reset(): void;
  scan(from: number, to: number, quiet: number, each: number): number;
  learnWords(from: number, to: number, minutes: number, state: number, marks: number): number;
  find(frames: number, state: number): number;
  add(state: number): number;
  frame(frame: number, inlined: number): number;
  count(row: number, id: number, minutes: number, marks: number, creator: number): void;
  hasId(id: number, add: number): number;
}

/** The last one that was given back: most dumps come after each other. */
let idle: StackEngine | undefined;

export class StackEngine {
  readonly #memory: Memory;
  readonly #exports: EngineExports;
  bytes: Buffer;
  words: Int32Array;
  /** Addresses of the rows, of every 64th: they lie in such pieces. */
  #rowPieces: number[] = [];
  #rows = 0;
  #doubles: Float64Array;

  /** An empty one. */
  static acquire(): StackEngine {
    const engine = idle ?? new StackEngine();
    idle = undefined;
    engine.#exports.reset();
    engine.#rowPieces = [];
    engine.#rows = 0;
    engine.#renewViews();
    return engine;
  }

  private constructor() {
    this.#memory = createMemory(START_BYTES, LARGEST_BYTES);
    this.#exports = instantiate<EngineExports>(STACK_ENGINE_WASM, this.#memory);
    this.bytes = Buffer.from(this.#memory.buffer);
    this.words = new Int32Array(this.#memory.buffer);
    this.#doubles = new Float64Array(this.#memory.buffer);
  }

  /** To be called once, when nothing of it is needed any more. `places`: where words were learnt. */
  release(places: Iterable<number>): void {
    if (this.bytes.length > KEPT_BYTES) return;
    for (const place of places) this.words.fill(0, place >> 2, (place >> 2) + 2);
    idle = this;
  }

  /** Addresses of `from` and `to`; answers why it stopped, STOPPED_AT says where. */
  scan(from: number, to: number, quiet: boolean, each: boolean): number {
    const reason = this.#exports.scan(from, to, quiet ? 1 : 0, each ? 1 : 0);
    this.#renewViews();
    return reason;
  }

  /** What the words at [from, to) mean; returns the address of their place. */
  learnWords(from: number, to: number, minutes: number, state: number, marks: number): number {
    return this.#exports.learnWords(from, to, minutes, state, marks);
  }

  /** The row of the frames at FRAMES, or 0. */
  find(frames: number, state: number): number {
    return this.#exports.find(frames, state);
  }

  /** A row for the stack that `find` or `scan` did not find. */
  add(state: number): number {
    const row = this.#exports.add(state);
    this.#renewViews();
    if (this.#rows++ % ROWS_AT_ONCE === 0) this.#rowPieces.push(row);
    return row;
  }

  rowAt(number: number): number {
    return this.#rowPieces[Math.floor(number / ROWS_AT_ONCE)]! + (number % ROWS_AT_ONCE) * ROW.end;
  }

  /** The number of the frame at an address, whose hash `find` or `scan` made. A new one has the next number. */
  frame(address: number, inlined: boolean): number {
    const number = this.#exports.frame(address, inlined ? 1 : 0);
    this.#renewViews();
    return number;
  }

  count(row: number, id: number, minutes: number, marks: number, creator: number): void {
    this.#exports.count(row, id, minutes, marks, creator);
    this.#renewViews();
  }

  /** Also when the id is too great to be kept here. */
  hasId(id: number): boolean {
    return this.#exports.hasId(id, 0) === 1;
  }

  /** True when it was there, or is too great to be kept here. */
  addId(id: number): boolean {
    const known = this.#exports.hasId(id, 1) === 1;
    this.#renewViews();
    return known;
  }

  int(address: number): number {
    return this.words[address >> 2]!;
  }

  setInt(address: number, value: number): void {
    this.words[address >> 2] = value;
  }

  /** 64 bits at an address; -1 for all of them set. */
  long(address: number): number {
    const low = this.words[address >> 2]!;
    const high = this.words[(address >> 2) + 1]!;
    return high * 4294967296 + (low >>> 0);
  }

  double(address: number): number {
    return this.#doubles[address >> 3]!;
  }

  setDouble(address: number, value: number): void {
    this.#doubles[address >> 3] = value;
  }

  /** Memory that grew is another object. */
  #renewViews(): void {
    if (this.words.length > 0) return;
    this.bytes = Buffer.from(this.#memory.buffer);
    this.words = new Int32Array(this.#memory.buffer);
    this.#doubles = new Float64Array(this.#memory.buffer);
  }
}
