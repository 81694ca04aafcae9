// In: file names and patterns. Out: what is in them and what is being added, as `tail -F` sees it, each byte once.
// Polled, not notified: 5,000 log lines a second would be 5,000 inotify events, 25 reads a second cost little.
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import {
  advancePlace,
  HEAD_BYTES,
  idOf,
  isBeginningOfBoth,
  isSibling,
  type Place,
  READ_BYTES,
  readAt,
  readRestOfCopy,
  siblingsOf,
  skipHole,
  startsWith,
  statOf,
  TAIL_BYTES,
} from './follow-file.ts';
import { expandPattern, isPattern } from './glob.ts';
import { findPlaceSince } from './since-place.ts';

/**
 * `waiting`: named, but not there yet · `unmatched`: a pattern that no file matches yet · `appeared` · `rotated`: a new file has taken the name, the old one is read to its end ·
 * `truncated`: cut to be written again · `gone`: deleted or renamed away, nothing in its place yet · `unreadable`: see `detail`.
 */
export type FollowEvent = 'waiting' | 'unmatched' | 'appeared' | 'rotated' | 'truncated' | 'gone' | 'unreadable';

export interface FollowChunk {
  /** The path as given, or as the pattern found it. */
  source: string;
  /** Empty where there is an event. Bytes before an event belong to the old content, bytes after it to the new. */
  bytes: Buffer;
  event?: FollowEvent;
  detail?: string;
}

export interface FollowOptions {
  /** Ends the following; what is there at that moment is still read. */
  signal: AbortSignal;
  /**
   * Files that were last changed before it are read from their end on, others from the first line whose time is not older.
   * Default: everything is read from the start.
   */
  since?: Date;
  /** How often files are looked at, default 42 ms: a line is out within 50. */
  pollMs?: number;
  /** How often patterns are expanded again, default 1000 ms. */
  patternMs?: number;
}

/** A file that is far behind is read in turns with the others. */
const TURN_BYTES = 4 * 1024 * 1024;
/** A name is looked at every so many looks: it seldom changes, and what a rotated file still gets is read all the same. */
const LOOKS_PER_NAME = 4;
const MAX_REMEMBERED = 1000;
const MAX_PAST_HEADS = 100;
const COMPRESSED = /\.(?:gz|zst|bz2|xz|lz4|zip)$/;

const scratch = Buffer.allocUnsafe(READ_BYTES + TAIL_BYTES);
const EMPTY = Buffer.alloc(0);

interface Followed {
  source: string;
  /** Where the bytes lie: the source, or a name that rotation gave it. */
  path: string;
  fd: number | undefined;
  place: Place | undefined;
  /** The event that was last told, so that it is told once. */
  told: FollowEvent | undefined;
  /** Its turn ended before its bytes did. */
  behind: boolean;
  /** Looks since its name was last looked at. */
  quietLooks: number;
}

/**
 * Follows files across rename, truncation, copy-and-truncate, deletion and re-creation; names that are not there yet are
 * waited for. Ends only by `signal`. Problems with a file are events: the file may become readable later.
 */
export async function* followFiles(patterns: readonly string[], options: FollowOptions): AsyncGenerator<FollowChunk> {
  const { signal, pollMs = 42, patternMs = 1000 } = options;
  const follower = new Follower(options.since);
  const globs = patterns.filter(isPattern);
  for (const name of patterns) if (!globs.includes(name)) follower.add(name);
  let globbedAtMs = Number.NEGATIVE_INFINITY;
  const pauses = new Pauses(pollMs, signal);
  try {
    for (;;) {
      const last = signal.aborted;
      const nowMs = performance.now();
      if (globs.length > 0 && (last || nowMs - globbedAtMs >= patternMs)) {
        globbedAtMs = nowMs;
        for (const pattern of globs) {
          const found = (await expandPattern(pattern)).filter((path) => follower.addFound(path));
          if (found.length === 0 && !follower.firstRoundDone)
            yield { source: pattern, bytes: EMPTY, event: 'unmatched' };
        }
      }
      let behind = false;
      for (const file of follower.files.values()) {
        if (!last && follower.isQuiet(file)) continue;
        for (const chunk of follower.poll(file)) yield chunk;
        behind ||= file.behind;
      }
      follower.firstRoundDone = true;
      if (last && !behind) return;
      if (!behind) await pauses.next();
    }
  } finally {
    pauses.close();
    follower.close();
  }
}

/** Waits without making a timer and a listener each time: a thousand waits a minute for a week, each as cheap as can be. */
class Pauses {
  private wake: () => void = () => {};
  private readonly timer: NodeJS.Timeout;
  private readonly signal: AbortSignal;
  private readonly onAbort = () => this.wake();
  private readonly wait = (resolve: () => void) => {
    this.wake = resolve;
    if (this.signal.aborted) resolve();
    else this.timer.refresh();
  };

