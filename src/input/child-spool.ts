// In: the stderr of a process that must not be slowed down. Out: its bytes, read from time to time, none lost.
// Measured with 2,500 GCs a second: the runtime writes a trace line in 39 pieces, and a reader that sleeps in read(2) is
// woken 39 times a line, inside the runtime's print (1.2 × the wall time). A file on tmpfs has no reader to wake.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statfsSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that one read takes at most: the reading side allocates them, so they are not kept larger than what arrives. */
const READ_BYTES = 256 * 1024;
const TMPFS_MAGIC = 0x01021994;
/** Below this much room a burst could fill the file system, and a write that fails is text lost. */
const MIN_FREE_BYTES = 32 * 1024 * 1024;
const MAX_PUNCH_BYTES = 16 * 1024 * 1024;
/** A pipe's reader keeps at most this much for a slow consumer; only beyond it does the writer wait. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

const scratch = Buffer.allocUnsafe(READ_BYTES);

/** One process's stderr seen from the reading side. */
export interface Spool {
  readonly kind: 'file' | 'pipe';
  /** What is there now, at most 256 KiB, or undefined when there is nothing new. Never waits. */
  read(): Buffer | undefined;
  /** What is there now is the end: others may go on writing (a grandchild holds the descriptor), they are not awaited. */
  seal(): void;
  /** Whether, since the last call, somebody cut the text (`> /dev/stderr` in a grandchild): some of it may be lost. */
  wasCut(): boolean;
  close(): void;
}

/** A spool and the descriptor that the child gets as its stderr; `started` closes our copy of it. */
export interface ChildSpool extends Spool {
  readonly childFd: number;
  started(): void;
}

/** A directory in memory with room for bursts, or undefined. */
export function findMemoryDirectory(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const directory of ['/dev/shm', process.env.XDG_RUNTIME_DIR, tmpdir()]) {
    if (!directory) continue;
    try {
      const { type, bavail, bsize } = statfsSync(directory);
      if (type === TMPFS_MAGIC && bavail * bsize >= MIN_FREE_BYTES) return directory;
    } catch {
      // Not there, or not ours to use: the next one.
    }
  }
  return undefined;
}

let punchWorks: boolean | undefined;

/** Whether the parts of a file that have been read can be given back while it is written to (util-linux's fallocate). */
export function canPunchHoles(directory: string): boolean {
  if (punchWorks !== undefined) return punchWorks;
  const fd = openUnlinked(directory).fd;
  try {
    const { status } = spawnSync('fallocate', ['-p', '-o', '0', '-l', '4096', '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
    });
    punchWorks = status === 0;
  } finally {
    closeSync(fd);
  }
  return punchWorks;
}

function openUnlinked(directory: string): { fd: number; readFd: number } {
  const path = join(directory, `.gcbend-${process.pid}-${randomBytes(6).toString('hex')}`);
  const fd = openSync(path, 'ax', 0o600);
  try {
    return { fd, readFd: openSync(path, 'r') };
  } finally {
    unlinkSync(path);
  }
}

/**
 * Reads a file that others append to, and gives the pages that have been read back to the system, so that a week of
 * trace needs no more memory than a burst. `fd` is the reading side and belongs to the spool from now on.
 */
export class FileSpool implements Spool {
  readonly kind = 'file';
  private readonly fd: number;
  private readonly punchBytes: number;
  private position = 0;
  private cut = false;
  private punched = 0;
  private end = Number.POSITIVE_INFINITY;
  private puncher: ChildProcess | undefined;

  /** `punchBytes` 0: the file system or the system cannot give pages back. */
  constructor(fd: number, punchBytes: number) {
    this.fd = fd;
    this.punchBytes = punchBytes;
  }

  read(): Buffer | undefined {
    if (this.position >= this.end) return undefined;
    let count = readSync(this.fd, scratch, 0, READ_BYTES, this.position);
    if (count === 0 && this.position > 0 && fstatSync(this.fd).size < this.position) {
      this.cut = true;
      this.position = 0;
      this.punched = 0;
      count = readSync(this.fd, scratch, 0, READ_BYTES, 0);
    }
    if (count === 0) return undefined;
    this.position += count;
    if (this.punchBytes > 0 && this.position - this.punched >= this.punchBytes) this.punch();
    return Buffer.from(scratch.subarray(0, count));
  }

  wasCut(): boolean {
    const { cut } = this;
    this.cut = false;
    return cut;
  }

