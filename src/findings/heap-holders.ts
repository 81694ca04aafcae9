// In: the records of a heap text and the goroutine dump of the same moment. Out: which goroutines hold which memory: both stacks
// begin at the same entry function, and the objects are as many as the goroutines, or grow with them.
import type { CreatedBy, Frame, GoroutineGroup, GoroutinesEvent } from '../events/types.ts';
import { isStandard } from '../series/profile-own-frame.ts';
import type { SiteSeries } from './heap-snapshots.ts';

/** Fewer goroutines than this hold nothing worth a word. */
const MIN_GOROUTINES = 8;
/** Few samples scatter: at 16 of them one part in four. */
const MIN_CORRELATION = 0.8;

/** Dumps remembered, however long it is watched. */
const MOST_DUMPS = 512;

export interface Holder {
  /** Ids of the groups, largest first. */
  groups: string[];
  goroutines: number;
  state?: string;
  function: string;
  file?: string;
  line?: number;
  createdBy?: CreatedBy;
  objectsPerGoroutine: number;
  kibPerGoroutine: number;
  /** Over a series: new objects for each new goroutine, and how well the two go together (Pearson). */
  newObjectsPerNewGoroutine?: number;
  correlation?: number;
  newGoroutines?: number;
  waitMinutes?: { min: number; max: number };
}

/** Stack from its root, without what every goroutine has there. */
function fromRoot(stack: readonly Frame[]): string[] {
  const names: string[] = [];
  for (let i = stack.length - 1; i >= 0; i--) {
    const name = stack[i]!.function;
    if (names.length === 0 && (name === 'runtime.goexit' || name === 'runtime.main')) continue;
    names.push(name.replace(/\[.*\]/, '[...]'));
  }
  return names;
}

/** Functions that two stacks share from the root on; 0 unless one of them is outside the standard library. */
function sharedDepth(a: readonly string[], b: readonly string[]): number {
  let depth = 0;
  let own = false;
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) {
    own ||= !isStandard(a[depth]!);
    depth++;
  }
  return own ? depth : 0;
}

/** The dumps of one debug level, as far as they are needed for the join. */
export class GoroutineHistory {
  readonly times: (number | undefined)[] = [];
  private readonly counts: Map<string, number>[] = [];
  private newest: GoroutinesEvent | undefined;

  get length(): number {
    return this.times.length;
  }

  add(event: GoroutinesEvent, time: number | undefined): void {
    this.times.push(time);
    const counts = new Map<string, number>();
    for (const group of event.groups) if (group.infrastructure !== true) counts.set(group.id, group.count);
    this.counts.push(counts);
    this.newest = event;
    if (this.times.length > MOST_DUMPS) this.thin();
  }

  /** Every second dump goes; with times the nearest is found all the same. */
  private thin(): void {
    const last = this.times.length - 1;
    const isKept = (_: unknown, i: number) => i % 2 === 0 || i === last;
    this.times.splice(0, this.times.length, ...this.times.filter(isKept));
    this.counts.splice(0, this.counts.length, ...this.counts.filter(isKept));
  }

  /** The goroutines that share their first functions with the stacks from which `site` was allocated. */
  holderOf(site: SiteSeries, heapTimes: readonly number[]): Holder | undefined {
    if (this.newest === undefined) return undefined;
    const groups = this.groupsOf(site);
    const goroutines = groups.reduce((sum, group) => sum + group.count, 0);
    if (goroutines < MIN_GOROUTINES) return undefined;
    const bytes = site.inUseBytes.at(-1)!;
    const objects = bytes / heaviestSize(site);
    const largest = groups[0]!;
    const where = largest.stack.find((frame) => !isStandard(frame.function)) ?? largest.stack[0];
    const holder: Holder = {
      groups: groups.map((group) => group.id),
      goroutines,
      function: where?.function ?? '',
      objectsPerGoroutine: objects / goroutines,
      kibPerGoroutine: bytes / 1024 / goroutines,
    };
    if (where?.file !== undefined) holder.file = where.file;
    if (where?.line !== undefined) holder.line = where.line;
    if (largest.state !== undefined) holder.state = largest.state;
    if (largest.createdBy !== undefined) holder.createdBy = largest.createdBy;
    if (largest.waitMinutes !== undefined) holder.waitMinutes = largest.waitMinutes;
    this.addRatio(holder, site, heapTimes);
    return holder;
  }

