// In: goroutine records, as bytes or taken apart. Out: one row a distinct (state, stack, creator), and groups of them at the end.
// Rows are the stack engine's; here is what only objects can say: frames, labels, ancestors.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { ChunkedList } from './chunked-list.ts';
import { describeAncestors, formatGroupId, StackHash } from './describe.ts';
import { FrameTable } from './frame-table.ts';
import { GroupIds } from './group-ids.ts';
import { type HeaderMeta, HeaderTable } from './header-table.ts';
import { InfrastructureIndex, type InfrastructureRule } from './infrastructure.ts';
import { LabelCounts } from './label-counts.ts';
import { utf8 } from './machine.ts';
import type { RecordBuilder, StackEntry } from './record-builder.ts';
import { readSampledIds } from './sampled-ids.ts';
import { SharedParts } from './shared-parts.ts';
import {
  CALL,
  CREATOR,
  ELIDED,
  FRAME,
  FRAME_BYTES,
  FRAME_COUNT,
  FRAMES,
  LINES_TAKEN,
  MOST_FRAMES,
  MOST_TEXT,
  NOT_PLAIN,
  RECORD_CREATOR,
  RECORD_ID,
  RECORD_ROW,
  ROW,
  SEEN,
  STOPPED_AT,
  StackEngine,
  TEXT,
  TOTAL,
  UNFINISHED,
  UNKNOWN_STACK,
  UNKNOWN_WORDS,
  WORDS_END,
  WORDS_PLACE,
  WORDS_START,
  WORDS_STATE,
} from './stack-engine.ts';

/** Ids from here on go to a plain Set. */
const LARGE_ID = 0x1f_ffff_ffe0;
/** Bytes given to the engine at once: few at first, since the record after them may be none of its kind. */
const FIRST_PIECE = 4096;
const LAST_PIECE = 65_536;

/** One goroutine that was counted. */
export interface Counted {
  row: number;
  id: number;
  creator: number;
  meta: HeaderMeta;
  line: number;
}

/** A row as objects. */
export interface DescribedStack {
  id: string;
  stack: Frame[];
  createdBy: CreatedBy | undefined;
  framesElided: number;
}

/** What `read` took. */
export interface Taken {
  at: number;
  lines: number;
}

export class StackTable {
  readonly #engine = StackEngine.acquire();
  readonly #headers = new HeaderTable();
  /** Words of headers by the address of their place in the engine. */
  readonly #metas = new Map<number, HeaderMeta>();
  readonly #frames = new FrameTable();
  readonly #infrastructure: InfrastructureIndex;
  readonly #each: ((counted: Counted) => void) | undefined;
  readonly #largeIds = new Set<number>();
  /** By number of the row. */
  readonly #stacks = new ChunkedList<Frame[]>();
  readonly #groupIds = new GroupIds();
  /** By address of the row. */
  readonly #labels = new LabelCounts();
  readonly #ancestors = new Map<number, readonly string[]>();
  /** Rows with a frame that an infrastructure rule names. */
  readonly #suspects = new Set<number>();
  readonly #shared = new SharedParts();
  #piece = FIRST_PIECE;

  /** `each` gets every goroutine. */
  constructor(infrastructure: readonly InfrastructureRule[] | undefined, each?: (counted: Counted) => void) {
    this.#infrastructure = InfrastructureIndex.of(infrastructure);
    this.#each = each;
  }

  /** Goroutines counted. */
  get total(): number {
    return this.#engine.int(TOTAL);
  }

  readHeader(details: string): HeaderMeta {
    return this.#headers.read(details);
  }

  hasId(id: number): boolean {
    return id >= LARGE_ID ? this.#largeIds.has(id) : this.#engine.hasId(id);
  }