  seal(): void {
    this.end = fstatSync(this.fd).size;
  }

  private punch(): void {
    if (this.puncher !== undefined) return;
    const from = this.punched;
    const end = this.position - (this.position % 4096);
    this.puncher = spawn('fallocate', ['-p', '-o', `${from}`, '-l', `${end - from}`, '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', this.fd],
    });
    this.puncher.unref();
    this.puncher.on('error', () => {
      this.puncher = undefined;
    });
    this.puncher.on('exit', (code) => {
      this.puncher = undefined;
      // A truncation meanwhile has set the mark back: what was punched before it says nothing about the new content.
      if (code === 0 && this.punched === from) this.punched = end;
    });
  }

  close(): void {
    closeSync(this.fd);
  }
}

class ChildFileSpool extends FileSpool implements ChildSpool {
  readonly childFd: number;

  constructor(directory: string) {
    const { fd, readFd } = openUnlinked(directory);
    super(readFd, punchBytesIn(directory));
    this.childFd = fd;
  }

  started(): void {
    closeSync(this.childFd);
  }
}

/** Under `ulimit -f` a file that grows for days, holes or not, would one day end the child. */
function isFileSizeLimited(): boolean {
  try {
    return !/^Max file size +unlimited/m.test(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return true;
  }
}

/** How much may be read before pages are given back: small against the room there is. */
export function punchBytesIn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return Math.min(MAX_PUNCH_BYTES, Math.floor((bavail * bsize) / 8));
}

/**
 * A named pipe, opened and unlinked. Node's own pipes are sockets, which `/dev/stderr` cannot be opened on. It is emptied
 * on a timer, not on readiness: fewer wake-ups for the writer.
 */
class ChildPipeSpool implements ChildSpool {
  readonly kind = 'pipe';
  readonly childFd: number;
  private readonly fd: number;
  private readonly queue: Buffer[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  private sealed = false;

  constructor(path: string) {
    try {
      this.fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      this.childFd = openSync(path, constants.O_WRONLY);
    } finally {
      unlinkSync(path);
    }
  }

  started(): void {
    closeSync(this.childFd);
    this.pump();
  }

  private pump(): void {
    let taken = 0;
    while (this.queuedBytes < MAX_QUEUED_BYTES) {
      const bytes = this.readNow();
      if (bytes === undefined) break;
      taken += bytes.length;
      this.queue.push(bytes);
      this.queuedBytes += bytes.length;
    }
    // A pipe holds 64 KiB: while much arrives, come back at once.
    this.timer = taken > 8192 ? setImmediate(() => this.pump()) : setTimeout(() => this.pump(), 5);
  }

  private readNow(): Buffer | undefined {
    try {
      const count = readSync(this.fd, scratch, 0, READ_BYTES, null);
      return count === 0 ? undefined : Buffer.from(scratch.subarray(0, count));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  read(): Buffer | undefined {
    const first = this.queue.shift();
    if (first === undefined) return this.sealed ? undefined : this.readNow();
    this.queuedBytes -= first.length;
    return first;
  }

  wasCut(): boolean {
    return false;
  }

  seal(): void {
    this.stopTimer();
    // A pipe holds little, and emptying it is quicker than filling it.
    for (let bytes = this.readNow(); bytes !== undefined; bytes = this.readNow()) this.queue.push(bytes);
    this.sealed = true;
  }

  private stopTimer(): void {
    clearTimeout(this.timer as NodeJS.Timeout | undefined);
    clearImmediate(this.timer as NodeJS.Immediate | undefined);
  }

  close(): void {
    this.stopTimer();
    closeSync(this.fd);
  }
}

/**
 * The cheapest stderr for a child that loses nothing: a file in memory, unless `mayReopen` (a script may write
 * `> /dev/stderr`, which would cut a file down to nothing) or the system lacks what that takes; then a named pipe.
 * Undefined where there is neither: the caller falls back on a pipe of Node's.
 */
export function createChildSpool(mayReopen: boolean): ChildSpool | undefined {
  const directory = findMemoryDirectory();
  const mayGrow = !mayReopen && directory !== undefined && !isFileSizeLimited();
  if (mayGrow && canPunchHoles(directory)) return new ChildFileSpool(directory);
  if (process.platform === 'win32') return undefined;
  const path = join(directory ?? tmpdir(), `.gcbend-${process.pid}-${randomBytes(6).toString('hex')}`);
  if (spawnSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' }).status !== 0) return undefined;
  return new ChildPipeSpool(path);
}
