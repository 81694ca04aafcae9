// In: lines of heap|allocs|block|mutex?debug=1 texts, MemStats blocks, expvar JSON, printed MemStats. Out: heap, contention,
// memstats and malformed events. Follows runtime/pprof/pprof.go (writeHeapInternal, writeProfileInternal); examples:
// `34: 278528 [34: 278528] @ 0x47e1ac 0x4815c9` and `657603694 79 @ 0x4e1d39 0x486501`.

import { cleanText } from '../clean-text.ts';
import type { ContentionSite, Frame, GcbendEvent, HeapEvent, MemStatsEvent } from '../types.ts';
import { AddressInterner, FrameInterner, StackInterner } from './intern.ts';
import {
  decodeJsonMemStats,
  decodeMemStatsLine,
  decodePrintedMemStats,
  findJsonMemStats,
  JsonObjectCollector,
  type MemStatsFields,
} from './memstats.ts';
import { NumberReader } from './number-reader.ts';
import { HEAP_HEADER, type ProfileStart, type ProfileTextKind, startsProfile } from './profile-start.ts';
import { BuildSample, contentionSite, HeapSites, type OpenRecord } from './sites.ts';

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
/** A JSON object of MemStats has some 10 KB; what goes on beyond this is something else. */
const JSON_LIMIT = 1 << 18;
const MAX_FRAMES = 1024;

type Section = 'records' | 'memstats' | 'json' | 'ended';

/**
 * One text, from its first line on: a synchronous machine on bytes that needs complete lines. `push` its bytes, then
 * `finish` for the events. Never throws on bad input.
 */
export class ProfileTextParser {
  readonly kind: ProfileTextKind;
  private readonly source: string;
  private readonly profile: 'heap' | 'allocs' | undefined;
  private readonly frames = new FrameInterner();
  private readonly stacks = new StackInterner(this.frames);
  private readonly addresses = new AddressInterner();
  private readonly ids = new Int32Array(MAX_FRAMES);
  /** Of the record that began last: hash of its addresses, where its frames begin in this push (-1: not all of them in it). */
  private addressHash = 0;
  private addressStart = 0;
  private addressEnd = 0;
  private recordBegun = false;
  private blockStart = -1;
  private depth = 0;
  private section: Section = 'records';
  private headerSeen = false;
  private firstLine = 0;
  private foreignRun = 0;
  private sampleRate = 0;
  private cyclesPerSecond = 0;
  private period = 1;
  private open: OpenRecord | undefined;
  /** A last line without newline was cut, unless no line had one (lines out of a log wrapper). */
  private lastUnterminated = false;
  private anyTerminated = false;
  private heapSites = new HeapSites(0);
  private readonly contentionSites: ContentionSite[] = [];
  private memStats: MemStatsFields | undefined;
  private memStatsLine = 0;
  private json: JsonObjectCollector | undefined;
  private readonly malformed: GcbendEvent[] = [];
  private readonly build = new BuildSample(this.frames);

  constructor(kind: ProfileTextKind, options: ProfileParserOptions) {
    this.kind = kind;
    this.source = options.source;
    this.profile = options.profile ?? profileOfName(options.source);
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
    let at = from;
    let number = firstLineNumber;
    if (this.firstLine === 0) this.firstLine = firstLineNumber;
    this.blockStart = -1;
    while (at < to) {
      let start = at;
      while (start < to && (bytes[start] === 32 || bytes[start] === 9)) start++;
      let newline: number;
      if (this.section === 'records' && bytes[start] === 35 && bytes[start + 1] === 9) {
        start += 2;
        let id = this.frames.match(bytes, start, to);
        if (id === -1) {
          newline = bytes.indexOf(10, start);
          if (newline === -1 || newline > to) newline = to;
          const end = newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline;
          id = this.frames.add(bytes, start, end);
          if (id === -1 && !this.takeTornFrame(bytes, start, end, number)) {
            return { consumed: at, lines: number - firstLineNumber, state: this.foreign() };
          }
        } else {
          newline = start + this.frames.lengthOf(id);
          if (bytes[newline] === 13) newline++;
        }
        this.noteEnd(newline < to);
        if (id !== -1 && this.open !== undefined && this.depth < MAX_FRAMES) this.ids[this.depth++] = id;
      } else {
        newline = bytes.indexOf(10, start);
        if (newline === -1 || newline > to) newline = to;
        const end = newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline;
        this.noteEnd(newline < to);
        const taken = this.takeLine(bytes, start, end, number);
        if (taken !== 'more') {
          const state = taken === 'foreign' ? this.foreign() : 'done';
          return { consumed: at, lines: number - firstLineNumber, state };
        }
        if (this.recordBegun) {
          this.recordBegun = false;
          const { addressStart, addressEnd } = this;
          const id = this.addresses.match(this.addressHash, bytes, addressStart, addressEnd, newline + 1, to);
          if (id !== -1) {
            const stack = this.addresses.stackOf(id);
            newline += 1 + this.addresses.blockLengthOf(id);
            number += stack.length + 1;
            this.closeWith(stack);
          } else this.blockStart = newline + 1;
        }
      }
      this.foreignRun = 0;
      at = newline + 1;
      number++;
    }
    return { consumed: to, lines: number - firstLineNumber, state: 'more' };
  }

