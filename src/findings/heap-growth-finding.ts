// In: a place whose memory grows, as found. Out: the finding and the inflection that say so, with evidence that anyone can check.
import type { Frame, HeapEvent, InflectionEvent } from '../events/types.ts';
import type { FindingBody } from './finding-log.ts';
import { CAUSE_ADVICE, CAUSE_WORDS, type Cause, causeOf, type ReadSource } from './heap-causes.ts';
import { type Holder, isExplainedByGoroutines } from './heap-holders.ts';
import type { HeapSnapshots, SiteSeries } from './heap-snapshots.ts';
import { confidenceOf, type SiteTrend } from './heap-trend.ts';
import { evidence, mib, number, percent, tidy } from './words.ts';

const MiB = 1048576;
const MAX_DATE_SECONDS = 8.64e12;
/** Fewer leave a doubt that the finding speaks of. */
const ENOUGH_TEXTS = 6;

export interface Growth {
  site: SiteSeries;
  trend: SiteTrend;
  frame: Frame | undefined;
  holder: Holder | undefined;
  /** Places that grow with it, from the same caller. */
  companions: string[];
}

/** So many allocations with fewer frees than this within the window mark a place (scaled counts). */
export interface TrajectoryLimits {
  allocations: number;
  frees: number;
  windowSeconds: number;
}

export interface Trajectory {
  allocations: number;
  frees: number;
  windowSeconds?: number;
}

/** One series and how to look at it. */
export interface SeriesView {
  snapshots: HeapSnapshots;
  /** False: `times` are the numbers of the snapshots. */
  hasTime: boolean;
  limits: TrajectoryLimits;
  /** Makes ids differ between processes. */
  prefix: string;
  readSource: ReadSource | undefined;
}

/** The finding `site-growth` of one place. */
export function growthBody(view: SeriesView, growth: Growth): FindingBody {
  const { site, trend, frame, holder } = growth;
  const { snapshots, hasTime } = view;
  const n = snapshots.length;
  const linked = holder !== undefined && isExplainedByGoroutines(holder) ? holder : undefined;
  const cause: Cause =
    linked === undefined
      ? causeOf(site, frame, view.readSource)
      : {
          kind: 'goroutine-leak',
          certainty: 'shown',
          evidence: [
            `${number(linked.newObjectsPerNewGoroutine!)} new objects for each of ${linked.newGoroutines} new goroutines (correlation ${number(linked.correlation!)})`,
          ],
        };
  const trajectory = trajectoryOf(view, site);
  const speed = `${mib(trend.slope / MiB)} a ${hasTime ? 'second' : 'snapshot'}`;
  const sampled = site.inUseSampled.at(-1)!;
  const relative = samplingError(site);
  const totalGrowth = snapshots.totals.at(-1)! - snapshots.totals[trend.from]!;
  const held =
    linked === undefined
      ? ''
      : `, held by ${linked.goroutines} goroutines${linked.state === undefined ? '' : ` in "${linked.state}"`}: one leak with their growth`;
  const strong = !trend.mayHaveEnded && (n === 2 ? trend.deaths === 0 : trend.z >= 4);
  return {
    ...wallTime(snapshots.events.at(-1)!),
    ongoing: trend.ongoing,
    rule: 'site-growth',
    severity: linked !== undefined || !strong ? 'info' : 'warning',
    title: `${site.function} holds ${mib(trend.growthBytes / MiB)} more than ${n === 2 ? 'in the text before' : `${n - 1 - trend.from} snapshots ago`}${held}`,
    detail:
      `In use ${mib(trend.levelBytes / MiB)} → ${mib(site.inUseBytes.at(-1)! / MiB)}, ${speed}; ${trend.births} sampled allocations since, ${trend.deaths} of them freed. ` +
      `Likely cause: ${CAUSE_WORDS[cause.kind]}${cause.certainty === 'shown' ? '' : ' (suggested only)'}${cause.evidence.length === 0 ? '' : `: ${cause.evidence.join('; ')}`}. ` +
      `Known from ${sampled} ${sampled === 1 ? 'sample' : 'samples'}: ± ${percent(Math.round(relative * 100) / 100)}.` +
      doubtOf(trend, n),
    confidence: confidenceOf(trend, n),
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
    advice: [...(doubtOf(trend, n) === '' ? [] : [MORE_TEXTS]), CAUSE_ADVICE[cause.kind]],
  };
}

const MORE_TEXTS = `To be sure, take more texts, until there are ${ENOUGH_TEXTS} or more: a leak goes on, what fills up or comes and goes does not.`;

/** What these texts cannot exclude; empty when they are enough. */
function doubtOf({ mayHaveEnded }: SiteTrend, texts: number): string {
  if (mayHaveEnded) return ` These ${texts} texts do not tell it from a load that is kept or from one rise of a cycle.`;
  return texts < ENOUGH_TEXTS ? ` Only ${texts} texts: a cache that still fills looks the same.` : '';
}

