// In: lines of goroutine, goroutineleak, threadcreate and user profiles at debug=1. Out: a goroutines or a threads event, and what is broken.
// Source: runtime/pprof/pprof.go printCountProfile; `3 @ 0x47fb4e 0x41592e` and `#	0x4e00a4	main.inlined+0x24		/app/main.go:74`
import { cleanText } from '../clean-text.ts';
import type { Frame, GoroutineGroup, GoroutinesEvent, MalformedEvent, ThreadsEvent } from '../types.ts';
import { groupId } from './describe.ts';
import { type DumpStart, isCounted } from './dump-start.ts';
import { parseLabels } from './header.ts';
import { InfrastructureIndex } from './infrastructure.ts';
import { DONE, type DumpMachine, type DumpOptions, FOREIGN, ForeignRun, TAKEN, utf8, type Verdict } from './machine.ts';
import { unescapeName } from './names.ts';

const RECORD = /^(\d+) @((?: 0x[0-9a-f]+)*)$/;
/** A record, however broken: `3x @ 0x47fb4e`, `-1 @`. */
const BROKEN_RECORD = /^-?\d+ @|^\S+ @ 0[xX]?[0-9a-f]|^\S+ @(?: 0x[0-9a-f]+)*$|^\S+ @ \S+ 0x[0-9a-f]/;
const FRAME = /^#\t(0x[0-9a-f]+)(?:\t+(\S.*?)\+0x[0-9a-f]+\t+(\S.*):(\d+))?$/;

interface CountRecord {
  count: number;
  stack: Frame[];
  labels: Record<string, string> | undefined;
  pcs: string;
}

export class CountsMachine implements DumpMachine {
  readonly #options: DumpOptions;
  readonly #start: DumpStart;
  readonly #line: number;
  readonly #frames = new Map<string, Frame>();
  readonly #groups = new Map<string, GoroutineGroup>();
  #record: CountRecord | undefined;
  #seen = 0;
  readonly #foreignRun = new ForeignRun();
  /** The lines of a record that is broken go with it. */
  #inBroken = false;
  /** The last line, if it is a frame that does not end: cut, as long as nothing follows. */
  #tornFrame: { line: number; text: string } | undefined;
  readonly #malformed: MalformedEvent[] = [];

  /** @param text the first line */
  constructor(start: DumpStart, text: string, line: number, options: DumpOptions) {
    this.#start = start;
    this.#line = line;
    this.#options = options;
    if (start.total === undefined) this.#break(line, 'the total in the header is no count', this.#unindent(text));
  }

  get malformed(): readonly MalformedEvent[] {
    return this.#malformed;
  }

  line(bytes: Buffer, start: number, end: number, number: number): Verdict {
    const text = this.#unindent(bytes.toString('latin1', start, end));
    return this.#foreignRun.add(this.#take(text, number));
  }

