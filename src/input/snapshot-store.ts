// In: profile texts as they are polled. Out: files that hold each of them to the byte, and write no group, site or number twice.
// A file is text: a header, then what is new (`+ BYTES`, followed by them) and what stays (`= FIRST LAST`: records of the file
// named as its base). Every so often a file needs no base, so that a series that lost a file goes on.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GcbendError } from '../errors.ts';

const MAGIC = 'gcbend-snapshot 1\n';
const MAX_CHAIN = 50;
const SNAPSHOT_ENDING = '.snapshot';

export interface SavedSnapshot {
  profile: string;
  at: Date;
  /** The address it came from, without secrets. */
  from: string;
  bytes: Buffer;
}

interface Chain {
  file: string;
  records: string[];
  length: number;
}

/**
 * Cuts a text into the pieces that stay or change as one: a group, a site, a goroutine (each ends with an empty line), the
 * first line, and each line of a block of numbers. Joined they are the text again.
 */
export function splitRecords(text: string): string[] {
  const records: string[] = [];
  let start = text.indexOf('\n') + 1;
  if (start > 0) records.push(text.slice(0, start));
  while (start < text.length) {
    const gap = text.indexOf('\n\n', start);
    const end = gap < 0 ? text.length : gap + 2;
    const piece = text.slice(start, end);
    if (/^[#{"]/.test(piece)) records.push(...piece.split(/(?<=\n)/));
    else records.push(piece);
    start = end;
  }
  return records;
}

/** Node's own `recursive` never returns where a file system has no room for directories (/proc). */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Writes the snapshots of one target into a directory, in the order in which they come. */
export class SnapshotStore {
  private readonly directory: string;
  private readonly from: string;
  private readonly chains = new Map<string, Chain>();

  /** `from` is saved: it has to be an address without secrets (EndpointTarget.display). Throws GcbendError OUTPUT_FAILED. */
  constructor(directory: string, from: string) {
    this.directory = directory;
    this.from = from.replaceAll(/[\r\n]/g, ' ');
    try {
      makeDirectory(directory);
    } catch (cause) {
      throw cannotWrite(directory, cause);
    }
  }

  /**
   * Saves one text and returns its path; undefined when it is the same as the last one of its profile.
   * Written beside and renamed, readable by the user alone. Throws GcbendError OUTPUT_FAILED.
   */
  save(profile: string, at: Date, bytes: Buffer): string | undefined {
    const records = splitRecords(bytes.toString('latin1'));
    const previous = this.chains.get(profile);
    let body = `+ ${bytes.length}\n${bytes.toString('latin1')}\n`;
    let base: Chain | undefined;
    if (previous !== undefined && previous.length < MAX_CHAIN) {
      const delta = encodeDelta(previous.records, records);
      if (delta === undefined) return undefined;
      if (delta.length < 0.7 * body.length) {
        body = delta;
        base = previous;
      }
    } else if (previous !== undefined && encodeDelta(previous.records, records) === undefined) return undefined;
    const name = this.nameFor(profile, at);
    const header = [
      `profile: ${profile}`,
      `at: ${at.toISOString()}`,
      `from: ${Buffer.from(this.from).toString('latin1')}`,
      ...(base === undefined ? [] : [`base: ${base.file}`]),
      `bytes: ${bytes.length}`,
      `sha256: ${digestOf(bytes)}`,
    ];
    const path = join(this.directory, name);
    writeBeside(path, Buffer.from(`${MAGIC}${header.join('\n')}\n\n${body}`, 'latin1'));
    this.chains.set(profile, { file: name, records, length: base === undefined ? 1 : base.length + 1 });
    return path;
  }

  /** Sorts by time; two of one millisecond by a number behind it. */
  private nameFor(profile: string, at: Date): string {
    const stamp = at.toISOString().replaceAll(/[-:]/g, '');
    for (let count = 0; ; count += 1) {
      const name = `${stamp}${count === 0 ? '' : `.${count}`}-${profile}${SNAPSHOT_ENDING}`;
      if (!existsSync(join(this.directory, name))) return name;
    }
  }
}

/** Undefined when nothing has changed. */
function encodeDelta(before: readonly string[], after: readonly string[]): string | undefined {
  const places = new Map<string, number>();
  for (let i = before.length - 1; i >= 0; i -= 1) places.set(before[i]!, i);
  const parts: string[] = [];
  let fresh = '';
  let first = -1;
  let last = -1;
  const flush = () => {
    if (fresh !== '') parts.push(`+ ${fresh.length}\n${fresh}\n`);
    if (first >= 0) parts.push(`= ${first + 1} ${last + 1}\n`);
    fresh = '';
    first = -1;
  };
  for (const record of after) {
    // The record that follows the last one kept, if it is the same: equal records stay in runs.
    const place = first >= 0 && before[last + 1] === record ? last + 1 : places.get(record);
    if (place === undefined) {
      if (first >= 0) flush();
      fresh += record;
    } else if (first >= 0 && place === last + 1) {
      last = place;
    } else {
      flush();
      first = place;
      last = place;
    }
  }
  flush();
  const same = before.length === after.length && (after.length === 0 || parts.join('') === `= 1 ${before.length}\n`);
  return same ? undefined : parts.join('');
}

function writeBeside(path: string, bytes: Buffer): void {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const fd = openSync(beside, 'wx', 0o600);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): GcbendError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why =
    code === 'ENOSPC'
      ? 'the disk is full'
      : code === 'EACCES' || code === 'EROFS'
        ? 'no permission to write there'
        : message;
  return new GcbendError('OUTPUT_FAILED', `cannot save ${path}: ${why}`, { cause });
}

/** Asks for node:crypto only now: loading it takes longer than reading a short trace. */
function digestOf(bytes: Buffer): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');
}

