// In: the lines of one MemStats block, of expvar's JSON, or the one line that a program prints. Out: its fields, where it
// ends, what is torn in it. Examples: `# HeapAlloc = 968712`, `"memstats": {"Alloc":1048576,`.

import {
  decodeJsonMemStats,
  decodeMemStatsLine,
  decodePrintedMemStats,
  findJsonMemStats,
  JsonObjectCollector,
  type MemStatsFields,
} from './memstats.ts';

/** A JSON object of MemStats has some 10 KB; what goes on beyond this is something else. */
const JSON_LIMIT = 1 << 18;

/** `ended`: the line was the last one. A fault is malformed where the reader began (JSON) or on the line itself (a block). */
export type MemStatsVerdict = { state: 'more' | 'foreign' | 'ended'; fault?: string; text?: string };

const MORE: MemStatsVerdict = { state: 'more' };
const FOREIGN: MemStatsVerdict = { state: 'foreign' };
const ENDED: MemStatsVerdict = { state: 'ended' };
const ENDLESS = 'the JSON object of MemStats does not end';

/** MemStats wherever they stand; nothing until one of the `begin` methods is called. */
export class MemStatsReader {
  /** Where it begins. */
  line = 0;
  #fields: MemStatsFields | undefined;
  #json: JsonObjectCollector | undefined;

  /** Undefined when there was nothing. */
  get fields(): MemStatsFields | undefined {
    return this.#fields !== undefined && Object.keys(this.#fields).length > 0 ? this.#fields : undefined;
  }

  /** DebugGC is the last line that every version prints; MaxRSS may follow. */
  get isWhole(): boolean {
    return this.#fields !== undefined && 'DebugGC' in this.#fields;
  }

  /** What is wrong when nothing follows. */
  get faultAtEnd(): string | undefined {
    return this.#json === undefined ? undefined : ENDLESS;
  }

  beginBlock(line: number): void {
    this.line = line;
    this.#fields = {};
  }

  /** A line of the block, `# KEY = VALUE`. */
  takeBlockLine(text: string): MemStatsVerdict {
    const key = /^# ?(\w+) =/.exec(text)?.[1];
    // A second block cannot follow without its title: that is some other `# key = value`.
    if (key === undefined || (this.isWhole && key !== 'MaxRSS')) return FOREIGN;
    const state = key === 'MaxRSS' ? 'ended' : 'more';
    if (decodeMemStatsLine(text.slice(text.indexOf(key)), this.#fields!)) return state === 'more' ? MORE : ENDED;
    return { state, fault: `value of ${key} is torn or not a number`, text };
  }

  /** The object may stand behind a log prefix, or its brace alone on the line. */
  beginJson(text: string, line: number): MemStatsVerdict {
    this.line = line;
    this.#json = new JsonObjectCollector();
    return this.takeJson(text.slice(Math.max(0, findJsonMemStats(text))));
  }

  takeJson(text: string): MemStatsVerdict {
    const json = this.#json!;
    const whole = json.push(`${text}\n`);
    if (whole === undefined && json.length <= JSON_LIMIT) return MORE;
    this.#json = undefined;
    if (whole === undefined) return { state: 'ended', fault: ENDLESS, text: '' };
    this.#fields = decodeJsonMemStats(whole);
    return this.#fields === undefined ? { state: 'ended', fault: 'not the JSON of MemStats', text: whole } : ENDED;
  }

  takePrinted(text: string, line: number): void {
    this.line = line;
    this.#fields = decodePrintedMemStats(text);
  }
}
