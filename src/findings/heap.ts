// In: heap, memstats and goroutines events of one program, oldest first. Out: `site-growth`, `alloc-churn`, `memory-bill` and
// who holds the memory as findings, bends of `site:FUNCTION` as inflections. Rules in CONTRACT; errors as honest as the sampling.
import type { GcbendEvent, GoroutinesEvent, HeapEvent, MemStatsEvent } from '../events/types.ts';
import { differentBuilds } from '../series/profile-own-frame.ts';
import { FindingLog, type Origin } from './finding-log.ts';
import { appendTrend } from './heap-append.ts';
import { billFinding } from './heap-bill.ts';
import { heaviestFrame, type ReadSource } from './heap-causes.ts';
import { churnFindings } from './heap-churn.ts';
import {
  callersOf,
  type Growth,
  growthBody,
  growthInflection,
  type SeriesView,
  secondsOf,
  type TrajectoryLimits,
  trajectoryBody,
} from './heap-growth-finding.ts';
import { holderFindings } from './heap-holder-finding.ts';
import { GoroutineHistory, type Holder, isExplainedByGoroutines } from './heap-holders.ts';
import { HeapSnapshots, type SiteSeries } from './heap-snapshots.ts';
import { siteTrend } from './heap-trend.ts';

export interface HeapAnalysisOptions {
  /** Makes the ids of findings differ between processes. */
  prefix?: string;
  /** Sources, for the cause of a growth; without them names, sizes and shapes must do. */
  readSource?: ReadSource;
  /** So many allocations with fewer frees than this within the window mark a place (scaled counts). */
  trajectory?: TrajectoryLimits;
}

const DEFAULT_TRAJECTORY = { allocations: 500, frees: 10, windowSeconds: 600 };
/** Growth worth a word: this much and this share of what is in use. */
const MIN_GROWTH_BYTES = 64 * 1024;
const MIN_GROWTH_SHARE = 0.01;
/** Nothing is said while streaming before so many snapshots: a warm-up looks like a leak at first. */
const MIN_STREAMED = 5;

/** Push the snapshots in their order; `finish` for the last word. Both return findings and inflections to emit. */
export class HeapSeriesAnalysis {
  /** What the reader should know besides the findings: snapshots that tell nothing, other builds. For stderr. */
  readonly notes: string[] = [];
  private readonly options: HeapAnalysisOptions;
  private readonly limits: TrajectoryLimits;
  private readonly log: FindingLog;
  private readonly series = new Map<'heap' | 'allocs', HeapSnapshots>();
  private readonly goroutines = new Map<1 | 2, GoroutineHistory>();
  private readonly hasTime = new Map<HeapSnapshots, boolean>();
  private memStats: MemStatsEvent | undefined;
  private isSameSaid = false;
  private origin: Origin = { source: '-', line: 1 };

  constructor(options: HeapAnalysisOptions = {}) {
    this.options = options;
    this.limits = options.trajectory ?? DEFAULT_TRAJECTORY;
    this.log = new FindingLog(options.prefix ?? 'heap');
  }

  /** `t` in seconds since any fixed moment, where the caller knows it. */
  push(event: HeapEvent | MemStatsEvent | GoroutinesEvent, t?: number): GcbendEvent[] {
    switch (event.type) {
      case 'memstats':
        this.memStats = event;
        return [];
      case 'goroutines': {
        if (event.cause !== 'debug' || event.profile !== undefined) return [];
        const history = this.goroutines.get(event.debug) ?? new GoroutineHistory();
        this.goroutines.set(event.debug, history);
        history.add(event, t);
        return [];
      }
      case 'heap':
        return this.pushHeap(event, t);
    }
  }

