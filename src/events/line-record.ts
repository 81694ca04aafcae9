// In: a match of a one-line grammar and what is known around it. Out: the event, as an object or as NDJSON bytes.
// Both say the same: the bytes are copied from the input where they are valid JSON already.
import type { GrammarSet, Match } from '../grammar/index.ts';
import type { GcbendEvent } from './types.ts';

/** A record of one line before it is an event. Reused by its parser: turn it into what you need at once. */
export interface LineRecord {
  match: Match;
  source: string;
  line: number;
  process: number | undefined;
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

const lineKey = Buffer.from(',"line":');
const processKey = Buffer.from(',"process":');
const end = Buffer.from('}\n');

/** Writes records as NDJSON lines without making objects. */
export class RecordEncoder {
  readonly #grammars: GrammarSet;
  /** `{"type":"gc","schema":1,"source":"…"` for each shape, as long as the source is the same. */
  #heads: (Buffer | undefined)[] = [];
  #source: string | undefined;

  constructor(grammars: GrammarSet) {
    this.#grammars = grammars;
  }

  /** Room that one record may need. */
  maxBytes(record: LineRecord): number {
    return this.#grammars.maxJsonBytes(record.match) + 512 + 6 * record.source.length;
  }

  /** Writes the line at `at` and returns where it ends. */
  encode(record: LineRecord, out: Buffer, at: number): number {
    if (record.source !== this.#source) {
      this.#source = record.source;
      this.#heads = [];
    }
    const { shape } = record.match;
    let head = this.#heads[shape.index];
    if (head === undefined) {
      const { event, id } = shape.grammar;
      const grammar = event === 'gc' ? '' : `,"grammar":${JSON.stringify(id)}`;
      head = Buffer.from(`{"type":"${event}","schema":1,"source":${JSON.stringify(record.source)}${grammar}`);
      this.#heads[shape.index] = head;
    }
    let p = copy(head, out, at);
    p = writeInteger(record.line, out, copy(lineKey, out, p));
    if (record.process !== undefined) p = writeInteger(record.process, out, copy(processKey, out, p));
    if (record.loggedAt !== undefined) p += out.write(`,"loggedAt":"${record.loggedAt}"`, p, 'latin1');
    if (record.atTime !== undefined) p += out.write(`,"atTime":"${record.atTime}"`, p, 'latin1');
    if (record.repaired) p += out.write(',"repaired":true', p, 'latin1');
    p = this.#grammars.encodeJson(record.match, out, p);
    return copy(end, out, p);
  }
}

function copy(from: Buffer, out: Buffer, at: number): number {
  for (let i = 0; i < from.length; i++) out[at + i] = from[i]!;
  return at + from.length;
}

function writeInteger(value: number, out: Buffer, at: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    out[i] = 48 + rest - next * 10;
    rest = next;
  }
  return at + digits;
}
