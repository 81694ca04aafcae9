// In: chunks of bytes, cut anywhere. Out: lines as spans of one buffer, all of them or only those that hold an anchor.
// Pull model: push a chunk, call next() until it returns undefined, push the next one.

import { GcbendError } from '../errors.ts';
import { AnchorScanner } from './anchor-scanner.ts';
import type { Line, Workspace } from './types.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Bytes that are looked at in one go: small enough for the second-level cache, large enough that a turn for each costs little. */
const WINDOW_BYTES = 1024 * 1024;
/** So many bytes tell what ends the lines of a source. */
const HEAD_BYTES = 4096;
/** An unread rest up to this size is moved to the front at once, so that the same cache lines are filled again. */
const CHEAP_MOVE_BYTES = 4096;

/** `every`: each line. `anchored`: each line that contains an anchor, found without looking at the others one by one. */
export type LineMode = 'every' | 'anchored';

export interface LineReaderOptions {
  /** Literals without newlines; `anchored` returns the lines that contain at least one of them. */
  anchors: readonly Buffer[];
  /** Longer lines are skipped and reported by `takeOversized`. Default 1 MiB. */
  maxLineBytes?: number;
  /** Length of `workspace`. Default 0. */
  workBytes?: number;
  /** Gets the bytes of skipped lines in pieces, as they come, with their newlines. */
  skipped?: ((bytes: Buffer, start: number, end: number) => void) | undefined;
}

/** A line that was longer than `maxLineBytes`; `byteLength` is without the newline. */
export interface OversizedLine {
  number: number;
  byteLength: number;
}

/** `bytes[start, end)`. */
export interface Span {
  bytes: Buffer;
  start: number;
  end: number;
}

/**
 * Frames bytes into lines. Every chunk is copied into one fixed buffer (the scanner's memory), so a chunk may be
 * overwritten as soon as `next` has returned undefined, and memory stays flat whatever comes in.
 * Lines, spans and the buffer they point into are reused: read them before the next call.
 * Throws only GcbendError('STATE_INVALID') on misuse.
 */
export class LineReader {
  /** Lines passed so far, returned or not; the unread rest is not in it. */
  lines = 0;
  /** Bytes pushed so far. */
  bytes = 0;
  /** Lines so far that were longer than `maxLineBytes`. */
  oversized = 0;

  readonly #maxLineBytes: number;
  readonly #windowBytes: number;
  readonly #headBytes: number;
  readonly #skipped: LineReaderOptions['skipped'];
  readonly #scanner: AnchorScanner;
  readonly #buffer: Buffer;
  readonly #line: Line;
  readonly #span: Span;
  /** The chunk in work and how much of it is already in the buffer. */
  #chunk: Buffer | undefined;
  #taken = 0;
  /** Unread bytes are `buffer[start, filled)`; complete lines end at `complete`. */
  #start = 0;
  #complete = 0;
  #filled = 0;
  /** The next anchored line, looked for once: its start, its end, and the lines before it. -1: not looked for yet. */
  #anchoredStart = -1;
  #anchoredEnd = 0;
  #linesBefore = 0;
  /** Length so far of an oversized line whose newline has not come yet, or -1. */
  #discarded = -1;
  /** Whether carriage returns end the lines; undefined as long as too little was seen to tell. */
  #endsWithReturns: boolean | undefined;
  #oversizedLines: OversizedLine[] = [];
  #ended = false;

