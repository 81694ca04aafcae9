// In: the lines before the first goroutine of a crash. Out: its cause and its message, or the answer that it was a log line.
// Source: runtime/panic.go printpanics, runtime/signal_unix.go; `panic: runtime error: index out of range [5] with length 0`
import type { DumpCause } from '../types.ts';
import type { DumpStart } from './dump-start.ts';

/** `taken`: part of the crash; `maybe`: text of the message if goroutines follow, else a log line; `other`: no part of it. */
export type CrashLine = 'taken' | 'maybe' | 'other';

/** Texts that the runtime alone prints after `fatal error: `: true without any goroutine after them. */
const RUNTIME_FATAL =
  /^(?:all goroutines are asleep - deadlock!|no goroutines \(main called|concurrent map |stack overflow|sync: |runtime: |out of memory|unexpected signal|fault$|checkdead|cannot allocate memory|found bad pointer)/;
const RUNTIME_PANIC = /^runtime error: |\[recovered(?:, repanicked)?\]$|^close of |^send on closed channel$/;
const TRACE_LINE = /^(?:SCHED \d|gc \d+ @|gc\d+\(|scvg|scav |pacer: | {2}[PMG]\d+: |GC forced$)/;
const SIGNAL_NOTE = /^\[signal (?:SIG[A-Z]|0x)/;
const LONGEST_MESSAGE = 16_384;

/** Collects what stands between `panic:`, `fatal error:` or `SIGQUIT:` and the first goroutine. */
export class CrashText {
  cause: DumpCause;
  #lines: string[] = [];
  #candidates: string[] = [];
  #contiguous = true;
  #proof: boolean;
  #length = 0;

  constructor(start: DumpStart) {
    this.cause = start.cause;
    this.#proof = start.cause === 'debug';
    if (start.text !== '') this.#add(Buffer.from(start.text, 'utf8').toString('latin1'));
    if (start.cause === 'fatal' && RUNTIME_FATAL.test(start.text)) this.#proof = true;
    if (start.cause === 'panic' && RUNTIME_PANIC.test(start.text)) this.#proof = true;
  }

  /** Goroutines or the runtime's own words followed: this was a crash, not a log line that says so. */
  get proven(): boolean {
    return this.#proof;
  }

  /** `text` without its newline, white space kept. */
  line(text: string): CrashLine {
    if (text.startsWith('fatal error: ') || text.startsWith('\tfatal error: ')) {
      const fatal = text.trimStart().slice('fatal error: '.length);
      // A process that was started again and ended the same way.
      if (this.cause === 'fatal' && this.#lines.includes(fatal)) return 'other';
      if (this.cause === 'panic') this.#add(`fatal error: ${fatal}`);
      else this.#lines.unshift(fatal);
      this.cause = this.cause === 'sigquit' ? 'sigquit' : 'fatal';
      this.#proof ||= RUNTIME_FATAL.test(fatal) || text.startsWith('\t');
      return 'taken';
    }
    if (SIGNAL_NOTE.test(text)) {
      this.#add(text);
      this.#proof = true;
      return 'taken';
    }
    if (text.startsWith('PC=0x')) {
      this.#proof = true;
      return 'taken';
    }
    if (text === 'signal arrived during cgo execution') return 'taken';
    if (text.startsWith('instruction bytes:')) return 'taken';
    if (text === 'panic during panic' || text.startsWith('stack trace unavailable')) return 'taken';
    if (text.startsWith('runtime: ') && this.cause === 'fatal') {
      if (text.startsWith('runtime: goroutine stack exceeds')) this.#add(text);
      return 'taken';
    }
    if (this.cause !== 'panic') return 'other';
    if (text.startsWith('\t')) {
      if (text.startsWith('\tpanic: ')) this.#proof = true;
      if (RUNTIME_PANIC.test(text.trim())) this.#proof = true;
      if (!this.#contiguous) return 'other';
      this.#flushCandidates();
      this.#add(text.slice(1));
      return 'taken';
    }
    if (TRACE_LINE.test(text)) return 'other';
    if (text !== '' && RUNTIME_PANIC.test(text) && text.endsWith(']')) this.#proof = true;
    if (!this.#contiguous || this.#length > LONGEST_MESSAGE) return 'other';
    this.#candidates.push(text);
    this.#length += text.length;
    return 'maybe';
  }

  /** A line that came from elsewhere: what follows it can no longer be told from a log. */
  interrupt(): void {
    this.#contiguous = false;
  }

  /** Goroutines follow: the doubtful lines were the message's. */
  confirm(): void {
    this.#proof = true;
    while (this.#candidates.at(-1) === '') this.#candidates.pop();
    this.#flushCandidates();
  }

  get message(): string | undefined {
    return this.#lines.length > 0 ? Buffer.from(this.#lines.join('\n'), 'latin1').toString('utf8') : undefined;
  }

  #flushCandidates(): void {
    this.#lines.push(...this.#candidates);
    this.#candidates.length = 0;
  }

  #add(text: string): void {
    if (this.#length > LONGEST_MESSAGE) return;
    this.#length += text.length;
    this.#lines.push(text.slice(0, LONGEST_MESSAGE));
  }
}
