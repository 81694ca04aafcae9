// In: lines of heap|allocs|block|mutex?debug=1 texts, MemStats blocks, expvar JSON, printed MemStats. Out: heap, contention,
// memstats and malformed events. Follows runtime/pprof/pprof.go (writeHeapInternal, writeProfileInternal).

import { cleanText } from '../clean-text.ts';
import type { GcbendEvent, HeapEvent } from '../types.ts';
import { readHeapHeader } from './heap-header.ts';
import { MemStatsReader, type MemStatsVerdict } from './memstats-reader.ts';
import { MAX_COUNT } from './number-reader.ts';
import { type ProfileStart, type ProfileTextKind, startsProfile } from './profile-start.ts';
import { ProfileRecords } from './records.ts';
import { HeapSites } from './sites.ts';

export interface ProfilePushResult {
  /** Offset behind the last byte taken. Equal to `to` when the state is `more`. */
  consumed: number;
  /** Lines taken by this push. */
  lines: number;
  /**
   * `more`: all taken. `foreign`: at `consumed` begins a line that is no part of the text; the caller handles it and pushes
   * on behind it (a text torn by log lines). `done`: the text ended before `consumed`.
   */
  state: 'more' | 'foreign' | 'done';
}

export interface ProfileParserOptions {
  source: string;
  /** `heap` or `allocs` where the caller knows it (the URL polled); else taken from the name of the source. */
  profile?: 'heap' | 'allocs';
}

