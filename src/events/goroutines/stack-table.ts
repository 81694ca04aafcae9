// In: goroutine records, as bytes or taken apart. Out: each counted in its row of the stack engine, one a distinct (state, stack, creator).
// The engine knows numbers: it is taught header words here, and stacks by stack-groups.ts.
import { type HeaderMeta, HeaderTable } from './header-table.ts';
import type { InfrastructureRule } from './infrastructure.ts';
import { utf8 } from './machine.ts';
import type { RecordBuilder } from './record-builder.ts';
import {
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
import { type DescribedStack, StackGroups } from './stack-groups.ts';

/** Ids from here on go to a plain Set. */
const LARGE_ID = 0x1f_ffff_ffe0;
/** Bytes given to the engine at once: few at first, since the record after them may be none of its kind. */
const FIRST_PIECE = 4096;
const LAST_PIECE = 65_536;

/** One goroutine that was counted. */
export interface Counted {
  id: number;
  creator: number;
  meta: HeaderMeta;
  line: number;
}

/** Gets every goroutine, with its stack. */
type EachGoroutine = (counted: Counted, stack: DescribedStack) => void;

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
  /** The distinct stacks. */
  readonly stacks: StackGroups;
  readonly #each: EachGoroutine | undefined;
  readonly #largeIds = new Set<number>();
  #piece = FIRST_PIECE;

  constructor(infrastructure: readonly InfrastructureRule[] | undefined, each?: EachGoroutine) {
    this.stacks = new StackGroups(this.#engine, this.#headers.states, infrastructure);
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
        if (this.stacks.learn(engine.int(FRAME_COUNT), state, undefined) === 0) return NOT_PLAIN;
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
    if (meta.labels !== undefined) this.stacks.countLabels(row, meta.labels);
    if (this.#each === undefined) return;
    const counted = { id: engine.long(RECORD_ID), creator: engine.long(RECORD_CREATOR), meta, line };
    this.#each(counted, this.stacks.describe(row));
  }

  /** Counts a record that came line by line; its id is known to be new. */
  take(record: RecordBuilder): void {
    const engine = this.#engine;
    const { meta, id, creator, line } = record;
    const dropped = this.#writeFrames(record);
    const count = record.entries.length - dropped;
    let row = engine.find(count, meta.stateIndex);
    if (row === 0) {
      row = this.stacks.learn(count, meta.stateIndex, record.entries);
      if (record.ancestors !== undefined) this.stacks.setAncestors(row, record.ancestors.map(utf8));
    }
    const elided = record.elided + dropped;
    for (const one of [row, engine.int(row + ROW.leader)]) {
      engine.setInt(one + ROW.elided, Math.max(elided, engine.int(one + ROW.elided)));
    }
    engine.count(row, clampId(id), Math.min(meta.minutes, 0x7fffffff), meta.marks, clampId(creator));
    if (meta.labels !== undefined) this.stacks.countLabels(row, meta.labels);
    this.#each?.({ id, creator, meta, line }, this.stacks.describe(row));
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

  /** Gives the engine to the next dump. To be called once, last. */
  release(): void {
    this.#engine.release(this.#metas.keys());
  }
}

/** What fits into the engine's whole numbers. */
function clampId(id: number): number {
  return Math.min(id, Number.MAX_SAFE_INTEGER);
}