  private groupsOf(site: SiteSeries): GoroutineGroup[] {
    const groups = this.newest!.groups.filter((group) => group.infrastructure !== true);
    const roots = groups.map((group) => fromRoot(group.stack));
    const bytesOf = new Map<GoroutineGroup, number>();
    for (const record of site.records) {
      if (record.inUseBytes <= 0) continue;
      const own = fromRoot(record.stack);
      let depth = 1;
      let best: GoroutineGroup[] = [];
      roots.forEach((root, i) => {
        const shared = sharedDepth(own, root);
        if (shared < depth || shared === 0) return;
        if (shared > depth) best = [];
        depth = shared;
        best.push(groups[i]!);
      });
      for (const group of best) bytesOf.set(group, (bytesOf.get(group) ?? 0) + record.inUseBytes);
    }
    // Most of the memory has to point at the groups that are named.
    const most = Math.max(0, ...bytesOf.values());
    return [...bytesOf]
      .filter(([, bytes]) => bytes >= most / 2)
      .map(([group]) => group)
      .sort((a, b) => b.count - a.count);
  }

  private addRatio(holder: Holder, site: SiteSeries, heapTimes: readonly number[]): void {
    const size = heaviestSize(site);
    const pairs: { goroutines: number; objects: number }[] = [];
    const offset = this.counts.length - heapTimes.length;
    for (let i = 0; i < heapTimes.length; i++) {
      const at = this.nearest(heapTimes[i]!, i + offset);
      const counts = this.counts[at];
      if (counts === undefined) continue;
      let goroutines = 0;
      for (const id of holder.groups) goroutines += counts.get(id) ?? 0;
      pairs.push({ goroutines, objects: site.inUseBytes[i]! / size });
    }
    if (pairs.length < 3) return;
    const gain = pairs.at(-1)!.goroutines - pairs[0]!.goroutines;
    const correlation = pearson(pairs);
    if (gain < MIN_GOROUTINES || correlation === undefined) return;
    holder.newGoroutines = gain;
    holder.correlation = correlation;
    holder.newObjectsPerNewGoroutine = (pairs.at(-1)!.objects - pairs[0]!.objects) / gain;
  }

  /** The dump of about the same time; by their order where there is no time. */
  private nearest(time: number, byOrder: number): number {
    if (this.times.some((known) => known === undefined)) return Math.max(0, byOrder);
    let best = 0;
    for (let i = 1; i < this.times.length; i++) {
      if (Math.abs(this.times[i]! - time) < Math.abs(this.times[best]! - time)) best = i;
    }
    return best;
  }
}

/** The size that most bytes are in: one sampled small object would stand for thousands and drown the count. */
function heaviestSize(site: SiteSeries): number {
  const bytesOf = new Map<number, number>();
  for (const record of site.records) {
    bytesOf.set(record.objectBytes, (bytesOf.get(record.objectBytes) ?? 0) + record.inUseBytes);
  }
  let size = 1;
  let most = 0;
  for (const [objectBytes, bytes] of bytesOf) {
    if (bytes > most) {
      most = bytes;
      size = objectBytes;
    }
  }
  return size;
}

/** Do the new objects come with the new goroutines? Then it is one leak, and theirs. */
export function isExplainedByGoroutines(holder: Holder): boolean {
  return (holder.correlation ?? 0) >= MIN_CORRELATION && (holder.newObjectsPerNewGoroutine ?? 0) > 0.05;
}

function pearson(pairs: readonly { goroutines: number; objects: number }[]): number | undefined {
  const n = pairs.length;
  const mx = pairs.reduce((sum, pair) => sum + pair.goroutines, 0) / n;
  const my = pairs.reduce((sum, pair) => sum + pair.objects, 0) / n;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (const { goroutines, objects } of pairs) {
    xx += (goroutines - mx) ** 2;
    yy += (objects - my) ** 2;
    xy += (goroutines - mx) * (objects - my);
  }
  return xx === 0 || yy === 0 ? undefined : xy / Math.sqrt(xx * yy);
}
