// In: heap, memstats and goroutines events of one program, oldest first. Out: `site-growth`, `alloc-churn`, `memory-bill` and
// who holds the memory as findings, bends of `site:FUNCTION` as inflections. Rules in CONTRACT; errors as honest as the sampling.
import type {
  Frame,
  GcbendEvent,
  GoroutinesEvent,
  HeapEvent,
  InflectionEvent,
  MemStatsEvent,
} from '../events/types.ts';
import { differentBuilds } from '../series/profile-own-frame.ts';
import { type FindingBody, FindingLog, type Origin } from './finding-log.ts';
import { billFinding } from './heap-bill.ts';
import {
  CAUSE_ADVICE,
  CAUSE_WORDS,
  type Cause,
  causeOf,
  findAppend,
  heaviestFrame,
  type ReadSource,
} from './heap-causes.ts';
import { GoroutineHistory, type Holder, isExplainedByGoroutines } from './heap-holders.ts';
import { HeapSnapshots, type SiteSeries } from './heap-snapshots.ts';
import { confidenceOf, type SiteTrend, siteTrend } from './heap-trend.ts';
import { evidence, mib, number, percent, tidy } from './words.ts';

export interface HeapAnalysisOptions {
  /** Makes the ids of findings differ between processes. */
  prefix?: string;
  /** Sources, for the cause of a growth; without them names, sizes and shapes must do. */
  readSource?: ReadSource;
  /** So many allocations with fewer frees than this within the window mark a place (scaled counts). */
  trajectory?: { allocations: number; frees: number; windowSeconds: number };
}

const DEFAULT_TRAJECTORY = { allocations: 500, frees: 10, windowSeconds: 600 };
/** Growth worth a word: this much and this share of what is in use. */
const MIN_GROWTH_BYTES = 64 * 1024;
const MIN_GROWTH_SHARE = 0.01;
const MiB = 1048576;

interface Growth {
  site: SiteSeries;
  trend: SiteTrend;
  frame: Frame | undefined;
  holder: Holder | undefined;
  /** Places that grow with it, from the same caller. */
  companions: string[];
}

interface Trajectory {
  allocations: number;
  frees: number;
  windowSeconds?: number;
}