  constructor(ms: number, signal: AbortSignal) {
    this.signal = signal;
    this.timer = setTimeout(() => this.wake(), ms);
    signal.addEventListener('abort', this.onAbort);
  }

  next(): Promise<void> {
    return new Promise(this.wait);
  }

  close(): void {
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }
}

function placeSince(fd: number, stats: Stats, since: Date): number {
  return stats.mtime < since ? stats.size : findPlaceSince(fd, stats, since.getTime());
}

/** By gzip's and zstd's first bytes, which no text has. */
function isCompressed(head: Buffer): boolean {
  return head.length >= 4 && (head.readUInt16BE(0) === 0x1f8b || head.readUInt32BE(0) === 0x28b52ffd);
}

function newFollowed(source: string, path = source): Followed {
  return { source, path, fd: undefined, place: undefined, told: undefined, behind: false, quietLooks: 0 };
}

class Follower {
  readonly files = new Map<string, Followed>();
  private readonly places = new Map<string, Place>();
  private readonly pastHeads: { source: string; head: Buffer }[] = [];
  private readonly since: Date | undefined;
  firstRoundDone = false;

  constructor(since: Date | undefined) {
    this.since = since;
  }

  add(source: string): void {
    if (!this.files.has(source)) this.files.set(source, newFollowed(source));
  }

  /** A path that a pattern found. False for one that is left out: nothing is added to a compressed file. */
  addFound(path: string): boolean {
    if (COMPRESSED.test(path)) return false;
    this.add(path);
    return true;
  }

  /** Nothing to do for this file now: nothing was added, and its name was looked at a moment ago. */
  isQuiet(file: Followed): boolean {
    if (file.fd === undefined || file.behind) return false;
    if (++file.quietLooks >= LOOKS_PER_NAME) {
      file.quietLooks = 0;
      return false;
    }
    const { tail, position } = file.place!;
    // One byte more than what is known: the same content, and nothing behind it. (A cut to the same length shows at the next look.)
    const count = readSync(file.fd, scratch, 0, tail.length + 1, position - tail.length);
    return count === tail.length;
  }

  close(): void {
    for (const file of this.files.values()) this.closeFile(file);
  }

  *poll(file: Followed): Generator<FollowChunk> {
    if (file.fd === undefined) yield* this.tryOpen(file);
    else yield* this.advance(file);
  }

  /** Reads on, then looks whether the name still means the same file. */
  private *advance(file: Followed): Generator<FollowChunk> {
    yield* this.drain(file);
    const stats = statOf(file.source);
    if (stats === undefined) {
      if (file.told !== 'gone') yield this.tell(file, 'gone');
      return;
    }
    if (idOf(stats) === file.place!.id) {
      file.told = undefined;
      return;
    }
    // Whoever writes goes on with the old file until it opens the new one: the first byte there says that it has.
    if (stats.size === 0 || !stats.isFile()) return;
    yield* this.drain(file, Number.POSITIVE_INFINITY);
    const openedAtMs = file.place!.openedAtMs;
    this.closeFile(file);
    yield* this.readMissed(file, openedAtMs, idOf(stats));
    yield this.tell(file, 'rotated');
    yield* this.tryOpen(file);
  }