  constructor(options: LineReaderOptions) {
    this.#maxLineBytes = options.maxLineBytes ?? 1024 * 1024;
    if (!(this.#maxLineBytes > 0)) throw new GcbendError('STATE_INVALID', 'maxLineBytes must be above 0');
    // A window no longer than the limit: every oversized line then crosses a window border, where it is noticed.
    this.#windowBytes = Math.min(WINDOW_BYTES, this.#maxLineBytes);
    this.#headBytes = Math.min(HEAD_BYTES, this.#windowBytes);
    this.#skipped = options.skipped;
    const capacity = this.#maxLineBytes + this.#windowBytes;
    this.#scanner = new AnchorScanner(options.anchors, capacity, options.workBytes);
    this.#buffer = this.#scanner.buffer;
    this.#line = { bytes: this.#buffer, start: 0, end: 0, number: 0, terminated: true, anchored: false };
    this.#span = { bytes: this.#buffer, start: 0, end: 0 };
  }

  get workspace(): Workspace {
    return this.#scanner.workspace;
  }

  /** True as long as lone carriage returns end the lines, as on old Macs and where progress is shown: they stand as newlines in the buffer. */
  get endsWithReturns(): boolean {
    return this.#endsWithReturns === true;
  }

  /** Where the complete lines of the current window end. Lines up to there may be read around `next`, see `advance`. */
  get complete(): number {
    return this.#complete;
  }

  /** Where the next bytes may be put before they are handed in: they are not copied then. Undefined while there is something to read. */
  room(): Buffer | undefined {
    if (this.#chunk !== undefined || this.#start < this.#complete) return undefined;
    this.#moveToFront();
    return this.#buffer.subarray(this.#filled, this.#filled + this.#windowBytes);
  }

  /**
   * Hands in the next bytes; those that stand in `room` begin where it begins. The ones before must have been read: `next` or `remaining`
   * said there is no more.
   */
  push(chunk: Buffer): void {
    if (this.#ended) throw new GcbendError('STATE_INVALID', 'push after end');
    if (this.#chunk !== undefined || this.#start < this.#complete) {
      throw new GcbendError('STATE_INVALID', 'push before the chunk before was read to its end');
    }
    this.bytes += chunk.length;
    if (chunk.length > 0) this.#chunk = chunk;
  }

  /** No more bytes will come: the rest without a newline becomes the last line. Read on until `next` returns undefined. */
  end(): void {
    this.#ended = true;
  }

  /** The next line, or undefined when another chunk is needed (after `end`: when all is read). */
  next(mode: LineMode): Line | undefined {
    while (this.#start < this.#complete || this.#refill()) {
      if (this.#anchoredStart < this.#start) this.#findAnchored();
      const isAnchored = this.#start === this.#anchoredStart;
      if (mode === 'every' && !isAnchored) {
        this.#linesBefore--;
        return this.#take(this.#start, this.#scanner.findNewline(this.#start, this.#complete), true, false);
      }
      this.lines += this.#linesBefore;
      this.#linesBefore = 0;
      this.#start = this.#anchoredStart;
      if (this.#start < this.#complete) return this.#take(this.#start, this.#anchoredEnd, true, true);
    }
    return this.#ended ? this.#takeLast(mode) : undefined;
  }

  /**
   * The complete lines of the current window that were not read yet, for a caller that reads blocks by itself; give
   * back how far it came with `advance`. Empty when another chunk is needed, and for an unterminated last line, which
   * only `next` returns.
   */
  remaining(): Span {
    if (this.#start === this.#complete) this.#refill();
    this.#span.start = this.#start;
    this.#span.end = this.#complete;
    return this.#span;
  }

  /** Consumes up to `to`, a line start within `remaining()`, or its end: that many lines, where they have been counted. */
  advance(to: number, lines = this.#scanner.countNewlines(this.#start, to)): void {
    if (to < this.#start || to > this.#complete || (to > this.#start && this.#buffer[to - 1] !== NEWLINE)) {
      throw new GcbendError('STATE_INVALID', `advance to ${to}, which is no line start in what remains`);
    }
    this.lines += lines;
    this.#start = to;
    this.#anchoredStart = -1;
  }

  /** The oversized lines since the last call, in order. */
  takeOversized(): OversizedLine[] {
    const taken = this.#oversizedLines;
    if (taken.length > 0) this.#oversizedLines = [];
    return taken;
  }

  #findAnchored(): void {
    const scanner = this.#scanner;
    const found = scanner.find(this.#start, this.#complete);
    this.#anchoredStart = found ? scanner.lineStart : this.#complete;
    this.#anchoredEnd = scanner.lineEnd;
    this.#linesBefore = scanner.skippedLines;
  }

  #take(start: number, end: number, terminated: boolean, anchored: boolean): Line {
    const line = this.#line;
    line.start = start;
    line.end = end > start && this.#buffer[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    line.terminated = terminated;
    line.anchored = anchored;
    line.number = ++this.lines;
    this.#start = terminated ? end + 1 : end;
    return line;
  }

  /** Fills the buffer from the chunk in work until it holds a complete line. False: another chunk is needed. */
  #refill(): boolean {
    while (this.#chunk !== undefined) {
      let from = this.#appendWindow(this.#chunk);
      if (this.#endsWithReturns === undefined) from = this.#findLineEnds(from);
      if (this.#endsWithReturns === true) this.#replaceReturns(from);
      const last = this.#buffer.subarray(from, this.#filled).lastIndexOf(NEWLINE);
      if (last >= 0) {
        this.#complete = from + last + 1;
        this.#dropOversizedHead(from);
      } else {
        this.#dropOversizedRest();
      }
      if (this.#start < this.#complete) return true;
    }
    if (!this.#ended || this.#endsWithReturns !== undefined) return false;
    // The source was shorter than what tells.
    this.#findLineEnds(this.#start);
    if (!this.endsWithReturns) return false;
    this.#replaceReturns(this.#start);
    this.#complete = this.#start + this.#buffer.subarray(this.#start, this.#filled).lastIndexOf(NEWLINE) + 1;
    return this.#start < this.#complete;
  }

  /** Carriage returns and no newline among the first bytes: those end the lines. Returns from where on lines may end. */
  #findLineEnds(from: number): number {
    const text = this.#buffer.subarray(this.#start, this.#filled);
    if (text.includes(NEWLINE)) this.#endsWithReturns = false;
    else if (text.length >= this.#headBytes || this.#ended) {
      // Behind the last byte a newline may follow.
      this.#endsWithReturns = text.subarray(0, -1).includes(CARRIAGE_RETURN);
    }
    return this.#endsWithReturns === true ? this.#start : from;
  }

  /** Up to the first newline: behind it, newlines end the lines. */
  #replaceReturns(from: number): void {
    const text = this.#buffer.subarray(from, this.#filled);
    const newline = text.indexOf(NEWLINE);
    if (newline >= 0) this.#endsWithReturns = false;
    const end = newline < 0 ? text.length : newline;
    for (let at = 0; at < end; at++) {
      if (text[at] === CARRIAGE_RETURN) text[at] = NEWLINE;
    }
  }

  /** Moves the unread rest, so that the same cache lines are filled again. */
  #moveToFront(): void {
    if (this.#start === 0) return;
    this.#buffer.copyWithin(0, this.#start, this.#filled);
    this.#filled -= this.#start;
    this.#start = this.#complete = 0;
  }

  /** Puts the next window of the chunk behind the unread rest; returns where it begins. */
  #appendWindow(chunk: Buffer): number {
    const unread = this.#filled - this.#start;
    const most = this.#endsWithReturns === undefined ? this.#headBytes - unread : this.#windowBytes;
    const size = Math.min(most, chunk.length - this.#taken);
    const isThere = chunk.buffer === this.#buffer.buffer;
    if (!isThere && (unread <= CHEAP_MOVE_BYTES || this.#filled + size > this.#buffer.length)) this.#moveToFront();
    const from = this.#filled;
    if (!isThere) this.#buffer.set(chunk.subarray(this.#taken, this.#taken + size), from);
    this.#filled = from + size;
    this.#complete = this.#start;
    this.#anchoredStart = -1;
    this.#taken += size;
    if (this.#taken === chunk.length) {
      this.#chunk = undefined;
      this.#taken = 0;
    }
    return from;
  }

  /** The first line of the buffer is the only one that can be too long: the others begin and end in one window. */
  #dropOversizedHead(from: number): void {
    const carried = this.#discarded >= 0 ? this.#discarded : from - this.#start;
    if (carried === 0 && this.#discarded < 0) return;
    const newline = this.#scanner.findNewline(from, this.#filled);
    const byteLength = carried + newline - from;
    if (byteLength <= this.#maxLineBytes) return;
    this.#report(byteLength);
    this.#skipped?.(this.#buffer, this.#start, newline + 1);
    this.#start = newline + 1;
  }

  #dropOversizedRest(): void {
    const unread = this.#filled - this.#start;
    if (this.#discarded >= 0) this.#discarded += unread;
    else if (unread > this.#maxLineBytes) this.#discarded = unread;
    else return;
    this.#skipped?.(this.#buffer, this.#start, this.#filled);
    this.#start = this.#complete = this.#filled = 0;
  }

  #report(byteLength: number): void {
    this.#discarded = -1;
    this.oversized++;
    this.lines++;
    this.#oversizedLines.push({ number: this.lines, byteLength });
  }

  #takeLast(mode: LineMode): Line | undefined {
    if (this.#discarded >= 0) this.#report(this.#discarded);
    if (this.#start === this.#filled) return undefined;
    const anchored = this.#scanner.find(this.#start, this.#filled);
    const line = this.#take(this.#start, this.#filled, false, anchored);
    this.#complete = this.#filled;
    return anchored || mode === 'every' ? line : undefined;
  }
}
