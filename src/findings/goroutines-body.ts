// In: a cause (families that grow together) and its series. Out: the finding's words and numbers.

import { frameKey } from '../events/goroutines/index.ts';
import type { GoroutinesEvent } from '../events/types.ts';
import type { GroupTracker } from '../series/groups-track.ts';
import type { FindingBody } from './finding-log.ts';
import type { Cause, Grown } from './goroutines-related.ts';
import { describeOperation, fixFor, shortPlace } from './goroutines-words.ts';
import { duration, number, percent } from './words.ts';

/** Where a kept dump came from. `seconds` since the first dump, where a time is known. */
export interface DumpPlace {
  source: string;
  line: number;
  total: number;
  seconds?: number;
  atTime?: string;
}

export interface HeldDump {
  event: GoroutinesEvent;
  seconds: number | undefined;
}

/** One series of dumps of one kind. */
export interface DumpStream {
  tracker: GroupTracker;
  /** One a kept dump, as the tracker's counts. */
  places: DumpPlace[];
  /** All dumps, also those cut off and left out. */
  dumps: number;
  last: GoroutinesEvent | undefined;
  /** The last one that is in the tracker. */
  whole: GoroutinesEvent | undefined;
  /** Of all dumps in the tracker; 0 where they have no ids. */
  highestId: number;
  /** Dumps without an id above that: of a process that was restarted, or that started nothing. Not in the tracker yet. */
  held: HeldDump[];
}

/** Counts shown as evidence. */
const COUNTS_SHOWN = 60;
/** From so many leaked goroutines on, a growing leak is critical. */
const CRITICAL_COUNT = 1000;

export function growthKey(cause: Cause): string {
  const { site, id } = cause.named;
  return `growth ${frameKey(site.blocking)}${site.own ? '' : ` ${id}`}`;
}

export interface Rate {
  value: number;
  unit: 'per second' | 'per dump';
}

/** Net growth from the onset to the last dump. */
export function rateOf(stream: DumpStream, counts: readonly number[], onset: number): Rate {
  const last = counts.length - 1;
  const net = counts[last]! - counts[onset]!;
  const from = stream.places[onset]?.seconds;
  const to = stream.places[last]?.seconds;
  if (from !== undefined && to !== undefined && to > from) return { value: net / (to - from), unit: 'per second' };
  return { value: net / Math.max(1, (last - onset) * stream.tracker.stride), unit: 'per dump' };
}

export function growthBody(stream: DumpStream, cause: Cause): FindingBody {
  const { growth, named, count, operation } = cause;
  const { site } = named;
  const { group } = named.history;
  const rate = rateOf(stream, growth.counts, growth.onset);
  const total = stream.last?.total ?? 0;
  const share = total > 0 ? Math.min(1, count / total) : 0;
  const onset = stream.places[growth.onset];
  const leaked = cause.family.members.reduce((sum, member) => sum + member.history.leaked, 0);
  const decided = growth.verdict === 'leak';
  const place = shortPlace(site.blocking);
  const where = `${site.blocking.function}${place === '' ? '' : ` (${place})`}`;
  const grows = `${signed(rate.value)} ${rate.unit === 'per second' ? 'a second' : 'a dump'}`;
  const body: FindingBody = {
    rule: 'goroutine-growth',
    severity: !decided ? 'info' : leaked > 0 || count >= CRITICAL_COUNT ? 'critical' : 'warning',
    ongoing: true,
    title: decided
      ? `Goroutines pile up in ${where}: ${count}, ${grows}`
      : `Goroutines in ${where} increase: ${count}, ${grows}; a leak or more load`,
    detail: detailOf(stream, cause, { rate, share, leaked }),
    confidence: Math.round(growth.confidence * 1000) / 1000,
    evidence: evidenceOf(stream, cause, { rate, share, leaked, total }),
    site: site.blocking,
    advice: fixFor(operation, group),
  };
  if (site.createdBy !== undefined) body.createdBy = site.createdBy;
  if (onset?.seconds !== undefined) body.at = Math.round(onset.seconds * 1000) / 1000;
  if (onset?.atTime !== undefined) body.atTime = onset.atTime;
  return body;
}

interface Numbers {
  rate: Rate;
  share: number;
  leaked: number;
}