  finish(): GoroutinesEvent | ThreadsEvent | undefined {
    this.#close();
    const { total, text: name } = this.#start;
    if (total === undefined) return undefined;
    if (this.#seen > total) {
      this.#break(
        this.#line,
        `the records count ${this.#seen}, the header says ${total}`,
        `${name} profile: total ${total}`,
      );
      return undefined;
    }
    // A program that writes `load profile: total 35` into its log means something else.
    if (this.#seen === 0 && total > 0 && !isCounted(name) && this.#malformed.length === 0) return undefined;
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count);
    const base = { schema: 1 as const, source: this.#options.source, line: this.#line };
    if (this.#start.text === 'threadcreate') {
      return {
        type: 'threads',
        ...base,
        total,
        groups: groups.map((group) => ({
          count: group.count,
          stack: group.stack,
          ...(group.labels === undefined ? {} : { labels: group.labels }),
        })),
      };
    }
    const event: GoroutinesEvent = {
      type: 'goroutines',
      ...base,
      debug: 1,
      total,
      cause: 'debug',
      states: {},
      groups,
    };
    if (this.#start.text !== 'goroutine') event.profile = utf8(this.#start.text);
    if (this.#seen < total || this.#tornFrame !== undefined) event.truncated = true;
    const infrastructure = InfrastructureIndex.of(this.#options.infrastructure);
    for (const group of groups) {
      if (this.#start.text === 'goroutineleak') group.leaked = group.count;
      if (infrastructure.find(group) !== undefined) group.infrastructure = true;
    }
    return event;
  }

  #unindent(text: string): string {
    return this.#start.indent === 'none' ? text : text.trimStart();
  }

  #take(text: string, number: number): Verdict {
    if (this.#tornFrame !== undefined) this.#dropRecord(this.#tornFrame);
    if (text === '') {
      this.#close();
      return TAKEN;
    }
    const first = text.charCodeAt(0);
    if (first === 35 /* # */) return this.#comment(text, number);
    const match = first >= 48 && first <= 57 ? RECORD.exec(text) : null;
    if (match !== null && Number.isSafeInteger(Number(match[1]))) {
      this.#close();
      this.#record = { count: Number(match[1]), stack: [], labels: undefined, pcs: match[2]! };
      this.#seen += this.#record.count;
      return TAKEN;
    }
    if (BROKEN_RECORD.test(text)) {
      this.#close();
      this.#inBroken = true;
      this.#break(number, 'record is torn', text);
      return TAKEN;
    }
    // All that was promised has been seen, and the last record is closed: whatever comes is not ours.
    if (this.#record === undefined && this.#seen >= (this.#start.total ?? Number.POSITIVE_INFINITY)) return DONE;
    return / profile: (?:total )?\d+|^goroutine \d+ |^--- (?:contention|mutex):/.test(text) ? DONE : FOREIGN;
  }

  #comment(text: string, line: number): Verdict {
    const record = this.#record;
    if (record === undefined) return this.#inBroken && /^#(?:\t| labels: )/.test(text) ? TAKEN : FOREIGN;
    if (text.startsWith('# labels: ')) {
      record.labels = parseLabels(utf8(text.slice('# labels: '.length)));
      return TAKEN;
    }
    const match = FRAME.exec(text);
    if (match === null) {
      if (!text.startsWith('#\t')) return FOREIGN;
      // What it began to say is not known.
      this.#tornFrame = { line, text };
      return TAKEN;
    }
    if (match[2] !== undefined) record.stack.push(this.#frame(match[2], match[3]!, match[4]!));
    return TAKEN;
  }

  #frame(name: string, file: string, line: string): Frame {
    const key = `${name}\n${file}:${line}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      frame = { function: unescapeName(utf8(name)), file: utf8(file), line: Number(line) };
      this.#frames.set(key, frame);
    }
    return frame;
  }

  /** A stack that lacks a frame is another stack: better none. */
  #dropRecord({ line, text }: { line: number; text: string }): void {
    this.#tornFrame = undefined;
    this.#seen -= this.#record?.count ?? 0;
    this.#record = undefined;
    this.#inBroken = true;
    this.#break(line, 'frame is torn', text);
  }

  #break(line: number, reason: string, text: string): void {
    const { source } = this.#options;
    const grammar = isCounted(this.#start.text) ? this.#start.text : 'profile';
    const clean = cleanText(utf8(text)).slice(0, 200);
    this.#malformed.push({ type: 'malformed', schema: 1, source, line, grammar, reason, text: clean });
  }

  #close(): void {
    this.#inBroken = false;
    const record = this.#record;
    if (record === undefined) return;
    this.#record = undefined;
    // Stacks without any symbol are kept apart by their program counters.
    const id = groupId(record.stack.length > 0 ? '' : record.pcs, record.stack, undefined);
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { id, count: 0, stack: record.stack };
      this.#groups.set(id, group);
    }
    group.count += record.count;
    if (record.labels === undefined) return;
    group.labels ??= {};
    for (const [key, value] of Object.entries(record.labels)) {
      const label = `${key}=${value}`;
      group.labels[label] = (group.labels[label] ?? 0) + record.count;
    }
  }
}