  /** False when it was there already. */
  addId(id: number): boolean {
    if (id < LARGE_ID) return !this.#engine.addId(id);
    if (this.#largeIds.has(id)) return false;
    this.#largeIds.add(id);
    return true;
  }

  /** Takes whole, plain records from `from` on, the first of which begins at line `number`. `quiet`: nothing crashed. */
  read(bytes: Buffer, from: number, to: number, number: number, quiet: boolean): Taken {
    const engine = this.#engine;
    const taken = { at: from, lines: 0 };
    while (taken.at < to) {
      const length = Math.min(to - taken.at, this.#piece);
      bytes.copy(engine.bytes, TEXT, taken.at, taken.at + length);
      const reason = this.#scan(TEXT, TEXT + length, taken, number, quiet);
      const scanned = engine.int(STOPPED_AT) - TEXT;
      const isAll = taken.at + length === to;
      taken.at += scanned;
      if (reason === NOT_PLAIN) {
        this.#piece = FIRST_PIECE;
        break;
      }
      if (isAll) break;
      if (this.#piece < LAST_PIECE || (scanned === 0 && this.#piece < MOST_TEXT)) this.#piece *= 2;
      else if (scanned === 0) break;
      else this.#piece = LAST_PIECE;
    }
    return taken;
  }

  /** Teaches the engine what it does not know until it stops for good: NOT_PLAIN or UNFINISHED. */
  #scan(from: number, to: number, taken: Taken, number: number, quiet: boolean): number {
    const engine = this.#engine;
    const each = this.#each !== undefined;
    for (let at = from; ; at = engine.int(STOPPED_AT)) {
      const reason = engine.scan(at, to, quiet, each);
      if (reason === SEEN) this.#see(number + taken.lines);
      taken.lines += engine.int(LINES_TAKEN);
      if (reason === UNKNOWN_WORDS) this.#learnWords();
      else if (reason === UNKNOWN_STACK) {
        const state = engine.int(engine.int(WORDS_PLACE) + WORDS_STATE);
        if (this.#learnStack(engine.int(FRAME_COUNT), state, undefined) === 0) return NOT_PLAIN;
      } else if (reason === NOT_PLAIN || reason === UNFINISHED) return reason;
    }
  }

  #learnWords(): void {
    const engine = this.#engine;
    const start = engine.int(WORDS_START);
    const end = engine.int(WORDS_END);
    const meta = this.#headers.read(engine.bytes.toString('utf8', start, end));
    this.#metas.set(engine.learnWords(start, end, meta.minutes, meta.stateIndex, meta.marks), meta);
  }

  /** The goroutine that the scan has just counted. */
  #see(line: number): void {
    const engine = this.#engine;
    const meta = this.#metas.get(engine.int(WORDS_PLACE))!;
    const row = engine.int(RECORD_ROW);
    if (meta.labels !== undefined) this.#labels.count(engine.int(row + ROW.leader), meta.labels);
    this.#each?.({ row, id: engine.long(RECORD_ID), creator: engine.long(RECORD_CREATOR), meta, line });
  }

  /**
   * The row of the frames at FRAMES that `find` or `scan` did not find. `taken`: what the line machine took them from; without it they
   * lie in the text, as cut by the scan, and 0 says that one of them is none.
   */
  #learnStack(count: number, state: number, taken: readonly StackEntry[] | undefined): number {
    const engine = this.#engine;
    const hash = new StackHash(this.#headers.states[state]!);
    const stack: Frame[] = [];
    let creator = -1;
    let suspect = false;
    for (let i = 0; i < count; i++) {
      const frame = FRAMES + i * FRAME_BYTES;
      const kind = engine.int(frame + FRAME.kind);
      if (kind === ELIDED) continue;
      const inlined = taken === undefined ? kind === CALL && isLeftOut(engine, frame) : taken[i]!.inlined;
      const number = this.#frames.intern(engine, frame, inlined, taken === undefined);
      if (number < 0) return 0;
      if (kind === CREATOR) {
        creator = number;
        hash.addCreator(this.#frames.hashOf(engine, number));
      } else {
        stack.push(this.#frames.at(number));
        hash.addFrame(this.#frames.hashOf(engine, number));
        suspect ||= this.#infrastructure.names(this.#frames.at(number).function);
      }
    }
    const row = engine.add(state);
    engine.setInt(row + ROW.creatorFrame, creator);
    engine.setDouble(row + ROW.groupId, hash.digest());
    // A copy has no room to grow.
    this.#stacks.push(stack.slice());
    if (suspect) this.#suspects.add(row);
    engine.setInt(row + ROW.leader, this.#groupIds.firstWith(engine, row));
    return row;
  }

  /** Counts a record that came line by line; its id is known to be new. */
  take(record: RecordBuilder): void {
    const engine = this.#engine;
    const { meta, id, creator, line } = record;
    const dropped = this.#writeFrames(record);
    const count = record.entries.length - dropped;
    let row = engine.find(count, meta.stateIndex);
    if (row === 0) {
      row = this.#learnStack(count, meta.stateIndex, record.entries);
      if (record.ancestors !== undefined) this.#ancestors.set(row, record.ancestors.map(utf8));
    }
    const elided = record.elided + dropped;
    for (const one of [row, engine.int(row + ROW.leader)]) {
      engine.setInt(one + ROW.elided, Math.max(elided, engine.int(one + ROW.elided)));
    }
    engine.count(row, clampId(id), Math.min(meta.minutes, 0x7fffffff), meta.marks, clampId(creator));
    if (meta.labels !== undefined) this.#labels.count(engine.int(row + ROW.leader), meta.labels);
    this.#each?.({ row, id, creator, meta, line });
  }

  /** Puts the frames where the engine looks for them; returns how many had no room. */
  #writeFrames({ entries }: RecordBuilder): number {
    const engine = this.#engine;
    let at = TEXT;
    for (let i = 0; i < entries.length; i++) {
      const { kind, name, place } = entries[i]!;
      if (i >= MOST_FRAMES || at + name.length + place.length > TEXT + MOST_TEXT) return entries.length - i;
      const frame = FRAMES + i * FRAME_BYTES;
      engine.setInt(frame + FRAME.name, at);
      at += engine.bytes.write(name, at, 'latin1');
      engine.setInt(frame + FRAME.nameEnd, at);
      engine.setInt(frame + FRAME.place, at);
      engine.setInt(frame + FRAME.colon, at + place.lastIndexOf(':'));
      at += engine.bytes.write(place, at, 'latin1');
      engine.setInt(frame + FRAME.placeEnd, at);
      engine.setInt(frame + FRAME.kind, kind);
    }
    return 0;
  }

  /** Counts by state, the most frequent first. */
  countStates(): Record<string, number> {
    const { states } = this.#headers;
    const counts = new Array<number>(states.length).fill(0);
    for (let i = 0; i < this.#stacks.length; i++) {
      const row = this.#engine.rowAt(i);
      counts[this.#engine.int(row + ROW.state)]! += this.#engine.int(row + ROW.count);
    }
    const order = states.map((_, i) => i).sort((a, b) => counts[b]! - counts[a]!);
    return Object.fromEntries(order.filter((i) => counts[i]! > 0).map((i) => [states[i]!, counts[i]!]));
  }

  describe(row: number): DescribedStack {
    const number = this.#engine.int(row + ROW.number);
    const creatorFrame = this.#engine.int(row + ROW.creatorFrame);
    return {
      id: formatGroupId(this.#engine.double(row + ROW.groupId)),
      stack: this.#stacks.at(number),
      createdBy: creatorFrame < 0 ? undefined : this.#frames.at(creatorFrame),
      framesElided: this.#engine.int(row + ROW.elided),
    };
  }

  /** The largest first. */
  groups(): GoroutineGroup[] {
    const engine = this.#engine;
    const { total } = this;
    const rows = this.#stacks.length;
    let count = 0;
    // As one number each: a sort with a comparison is ten times slower.
    const order = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const row = engine.rowAt(i);
      const members = engine.int(row + ROW.count);
      if (members > 0 && engine.int(row + ROW.leader) === row) order[count++] = (total - members) * rows + i;
    }
    order.subarray(0, count).sort();
    const groups = new Array<GoroutineGroup>(count);
    for (let i = 0; i < count; i++) groups[i] = this.#group(engine.rowAt(order[i]! % rows));
    return groups;
  }

  /** Gives the engine to the next dump. To be called once, last. */
  release(): void {
    this.#engine.release(this.#metas.keys());
  }

  #group(row: number): GoroutineGroup {
    const engine = this.#engine;
    const { id, stack, framesElided } = this.describe(row);
    const count = engine.int(row + ROW.count);
    const state = this.#headers.states[engine.int(row + ROW.state)]!;
    const waitMinutes = this.#shared.waitMinutes(engine, row);
    const locked = engine.int(row + ROW.locked);
    const leaked = engine.int(row + ROW.leaked);
    const labels = this.#labels.of(row);
    const createdBy = this.#shared.createdBy(engine, row, this.#frames);
    const sampleIds = readSampledIds(engine, row);
    const ancestors = this.#ancestors.get(row);
    const isUsual = locked + leaked + framesElided === 0 && labels === undefined && createdBy !== undefined;
    let group: GoroutineGroup;
    // Written as a whole an object takes half the memory of one that grows.
    if (isUsual && waitMinutes !== undefined) group = { id, count, stack, state, waitMinutes, createdBy, sampleIds };
    else if (isUsual) group = { id, count, stack, state, createdBy, sampleIds };
    else {
      group = { id, count, stack, state };
      if (waitMinutes !== undefined) group.waitMinutes = waitMinutes;
      if (locked > 0) group.lockedToThread = locked;
      if (leaked > 0) group.leaked = leaked;
      if (labels !== undefined) group.labels = labels;
      if (framesElided > 0) group.framesElided = framesElided;
      if (createdBy !== undefined) group.createdBy = createdBy;
      group.sampleIds = sampleIds;
    }
    if (state === '') delete group.state;
    if (ancestors !== undefined) group.ancestors = describeAncestors(ancestors);
    if (this.#infrastructure.find(group, this.#suspects.has(row)) !== undefined) group.infrastructure = true;
    return group;
  }
}

/** Are the arguments of a call `...`? */
function isLeftOut({ bytes, words }: StackEngine, frame: number): boolean {
  const open = words[(frame + FRAME.nameEnd) >> 2]!;
  return bytes[open + 1] === 46 && bytes[open + 2] === 46 && bytes[open + 3] === 46 && bytes[open + 4] === 41;
}

/** What fits into the engine's whole numbers. */
function clampId(id: number): number {
  return Math.min(id, Number.MAX_SAFE_INTEGER);
}