/** Row 11: keeps allocating and hardly frees, by scaled counts, within the window that ends now. */
function trajectoryOf({ snapshots, hasTime, limits }: SeriesView, site: SiteSeries): Trajectory | undefined {
  const last = snapshots.length - 1;
  let from = last;
  while (from > 0 && (!hasTime || snapshots.times[last]! - snapshots.times[from - 1]! <= limits.windowSeconds)) from--;
  if (from === last) from = last - 1;
  const allocations = site.allocatedObjects[last]! - site.allocatedObjects[from]!;
  const frees = allocations - (site.inUseObjects[last]! - site.inUseObjects[from]!);
  const goesOn = site.allocatedSampled[last]! > site.allocatedSampled[last - 1]!;
  if (allocations < limits.allocations || frees >= limits.frees || !goesOn) return undefined;
  const span = snapshots.times[last]! - snapshots.times[from]!;
  return { allocations, frees: Math.max(0, frees), ...(hasTime ? { windowSeconds: tidy(span) } : {}) };
}

/** The bend of `site:FUNCTION` at which the growth began. */
export function growthInflection({ snapshots, hasTime, prefix }: SeriesView, growth: Growth): InflectionEvent {
  const { site, trend } = growth;
  const event = snapshots.events[trend.from]!;
  return {
    type: 'inflection',
    schema: 1,
    source: event.source,
    line: event.line,
    ...(event.process === undefined ? {} : { process: event.process }),
    ...(hasTime ? { at: tidy(snapshots.times[trend.from]!) } : {}),
    ...wallTime(event),
    id: `${prefix}:site:${site.function}:1`,
    status: 'final',
    signal: `site:${site.function}`,
    kind: 'growth-onset',
    index: trend.from,
    value: tidy(trend.levelBytes / MiB),
    unit: hasTime ? 'MiB' : 'MiB (slopes per snapshot)',
    slopeBefore: 0,
    slopeAfter: tidy(trend.slope / MiB),
    growthChange: tidy(trend.slope / MiB),
    confidence: confidenceOf(trend, snapshots.length),
    slopeAfterInterval: {
      from: tidy((trend.slope - trend.slopeError) / MiB),
      to: tidy((trend.slope + trend.slopeError) / MiB),
    },
  };
}

/** Sampled allocations below which a trajectory may be chance. */
const MIN_TRAJECTORY_SAMPLES = 5;

/** A place that the trajectory rule marks and whose growth is not (yet) sure by itself. */
export function trajectoryBody(view: SeriesView, site: SiteSeries, frame: Frame | undefined): FindingBody | undefined {
  const { snapshots, hasTime } = view;
  const last = snapshots.length - 1;
  const trajectory = trajectoryOf(view, site);
  const sampled = site.allocatedSampled[last]! - site.allocatedSampled[0]!;
  if (trajectory === undefined || sampled < MIN_TRAJECTORY_SAMPLES || last < 2) return undefined;
  let busy = 0;
  for (let i = 1; i <= last; i++) if (site.allocatedSampled[i]! > site.allocatedSampled[i - 1]!) busy++;
  if (busy * 2 < last) return undefined;
  const window =
    trajectory.windowSeconds === undefined ? `${last + 1} snapshots` : `${number(trajectory.windowSeconds)} s`;
  return {
    ...wallTime(snapshots.events[last]!),
    ongoing: true,
    rule: 'site-growth',
    severity: 'info',
    title: `${site.function} keeps allocating and hardly frees`,
    detail:
      `About ${number(trajectory.allocations)} allocations and ${number(trajectory.frees)} frees within ${window}, ${mib(site.inUseBytes[last]! / MiB)} in use. ` +
      `Seen through ${sampled} samples: too few to call it a leak, enough to look at it.`,
    confidence: 0.6,
    evidence: evidence({
      function: site.function,
      trajectory,
      inUseBytes: site.inUseBytes.map(tidy),
      inUseSampled: [...site.inUseSampled],
      snapshots: snapshots.length,
      time: hasTime,
    }),
    ...(frame === undefined ? {} : { site: plainFrame(frame) }),
    advice: [CAUSE_ADVICE.retained],
  };
}

/** Functions above the place on its heaviest stack, nearest first. */
export function callersOf(site: SiteSeries): string[] {
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

export function holderEvidence(holder: Holder): Record<string, unknown> {
  return evidence({
    ...holder,
    createdBy: holder.createdBy?.function,
  });
}

export function plainFrame(frame: Frame): Frame {
  const plain: Frame = { function: frame.function };
  if (frame.file !== undefined) plain.file = frame.file;
  if (frame.line !== undefined) plain.line = frame.line;
  return plain;
}

/** When the counts of the text were true: the end of the last cycle before it; polled texts stand on the axis of the trace. */
export function wallTime(event: HeapEvent): { at?: number; atTime?: string } {
  const at = event.at === undefined ? {} : { at: event.at };
  if (event.atTime !== undefined) return { ...at, atTime: event.atTime };
  const seconds = secondsOf(event);
  return seconds === undefined || Math.abs(seconds) > MAX_DATE_SECONDS
    ? {}
    : { atTime: new Date(seconds * 1000).toISOString() };
}

export function secondsOf(event: HeapEvent): number | undefined {
  const at = event.atTime === undefined ? Number.NaN : Date.parse(event.atTime) / 1000;
  if (!Number.isNaN(at)) return at;
  // Events may come from elsewhere (NDJSON): digits only.
  return event.lastGC !== undefined && /^\d+$/.test(event.lastGC)
    ? Number(BigInt(event.lastGC) / 1000n) / 1e6
    : undefined;
}