  private *tryOpen(file: Followed): Generator<FollowChunk> {
    const { source } = file;
    const stats = statOf(source);
    if (stats === undefined) {
      if (file.told === undefined) yield this.tell(file, 'waiting');
      return;
    }
    if (!stats.isFile()) {
      if (file.told !== 'unreadable') {
        const kind = stats.isDirectory()
          ? `it is a directory; follow the files in it: '${join(source, '*')}'`
          : 'it is not a plain file; a pipe is read with: gcbend < PIPE';
        yield this.tell(file, 'unreadable', kind);
      }
      return;
    }
    let fd: number;
    try {
      fd = openSync(source, 'r');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || file.told === 'unreadable') return;
      yield this.tell(file, 'unreadable', code === 'EACCES' ? 'no permission to read it' : message);
      return;
    }
    if (isCompressed(readAt(fd, 0, 4))) {
      closeSync(fd);
      if (file.told === 'unreadable') return;
      yield this.tell(file, 'unreadable', `it is compressed, nothing is added to it; read it with: gcbend ${source}`);
      return;
    }
    const opened = fstatSync(fd);
    const place = this.placeFor(fd, opened);
    if (place.open) {
      // The same file under a second name: one of the two is enough.
      closeSync(fd);
      return;
    }
    place.open = true;
    file.fd = fd;
    file.place = place;
    if (file.told === 'waiting' || file.told === 'gone' || file.told === 'unreadable')
      yield this.tell(file, 'appeared');
    file.told = undefined;
    yield* this.drain(file);
  }

  private placeFor(fd: number, stats: Stats): Place {
    const id = idOf(stats);
    const head = readAt(fd, 0, HEAD_BYTES);
    const known = this.places.get(id);
    // Inode numbers are used again: only the same beginning makes it the same file.
    if (known !== undefined && (known.open || (startsWith(head, known.head) && stats.size >= known.position)))
      return known;
    const position = this.firstRoundDone || this.since === undefined ? 0 : placeSince(fd, stats, this.since);
    const tail = readAt(fd, Math.max(0, position - TAIL_BYTES), Math.min(position, TAIL_BYTES));
    const place: Place = { id, position, tail, head, openedAtMs: Date.now(), open: false, copy: false };
    this.places.delete(id);
    this.places.set(id, place);
    if (this.places.size > MAX_REMEMBERED) {
      for (const [key, { open }] of this.places) {
        if (open) continue;
        this.places.delete(key);
        break;
      }
    }
    return place;
  }

  private *drain(file: Followed, limit = TURN_BYTES): Generator<FollowChunk> {
    const { source } = file;
    const place = file.place!;
    file.behind = false;
    if (place.copy) return;
    if (place.position === 0 && this.isCopy(file.path, place, readAt(file.fd!, 0, HEAD_BYTES))) {
      place.copy = true;
      return;
    }
    for (let taken = 0; taken < limit; ) {
      const back = place.tail.length;
      const count = readSync(file.fd!, scratch, 0, READ_BYTES + back, place.position - back);
      if (count < back || scratch.compare(place.tail, 0, back, 0, back) !== 0) {
        yield* this.restart(file);
        continue;
      }
      if (count === back) return;
      const bytes = Buffer.from(scratch.subarray(back, count));
      taken += bytes.length;
      advancePlace(place, bytes);
      yield { source, bytes };
      if (count - back < READ_BYTES) return;
    }
    file.behind = true;
  }

  /** The file was cut and written anew. What was in it beyond our place may be in the copy that logrotate made first. */
  private *restart(file: Followed): Generator<FollowChunk> {
    const place = file.place!;
    this.pastHeads.push({ source: file.path, head: place.head });
    if (this.pastHeads.length > MAX_PAST_HEADS) this.pastHeads.shift();
    for (const bytes of readRestOfCopy(file.source, place)) yield { source: file.source, bytes };
    place.position = skipHole(file.fd!);
    place.tail = EMPTY;
    place.head = readAt(file.fd!, 0, HEAD_BYTES);
    yield this.tell(file, 'truncated');
    file.told = undefined;
  }

  /** Files that had the name between two looks and are rotated away already, oldest first. */
  private *readMissed(file: Followed, sinceMs: number, currentId: string): Generator<FollowChunk> {
    const missed: { path: string; bornMs: number }[] = [];
    for (const path of siblingsOf(file.source)) {
      const stats = statOf(path);
      if (stats === undefined || !stats.isFile() || this.files.has(path) || COMPRESSED.test(path)) continue;
      if (idOf(stats) === currentId || this.places.has(idOf(stats)) || stats.birthtimeMs <= sinceMs) continue;
      missed.push({ path, bornMs: stats.birthtimeMs });
    }
    for (const { path } of missed.sort((a, b) => a.bornMs - b.bornMs)) {
      const fd = openSync(path, 'r');
      const place = this.placeFor(fd, fstatSync(fd));
      const passing: Followed = { ...newFollowed(file.source, path), fd, place };
      yield this.tell(passing, 'rotated');
      yield* this.drain(passing, Number.POSITIVE_INFINITY);
      closeSync(fd);
    }
  }

  /** Whether a file that came up later begins as one that is followed does or did: copy-and-truncate has made it. */
  private isCopy(path: string, place: Place, head: Buffer): boolean {
    if (!this.firstRoundDone) return false;
    for (const { source, place: other } of this.files.values()) {
      if (other === undefined || other === place || !isSibling(source, path)) continue;
      if (isBeginningOfBoth(other.head, head)) return true;
    }
    return this.pastHeads.some((past) => isSibling(past.source, path) && isBeginningOfBoth(past.head, head));
  }

  private closeFile(file: Followed): void {
    if (file.fd === undefined) return;
    closeSync(file.fd);
    file.place!.open = false;
    file.fd = undefined;
    file.place = undefined;
  }

  private tell(file: Followed, event: FollowEvent, detail?: string): FollowChunk {
    file.told = event;
    return { source: file.source, bytes: EMPTY, event, ...(detail === undefined ? {} : { detail }) };
  }
}
