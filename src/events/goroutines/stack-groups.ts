// In: rows of the stack engine, one a distinct (state, stack, creator). Out: what only objects can say of them: frames, labels, ancestors;
// at the end a group of each.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { ChunkedList } from './chunked-list.ts';
import { describeAncestors, formatGroupId, StackHash } from './describe.ts';
import { FrameTable } from './frame-table.ts';
import { GroupIds } from './group-ids.ts';
import { InfrastructureIndex, type InfrastructureRule } from './infrastructure.ts';
import { LabelCounts } from './label-counts.ts';
import type { StackEntry } from './record-builder.ts';
import { readSampledIds } from './sampled-ids.ts';
import { SharedParts } from './shared-parts.ts';
import { CALL, CREATOR, ELIDED, FRAME, FRAME_BYTES, FRAMES, ROW, type StackEngine, TOTAL } from './stack-engine.ts';

/** A row as objects. */
export interface DescribedStack {
  id: string;
  stack: Frame[];
  createdBy: CreatedBy | undefined;
  framesElided: number;
}

export class StackGroups {
  readonly #engine: StackEngine;
  /** Names by number of the state. */
  readonly #states: readonly string[];
  readonly #infrastructure: InfrastructureIndex;
  readonly #frames = new FrameTable();
  /** By number of the row. */
  readonly #stacks = new ChunkedList<Frame[]>();
  readonly #groupIds = new GroupIds();
  /** By address of the row. */
  readonly #labels = new LabelCounts();
  readonly #ancestors = new Map<number, readonly string[]>();
  /** Rows with a frame that an infrastructure rule names. */
  readonly #suspects = new Set<number>();
  readonly #shared = new SharedParts();

  constructor(
    engine: StackEngine,
    states: readonly string[],
    infrastructure: readonly InfrastructureRule[] | undefined,
  ) {
    this.#engine = engine;
    this.#states = states;
    this.#infrastructure = InfrastructureIndex.of(infrastructure);
  }

  /**
   * The row of the frames at FRAMES that `find` or `scan` did not find. `taken`: what the line machine took them from; without it they
   * lie in the text, as cut by the scan, and 0 says that one of them is none.
   */
  learn(count: number, state: number, taken: readonly StackEntry[] | undefined): number {
    const engine = this.#engine;
    const hash = new StackHash(this.#states[state]!);
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

  /** One more goroutine of the row has these. */
  countLabels(row: number, labels: Record<string, string>): void {
    this.#labels.count(this.#engine.int(row + ROW.leader), labels);
  }

  /** @param lines `[originating from goroutine N]:`, then function, tab + place, ... */
  setAncestors(row: number, lines: readonly string[]): void {
    this.#ancestors.set(row, lines);
  }

  /** Counts by state, the most frequent first. */
  countStates(): Record<string, number> {
    const states = this.#states;
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
    const total = engine.int(TOTAL);
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

  #group(row: number): GoroutineGroup {
    const engine = this.#engine;
    const { id, stack, framesElided } = this.describe(row);
    const count = engine.int(row + ROW.count);
    const state = this.#states[engine.int(row + ROW.state)]!;
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