/** Push the snapshots in their order; `finish` for the last word. Both return findings and inflections to emit. */
export class HeapSeriesAnalysis {
  /** What the reader should know besides the findings: snapshots that tell nothing, other builds. For stderr. */
  readonly notes: string[] = [];
  private readonly options: HeapAnalysisOptions;
  private readonly limits: Required<HeapAnalysisOptions>['trajectory'];
  private readonly log: FindingLog;
  private readonly series = new Map<'heap' | 'allocs', HeapSnapshots>();
  private readonly goroutines = new Map<1 | 2, GoroutineHistory>();
  private readonly hasTime = new Map<HeapSnapshots, boolean>();
  private memStats: MemStatsEvent | undefined;
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
      const told = new Set<string>();
      for (const growth of this.growths(snapshots)) {
        const key = `site:${growth.site.function}`;
        told.add(key);
        this.log.finish(key, this.origin, this.growthBody(snapshots, growth), out);
        if (snapshots.length >= 3) out.push(this.inflection(snapshots, growth));
      }
      for (const key of this.log.openKeys) {
        if (!told.has(key))
          this.log.withdraw(key, this.origin, 'The whole series does not bear it out: it did not go on.', out);
      }
      for (const [key, body] of this.churns(snapshots)) this.log.finish(key, this.origin, body, out);
    } else if (snapshots !== undefined && snapshots.length === 1) {
      for (const [key, body] of this.holders(snapshots)) this.log.finish(key, this.origin, body, out);
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
        this.note(
          `${source}: no cycle has ended since ${previous.source === source ? 'the text before it' : previous.source} (NumGC ${event.numGC} in both): the counts of heap texts are ` +
            'those of the last cycle, so nothing can have changed. Wait for a cycle, or ask for heap?debug=1&gc=1 (forces a full cycle: CPU for as long as marking takes).',
        );
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
    if (snapshots !== this.chosen() || snapshots.length < 4) return [];
    const out: GcbendEvent[] = [];
    const told = new Set<string>();
    for (const growth of this.growths(snapshots)) {
      const key = `site:${growth.site.function}`;
      told.add(key);
      this.log.tell(key, this.origin, this.growthBody(snapshots, growth), out);
    }
    for (const key of this.log.openKeys) {
      if (!told.has(key)) this.log.withdraw(key, this.origin, 'It has not gone on.', out);
    }
    return out;
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
      const pooled = site.records.some(
        (r) => r.inUseSampled > 0 && r.stack.some((f) => f.function === 'sync.(*Pool).Get'),
      );
      if (pooled || isOverhead(site)) continue;
      const trend = siteTrend(site, snapshots.times) ?? appendTrend(site, snapshots.times);
      if (trend === undefined || trend.followsLoad || !trend.ongoing) continue;
      if (trend.growthBytes < Math.max(MIN_GROWTH_BYTES, MIN_GROWTH_SHARE * total)) continue;
      found.push({ site, trend, frame: heaviestFrame(site), holder: this.holderOf(site, snapshots), companions: [] });
    }
    found.sort((a, b) => b.trend.growthBytes - a.trend.growthBytes);
    return mergeCompanions(found);
  }

  private growthBody(snapshots: HeapSnapshots, growth: Growth): FindingBody {
    const { site, trend, frame, holder } = growth;
    const n = snapshots.length;
    const hasTime = this.hasTime.get(snapshots) === true;
    const linked = holder !== undefined && isExplainedByGoroutines(holder) ? holder : undefined;
    const cause: Cause =
      linked === undefined
        ? causeOf(site, frame, this.options.readSource)
        : {
            kind: 'goroutine-leak',
            certainty: 'shown',
            evidence: [
              `${number(linked.newObjectsPerNewGoroutine!)} new objects for each of ${linked.newGoroutines} new goroutines (correlation ${number(linked.correlation!)})`,
            ],
          };
    const trajectory = this.trajectory(site, snapshots, hasTime);
    const speed = `${mib(trend.slope / MiB)} a ${hasTime ? 'second' : 'snapshot'}`;
    const sampled = site.inUseSampled.at(-1)!;
    const relative = samplingError(site);
    const totalGrowth = snapshots.totals.at(-1)! - snapshots.totals[trend.from]!;
    const held =
      linked === undefined
        ? ''
        : `, held by ${linked.goroutines} goroutines${linked.state === undefined ? '' : ` in "${linked.state}"`}: one leak with their growth`;
    const strong = trend.z >= 4 && n >= 3;
    return {
      ...wallTime(snapshots.events.at(-1)!),
      ongoing: trend.ongoing,
      rule: 'site-growth',
      severity: linked !== undefined || !(strong || (n === 2 && trend.deaths === 0)) ? 'info' : 'warning',
      title: `${site.function} holds ${mib(trend.growthBytes / MiB)} more than ${n === 2 ? 'in the text before' : `${n - 1 - trend.from} snapshots ago`}${held}`,
      detail:
        `In use ${mib(trend.levelBytes / MiB)} → ${mib(site.inUseBytes.at(-1)! / MiB)}, ${speed}; ${trend.births} sampled allocations since, ${trend.deaths} of them freed. ` +
        `Likely cause: ${CAUSE_WORDS[cause.kind]}${cause.certainty === 'shown' ? '' : ' (suggested only)'}${cause.evidence.length === 0 ? '' : `: ${cause.evidence.join('; ')}`}. ` +
        `Known from ${sampled} ${sampled === 1 ? 'sample' : 'samples'}: ± ${percent(Math.round(relative * 100) / 100)}.`,
      confidence: confidenceOf(trend.z, n),
      evidence: evidence({
        function: site.function,
        snapshots: n,
        growingSince: trend.from,
        growthBytes: trend.growthBytes,
        growthObjects: trend.growthObjects,
        inUseBytes: site.inUseBytes.map(tidy),
        inUseSampled: [...site.inUseSampled],
        [hasTime ? 'bytesPerSecond' : 'bytesPerSnapshot']: trend.slope,
        slopeError: trend.slopeError,
        sampledAllocations: trend.births,
        sampledFrees: trend.deaths,
        relativeError: relative,
        standardErrors: trend.z,
        shareOfGrowth: totalGrowth > 0 ? Math.min(1, trend.growthBytes / totalGrowth) : undefined,
        cause: cause.kind,
        causeCertainty: cause.certainty,
        causeEvidence: cause.evidence,
        callers: callersOf(site),
        growsWith: growth.companions.length > 0 ? growth.companions : undefined,
        trajectory,
        heldBy: holder === undefined ? undefined : holderEvidence(holder),
        sameLeakAs: linked === undefined ? undefined : { rule: 'goroutine-growth', groups: linked.groups },
      }),
      ...(frame === undefined ? {} : { site: plainFrame(frame) }),
      ...(linked?.createdBy === undefined ? {} : { createdBy: linked.createdBy }),
      advice: [CAUSE_ADVICE[cause.kind]],
    };
  }

  /** Row 11: keeps allocating and hardly frees, by scaled counts, within the window that ends now. */
  private trajectory(site: SiteSeries, snapshots: HeapSnapshots, hasTime: boolean): Trajectory | undefined {
    const last = snapshots.length - 1;
    let from = last;
    while (from > 0 && (!hasTime || snapshots.times[last]! - snapshots.times[from - 1]! <= this.limits.windowSeconds))
      from--;
    if (from === last) from = last - 1;
    const allocations = site.allocatedObjects[last]! - site.allocatedObjects[from]!;
    const frees = allocations - (site.inUseObjects[last]! - site.inUseObjects[from]!);
    const goesOn = site.allocatedSampled[last]! > site.allocatedSampled[last - 1]!;
    if (allocations < this.limits.allocations || frees >= this.limits.frees || !goesOn) return undefined;
    const span = snapshots.times[last]! - snapshots.times[from]!;
    return { allocations, frees: Math.max(0, frees), ...(hasTime ? { windowSeconds: tidy(span) } : {}) };
  }

  private inflection(snapshots: HeapSnapshots, growth: Growth): InflectionEvent {
    const { site, trend } = growth;
    const hasTime = this.hasTime.get(snapshots) === true;
    const event = snapshots.events[trend.from]!;
    return {
      type: 'inflection',
      schema: 1,
      source: event.source,
      line: event.line,
      ...(event.process === undefined ? {} : { process: event.process }),
      ...wallTime(event),
      id: `${this.options.prefix ?? 'heap'}:site:${site.function}:1`,
      status: 'final',
      signal: `site:${site.function}`,
      kind: 'growth-onset',
      index: trend.from,
      value: tidy(trend.levelBytes / MiB),
      unit: hasTime ? 'MiB' : 'MiB (slopes per snapshot)',
      slopeBefore: 0,
      slopeAfter: tidy(trend.slope / MiB),
      growthChange: tidy(trend.slope / MiB),
      confidence: confidenceOf(trend.z, snapshots.length),
      slopeAfterInterval: {
        from: tidy((trend.slope - trend.slopeError) / MiB),
        to: tidy((trend.slope + trend.slopeError) / MiB),
      },
    };
  }

  /** Much allocated, nothing kept: reuse or short-lived garbage. At most two places are worth a word. */
  private churns(snapshots: HeapSnapshots): [string, FindingBody][] {
    const last = snapshots.length - 1;
    let allAllocated = 0;
    for (const site of snapshots.sites.values()) allAllocated += site.allocatedBytes[last]! - site.allocatedBytes[0]!;
    const candidates: { site: SiteSeries; allocated: number; pool: boolean }[] = [];
    for (const site of snapshots.sites.values()) {
      const allocated = site.allocatedBytes[last]! - site.allocatedBytes[0]!;
      const births = site.allocatedSampled[last]! - site.allocatedSampled[0]!;
      const net = site.inUseSampled[last]! - site.inUseSampled[0]!;
      const pool = site.records.some((record) => record.stack.some((f) => f.function === 'sync.(*Pool).Get'));
      if (births < (pool ? 5 : 20) || net > births * 0.1 || allocated < 8 * Math.max(...site.inUseBytes, 1)) {
        if (!pool || births < 5 || net > births * 0.25) continue;
      }
      if (!pool && allocated < 0.3 * allAllocated) continue;
      candidates.push({ site, allocated, pool });
    }
    candidates.sort((a, b) => Number(b.pool) - Number(a.pool) || b.allocated - a.allocated);
    return candidates.slice(0, 2).map(({ site, allocated, pool }) => {
      const frame = heaviestFrame(site);
      const inUse = site.inUseBytes[last]!;
      return [
        `churn:${site.function}`,
        {
          ongoing: true,
          rule: 'alloc-churn',
          severity: 'info',
          title: `${site.function} allocates much and keeps little: no leak`,
          detail:
            `${mib(allocated / MiB)} allocated since the first snapshot, ${mib(inUse / MiB)} in use now (${mib(site.inUseBytes[0]! / MiB)} then). ` +
            (pool
              ? 'The objects come from a sync.Pool (sync.(*Pool).Get is in the stack): high allocation with flat use is how a pool looks that the collector empties now and then.'
              : 'Allocation rises and use does not: short-lived garbage or reuse. It costs collector time, not memory.'),
          confidence: 0.9,
          evidence: evidence({
            function: site.function,
            allocatedBytes: allocated,
            inUseBytes: site.inUseBytes.map(tidy),
            shareOfAllocation: allAllocated > 0 ? Math.min(1, allocated / allAllocated) : undefined,
            syncPool: pool,
          }),
          ...(frame === undefined ? {} : { site: plainFrame(frame) }),
          advice: [
            pool
              ? 'Nothing to do for memory. If collections are too frequent, larger GOGC keeps pooled objects longer.'
              : 'If the collector costs too much CPU: reuse buffers here (a sync.Pool, a slice kept and cut to zero length).',
          ],
        },
      ];
    });
  }

  /** One heap text and one goroutine dump: memory that stands beside blocked goroutines, as a suspicion. */
  private holders(snapshots: HeapSnapshots): [string, FindingBody][] {
    const total = Math.max(1, snapshots.totals[0]!);
    const out: [string, FindingBody][] = [];
    for (const site of snapshots.sites.values()) {
      const bytes = site.inUseBytes[0]!;
      if (bytes < 0.05 * total || site.inUseSampled[0]! < 4) continue;
      const holder = this.holderOf(site, snapshots);
      if (holder === undefined || holder.objectsPerGoroutine < 0.2 || holder.objectsPerGoroutine > 64) continue;
      const frame = heaviestFrame(site);
      out.push([
        `holders:${site.function}`,
        {
          ongoing: true,
          rule: 'blocked-goroutines',
          severity: 'info',
          title: `${site.function}: ${mib(bytes / MiB)} stand beside ${holder.goroutines} goroutines${holder.state === undefined ? '' : ` in "${holder.state}"`}`,
          detail:
            `${number(holder.objectsPerGoroutine)} objects and ${number(holder.kibPerGoroutine)} KiB for each goroutine that began in the same function. ` +
            'A suspicion: one moment cannot show that they grow together; take both texts again in a minute.',
          confidence: 0.5,
          evidence: evidence({ function: site.function, inUseBytes: bytes, heldBy: holderEvidence(holder) }),
          ...(frame === undefined ? {} : { site: plainFrame(frame) }),
          ...(holder.createdBy === undefined ? {} : { createdBy: holder.createdBy }),
          advice: [CAUSE_ADVICE['goroutine-leak']],
        },
      ]);
    }
    return out.slice(0, 3);
  }
}

