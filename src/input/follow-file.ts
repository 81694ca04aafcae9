// In: an open file, and names beside it. Out: where reading stands in it, whether it is still the same content, what a rotation made of it.
import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export const READ_BYTES = 256 * 1024;
/** Kept of what was read, to tell the same file gone on from one rewritten up to the same place. */
export const TAIL_BYTES = 64;
export const HEAD_BYTES = 256;
/** Shorter beginnings say too little to call two files the same. */
const MIN_HEAD_BYTES = 32;

/** Where reading stands in one inode; kept after it is closed, so that it is not read again under its rotated name. */
export interface Place {
  id: string;
  position: number;
  tail: Buffer;
  head: Buffer;
  openedAtMs: number;
  open: boolean;
  /** A copy of what was read elsewhere: nothing in it is handed out. */
  copy: boolean;
}

export function advancePlace(place: Place, bytes: Buffer): void {
  if (place.head.length < HEAD_BYTES && place.position === place.head.length) {
    place.head = Buffer.concat([place.head, bytes.subarray(0, HEAD_BYTES - place.head.length)]);
  }
  place.position += bytes.length;
  const joined = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([place.tail, bytes]);
  place.tail = Buffer.from(joined.subarray(-TAIL_BYTES));
}

/** `app.log` and `app.log.1`, `app.log-20260101`, or `app-1.log`: rotation adds to the name. */
export function isSibling(source: string, path: string): boolean {
  if (dirname(source) !== dirname(path) || source === path) return false;
  const name = basename(source);
  const stem = name.replace(/\.[^.]*$/, '');
  return new RegExp(`^(?:${escapeText(name)}|${escapeText(stem)})[.\\-_]`).test(basename(path));
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

export function siblingsOf(source: string): string[] {
  const directory = dirname(source);
  try {
    // join() would take a leading ./ away, and with it the likeness.
    const at = source.slice(0, source.length - basename(source).length);
    return readdirSync(directory)
      .map((name) => (at === '' ? name : join(at, name)))
      .filter((path) => isSibling(join(at, basename(source)), path));
  } catch {
    return [];
  }
}

export function* readRestOfCopy(source: string, place: Place): Generator<Buffer> {
  if (place.tail.length < MIN_HEAD_BYTES) return;
  for (const path of siblingsOf(source)) {
    const stats = statOf(path);
    if (stats === undefined || !stats.isFile() || stats.size <= place.position) continue;
    const fd = openSync(path, 'r');
    try {
      if (!readAt(fd, place.position - place.tail.length, place.tail.length).equals(place.tail)) continue;
      for (let position = place.position; ; ) {
        const bytes = readAt(fd, position, READ_BYTES);
        if (bytes.length === 0) return;
        position += bytes.length;
        yield bytes;
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** A writer that does not append leaves a hole of zeros up to where it was. */
export function skipHole(fd: number): number {
  for (let position = 0; ; ) {
    const bytes = readAt(fd, position, READ_BYTES);
    const first = bytes.findIndex((byte) => byte !== 0);
    if (first >= 0) return position + first;
    position += bytes.length;
    if (bytes.length === 0) return position === 0 ? 0 : position;
  }
}

export function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning);
}

export function isBeginningOfBoth(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return length >= MIN_HEAD_BYTES && a.compare(b, 0, length, 0, length) === 0;
}

/** At most `length` bytes from `position`. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: false });
  } catch {
    // A directory on the way may not be searched: as good as not there.
    return undefined;
  }
}

export function idOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}
