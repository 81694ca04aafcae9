// In: records of a heap or contention text, with their stacks. Out: the sites of the event, scaled, and their sums; where some
// functions of the build begin. Follows `go tool pprof` legacy_profile.go: each record by itself, truncated towards zero.

import type { Amount, ContentionSite, Frame, HeapSite } from '../types.ts';
import type { FrameInterner } from './intern.ts';
import { HeapScaler, scaleContention } from './scale.ts';

/** A record whose frames are still being read. */
export interface OpenRecord {
  line: number;
  /** In use; in a contention text the count of waits. */
  inUseObjects: number;
  /** In use; in a contention text the cycles. */
  inUseBytes: number;
  allocObjects: number;
  allocBytes: number;
  /** Addresses as printed, for records without frame lines. */
  addresses: string;
  addressCount: number;
}

const BUILD_SAMPLE = 12;

const NO_FRAME: Frame = { function: '' };

function placeOf(frame: Frame): { function: string; file?: string; line?: number } {
  const place: { function: string; file?: string; line?: number } = { function: frame.function };
  if (frame.file !== undefined) place.file = frame.file;
  if (frame.line !== undefined) place.line = frame.line;
  return place;
}

/** Sites of a heap text. */
export class HeapSites {
  readonly list: HeapSite[] = [];
  readonly inUse: Amount = { objects: 0, bytes: 0 };
  readonly allocated: Amount = { objects: 0, bytes: 0 };
  private readonly scaler: HeapScaler;

  constructor(sampleRate: number) {
    this.scaler = new HeapScaler(sampleRate);
  }

  add(record: OpenRecord, stack: Frame[]): void {
    const inUse = this.scaler.scale(record.inUseObjects, record.inUseBytes);
    const allocated = this.scaler.scale(record.allocObjects, record.allocBytes);
    this.inUse.objects += inUse.objects;
    this.inUse.bytes += inUse.bytes;
    this.allocated.objects += allocated.objects;
    this.allocated.bytes += allocated.bytes;
    const raw = {
      inUse: { objects: record.inUseObjects, bytes: record.inUseBytes },
      allocated: { objects: record.allocObjects, bytes: record.allocBytes },
    };
    const leaf = stack[0] ?? NO_FRAME;
    // Written out: a spread costs more than all else here, and there is one site for each record.
    const site: HeapSite =
      leaf.file !== undefined && leaf.line !== undefined
        ? { function: leaf.function, file: leaf.file, line: leaf.line, stack, inUse, allocated, raw }
        : { ...placeOf(leaf), stack, inUse, allocated, raw };
    // The outermost address is goexit's, which no text shows; records without frame lines show their addresses as frames.
    const hidden = record.addresses === '' ? record.addressCount - stack.length - 1 : 0;
    if (hidden > 0) site.hiddenFrames = hidden;
    this.list.push(site);
  }
}

/** One site of a contention text. */
export function contentionSite(
  record: OpenRecord,
  stack: Frame[],
  cyclesPerSecond: number,
  period: number,
): ContentionSite {
  const scaled = scaleContention(record.inUseBytes, record.inUseObjects, cyclesPerSecond, period);
  return { ...placeOf(stack[0] ?? NO_FRAME), stack, count: scaled.count, delayNs: scaled.delayNs };
}

/** Where some functions begin: two texts of one build agree in it. */
export class BuildSample {
  private readonly entries = new Map<string, string>();
  private readonly frames: FrameInterner;

  constructor(frames: FrameInterner) {
    this.frames = frames;
  }

  /**
   * Keeps where some functions begin, for telling builds apart: runtime.main and those next to the outermost frame. The outermost one
   * itself may be inlined into a wrapper that no text shows, and then begins where that wrapper does.
   */
  note(ids: Int32Array, depth: number): void {
    if (this.entries.size >= BUILD_SAMPLE) return;
    for (let i = depth - 1; i >= 0 && i >= depth - 2; i--) {
      const { frame, entry } = this.frames.at(ids[i]!);
      if (!(entry > 0) || (i === depth - 1 && frame.function !== 'runtime.main')) continue;
      if (i < depth - 1 && this.frames.at(ids[i + 1]!).entry === entry) continue;
      const text = `0x${entry.toString(16)}`;
      const known = this.entries.get(frame.function);
      // Seen at two places: a copy in each caller, good for nothing.
      this.entries.set(frame.function, known === undefined || known === text ? text : '');
    }
  }

  /** Function to address, `0x` and hex digits; undefined when nothing is known. */
  known(): Record<string, string> | undefined {
    const entries = [...this.entries].filter(([, entry]) => entry !== '');
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
}