function detailOf(stream: DumpStream, cause: Cause, { rate, share, leaked }: Numbers): string {
  const { growth, named, count, operation } = cause;
  const { group } = named.history;
  const { createdBy } = named.site;
  const { tracker, places } = stream;
  const parts: string[] = [];
  const first = growth.counts[0]!;
  const onset = places[growth.onset];
  const since =
    growth.onset === 0
      ? 'from the first dump on'
      : onset?.seconds === undefined
        ? `since dump ${growth.onset * tracker.stride + 1}`
        : `since ${duration(onset.seconds)} after the first dump`;
  parts.push(
    `${count} goroutines (${percent(share)} of all) ${describeOperation(operation)}; there were ${first} in the first of ${tracker.snapshots} dumps, ` +
      `${signed(rate.value)} ${rate.unit} ${since}.`,
  );
  const wait = group.waitMinutes;
  if (wait !== undefined) {
    parts.push(
      wait.min === wait.max ? `They wait for ${wait.max} min.` : `They wait for ${wait.min} to ${wait.max} min.`,
    );
  }
  if (leaked > 0) parts.push(`The runtime itself marks ${leaked} of them as leaked: nothing that lives can wake them.`);
  if (growth.stayed !== undefined) {
    parts.push(
      `Of those that came during the series ${growth.stayed} ${growth.stayed === 1 ? 'has' : 'have'} stayed ` +
        `${growth.ended === 0 ? 'and none that stayed has ended' : `and ${growth.ended} ended late`}: the same ids stay, as under load they would not.`,
    );
  } else if (growth.verdict === 'leak') {
    parts.push(
      'The count never falls. These dumps (debug=1) have no goroutine ids; debug=2 dumps would show whether the same ones stay.',
    );
  } else {
    parts.push(
      'The count rises in ups and downs. These dumps (debug=1) have no goroutine ids, so more load and a leak among healthy goroutines of the same stack ' +
        'look alike: take three debug=2 dumps, or compare with the number of requests.',
    );
  }
  if (createdBy !== undefined) {
    const place = shortPlace(createdBy);
    parts.push(`Created by ${createdBy.function}${place === '' ? '' : ` (${place})`}.`);
  }
  if (cause.family.members.length > 1) {
    parts.push(`${cause.family.members.length} different stacks belong to it.`);
  }
  for (const other of cause.also) parts.push(`In step with it ${describeOther(other)}.`);
  return parts.join(' ');
}

function describeOther(other: Grown): string {
  const { site } = other.named;
  const place = shortPlace(site.blocking);
  return `${other.count} goroutines in ${site.blocking.function}${place === '' ? '' : ` (${place})`} ${describeOperation(other.operation)}`;
}

function evidenceOf(
  stream: DumpStream,
  cause: Cause,
  { rate, share, leaked, total }: Numbers & { total: number },
): Record<string, unknown> {
  const { growth, named, count, operation, family } = cause;
  const { group } = named.history;
  const { tracker, places } = stream;
  const evidence: Record<string, unknown> = {
    signal: `group:${named.id}`,
    dumps: tracker.snapshots,
    counts: growth.counts.slice(-COUNTS_SHOWN),
    first: growth.counts[0],
    last: count,
    [rate.unit === 'per second' ? 'ratePerSecond' : 'ratePerDump']: Math.round(rate.value * 1000) / 1000,
    total,
    share: Math.round(share * 1000) / 1000,
    onsetDump: growth.onset * tracker.stride + 1,
    operation,
    groups: family.members.map((member) => member.id).slice(0, 20),
    stacks: family.members.length,
  };
  if (tracker.stride > 1) evidence['everyNthDump'] = tracker.stride;
  if (group.state !== undefined) evidence['state'] = group.state;
  if (group.waitMinutes !== undefined) evidence['waitMinutes'] = group.waitMinutes;
  if (growth.stayed !== undefined) {
    evidence['stayed'] = growth.stayed;
    evidence['endedAfterStaying'] = growth.ended;
    evidence['inOnePlaceShare'] = growth.stuckShare;
  }
  if (leaked > 0) evidence['leaked'] = leaked;
  if (places.at(-1)?.seconds !== undefined) evidence['seconds'] = places.at(-1)?.seconds;
  if (cause.also.length > 0) {
    evidence['also'] = cause.also.map((other) => ({
      function: other.named.site.blocking.function,
      line: other.named.site.blocking.line,
      count: other.count,
      operation: other.operation,
    }));
  }
  if (group.sampleIds !== undefined) evidence['sampleIds'] = group.sampleIds.slice(0, 8);
  return evidence;
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${number(value)}`;
}