const OTHER_START =
  /^(?:heap profile: |--- (?:contention|mutex):|\S[^:]{0,80} profile: total \d|goroutine \d+ [[gm]|panic: |fatal error: |SIG[A-Z]+: )/;
const MAPPINGS = /^(?:--- Memory map: ---|MAPPED_LIBRARIES:)/;

/** After so many lines in a row that are no part of it a text is taken to have ended. */
const FOREIGN_LIMIT = 64;
/** So much of a broken line is looked at for its event. */
const SHOWN_BYTES = 400;

const BLANK = 32;
const TAB = 9;
const HASH = 35;

type Section = 'records' | 'memstats' | 'json' | 'ended';
type LineState = ProfilePushResult['state'];

/**
 * One text, from its first line on: a synchronous machine on bytes that needs complete lines. `push` its bytes, then
 * `finish` for the events. Never throws on bad input.
 */
export class ProfileTextParser {
  readonly kind: ProfileTextKind;
  private readonly source: string;
  private readonly profile: 'heap' | 'allocs' | undefined;
  private readonly records: ProfileRecords;
  private readonly memStats = new MemStatsReader();
  private readonly malformed: GcbendEvent[] = [];
  private section: Section = 'records';
  private firstLine = 0;
  private foreignRun = 0;
  /** Stays undefined where the header of a heap text is broken. */
  private sampleRate: number | undefined;
  /** A line without which the records of a contention text cannot be scaled is broken, and its event says so. */
  private scaleIsBroken = false;
  private periodSeen = false;
  private headerSeen = false;
  /** A last line without newline was cut, unless no line had one (lines out of a log wrapper). */
  private lastUnterminated = false;
  private anyTerminated = false;

  constructor(kind: ProfileTextKind, options: ProfileParserOptions) {
    this.kind = kind;
    this.source = options.source;
    this.profile = options.profile ?? profileOfName(options.source);
    this.records = new ProfileRecords(kind === 'heap');
  }

  /** Does the content line `bytes[start, end)` begin such a text? */
  static startsProfile(bytes: Buffer, start: number, end: number): ProfileStart | undefined {
    return startsProfile(bytes, start, end);
  }

  /**
   * Takes `bytes[from, to)`: complete lines (the very last one of the input may lack its newline), the first of them
   * numbered `firstLineNumber`. Nothing of `bytes` is kept.
   */
  push(bytes: Buffer, from: number, to: number, firstLineNumber: number): ProfilePushResult {
    const { records } = this;
    let at = from;
    let number = firstLineNumber;
    records.beginPush();
    while (at < to) {
      let start = at;
      while (start < to && (bytes[start] === BLANK || bytes[start] === TAB)) start++;
      let newline = -1;
      const isFrame = this.section === 'records' && bytes[start] === HASH && bytes[start + 1] === TAB;
      if (isFrame) newline = records.takeFrame(bytes, start + 2, to);
      if (newline === -1) {
        newline = bytes.indexOf(10, start);
        if (newline === -1 || newline > to) newline = to;
        const end = newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline;
        const taken = isFrame
          ? this.takeTornFrame(bytes, start, end, number)
          : this.takeLine(bytes, start, end, number);
        if (taken !== 'more') {
          const state = taken === 'foreign' ? this.foreign() : 'done';
          return { consumed: at, lines: number - firstLineNumber, state };
        }
        const known = records.skipKnownStack(bytes, newline + 1, to);
        if (known !== undefined) {
          newline += 1 + known.bytes;
          number += known.lines;
        }
      }
      this.noteEnd(newline < to);
      this.foreignRun = 0;
      at = newline + 1;
      number++;
    }
    return { consumed: to, lines: number - firstLineNumber, state: 'more' };
  }

  /** The events of the text, in the order of their lines. Call once, after `done` or at the end of the input. */
  finish(): GcbendEvent[] {
    const { records, memStats } = this;
    const cut = this.lastUnterminated && this.anyTerminated && records.isOpen;
    records.close();
    const events: GcbendEvent[] = [];
    if (this.sampleRate !== undefined) events.push(this.heapEvent(this.sampleRate));
    if (this.kind === 'block' || this.kind === 'mutex') this.finishContention(this.kind, cut, events);
    if (memStats.faultAtEnd !== undefined) this.addMalformed(memStats.line, memStats.faultAtEnd, '');
    const { fields } = memStats;
    if (fields !== undefined) {
      // Type and schema come first, as in every event, and no field of an input can take their place.
      const head = { type: 'memstats', ...this.base(memStats.line) } as const;
      events.push({ ...head, ...fields, ...head });
    }
    return [...this.malformed, ...events].sort((a, b) => a.line - b.line);
  }

  private base(line: number): { schema: 1; source: string; line: number } {
    return { schema: 1, source: this.source, line };
  }

  private noteEnd(terminated: boolean): void {
    this.lastUnterminated = !terminated;
    if (terminated) this.anyTerminated = true;
  }

  private foreign(): 'foreign' | 'done' {
    if (this.section === 'ended') return 'done';
    this.foreignRun++;
    return this.foreignRun > FOREIGN_LIMIT ? 'done' : 'foreign';
  }

  private takeLine(bytes: Buffer, start: number, end: number, number: number): LineState {
    if (!this.headerSeen) return this.takeHeader(bytes, start, end, number);
    if (this.section === 'ended') return start === end ? 'more' : 'done';
    if (this.section === 'json') return this.take(this.memStats.takeJson(bytes.toString('utf8', start, end)), number);
    if (start === end) {
      // In a MemStats block a blank line ends nothing: a torn text may hold one.
      this.records.closeAtBlank(bytes, end);
      return 'more';
    }
    if (bytes[start] === HASH) return this.takeComment(bytes, start, end, number);
    if (this.section === 'records') {
      const verdict = this.records.takeRecord(bytes, start, end, number);
      if (verdict === 'taken') return 'more';
      if (verdict !== undefined) {
        this.addMalformed(number, verdict.fault, bytes.toString('utf8', start, Math.min(end, start + SHOWN_BYTES)));
        return 'more';
      }
    }
    const text = bytes.toString('utf8', start, Math.min(end, start + 200));
    if (this.section === 'records' && this.kind !== 'heap' && this.takeAttribute(text, number)) return 'more';
    if (OTHER_START.test(text)) return 'done';
    if (!MAPPINGS.test(text)) return 'foreign';
    // C++'s texts end with these, not with MemStats.
    this.section = 'ended';
    return 'done';
  }

  private takeHeader(bytes: Buffer, start: number, end: number, number: number): LineState {
    this.headerSeen = true;
    this.firstLine = number;
    const text = (): string => bytes.toString('utf8', start, end);
    switch (this.kind) {
      case 'heap': {
        const { sampleRate, fault } = readHeapHeader(bytes.toString('latin1', start, end));
        this.sampleRate = sampleRate;
        if (fault === undefined) this.records.heapSites = new HeapSites(sampleRate);
        else this.addMalformed(number, fault, text());
        return 'more';
      }
      case 'memstats':
        this.section = 'memstats';
        this.memStats.beginBlock(number);
        return 'more';
      case 'vars':
        this.section = 'json';
        return this.take(this.memStats.beginJson(text(), number), number);
      case 'print':
        this.memStats.takePrinted(text(), number);
        this.section = 'ended';
        return 'more';
      default:
        return 'more';
    }
  }

  /** Does what the MemStats reader says of a line. */
  private take({ state, fault, text }: MemStatsVerdict, number: number): LineState {
    if (fault !== undefined)
      this.addMalformed(this.section === 'json' ? this.memStats.line : number, fault, text ?? '');
    if (state === 'ended') this.section = 'ended';
    return state === 'foreign' ? 'foreign' : 'more';
  }

  private takeComment(bytes: Buffer, start: number, end: number, number: number): LineState {
    const text = bytes.toString('utf8', start, end);
    if (text.startsWith('# runtime.MemStats')) {
      if (this.section !== 'records' || this.kind !== 'heap') return 'done';
      this.records.close();
      this.section = 'memstats';
      this.memStats.beginBlock(number);
      return 'more';
    }
    if (this.section === 'memstats') return this.take(this.memStats.takeBlockLine(text), number);
    // `# labels:` and comments that other tools put in.
    return this.records.isOpen || text.startsWith('# ') || text === '#' ? 'more' : 'foreign';
  }

  /** A line that begins like a frame but is none: broken, or no part of the text at all. */
  private takeTornFrame(bytes: Buffer, start: number, end: number, number: number): LineState {
    if (bytes[start + 2] !== 48 || bytes[start + 3] !== 120) return 'foreign';
    this.addMalformed(number, 'frame is torn', bytes.toString('utf8', start, Math.min(end, start + SHOWN_BYTES)));
    this.records.loseFrame();
    return 'more';
  }

  /** `cycles/second=2600000000`; the first two of them scale the records. */
  private takeAttribute(text: string, number: number): boolean {
    const match = /^(cycles\/second|sampling period|ms since reset|discarded samples) *= *(.*?) *$/.exec(text);
    if (match === null) return false;
    const [, name, digits] = match;
    const value = /^\d+$/.test(digits!) && Number(digits) <= MAX_COUNT ? Number(digits) : Number.NaN;
    if (name === 'cycles/second') this.records.cyclesPerSecond = value;
    else if (name === 'sampling period') this.records.period = value;
    else return true;
    this.periodSeen ||= name === 'sampling period';
    // A period of zero is printed while profiling is off: right as long as there are no records.
    if (value > 0 || (value === 0 && name === 'sampling period')) return true;
    this.scaleIsBroken = true;
    this.addMalformed(number, `${name} is no number above 0: the records cannot be scaled`, text);
    return true;
  }

  private finishContention(profile: 'block' | 'mutex', cut: boolean, events: GcbendEvent[]): void {
    const { contentionSites: sites, cyclesPerSecond, period } = this.records;
    if (this.scaleIsBroken) return;
    // A title alone may be anybody's: the runtime prints the clock's rate behind it.
    if (sites.length === 0 && cyclesPerSecond === 0) return;
    const missing =
      cyclesPerSecond === 0 ? 'cycles/second' : profile === 'mutex' && !this.periodSeen ? 'sampling period' : undefined;
    if (missing !== undefined && sites.length > 0) {
      this.addMalformed(this.firstLine, `the line "${missing}" is missing: the records cannot be scaled`, '');
    } else if (period === 0 && sites.length > 0) {
      this.addMalformed(this.firstLine, 'the sampling period is 0: the records cannot be scaled', '');
    } else {
      const truncated = cut ? { truncated: true } : {};
      events.push({ type: 'contention', ...this.base(this.firstLine), profile, sites, ...truncated });
    }
  }

  private heapEvent(sampleRate: number): HeapEvent {
    const { inUse, allocated, list } = this.records.heapSites;
    const event: HeapEvent = {
      type: 'heap',
      ...this.base(this.firstLine),
      ...(this.profile === undefined ? {} : { profile: this.profile }),
      sampleRate,
      inUse,
      allocated,
      sites: list,
    };
    const { NumGC: numGC, LastGC: lastGC } = this.memStats.fields ?? {};
    if (typeof numGC === 'number') event.numGC = numGC;
    if (/^[1-9]\d*$/.test(String(lastGC))) event.lastGC = String(lastGC);
    const entries = this.records.functionEntries;
    if (entries !== undefined) event.functionEntries = entries;
    // Every heap text ends with a MemStats block (or with mappings in C++'s): without its end the text was cut.
    if (this.section !== 'ended' && !this.memStats.isWhole) event.truncated = true;
    return event;
  }

  private addMalformed(line: number, reason: string, text: string): void {
    const clean = cleanText(text).slice(0, 200);
    const grammar = this.kind === 'heap' || this.kind === 'block' || this.kind === 'mutex' ? this.kind : 'memstats';
    this.malformed.push({ type: 'malformed', ...this.base(line), grammar, reason, text: clean });
  }
}

/** What a file's name says about a text that does not say it itself. */
function profileOfName(source: string): 'heap' | 'allocs' | undefined {
  const name = source.slice(Math.max(source.lastIndexOf('/'), source.lastIndexOf('\\')) + 1).toLowerCase();
  if (/(?:^|[^a-z])allocs?(?![a-z])/.test(name)) return 'allocs';
  return /(?:^|[^a-z])(?:heap|inuse|mem|memprofile)(?![a-z])/.test(name) ? 'heap' : undefined;
}
