// In: rows of the stack table. Out: groups of the event: frames as objects, ids that stay the same over dumps.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { InfrastructureIndex, type InfrastructureRule } from './infrastructure.ts';
import { collapseTypeArguments, isHiddenRuntimeFrame, unescapeName } from './names.ts';
import { type DescribedStack, type GroupRow, mixId, SAMPLE_IDS, type StackTable } from './stack-table.ts';

/** Elided frames stand in the key as this line: how many are missing never splits a group. */
export const ELIDED_KEY = '...';

/** A frame with what `groupId` needs of it, made once per distinct line. */
interface KnownFrame {
  frame: Frame;
  hash: FrameHash;
}

/** Turns rows into groups; frames are shared between the groups that have them. */
export class RowDescriber {
  #frames = new Map<string, KnownFrame>();
  readonly #infrastructure: InfrastructureIndex;

  constructor(addedInfrastructure: readonly InfrastructureRule[] | undefined) {
    this.#infrastructure = new InfrastructureIndex(addedInfrastructure);
  }

  describe(table: StackTable, row: GroupRow, state: string): DescribedStack {
    const text = table.keyText(row);
    const stack: Frame[] = [];
    const hashes: FrameHash[] = [];
    let createdBy: CreatedBy | undefined;
    let creatorHash: FrameHash | undefined;
    for (let at = 0; at < text.length; ) {
      let end = text.indexOf('\n', at);
      let placeAt = end;
      if (text.charCodeAt(end + 1) === 9) end = text.indexOf('\n', end + 1);
      else placeAt = -1;
      const key = text.slice(at, end);
      const split = placeAt < 0 ? key.length : placeAt - at;
      at = end + 1;
      if (key === ELIDED_KEY) continue;
      if (key.startsWith('created by ')) {
        const known = this.#known(key.slice('created by '.length), split - 'created by '.length, false);
        createdBy = known.frame;
        creatorHash = known.hash;
      } else {
        const known = this.#known(key, split, row.inlined?.includes(stack.length) === true);
        stack.push(known.frame);
        hashes.push(known.hash);
      }
    }
    return { id: combineHashes(state, hashes, creatorHash), stack, createdBy };
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
    if (ids.length > 0) group.sampleIds = ids.sort((a, b) => a - b);
    if (row.ancestors !== undefined) group.ancestors = this.#ancestors(row.ancestors);
    if (this.#infrastructure.find(group) !== undefined) group.infrastructure = true;
    return group;
  }

  #ancestors(lines: readonly string[]): { goroutine: number; stack: Frame[] }[] {
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
      const key = hasPlace ? `${line}\n${next}` : line;
      ancestors.at(-1)?.stack.push(this.#known(key, line.length, false).frame);
    }
    return ancestors;
  }

  /** `key` is NAME or NAME, newline, tab, FILE:LINE; `split` the length of NAME. */
  #known(key: string, split: number, inlined: boolean): KnownFrame {
    const mapKey = inlined ? `i${key}` : key;
    let known = this.#frames.get(mapKey);
    if (known === undefined) {
      const frame = makeFrame(key.slice(0, split), key.slice(split + 2), inlined);
      known = { frame, hash: hashFrame(frame) };
      this.#frames.set(mapKey, known);
    }
    return known;
  }
}

function makeFrame(name: string, place: string, inlined: boolean): Frame {
  const frame: Frame = { function: unescapeName(name) };
  if (place !== '') {
    const colon = place.lastIndexOf(':');
    frame.file = place.slice(0, colon);
    frame.line = Number(place.slice(colon + 1));
  }
  if (inlined) frame.inlined = true;
  return frame;
}

/** Two 32-bit hashes of a frame's function and line; `hidden`: shown at traceback level 2 only. */
interface FrameHash {
  a: number;
  b: number;
  hidden: boolean;
}

/**
 * Hash of state, functions, lines and creator. Left out: arguments, offsets, folders (a build elsewhere is the same program),
 * type arguments and the runtime frames that only level-2 dumps show, so that debug=2 and SIGQUIT texts agree.
 */
export function groupId(state: string, stack: readonly Frame[], createdBy: Frame | undefined): string {
  return combineHashes(state, stack.map(hashFrame), createdBy === undefined ? undefined : hashFrame(createdBy));
}

function hashFrame(frame: Frame): FrameHash {
  const { a, b } = hashText(`${collapseTypeArguments(frame.function)}:${frame.line ?? 0}`);
  return { a, b, hidden: isHiddenRuntimeFrame(frame.function) };
}

/** Two FNV-1a streams. */
function hashText(text: string): { a: number; b: number } {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
  }
  return { a, b };
}

/** 48 bits: enough for some ten thousand groups, short enough to be read out. */
function combineHashes(state: string, frames: readonly FrameHash[], creator: FrameHash | undefined): string {
  const allHidden = frames.every((frame) => frame.hidden);
  let { a, b } = hashText(state);
  for (const frame of frames) {
    if (frame.hidden && !allHidden) continue;
    a = Math.imul(a ^ frame.a, 0x01000193) + 1;
    b = Math.imul(b ^ frame.b, 0x5bd1e995) ^ (b >>> 13);
  }
  if (creator !== undefined && !creator.hidden) {
    a = Math.imul(a ^ creator.a, 0x85ebca6b);
    b = Math.imul(b ^ creator.b, 0xc2b2ae35);
  }
  const high = mixId(a >>> 0) >>> 8;
  const low = mixId(b >>> 0) >>> 8;
  return high.toString(16).padStart(6, '0') + low.toString(16).padStart(6, '0');
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
  into.ids = ids.sort((a, b) => mixId(a) - mixId(b)).slice(0, SAMPLE_IDS);
}
