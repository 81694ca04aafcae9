// In: a series and the dumps that came after it. Out: whether they are of the process of the series, or of one that was started later.
// Ids only ever go up (runtime/proc.go newproc1, 16 at a time for each P): what is new has a higher id than all before it, give or
// take what idle Ps keep of theirs. A pool that empties leaves ids that were there before, often the oldest; they never come again.
import { mixId } from '../events/goroutines/index.ts';
import type { GoroutineGroup, GoroutinesEvent } from '../events/types.ts';
import type { DumpStream, HeldDump } from './goroutines-body.ts';

/** Ids up to here are given out while a program starts: a restarted one has most of them again. */
const STARTUP_IDS = 64;
/** Fewest goroutines that came with ids which a process that lives on had passed already. */
const MIN_STRANGERS = 3;
/** With so many of them the ids may come as near to the old ones as idle Ps keep theirs. */
const MANY_STRANGERS = 16;
const IDLE_IDS = 1024;
const ALL_HASHES = 4294967296;

/** The highest id of a dump; 0 where it has none. */
export function highestId(event: GoroutinesEvent): number {
  // They stand in rising order.
  return event.groups.reduce((highest, { sampleIds }) => Math.max(highest, sampleIds?.at(-1) ?? 0), 0);
}

/** `same`: the dumps are of the process of the series. `open`: their ids leave it open. Else why they are of a later one. */
export type RestartVerdict = 'same' | 'open' | { restart: string };

/** Judges the dumps that came after the last one of a series. */
export function judgeRestart({ whole, held, highestId: highest }: DumpStream): RestartVerdict {
  const last = held.at(-1)?.event;
  if (whole === undefined || last === undefined) return 'same';
  const now = Math.max(...held.map(({ event }) => highestId(event)));
  // Ids decide where there are any: which of several processes printed last is a guess.
  if (now === 0 || highest === 0) {
    const restart = isAnotherProcess(whole, last);
    return restart === undefined ? 'same' : { restart };
  }
  if (now >= highest) return 'same';
  const isNew = hasReturned(whole, held) || hasStrangers(whole, held, now, highest);
  return isNew ? { restart: `goroutine ids begin anew: up to ${highest} before, ${now} now` } : 'open';
}

/** A goroutine that was gone is there again: its id was given out by another process. */
function hasReturned(previous: GoroutinesEvent, held: readonly HeldDump[]): boolean {
  const before = new Set(idsOf(previous));
  const gone = new Set<number>();
  for (const { event } of held) {
    const now = new Set(idsOf(event));
    for (const id of gone) if (now.has(id)) return true;
    const limit = Math.min(...event.groups.map(hashLimit), ALL_HASHES);
    for (const id of before) if (!now.has(id) && mixId(id) <= limit) gone.add(id);
  }
  return false;
}

/** Goroutines that nobody saw before, with ids that had long been given out. */
function hasStrangers(previous: GoroutinesEvent, held: readonly HeldDump[], now: number, highest: number): boolean {
  const before = new Set(idsOf(previous));
  const limit = Math.min(...previous.groups.map(hashLimit), ALL_HASHES);
  const strangers = new Set<number>();
  const common = new Set<number>();
  for (const { event } of held) {
    for (const id of idsOf(event)) {
      if (!before.has(id) && mixId(id) <= limit) strangers.add(id);
      else if (before.has(id) && id > STARTUP_IDS) common.add(id);
    }
  }
  if (strangers.size < MIN_STRANGERS || strangers.size < 3 * common.size) return false;
  return now < highest / 2 || (strangers.size >= MANY_STRANGERS && now < highest - IDLE_IDS);
}

function idsOf(event: GoroutinesEvent): number[] {
  return event.groups.flatMap(({ sampleIds }) => sampleIds ?? []);
}

/** Ids of a higher hash may be there without being in the sample. */
function hashLimit({ sampleIds = [], count }: GoroutineGroup): number {
  return sampleIds.length >= count ? ALL_HASHES : Math.max(0, ...sampleIds.map((id) => mixId(id)));
}

/** Without ids: the trace beside the dumps says which process they are of, and how old it is. */
function isAnotherProcess(previous: GoroutinesEvent, next: GoroutinesEvent): string | undefined {
  if (previous.process === undefined || next.process === undefined || next.process <= previous.process)
    return undefined;
  if (previous.at !== undefined && next.at !== undefined && next.at >= previous.at) return undefined;
  if (next.total > previous.total) return undefined;
  return `process ${next.process} has followed process ${previous.process}`;
}