  /** Findings in their final form, bends, the memory bill. */
  finish(): GcbendEvent[] {
    const out: GcbendEvent[] = [];
    const snapshots = this.chosen();
    if (snapshots !== undefined && snapshots.length >= 2) {
      const view = this.viewOf(snapshots);
      const told = new Set<string>();
      for (const growth of this.growths(snapshots)) {
        const key = `site:${growth.site.function}`;
        told.add(key);
        for (const name of growth.companions) told.add(`site:${name}`);
        this.log.finish(key, this.origin, growthBody(view, growth), out);
        if (snapshots.length >= 3) out.push(growthInflection(view, growth));
      }
      this.marked(view, told, out);
      for (const key of this.log.openKeys) {
        if (!told.has(key))
          this.log.withdraw(key, this.origin, 'The whole series does not bear it out: it did not go on.', out);
      }
      for (const [key, body] of churnFindings(snapshots)) this.log.finish(key, this.origin, body, out);
    } else if (snapshots !== undefined && snapshots.length === 1) {
      for (const [key, body] of holderFindings(snapshots, (site) => this.holderOf(site, snapshots)))
        this.log.finish(key, this.origin, body, out);
    }
    if (this.memStats !== undefined) {
      const bill = billFinding(this.memStats);
      const { source, line, process } = this.memStats;
      const origin = { source, line, ...(process === undefined ? {} : { process }) };
      if (bill !== undefined) this.log.finish('memory-bill', origin, bill, out);
    }
    return out;
  }

  private pushHeap(event: HeapEvent, t: number | undefined): GcbendEvent[] {
    const kind = event.profile === 'allocs' ? 'allocs' : 'heap';
    const { source, line, process } = event;
    let snapshots = this.series.get(kind);
    const previous = snapshots?.events.at(-1);
    if (previous !== undefined) {
      if (event.numGC !== undefined && event.numGC === previous.numGC && event.lastGC === previous.lastGC) {
        // A program that is polled for a week has many cycles: that is said once.
        if (!this.isSameSaid)
          this.note(
            `${source}: no cycle has ended since ${previous.source === source ? 'the text before it' : previous.source} (NumGC ${event.numGC} in both): the counts of heap texts are ` +
              'those of the last cycle, so nothing can have changed. Wait for a cycle, or ask for heap?debug=1&gc=1 (forces a full cycle: CPU for as long as marking takes).',
          );
        this.isSameSaid = true;
        return [];
      }
      const reason = otherProgram(previous, event);
      if (reason !== undefined) {
        this.note(`${source}: ${reason}; a new series begins with it.`);
        snapshots = undefined;
      }
    }
    this.origin = { source, line, ...(process === undefined ? {} : { process }) };
    if (snapshots === undefined) {
      snapshots = new HeapSnapshots();
      this.series.set(kind, snapshots);
      this.hasTime.set(snapshots, true);
    }
    const time = t ?? secondsOf(event);
    if (time === undefined) this.hasTime.set(snapshots, false);
    const last = snapshots.times.at(-1);
    const fallback = last === undefined ? 0 : last + 1;
    snapshots.add(event, time !== undefined && (last === undefined || time > last) ? time : fallback);
    if (snapshots !== this.chosen() || snapshots.length < MIN_STREAMED) return [];
    const out: GcbendEvent[] = [];
    const view = this.viewOf(snapshots);
    const told = new Set<string>();
    for (const growth of this.growths(snapshots)) {
      const key = `site:${growth.site.function}`;
      told.add(key);
      // The next texts tell whether it goes on: nobody is called before.
      if (!growth.trend.mayHaveEnded) this.log.tell(key, this.origin, growthBody(view, growth), out);
    }
    for (const key of this.log.openKeys) {
      if (!told.has(key)) this.log.withdraw(key, this.origin, 'It has not gone on.', out);
    }
    return out;
  }

  /** Places that the trajectory rule marks besides those that grow for sure. */
  private marked(view: SeriesView, told: Set<string>, out: GcbendEvent[]): void {
    for (const site of view.snapshots.sites.values()) {
      const key = `site:${site.function}`;
      if (told.has(key) || site.pooled || isOverhead(site)) continue;
      const body = trajectoryBody(view, site, heaviestFrame(site));
      if (body === undefined) continue;
      told.add(key);
      this.log.finish(key, this.origin, body, out);
    }
  }

