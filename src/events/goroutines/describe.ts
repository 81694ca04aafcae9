// In: rows of the stack table. Out: groups of the event: frames as objects, ids that stay the same over dumps.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { FrameTable, hashFrame, hashText, type KnownFrame, makeFrame } from './frame-table.ts';
import { InfrastructureIndex, type InfrastructureRule } from './infrastructure.ts';
import { type DescribedStack, type GroupRow, mixId, SAMPLE_IDS, type StackTable } from './stack-table.ts';

/** Elided frames stand in the key as this line: how many are missing never splits a group. */
export const ELIDED_KEY = '...';

/** Turns rows into groups; frames are shared between the groups that have them. */
export class RowDescriber {
  readonly #frames = new FrameTable();
  readonly #infrastructure: InfrastructureIndex;

  constructor(addedInfrastructure: readonly InfrastructureRule[] | undefined) {
    this.#infrastructure = new InfrastructureIndex(addedInfrastructure);
  }

  describe(table: StackTable, row: GroupRow, state: string): DescribedStack {
    const { bytes, view } = table.keys;
    const stack: Frame[] = [];
    const hash = new StackHash(state);
    let createdBy: CreatedBy | undefined;
    for (let at = row.keyStart; at < row.keyEnd; ) {
      let nameEnd = at;
      while (bytes[nameEnd] !== NEWLINE) nameEnd++;
      let end = nameEnd;
      if (end + 1 < row.keyEnd && bytes[end + 1] === TAB) for (end++; bytes[end] !== NEWLINE; ) end++;
      if (isElided(bytes, at, nameEnd)) {
        at = end + 1;
        continue;
      }
      if (isCreator(bytes, at, nameEnd)) {
        const known = this.#frames.intern(bytes, view, at + CREATED_BY.length, nameEnd, end, false);
        createdBy = known.frame;
        hash.addCreator(known);
      } else {
        const inlined = row.inlined?.includes(stack.length) === true;
        const known = this.#frames.intern(bytes, view, at, nameEnd, end, inlined);
        stack.push(known.frame);
        hash.addFrame(known);
      }
      at = end + 1;
    }
    return { id: hash.digest(), stack, createdBy };
  }

  group(table: StackTable, row: GroupRow, state: string, described: DescribedStack): GoroutineGroup {
    const group: GoroutineGroup = { id: described.id, count: row.count, stack: described.stack };
    if (state !== '') group.state = state;
    if (row.waitMax >= 0) {
      group.waitMinutes = { min: row.waitMissing ? 0 : row.waitMin, max: row.waitMax };
    }
    if (row.locked > 0) group.lockedToThread = row.locked;
    if (row.leaked > 0) group.leaked = row.leaked;
    if (row.labels !== undefined) group.labels = Object.fromEntries(row.labels);
    if (row.framesElided > 0) group.framesElided = row.framesElided;
    if (described.createdBy !== undefined) {
      group.createdBy = row.creator > 0 ? { ...described.createdBy, goroutine: row.creator } : described.createdBy;
    }
    const ids = table.sampledIds(row);
    if (ids.length > 0) group.sampleIds = sortIds(ids);
    if (row.ancestors !== undefined) group.ancestors = describeAncestors(row.ancestors);
    if (this.#infrastructure.find(group) !== undefined) group.infrastructure = true;
    return group;
  }
}

/** In place; most groups have a handful, for which a loop is many times faster than a sort with a comparison. */
function sortIds(ids: number[]): number[] {
  if (ids.length > 16) return ids.sort((a, b) => a - b);
  for (let i = 1; i < ids.length; i++) {
    const id = ids[i]!;
    let at = i;
    for (; at > 0 && ids[at - 1]! > id; at--) ids[at] = ids[at - 1]!;
    ids[at] = id;
  }
  return ids;
}

/** `[originating from goroutine N]:`, then the lines of a key. */
function describeAncestors(lines: readonly string[]): { goroutine: number; stack: Frame[] }[] {
  const ancestors: { goroutine: number; stack: Frame[] }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith('[')) {
      ancestors.push({ goroutine: Number(/\d+/.exec(line)?.[0] ?? 0), stack: [] });
      continue;
    }
    const next = lines[i + 1];
    const hasPlace = next?.startsWith('\t') === true;
    if (hasPlace) i++;
    ancestors.at(-1)?.stack.push(makeFrame(line, hasPlace ? next.slice(1) : '', false));
  }
  return ancestors;
}