/** Reads saved snapshots back, in any order; each is the text that was polled, to the byte. */
export class SnapshotReader {
  private readonly restored = new Map<string, { snapshot: SavedSnapshot; records: string[] }>();

  /** As `read`; undefined for a file that is no saved snapshot. */
  readIfSaved(path: string): SavedSnapshot | { problem: string } | undefined {
    const beginning = Buffer.alloc(MAGIC.length);
    try {
      // Looking into a pipe would take its bytes away.
      if (!statSync(path).isFile()) return undefined;
      const fd = openSync(path, 'r');
      readSync(fd, beginning, 0, MAGIC.length, 0);
      closeSync(fd);
    } catch {
      return undefined;
    }
    return beginning.toString('latin1') === MAGIC ? this.read(path) : undefined;
  }

  /** The snapshot, or in words why it cannot be had (damaged, or the file it builds on is missing or damaged). */
  read(path: string): SavedSnapshot | { problem: string } {
    const result = this.restore(path, 0);
    return 'problem' in result ? result : result.snapshot;
  }

  private restore(path: string, depth: number): { snapshot: SavedSnapshot; records: string[] } | { problem: string } {
    const known = this.restored.get(path);
    if (known !== undefined) return known;
    if (depth > MAX_CHAIN) return { problem: 'it builds on itself' };
    let text: string;
    try {
      text = readFileSync(path, 'latin1');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { problem: code === 'ENOENT' ? `${basename(path)} is missing` : message };
    }
    const end = text.indexOf('\n\n');
    if (!text.startsWith(MAGIC) || end < 0) return { problem: 'no header of a saved snapshot' };
    const header = new Map(
      text
        .slice(MAGIC.length, end)
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
    );
    let before: string[] = [];
    const base = header.get('base');
    if (base !== undefined) {
      const result = this.restore(join(dirname(path), basename(base)), depth + 1);
      if ('problem' in result) return { problem: `it builds on ${base}: ${result.problem}` };
      before = result.records;
    }
    const restored = decodeDelta(before, text, end + 2);
    const bytes = restored === undefined ? undefined : Buffer.from(restored, 'latin1');
    if (bytes === undefined || digestOf(bytes) !== header.get('sha256'))
      return { problem: 'it is damaged or cut short' };
    const snapshot = {
      profile: header.get('profile') ?? '',
      at: new Date(header.get('at') ?? ''),
      from: Buffer.from(header.get('from') ?? '', 'latin1').toString(),
      bytes,
    };
    const entry = { snapshot, records: splitRecords(restored!) };
    this.restored.set(path, entry);
    // The next of a series builds on the one before: those of long ago are needed no more, and can be read again.
    if (this.restored.size > 16) this.restored.delete(this.restored.keys().next().value!);
    return entry;
  }
}

function decodeDelta(before: readonly string[], text: string, start: number): string | undefined {
  const parts: string[] = [];
  for (let at = start; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) return undefined;
    const operation = /^(?:\+ (\d+)|= (\d+) (\d+))$/.exec(text.slice(at, end));
    if (operation === null) return undefined;
    at = end + 1;
    if (operation[1] !== undefined) {
      const length = Number(operation[1]);
      parts.push(text.slice(at, at + length));
      at += length + 1;
      continue;
    }
    const [first, last] = [Number(operation[2]), Number(operation[3])];
    if (first < 1 || last > before.length) return undefined;
    for (let i = first - 1; i < last; i += 1) parts.push(before[i]!);
  }
  return parts.join('');
}
