// In: a match of a one-line grammar and what is known around it. Out: the event, as an object or as NDJSON bytes.
// Both say the same: the bytes are copied from the input where they are valid JSON already.
import {
  type CompiledGrammar,
  type GrammarSet,
  type Match,
  toWords,
  viewWords,
  type Words,
  type WordView,
  writeWords,
} from '../grammar/index.ts';
import type { GcbendEvent } from './types.ts';

/** A record of one line before it is an event. Reused by its parser: turn it into what you need at once. */
export interface LineRecord {
  match: Match;
  source: string;
  line: number;
  process: number | undefined;
  /** Seconds since the process began, where the line says so. */
  at: number | undefined;
  /** ISO 8601, from the log wrapper. */
  loggedAt: string | undefined;
  /** ISO 8601: wall time of `at`. */
  atTime: string | undefined;
  repaired: boolean;
}

/** The event of a record. */
export function toEvent(grammars: GrammarSet, record: LineRecord): GcbendEvent {
  const { grammar } = record.match.shape;
  return {
    type: grammar.event,
    schema: 1,
    source: record.source,
    line: record.line,
    ...(record.process === undefined ? {} : { process: record.process }),
    ...(grammar.event === 'gc' ? {} : { grammar: grammar.id }),
    ...(record.loggedAt === undefined ? {} : { loggedAt: record.loggedAt }),
    ...(record.atTime === undefined ? {} : { atTime: record.atTime }),
    ...(record.repaired ? { repaired: true } : {}),
    ...grammars.decode(record.match),
  } as GcbendEvent;
}

/** JSON of the lines of one shape, source and process: what stands before and after the line number. */
export function frameTexts(grammar: CompiledGrammar, source: string, process: number | undefined): [string, string] {
  const before = JSON.stringify({ type: grammar.event, schema: 1, source });
  const printer = process === undefined ? '' : `,"process":${process}`;
  const format = grammar.event === 'gc' ? '' : `,"grammar":${JSON.stringify(grammar.id)}`;
  return [`${before.slice(0, -1)},"line":`, printer + format];
}

/** These texts, ready to write. */
interface Frame {
  process: number | undefined;
  head: Words;
  tail: Words;
}

const end = toWords('}\n');

/** Writes records as NDJSON lines without making objects. */
export class RecordEncoder {
  readonly #grammars: GrammarSet;
  /** By shape, for the source and the process that were written last. */
  #frames: (Frame | undefined)[] = [];
  #source: string | undefined;
  #output: WordView = viewWords(Buffer.alloc(4));

  constructor(grammars: GrammarSet) {
    this.#grammars = grammars;
  }

  /** Room that one record may need. */
  maxBytes(record: LineRecord): number {
    return this.#grammars.maxJsonBytes(record.match) + 512 + 6 * record.source.length;
  }

  /** Writes the line at `at` and returns where it ends. Up to seven bytes behind that are overwritten. */
  encode(record: LineRecord, out: Buffer, at: number): number {
    if (this.#output.bytes !== out) this.#output = viewWords(out);
    const output = this.#output;
    const { head, tail } = this.#frameOf(record);
    let p = writeInteger(record.line, out, writeWords(head, output, at));
    p = writeWords(tail, output, p);
    if (record.loggedAt !== undefined) p += out.write(`,"loggedAt":"${record.loggedAt}"`, p, 'latin1');
    if (record.atTime !== undefined) p += out.write(`,"atTime":"${record.atTime}"`, p, 'latin1');
    if (record.repaired) p += out.write(',"repaired":true', p, 'latin1');
    return writeWords(end, output, this.#grammars.encodeJson(record.match, out, p));
  }

  #frameOf({ source, process, match }: LineRecord): Frame {
    if (source !== this.#source) {
      this.#source = source;
      this.#frames = [];
    }
    const { index, grammar } = match.shape;
    const known = this.#frames[index];
    if (known !== undefined && known.process === process) return known;
    const [head, tail] = frameTexts(grammar, source, process);
    const frame = { process, head: toWords(head), tail: toWords(tail) };
    this.#frames[index] = frame;
    return frame;
  }
}

function writeInteger(value: number, out: Buffer, at: number): number {
  if (value > 0x7fffffff) return at + out.write(`${value}`, at, 'latin1');
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    out[i] = 48 + rest - next * 10;
    rest = next;
  }
  return at + digits;
}
