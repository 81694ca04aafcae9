// In: an open log and a time. Out: where in it the lines begin that are not older, by the times that its lines carry.
import type { Stats } from 'node:fs';
import { readAt } from './follow-file.ts';

/** A line with a time comes at least this often; where none does, nothing is left out. */
const WINDOW_BYTES = 64 * 1024;
/** A time stands near the beginning of its line. */
const STAMP_CHARACTERS = 400;
const ZONE_STEP_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

const NUMERIC =
  /(\d{4})[-/](\d\d)[-/](\d\d)[T _](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,3})\d*)? ?(?:(Z|UTC)|([+-]\d\d):?(\d\d))?/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec';
const BY_MONTH_NAME = new RegExp(`\\b(${MONTHS.replaceAll(' ', '|')}) +(\\d{1,2}) (\\d\\d):(\\d\\d):(\\d\\d)`);

interface Stamp {
  /** Where the next line begins. */
  next: number;
  ms: number;
  hasZone: boolean;
}

/**
 * 0 for a log whose lines carry no time. A time without a zone is in the zone in which the newest line was written when the file was last
 * changed.
 */
export function findPlaceSince(
  fd: number,
  { size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>,
  sinceMs: number,
): number {
  const newest = stampsIn(fd, Math.max(0, size - WINDOW_BYTES), mtimeMs).at(-1);
  if (newest === undefined) return 0;
  const zoneMs = Math.round((mtimeMs - newest.ms) / ZONE_STEP_MS) * ZONE_STEP_MS;
  const isOld = ({ ms, hasZone }: Stamp): boolean => ms + (hasZone ? 0 : zoneMs) < sinceMs;
  let low = 0;
  let high = size;
  while (high - low > WINDOW_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const stamp = stampsIn(fd, middle, mtimeMs)[0];
    if (stamp === undefined) return low;
    if (isOld(stamp)) low = stamp.next;
    else high = middle;
  }
  for (;;) {
    const stamps = stampsIn(fd, low, mtimeMs);
    const firstNew = stamps.findIndex((stamp) => !isOld(stamp));
    const lastOld = stamps[(firstNew < 0 ? stamps.length : firstNew) - 1];
    // Lines without a time that follow an old one may be new.
    if (lastOld === undefined) return low;
    low = lastOld.next;
    if (firstNew >= 0) return low;
  }
}

/** The lines with a time in the window that begins at an offset; a line that is cut there belongs to the window before. */
function stampsIn(fd: number, from: number, nowMs: number): Stamp[] {
  const before = Math.max(0, from - 1);
  const text = readAt(fd, before, WINDOW_BYTES + from - before).toString('latin1');
  const stamps: Stamp[] = [];
  let at = from === 0 ? 0 : text.indexOf('\n') + 1;
  if (from > 0 && at === 0) return stamps;
  for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
    const time = timeIn(text.slice(at, Math.min(end, at + STAMP_CHARACTERS)), nowMs);
    if (time !== undefined) stamps.push({ next: before + end + 1, ...time });
    at = end + 1;
  }
  return stamps;
}

function timeIn(line: string, nowMs: number): { ms: number; hasZone: boolean } | undefined {
  const found = NUMERIC.exec(line);
  if (found !== null) {
    const [, year, month, day, hour, minute, second, fraction = '', utc, zoneHours, zoneMinutes] = found;
    const zone = zoneHours === undefined ? 'Z' : `${zoneHours}:${zoneMinutes}`;
    const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}${zone}`;
    const ms = Date.parse(text);
    return Number.isNaN(ms) ? undefined : { ms, hasZone: utc !== undefined || zoneHours !== undefined };
  }
  const named = BY_MONTH_NAME.exec(line);
  if (named === null) return undefined;
  const [, name = '', day, hour, minute, second] = named;
  const year = new Date(nowMs).getUTCFullYear();
  const inYear = (y: number): number =>
    Date.UTC(y, MONTHS.indexOf(name) / 4, Number(day), Number(hour), Number(minute), Number(second));
  const ms = inYear(year);
  // December's lines are read in January.
  return { ms: ms > nowMs + DAY_MS ? inYear(year - 1) : ms, hasZone: false };
}