/** When the counts of the text were true: the end of the last cycle before it. */
function wallTime(event: HeapEvent): { atTime?: string } {
  if (event.atTime !== undefined) return { atTime: event.atTime };
  const seconds = secondsOf(event);
  return seconds === undefined ? {} : { atTime: new Date(seconds * 1000).toISOString() };
}

function secondsOf(event: HeapEvent): number | undefined {
  if (event.atTime !== undefined) return Date.parse(event.atTime) / 1000;
  return event.lastGC === undefined ? undefined : Number(BigInt(event.lastGC) / 1000n) / 1e6;
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

/** A slice that only grows is one sampled object all the time: counts say nothing, its ladder of sizes does. */
function appendTrend(site: SiteSeries, times: readonly number[]): SiteTrend | undefined {
  const shape = findAppend(site.records);
  const y = site.inUseBytes;
  const last = y.length - 1;
  if (shape === undefined || last < 1) return undefined;
  const rises: number[] = [];
  for (let i = 1; i <= last; i++) {
    if (y[i]! > y[i - 1]! * 1.05) rises.push(i);
    else if (y[i]! < y[i - 1]! * 0.9) rises.length = 0;
  }
  if (rises.length < Math.min(2, last)) return undefined;
  const from = rises[0]! - 1;
  const growthBytes = y[last]! - y[from]!;
  const span = times[last]! - times[from]!;
  const births = site.allocatedSampled[last]! - site.allocatedSampled[from]!;
  return {
    from,
    growthBytes,
    growthObjects: site.inUseObjects[last]! - site.inUseObjects[from]!,
    slope: growthBytes / Math.max(span, 1e-9),
    slopeError: (0.25 * growthBytes) / Math.max(span, 1e-9),
    levelBytes: y[from]!,
    z: 3 + Math.min(3, shape.steps.length / 2),
    births,
    deaths: Math.max(0, births - 1),
    // The next step of the ladder takes ever longer: half of the series without one is not yet an end.
    ongoing: rises.at(-1)! > last / 2,
    followsLoad: false,
  };
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

/** Functions above the place on its heaviest stack, nearest first. */
function callersOf(site: SiteSeries): string[] {
  let heaviest = site.records[0];
  for (const record of site.records)
    if (heaviest === undefined || record.inUseBytes > heaviest.inUseBytes) heaviest = record;
  if (heaviest === undefined) return [];
  const at = heaviest.stack.findIndex((frame) => frame.function === site.function);
  return heaviest.stack
    .slice(at + 1)
    .map((frame) => frame.function)
    .filter((name) => name !== 'runtime.main' && name !== 'runtime.goexit')
    .slice(0, 8);
}

/** Relative standard error of what is in use, by sampling: about 1/√k for k samples of small objects. */
function samplingError(site: SiteSeries): number {
  const variance = site.records.reduce((sum, record) => sum + record.samplingVariance, 0);
  return Math.sqrt(variance) / Math.max(1, site.inUseBytes.at(-1)!);
}

function holderEvidence(holder: Holder): Record<string, unknown> {
  return evidence({
    ...holder,
    createdBy: holder.createdBy?.function,
  });
}

function plainFrame(frame: Frame): Frame {
  const plain: Frame = { function: frame.function };
  if (frame.file !== undefined) plain.file = frame.file;
  if (frame.line !== undefined) plain.line = frame.line;
  return plain;
}