  /** The events of the text, in the order of their lines. Call once, after `done` or at the end of the input. */
  finish(): GcbendEvent[] {
    const cut = this.lastUnterminated && this.anyTerminated && this.open !== undefined;
    this.closeRecord();
    const events: GcbendEvent[] = [...this.malformed];
    if (this.headerSeen && this.kind === 'heap') events.push(this.heapEvent());
    // A title alone may be anybody's: the runtime prints the clock's rate behind it.
    const isContention = this.cyclesPerSecond > 0 || this.contentionSites.length > 0;
    if (this.headerSeen && isContention && (this.kind === 'block' || this.kind === 'mutex')) {
      events.push({
        type: 'contention',
        ...this.base(this.firstLine),
        profile: this.kind,
        sites: this.contentionSites,
        ...(cut ? { truncated: true } : {}),
      });
    }
    if (this.section === 'json' && this.json !== undefined) {
      this.addMalformed(this.memStatsLine, 'the JSON object of MemStats does not end', '');
      events.push(this.malformed.at(-1)!);
    }
    const memStats = this.memStatsEvent();
    if (memStats !== undefined) events.push(memStats);
    return events.sort((a, b) => a.line - b.line);
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

  private takeLine(bytes: Buffer, start: number, end: number, number: number): ProfilePushResult['state'] {
    if (!this.headerSeen) return this.takeHeader(bytes, start, end, number);
    if (this.section === 'ended') return start === end ? 'more' : 'done';
    if (this.section === 'json') return this.takeJson(bytes.toString('utf8', start, end));
    if (start === end) {
      // In a MemStats block a blank line ends nothing: a torn text may hold one.
      const blockStart = this.blockStart;
      const lines = this.depth;
      const stack = this.closeRecord();
      if (blockStart !== -1 && stack !== undefined && lines === stack.length && bytes[end] === 10) {
        const { addressStart, addressEnd } = this;
        this.addresses.add(this.addressHash, bytes, addressStart, addressEnd, blockStart, start, stack);
      }
      this.blockStart = -1;
      return 'more';
    }
    const first = bytes[start]!;
    if (first === 35) return this.takeComment(bytes, start, end, number);
    if ((first >= 48 && first <= 57) || first === 45) {
      const state = this.kind === 'heap' ? this.takeHeapRecord(bytes, start, end, number) : undefined;
      if (state !== undefined) return state;
      if (this.kind !== 'heap' && this.section === 'records') {
        const taken = this.takeContentionRecord(bytes, start, end, number);
        if (taken !== undefined) return taken;
      }
    }
    const text = bytes.toString('utf8', start, Math.min(end, start + 200));
    if (this.section === 'records' && this.kind !== 'heap' && this.takeAttribute(text)) return 'more';
    if (MAPPINGS.test(text) || OTHER_START.test(text)) {
      if (MAPPINGS.test(text)) this.memStats ??= {};
      this.section = 'ended';
      return 'done';
    }
    return 'foreign';
  }

  private takeHeader(bytes: Buffer, start: number, end: number, number: number): ProfilePushResult['state'] {
    this.headerSeen = true;
    this.firstLine = number;
    switch (this.kind) {
      case 'heap': {
        const header = HEAP_HEADER.exec(bytes.toString('latin1', start, end));
        if (header === null) return 'done';
        const period = Number(header[2]);
        // The runtime prints twice the rate behind `heap/`; the other spellings print the rate itself.
        this.sampleRate = header[1] === 'heap/' ? Math.floor(period / 2) : header[1] === 'heapprofile' ? 1 : period;
        this.heapSites = new HeapSites(this.sampleRate);
        return 'more';
      }
      case 'memstats':
        this.section = 'memstats';
        this.memStats = {};
        this.memStatsLine = number;
        return 'more';
      case 'vars':
        this.section = 'json';
        this.json = new JsonObjectCollector();
        this.memStatsLine = number;
        return this.takeJsonStart(bytes.toString('utf8', start, end));
      case 'print':
        this.memStats = decodePrintedMemStats(bytes.toString('utf8', start, end)) ?? {};
        this.memStatsLine = number;
        this.section = 'ended';
        return 'more';
      default:
        return 'more';
    }
  }

  /** The object may stand behind a log prefix, or its brace alone on the line. */
  private takeJsonStart(text: string): ProfilePushResult['state'] {
    return this.takeJson(text.slice(Math.max(0, findJsonMemStats(text))));
  }

  private takeJson(text: string): ProfilePushResult['state'] {
    const json = this.json!;
    const whole = json.push(`${text}\n`);
    if (whole !== undefined) {
      this.json = undefined;
      this.section = 'ended';
      this.memStats = decodeJsonMemStats(whole);
      if (this.memStats === undefined) this.addMalformed(this.memStatsLine, 'not the JSON of MemStats', whole);
    } else if (json.length > JSON_LIMIT) {
      this.section = 'ended';
      this.json = undefined;
      this.addMalformed(this.memStatsLine, 'the JSON object of MemStats does not end', '');
    }
    return 'more';
  }

  private takeComment(bytes: Buffer, start: number, end: number, number: number): ProfilePushResult['state'] {
    const text = bytes.toString('utf8', start, end);
    if (text.startsWith('# runtime.MemStats')) {
      if (this.section !== 'records' || this.kind !== 'heap') {
        this.section = 'ended';
        return 'done';
      }
      this.closeRecord();
      this.section = 'memstats';
      this.memStats = {};
      this.memStatsLine = number;
      return 'more';
    }
    if (this.section === 'memstats') {
      const key = /^# ?(\w+) =/.exec(text)?.[1];
      if (key === undefined) return 'foreign';
      if (this.memStatsWhole() && key !== 'MaxRSS') {
        // A second block cannot follow without its title: this is some other `# key = value`.
        return 'foreign';
      }
      if (!decodeMemStatsLine(text.slice(text.indexOf(key)), this.memStats!)) {
        this.addMalformed(number, `value of ${key} is torn or not a number`, text);
      }
      if (key === 'MaxRSS') this.section = 'ended';
      return 'more';
    }
    // `# labels:` and comments that other tools put in.
    return this.open !== undefined || text.startsWith('# ') || text === '#' ? 'more' : 'foreign';
  }

  /** DebugGC is the last line that every version prints; MaxRSS may follow. */
  private memStatsWhole(): boolean {
    return this.memStats !== undefined && 'DebugGC' in this.memStats;
  }

  /** A line that begins like a frame but is none. False: it is no part of the text at all. */
  private takeTornFrame(bytes: Buffer, start: number, end: number, number: number): boolean {
    if (bytes[start] !== 48 || bytes[start + 1] !== 120) return false;
    this.addMalformed(number, 'frame is torn', bytes.toString('utf8', start - 2, Math.min(end, start + 400)));
    this.blockStart = -1;
    return true;
  }

  /** `OBJS: BYTES [AOBJS: ABYTES] @ 0xPC ...`; undefined when the line does not begin like one. */
  private takeHeapRecord(
    bytes: Buffer,
    start: number,
    end: number,
    number: number,
  ): ProfilePushResult['state'] | undefined {
    const reader = this.numbers;
    reader.set(bytes, start, end);
    const inUseObjects = reader.integer();
    if (!reader.skip(58)) return undefined;
    const inUseBytes = reader.integer();
    if (Number.isNaN(inUseBytes) || !reader.skip(91)) return undefined;
    this.closeRecord();
    const allocObjects = reader.integer();
    const colon = reader.skip(58);
    const allocBytes = reader.integer();
    if (!colon || !reader.skip(93) || !reader.skip(64) || Number.isNaN(inUseObjects + allocObjects + allocBytes)) {
      this.addMalformed(number, 'record is torn', bytes.toString('utf8', start, Math.min(end, start + 400)));
      return 'more';
    }
    if ((inUseObjects === 0 && inUseBytes !== 0) || (allocObjects === 0 && allocBytes !== 0)) {
      this.addMalformed(number, 'no objects but bytes', bytes.toString('utf8', start, Math.min(end, start + 400)));
      return 'more';
    }
    const addresses = addressesOf(bytes, reader.at, end);
    const addressCount = this.takeAddresses(bytes, reader.at, end);
    this.open = { line: number, inUseObjects, inUseBytes, allocObjects, allocBytes, addresses, addressCount };
    return 'more';
  }

  /** `CYCLES COUNT @ 0xPC ...`. */
  private takeContentionRecord(
    bytes: Buffer,
    start: number,
    end: number,
    number: number,
  ): ProfilePushResult['state'] | undefined {
    const reader = this.numbers;
    reader.set(bytes, start, end);
    const cycles = reader.integer();
    const count = reader.integer();
    if (Number.isNaN(cycles + count) || !reader.skip(64)) return undefined;
    this.closeRecord();
    const addresses = addressesOf(bytes, reader.at, end);
    this.takeAddresses(bytes, reader.at, end);
    this.open = {
      line: number,
      inUseObjects: count,
      inUseBytes: cycles,
      allocObjects: 0,
      allocBytes: 0,
      addresses,
      addressCount: 0,
    };
    return 'more';
  }

  private takeAttribute(text: string): boolean {
    const match = /^(cycles\/second|sampling period|ms since reset|discarded samples) *= *(-?\d+)/.exec(text);
    if (match === null) return false;
    if (match[1] === 'cycles/second') this.cyclesPerSecond = Number(match[2]);
    else if (match[1] === 'sampling period') this.period = Number(match[2]);
    return true;
  }

  /** Hashes the address list of a record that begins, and counts its addresses: every one has a blank before it. */
  private takeAddresses(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    let count = 0;
    for (let i = start; i < end; i++) {
      const c = bytes[i]!;
      if (c === 32) count++;
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    this.addressHash = hash ^ (hash >>> 15);
    this.addressStart = start;
    this.addressEnd = end;
    this.recordBegun = true;
    return count;
  }

  /** Ends the record that is open; returns its stack, undefined when none was open. */
  private closeRecord(): Frame[] | undefined {
    const open = this.open;
    if (open === undefined) {
      this.depth = 0;
      return undefined;
    }
    const stack = this.depth > 0 ? this.stacks.lookUp(this.ids, this.depth) : framesOfAddresses(open.addresses);
    if (this.depth > 0) {
      this.build.note(this.ids, this.depth);
      open.addresses = '';
    }
    this.closeWith(stack);
    return stack;
  }

  private closeWith(stack: Frame[]): void {
    const open = this.open!;
    this.open = undefined;
    this.depth = 0;
    if (this.kind === 'heap') this.heapSites.add(open, stack);
    else this.contentionSites.push(contentionSite(open, stack, this.cyclesPerSecond, this.period));
  }

  private heapEvent(): HeapEvent {
    const event: HeapEvent = {
      type: 'heap',
      ...this.base(this.firstLine),
      ...(this.profile === undefined ? {} : { profile: this.profile }),
      sampleRate: this.sampleRate,
      inUse: this.heapSites.inUse,
      allocated: this.heapSites.allocated,
      sites: this.heapSites.list,
    };
    const { NumGC: numGC, LastGC: lastGC } = this.memStats ?? {};
    if (typeof numGC === 'number') event.numGC = numGC;
    if (/^[1-9]\d*$/.test(String(lastGC))) event.lastGC = String(lastGC);
    const entries = this.build.known();
    if (entries !== undefined) event.functionEntries = entries;
    // Every heap text ends with a MemStats block (or with mappings in C++'s): without its end the text was cut.
    if (this.section !== 'ended' && !this.memStatsWhole()) event.truncated = true;
    return event;
  }

  private memStatsEvent(): MemStatsEvent | undefined {
    if (this.memStats === undefined || Object.keys(this.memStats).length === 0) return undefined;
    // Type and schema come first, as in every event, and no field of an input can take their place.
    const head = { type: 'memstats', ...this.base(this.memStatsLine) } as const;
    return { ...head, ...this.memStats, ...head };
  }

  private addMalformed(line: number, reason: string, text: string): void {
    const clean = cleanText(text).slice(0, 200);
    const grammar = this.kind === 'heap' || this.kind === 'block' || this.kind === 'mutex' ? this.kind : 'memstats';
    this.malformed.push({ type: 'malformed', ...this.base(line), grammar, reason, text: clean });
  }

  private readonly numbers = new NumberReader();
}

/** The address list of a record's line, unless a frame line follows at once: then nobody needs it. */
function addressesOf(bytes: Buffer, start: number, end: number): string {
  let next = bytes[end] === 13 ? end + 2 : end + 1;
  while (bytes[next] === 32 || bytes[next] === 9) next++;
  return bytes[next] === 35 ? '' : bytes.toString('latin1', start, end);
}

/** Texts without symbols still tell stacks apart by their addresses. */
function framesOfAddresses(addresses: string): Frame[] {
  return [...addresses.matchAll(/0x[0-9a-f]+/g)].map(([address]) => ({ function: address }));
}

/** What a file's name says about a text that does not say it itself. */
function profileOfName(source: string): 'heap' | 'allocs' | undefined {
  const name = source.slice(Math.max(source.lastIndexOf('/'), source.lastIndexOf('\\')) + 1).toLowerCase();
  if (/(?:^|[^a-z])allocs?(?![a-z])/.test(name)) return 'allocs';
  return /(?:^|[^a-z])(?:heap|inuse|mem|memprofile)(?![a-z])/.test(name) ? 'heap' : undefined;
}
