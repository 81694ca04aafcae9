// In: rows of the stack table. Out: groups of the event: frames as objects, ids that stay the same over dumps.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { type InfrastructureRule, isInfrastructure } from './infrastructure.ts';
import { collapseTypeArguments, isHiddenRuntimeFrame, unescapeName } from './names.ts';
import { type GroupRow, mixId, SAMPLE_IDS, type StackTable } from './stack-table.ts';

/** Elided frames stand in the key as this line: how many are missing never splits a group. */
export const ELIDED_KEY = '...';

export interface DescribedStack {
  id: string;
  stack: Frame[];
  createdBy: CreatedBy | undefined;
}

/** Turns rows into groups; frames are shared between the groups that have them. */
export class RowDescriber {
  #frames = new Map<string, Frame>();
  #infrastructure: readonly InfrastructureRule[];

  constructor(infrastructure: readonly InfrastructureRule[]) {
    this.#infrastructure = infrastructure;
  }

  describe(table: StackTable, row: GroupRow, state: string): DescribedStack {
    const lines = table.keyLines(row);
    const stack: Frame[] = [];
    let createdBy: CreatedBy | undefined;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (line === ELIDED_KEY) continue;
      const next = lines[i + 1];
      const place = next?.startsWith('\t') === true ? next : '';
      if (place !== '') i++;
      if (line.startsWith('created by ')) {
        createdBy = { ...this.#frame(line.slice('created by '.length), place, false) };
      } else {
        stack.push(this.#frame(line, place, row.inlined?.includes(stack.length) === true));
      }
    }
    return { id: groupId(state, stack, createdBy), stack, createdBy };
  }

  group(row: GroupRow, state: string, described: DescribedStack): GoroutineGroup {
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
    if (row.ids.length > 0) group.sampleIds = [...row.ids].sort((a, b) => a - b);
    if (row.ancestors !== undefined) group.ancestors = this.#ancestors(row.ancestors);
    if (isInfrastructure(group, this.#infrastructure)) group.infrastructure = true;
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
      const place = next?.startsWith('\t') === true ? next : '';
      if (place !== '') i++;
      ancestors.at(-1)?.stack.push(this.#frame(line, place, false));
    }
    return ancestors;
  }

  /** `place` is tab + FILE:LINE, or empty. */
  #frame(name: string, place: string, inlined: boolean): Frame {
    const key = `${inlined ? 'i' : 'f'}${name}\n${place}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      frame = makeFrame(name, place, inlined);
      this.#frames.set(key, frame);
    }
    return frame;
  }
}

function makeFrame(name: string, place: string, inlined: boolean): Frame {
  const frame: Frame = { function: unescapeName(name) };
  if (place !== '') {
    const colon = place.lastIndexOf(':');
    frame.file = place.slice(1, colon);
    frame.line = Number(place.slice(colon + 1));
  }
  if (inlined) frame.inlined = true;
  return frame;
}

/**
 * Hash of state, functions, lines and creator. Left out: arguments, offsets, folders (a build elsewhere is the same program),
 * type arguments and the runtime frames that only level-2 dumps show, so that debug=2 and SIGQUIT texts agree.
 */
export function groupId(state: string, stack: readonly Frame[], createdBy: Frame | undefined): string {
  const shown = stack.filter((frame) => !isHiddenRuntimeFrame(frame.function));
  const hash = new TextHash();
  hash.add(state);
  for (const frame of shown.length > 0 ? shown : stack) {
    hash.add(collapseTypeArguments(frame.function));
    hash.add(String(frame.line ?? 0));
  }
  if (createdBy !== undefined && !isHiddenRuntimeFrame(createdBy.function)) {
    hash.add(collapseTypeArguments(createdBy.function));
    hash.add(String(createdBy.line ?? 0));
  }
  return hash.digest();
}

/** 48 bits of two FNV-1a streams: enough for some ten thousand groups, short enough to be read out. */
class TextHash {
  #a = 0x811c9dc5;
  #b = 0x1b873593;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) this.#step(text.charCodeAt(i));
    this.#step(0x10ffff);
  }

  digest(): string {
    const high = mixId(this.#a >>> 0) >>> 8;
    const low = mixId(this.#b >>> 0) >>> 8;
    return high.toString(16).padStart(6, '0') + low.toString(16).padStart(6, '0');
  }

  #step(code: number): void {
    this.#a = Math.imul(this.#a ^ code, 0x01000193);
    this.#b = Math.imul(this.#b ^ code, 0x5bd1e995) ^ (this.#b >>> 15);
  }
}

/** `from` into `into`: two rows of one dump that differ only by what `groupId` leaves out. */
export function mergeRows(into: GroupRow, from: GroupRow): void {
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
  const ids = [...into.ids, ...from.ids].sort((a, b) => mixId(a) - mixId(b)).slice(0, SAMPLE_IDS);
  into.ids = ids;
  into.idHashes = ids.map(mixId);
}