  private viewOf(snapshots: HeapSnapshots): SeriesView {
    return {
      snapshots,
      hasTime: this.hasTime.get(snapshots) === true,
      limits: this.limits,
      prefix: this.options.prefix ?? 'heap',
      readSource: this.options.readSource,
    };
  }

  private note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** heap and allocs texts hold the same records: where both were taken one series is enough. */
  private chosen(): HeapSnapshots | undefined {
    const heap = this.series.get('heap');
    const allocs = this.series.get('allocs');
    if (heap === undefined || allocs === undefined) return heap ?? allocs;
    return allocs.length > heap.length ? allocs : heap;
  }

  private holderOf(site: SiteSeries, snapshots: HeapSnapshots): Holder | undefined {
    // debug=2 tells the states; debug=1 will do where it is the longer series.
    const two = this.goroutines.get(2);
    const one = this.goroutines.get(1);
    const history = two !== undefined && two.length >= Math.min(3, one?.length ?? 0) ? two : one;
    return history?.holderOf(site, snapshots.times);
  }

  private growths(snapshots: HeapSnapshots): Growth[] {
    const found: Growth[] = [];
    const total = snapshots.totals.at(-1)!;
    for (const site of snapshots.sites.values()) {
      if (site.pooled || isOverhead(site)) continue;
      const trend = siteTrend(site, snapshots.times) ?? appendTrend(site, snapshots.times);
      if (trend === undefined || trend.followsLoad || !trend.ongoing) continue;
      if (trend.growthBytes < Math.max(MIN_GROWTH_BYTES, MIN_GROWTH_SHARE * total)) continue;
      found.push({ site, trend, frame: heaviestFrame(site), holder: this.holderOf(site, snapshots), companions: [] });
    }
    found.sort((a, b) => b.trend.growthBytes - a.trend.growthBytes);
    return mergeCompanions(found);
  }
}

/** Why the second text cannot be of the same process as the first; undefined when it can. */
function otherProgram(previous: HeapEvent, next: HeapEvent): string | undefined {
  if (differentBuilds(previous, next))
    return `it comes from another build than ${previous.source} (functions lie elsewhere)`;
  if (previous.numGC !== undefined && next.numGC !== undefined && next.numGC < previous.numGC) {
    return `the process was restarted (NumGC fell from ${previous.numGC} to ${next.numGC})`;
  }
  return undefined;
}

/** What the taking of the texts allocates itself, and what the runtime keeps for each goroutine: no place in the program. */
function isOverhead(site: SiteSeries): boolean {
  if (site.function.startsWith('runtime.')) return true;
  return site.records.every((record) =>
    record.stack.some((frame) => /^(?:runtime|net\/http)\/pprof\./.test(frame.function)),
  );
}

/** Places that grow together out of one caller are one leak: the largest stands for them. */
function mergeCompanions(growths: Growth[]): Growth[] {
  const kept: Growth[] = [];
  for (const growth of growths) {
    const host = kept.find((other) => areOne(other, growth));
    if (host === undefined) kept.push(growth);
    else host.companions.push(growth.site.function);
  }
  return kept;
}

function areOne(a: Growth, b: Growth): boolean {
  if (a.holder !== undefined && b.holder !== undefined && a.holder.groups[0] === b.holder.groups[0]) {
    if (isExplainedByGoroutines(a.holder) && isExplainedByGoroutines(b.holder)) return true;
  }
  if (Math.abs(a.trend.from - b.trend.from) > 1) return false;
  const callers = callersOf(a.site);
  const others = callersOf(b.site);
  return (
    callers.includes(b.site.function) ||
    others.includes(a.site.function) ||
    (callers[0] !== undefined && callers[0] === others[0] && callers[0] !== 'main.main')
  );
}
