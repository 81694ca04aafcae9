// In: a dump. Out: the series it belongs to, and that series with the dump added.
// Dumps with ids (debug=2, SIGQUIT) and without (debug=1), and those of leaked goroutines alone, are separate series.
import type { GoroutinesEvent } from '../events/types.ts';
import { GroupTracker } from '../series/groups-track.ts';
import type { DumpStream, HeldDump } from './goroutines-body.ts';
import { highestId } from './goroutines-restart.ts';

/** The surest first: what it names, the others need not name again. */
export const STREAMS = ['identity', 'leaks', 'counts'] as const;

export type StreamName = (typeof STREAMS)[number];

/** Totals and places are thinned out with the tracker's counts. */
function addDump(stream: DumpStream, { event, seconds }: HeldDump): void {
  const { tracker } = stream;
  const { snapshots, stride } = tracker;
  tracker.push(event.groups);
  if (snapshots % stride === 0) {
    const { source, line, atTime } = event;
    const place = { source, line, total: event.total };
    stream.places.push({
      ...place,
      ...(seconds === undefined ? {} : { seconds }),
      ...(atTime === undefined ? {} : { atTime }),
    });
  }
  stream.whole = event;
  stream.highestId = Math.max(stream.highestId, highestId(event));
  if (tracker.stride !== stride) stream.places = stream.places.filter((_, i) => i % 2 === 0);
}

/** Adds what was held back. */
export function addHeld(stream: DumpStream): void {
  for (const dump of stream.held) addDump(stream, dump);
  stream.held = [];
}

/**
 * The series of the process that follows. Dumps that were held back are its own, and so is, with `sinceSign`, the last one if it
 * shows less than the one before it: it came since the last sign of the old process.
 */
export function streamAfter(stream: DumpStream, sinceSign: boolean): DumpStream {
  const { held, whole, places, last } = stream;
  const after = freshStream();
  after.held = held;
  const isLess = whole !== undefined && whole.total < (places.at(-2)?.total ?? 0);
  if (held.length === 0 && sinceSign && isLess) after.held = [{ event: whole, seconds: places.at(-1)?.seconds }];
  if (after.held.length > 0) after.last = last;
  after.dumps = after.held.length;
  return after;
}

/** A series without dumps. */
export function freshStream(): DumpStream {
  return {
    tracker: new GroupTracker(),
    places: [],
    dumps: 0,
    last: undefined,
    whole: undefined,
    highestId: 0,
    held: [],
  };
}

/** Which series a dump belongs to; crashes and users' own profiles belong to none. */
export function streamOf(event: GoroutinesEvent): StreamName | undefined {
  if (event.profile === 'goroutineleak') return 'leaks';
  if (event.profile !== undefined) return undefined;
  if (event.cause !== 'debug' && event.cause !== 'sigquit') return undefined;
  if (event.debug === 2 && printsItself(event)) return undefined;
  return event.debug === 2 ? 'identity' : 'counts';
}

/** One goroutine that printed its own stack is no dump of the program; a profile of a program with one goroutine is. */
function printsItself(event: GoroutinesEvent): boolean {
  if (event.total !== 1 || event.states['running'] !== 1) return false;
  return !event.groups.some((group) => group.stack.some((frame) => frame.function.startsWith('runtime/pprof.')));
}
