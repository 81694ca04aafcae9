// In: heap events of one program, oldest first. Out: for each place in the program's own code the history of what it holds and
// what it has allocated, with the sampling error of every figure. Bounded: long series are thinned.
import { heapScale } from '../events/profiles/index.ts';
import type { Frame, HeapEvent, HeapSite } from '../events/types.ts';
import { ownFrame } from '../series/profile-own-frame.ts';

/** More snapshots than this are thinned to every second one, the newest kept. */
const MAX_SNAPSHOTS = 96;

/** One record of the newest snapshot: objects of one size from one stack. */
export interface SiteRecord {
  stack: readonly Frame[];
  objectBytes: number;
  inUseSampled: number;
  allocatedSampled: number;
  hiddenFrames: number;
  inUseBytes: number;
  /** Of `inUseBytes`, by sampling alone: next to nothing for objects that are sure to be sampled. */
  samplingVariance: number;
}

/** History of one function: arrays run over the snapshots. What it took from a sync.Pool has a history of its own. */
export interface SiteSeries {
  function: string;
  /** sync.(*Pool).Get is in the stack: nothing else shows a pool. */
  pooled: boolean;
  inUseBytes: number[];
  inUseObjects: number[];
  /** Variance of `inUseBytes`: k samples of size s at probability p stand for s·k/p bytes, give or take s·√k/p. */
  variance: number[];
  inUseSampled: number[];
  allocatedBytes: number[];
  allocatedObjects: number[];
  allocatedSampled: number[];
  /** Size of the largest object in use. */
  largestBytes: number[];
  /** Of the newest snapshot only. */
  records: SiteRecord[];
}

export class HeapSnapshots {
  /** Seconds where known, else the number of the snapshot. */
  readonly times: number[] = [];
  readonly events: HeapEvent[] = [];
  readonly totals: number[] = [];
  readonly sites = new Map<string, SiteSeries>();

  get length(): number {
    return this.times.length;
  }

  add(event: HeapEvent, time: number): void {
    const at = this.times.length;
    this.times.push(time);
    // Sites are kept in figures; of the event itself only its head is needed later.
    this.events.push({ ...event, sites: [] });
    this.totals.push(event.inUse.bytes);
    for (const series of this.sites.values()) {
      pushZero(series);
      series.records = [];
    }
    const owners = new Map<readonly Frame[], SiteSeries>();
    for (const site of event.sites) {
      let series = owners.get(site.stack);
      if (series === undefined) {
        series = this.seriesOf(site.stack, at);
        owners.set(site.stack, series);
      }
      addRecord(series, at, site, event.sampleRate);
    }
    if (this.times.length > MAX_SNAPSHOTS) this.thin();
  }

  private seriesOf(stack: readonly Frame[], at: number): SiteSeries {
    const name = ownFrame(stack)?.function ?? '';
    const pooled = stack.some((frame) => frame.function === 'sync.(*Pool).Get');
    const key = pooled ? `${name}\u0000pool` : name;
    let series = this.sites.get(key);
    if (series === undefined) {
      series = emptySeries(name, pooled);
      for (let i = 0; i <= at; i++) pushZero(series);
      this.sites.set(key, series);
    }
    return series;
  }

  /** Every second one goes, the first and the newest stay. */
  private thin(): void {
    const last = this.times.length - 1;
    const keep = <T>(list: T[]): void => {
      const kept = list.filter((_, i) => (last - i) % 2 === 0 || i === 0);
      list.length = 0;
      list.push(...kept);
    };
    keep(this.times);
    keep(this.events);
    keep(this.totals);
    for (const series of this.sites.values()) for (const list of figuresOf(series)) keep(list);
  }
}

function emptySeries(name: string, pooled: boolean): SiteSeries {
  return {
    function: name,
    pooled,
    inUseBytes: [],
    inUseObjects: [],
    variance: [],
    inUseSampled: [],
    allocatedBytes: [],
    allocatedObjects: [],
    allocatedSampled: [],
    largestBytes: [],
    records: [],
  };
}

function figuresOf(series: SiteSeries): number[][] {
  return [
    series.inUseBytes,
    series.inUseObjects,
    series.variance,
    series.inUseSampled,
    series.allocatedBytes,
    series.allocatedObjects,
    series.allocatedSampled,
    series.largestBytes,
  ];
}

function pushZero(series: SiteSeries): void {
  for (const list of figuresOf(series)) list.push(0);
}

function addRecord(series: SiteSeries, at: number, site: HeapSite, rate: number): void {
  const { inUse, allocated } = site.raw;
  const known = allocated.objects === 0 ? inUse : allocated;
  const objectBytes = known.objects === 0 ? 0 : known.bytes / known.objects;
  series.inUseBytes[at]! += site.inUse.bytes;
  series.inUseObjects[at]! += site.inUse.objects;
  series.inUseSampled[at]! += inUse.objects;
  series.allocatedBytes[at]! += site.allocated.bytes;
  series.allocatedObjects[at]! += site.allocated.objects;
  series.allocatedSampled[at]! += allocated.objects;
  if (inUse.objects > 0) series.largestBytes[at] = Math.max(series.largestBytes[at]!, objectBytes);
  let samplingVariance = 0;
  if (objectBytes > 0) {
    const scale = heapScale(objectBytes, rate);
    const one = objectBytes * scale;
    series.variance[at]! += inUse.objects * one * one;
    samplingVariance = inUse.objects * one * one * (1 - 1 / scale);
  }
  series.records.push({
    stack: site.stack,
    objectBytes,
    inUseSampled: inUse.objects,
    allocatedSampled: allocated.objects,
    hiddenFrames: site.hiddenFrames ?? 0,
    inUseBytes: site.inUse.bytes,
    samplingVariance,
  });
}