const NEWLINE = 10;
const TAB = 9;
const CREATED_BY = 'created by ';

function isElided(bytes: Buffer, start: number, end: number): boolean {
  return end - start === ELIDED_KEY.length && bytes[start] === 46 && bytes[start + 1] === 46;
}

function isCreator(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= CREATED_BY.length || bytes[start + 7] !== 32) return false;
  for (let i = 0; i < CREATED_BY.length; i++) if (bytes[start + i] !== CREATED_BY.charCodeAt(i)) return false;
  return true;
}

/**
 * Hash of state, functions, lines and creator. Left out: arguments, offsets, folders (a build elsewhere is the same program),
 * type arguments and the runtime frames that only level-2 dumps show, so that debug=2 and SIGQUIT texts agree.
 */
export function groupId(state: string, stack: readonly Frame[], createdBy: Frame | undefined): string {
  const hash = new StackHash(state);
  for (const frame of stack) hash.addFrame(hashFrame(frame));
  if (createdBy !== undefined) hash.addCreator(hashFrame(createdBy));
  return hash.digest();
}

type FrameHash = Pick<KnownFrame, 'a' | 'b' | 'hidden'>;

/** 48 bits: enough for some ten thousand groups, short enough to be read out. Hidden frames count only where there are no others. */
class StackHash {
  #a: number;
  #b: number;
  #allA: number;
  #allB: number;
  #anyShown = false;
  #creatorA = 0;
  #creatorB = 0;

  constructor(state: string) {
    const { a, b } = hashText(state);
    this.#a = a;
    this.#b = b;
    this.#allA = a;
    this.#allB = b;
  }

  addFrame({ a, b, hidden }: FrameHash): void {
    this.#allA = Math.imul(this.#allA ^ a, 0x01000193) + 1;
    this.#allB = Math.imul(this.#allB ^ b, 0x5bd1e995) ^ (this.#allB >>> 13);
    if (hidden) return;
    this.#anyShown = true;
    this.#a = Math.imul(this.#a ^ a, 0x01000193) + 1;
    this.#b = Math.imul(this.#b ^ b, 0x5bd1e995) ^ (this.#b >>> 13);
  }

  addCreator({ a, b, hidden }: FrameHash): void {
    if (hidden) return;
    this.#creatorA = a;
    this.#creatorB = b;
  }

  digest(): string {
    const a = Math.imul((this.#anyShown ? this.#a : this.#allA) ^ this.#creatorA, 0x85ebca6b);
    const b = Math.imul((this.#anyShown ? this.#b : this.#allB) ^ this.#creatorB, 0xc2b2ae35);
    return hex24(mixId(a >>> 0) >>> 8) + hex24(mixId(b >>> 0) >>> 8);
  }
}

function hex24(value: number): string {
  return (value + 0x1000000).toString(16).slice(1);
}

/** `from` into `into`: two rows of one dump that differ only by what `groupId` leaves out. */
export function mergeRows(table: StackTable, into: GroupRow, from: GroupRow): void {
  into.count += from.count;
  if (from.waitMax >= 0) {
    into.waitMin = into.waitMax < 0 ? from.waitMin : Math.min(into.waitMin, from.waitMin);
    into.waitMax = Math.max(into.waitMax, from.waitMax);
  }
  into.waitMissing ||= from.waitMissing;
  into.locked += from.locked;
  into.leaked += from.leaked;
  for (const [text, count] of from.labels ?? []) {
    into.labels ??= new Map();
    into.labels.set(text, (into.labels.get(text) ?? 0) + count);
  }
  if (into.creator !== from.creator) into.creator = -1;
  into.framesElided = Math.max(into.framesElided, from.framesElided);
  const ids = [...table.sampledIds(into), ...table.sampledIds(from)];
  table.setIds(into, ids.sort((a, b) => mixId(a) - mixId(b)).slice(0, SAMPLE_IDS));
}
