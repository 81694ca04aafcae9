// In: the first line of a text of many lines. Out: the parser of that text, whichever kind it is, behind one interface.
import { type DumpOptions, GoroutineDumpParser, isCounted } from './goroutines/index.ts';
import { ProfileTextParser } from './profiles/index.ts';
import type { GcbendEvent } from './types.ts';

/** What became of pushed lines. `consumed`: all bytes before it were taken, `lines` of them. */
export interface BlockProgress {
  consumed: number;
  lines: number;
  /** `foreign`: the line at `consumed` is no part of the text, which goes on after it. `done`: the text ended before `consumed`. */
  state: 'more' | 'foreign' | 'done';
}

/** A dump or a profile text that is being read. */
export interface BlockParser {
  /** Complete lines; with `complete` the last one may lack its newline. */
  push(bytes: Buffer, from: number, to: number, firstLine: number, complete: boolean): BlockProgress;
  finish(): GcbendEvent[];
  /** Once it has finished: the first line of the next text, which this one took and that is no part of it. */
  readonly begun?: { bytes: Buffer; line: number } | undefined;
}

export interface BlockOptions {
  source: string;
  infrastructure: NonNullable<DumpOptions['infrastructure']>;
  /** Wanted when every goroutine is to be an event of its own. */
  eachGoroutine?: DumpOptions['eachGoroutine'];
}

/**
 * True for the first line of a dump or a profile text, with nothing before it: what stands before a header is a wrapper's, as
 * long as one is found that fits.
 */
export function startsBlock(bytes: Buffer, start: number, end: number): boolean {
  const dump = GoroutineDumpParser.startsDump(bytes, start, end);
  if (dump === undefined) {
    return (
      NESTED.some((text) => bytes.subarray(start, end).indexOf(text) === 0) ||
      ProfileTextParser.startsProfile(bytes, start, end) !== undefined
    );
  }
  if (dump.kind === 'counts') return isCounted(dump.text) || !WRAPPED_NAME.test(dump.text);
  return dump.inner !== true;
}

/** The runtime itself indents what came while a panic was handled: no wrapper's tab. */
const NESTED = [Buffer.from('\tpanic: '), Buffer.from('\tfatal error: ')];
/** Names that end with one of these, or begin like no name: `2026-11-21T09:00:00Z stderr F goroutine`. */
const WRAPPED_NAME = /[^\w.-](?:goroutine|threadcreate|goroutineleak)$|^[^A-Za-z_]/;

/** The parser for a text that begins with this line of content, if one does. */
export function openBlock(bytes: Buffer, start: number, end: number, options: BlockOptions): BlockParser | undefined {
  if (GoroutineDumpParser.startsDump(bytes, start, end) !== undefined) {
    const { source, infrastructure, eachGoroutine } = options;
    const parser = new GoroutineDumpParser({
      source,
      infrastructure,
      ...(eachGoroutine === undefined ? {} : { eachGoroutine }),
    });
    return {
      push: (...lines) => parser.push(...lines),
      finish: () => {
        const event = parser.finish();
        return event === undefined ? [...parser.malformed] : [event, ...parser.malformed];
      },
      get begun() {
        return parser.begun;
      },
    };
  }
  const profile = ProfileTextParser.startsProfile(bytes, start, end);
  return profile === undefined ? undefined : new ProfileTextParser(profile.kind, { source: options.source });
}
