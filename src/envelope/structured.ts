// In: a line that is a JSON object or logfmt. Out: the text of its message, decoded, and the time and identity beside it.
// Examples: `{"log":"gc 1 @0.004s …, 4-\u003e4-\u003e0 MB …\n","stream":"stderr","time":"2026-11-21T09:00:00.1Z"}`,
// `time=2026-11-21T09:00:00Z level=INFO msg="gc 1 @0.004s …"`

import { stripSequences } from './ansi.ts';
import {
  type Fields,
  firstOf,
  identityOf,
  isFields,
  isMessageKey,
  messageOf,
  NEWLINES_AT_END,
  originOf,
  placesIn,
  stackOf,
  timeOf,
} from './fields.ts';
import { type Path, type Place, parseJson, placesAt, visitStrings } from './json.ts';
import { cellsOf, pairsOf, SEPARATORS, type Separator } from './tables.ts';
import { type EnvelopeKind, type Layer, type Recognisers, type Taker, Text } from './types.ts';

/**
 * In a message that journald writes as numbers no word can be found, so all such lines are read. What stands before the list is
 * in every line of it: only the end of that is looked for.
 */
export const anchors: readonly Buffer[] = ['GE":[', 'GE" : ['].map((text) => Buffer.from(text));

/**
 * Docker cuts lines after 16 KiB (so many characters at least, whatever they are): where no text has a newline, what is
 * shorter came through a collector that takes it off.
 */
const CUT_LENGTH = 4096;
/** Fields of one line that are tried for a message, and of a source that are remembered. */
const MOST_FIELDS = 8;
const MOST_REMEMBERED = 64;

/** Decodes into one buffer that grows to the longest message. */
export class StructuredDecoder {
  #scratch = Buffer.alloc(4096);
  /** Docker's own newlines were seen in this source, or a record that it cut: there a text without one goes on in the next line. */
  #endsLines = false;
  readonly #recognisers: Recognisers;
  /** By where the message stands. */
  readonly #fieldTakers = new Map<string, Taker>();
  /** What stands beside messages of objects or lists that are printed over several lines, since such were seen. */
  #besideMember: RegExp | undefined;

  constructor(recognisers: Recognisers) {
    this.#recognisers = recognisers;
  }

  /** Undefined when the line is no JSON object with a message in it; it may be a line of a list of them. */
  takeJson({ json }: Text): Layer | undefined {
    if (!isFields(json) || Array.isArray(json)) return undefined;
    const places = placesIn(json);
    const message = stackOf(json) ?? firstOf(places, messageOf);
    if (message === undefined) return undefined;
    const kind = jsonKind(json);
    const isWhole = /\r?\n$/.exec(message);
    const layer = this.#layer(kind, isWhole ? message.slice(0, isWhole.index) : message);
    layer.time = firstOf(places, timeOf);
    layer.identity = identityOf(json);
    layer.stream = streamOf(json['stream']);
    if (Array.isArray(json['MESSAGE'])) layer.hidden = true;
    if (kind === 'docker-json') {
      const { text } = layer;
      // Only docker cuts a record.
      if (isWhole || (!this.#endsLines && this.#recognisers.looksCut(text.bytes, text.start, text.end)))
        this.#endsLines = true;
      layer.partial = !isWhole && (this.#endsLines || message.length >= CUT_LENGTH);
    } else layer.partial = !isWhole && kind === 'go-test-json';
    return layer;
  }

  /** Takers of the other fields of a JSON line in which a record may stand; none where they stand in lists. */
  fieldsOfJson({ json }: Text): Taker[] {
    const found: { length: number; path: Path }[] = [];
    const known = isFields(json) ? firstOf(placesIn(json), messageOf) : undefined;
    visitStrings(json, (text, path) => {
      if (text !== known && !path.includes(null) && this.#recognisers.mayHoldRecord(text))
        found.push({ length: text.length, path: [...path] });
      return found.length === MOST_FIELDS;
    });
    // Beside a message there may be the beginning of it.
    found.sort((a, b) => b.length - a.length);
    return found.map(({ path }) => this.#fieldTaker('json', path));
  }

  /** The same of a line of logfmt. */
  fieldsOfLogfmt(text: Text): Taker[] {
    const keys = Object.entries(logfmtOf(text) ?? {}).filter(([, value]) => this.#recognisers.mayHoldRecord(value));
    return keys.slice(0, MOST_FIELDS).map(([key]) => this.#fieldTaker('logfmt', [key]));
  }

  /** And of a line of a table: of cells without quotes only where another one is a time. */
  cellsOfTable({ bytes, start, end }: Text): Taker[] {
    const line = bytes.toString('utf8', start, end);
    const takers: Taker[] = [];
    for (const separator of SEPARATORS) {
      if (!line.includes(separator)) continue;
      const cells = cellsOf(line, separator);
      const hasTime = timeOf(cells.map((cell) => cell.text) as unknown as Fields) !== undefined;
      for (const [column, cell] of cells.entries()) {
        if (!(cell.isQuoted || hasTime) || !this.#recognisers.mayHoldRecord(cell.text)) continue;
        takers.push(this.#cached(`${separator}${column}`, (text) => this.#takeCell(text, separator, column)));
      }
    }
    return takers;
  }

  #fieldTaker(kind: 'json' | 'logfmt', path: Path): Taker {
    return this.#cached(JSON.stringify([kind, path]), (text) => {
      const [place] = placesAt(kind === 'json' ? text.json : logfmtOf(text), path);
      return place && this.#placed(kind, place);
    });
  }

  #cached(key: string, take: Taker['take']): Taker {
    const taker = this.#fieldTakers.get(key) ?? { nests: true, take };
    if (this.#fieldTakers.size < MOST_REMEMBERED) this.#fieldTakers.set(key, taker);
    return taker;
  }

  #placed(kind: EnvelopeKind, { text, around }: Place): Layer {
    const layer = this.#layer(kind, text.replace(NEWLINES_AT_END, ''));
    Object.assign(layer, originOf(around));
    layer.stream = firstOf(around as readonly Fields[], (place) => streamOf(place['stream']));
    layer.strong = false;
    return layer;
  }

  #takeCell({ bytes, start, end }: Text, separator: Separator, column: number): Layer | undefined {
    const cells = cellsOf(bytes.toString('utf8', start, end), separator).map((cell) => cell.text);
    const text = cells[column];
    return text === undefined ? undefined : this.#placed('quoted', { text, around: [cells] });
  }

  /** A line of Loki's values, `["1795251600000000000","gc 1 @0.004s …"]`; undefined when it is none. */
  takePair(text: Text): Layer | undefined {
    if (!PAIR_OF_LOKI.test(text.head)) return undefined;
    const pair = parseJson(text.bytes, text.start, text.bytes.lastIndexOf(CLOSE_BRACKET, text.end - 1) + 1);
    if (!Array.isArray(pair) || typeof pair[1] !== 'string') return undefined;
    const layer = this.#layer('loki', pair[1].replace(NEWLINES_AT_END, ''));
    layer.time = pair[0] as string;
    return layer;
  }

  /** Undefined when the line is none of an object with a message that is printed over several lines. */
  takeMember(text: Text): Layer | undefined {
    const member = readMember(text);
    if (member?.beside !== BESIDE_MEMBER || !isMessageKey(member.key)) return this.#takeBesideMember(text);
    this.#besideMember = BESIDE_MEMBER;
    return this.#layer('json', member.text.replace(NEWLINES_AT_END, ''));
  }

  #takeBesideMember(text: Text): Layer | undefined {
    if (this.#besideMember?.test(text.head) !== true) return undefined;
    const member = readMember(text);
    if (member !== undefined) {
      const { key, text: value } = member;
      // Its own taker reads it.
      if (this.#fieldTakers.has(`${key}:`)) return undefined;
      const { mayHoldRecord, looksLikeRecord } = this.#recognisers;
      if (mayHoldRecord(value) && looksLikeRecord(Buffer.from(value), 0, Buffer.byteLength(value))) return undefined;
    }
    return this.#nothing();
  }

  /** A member of whatever name, in JSON or YAML, in which a record may stand. */
  memberOf(text: Text): Taker[] {
    const member = readMember(text);
    if (member === undefined || !this.#recognisers.mayHoldRecord(member.text)) return [];
    const { key } = member;
    return [
      this.#cached(`${key}:`, (other) => {
        const found = readMember(other);
        if (found?.key !== key) return this.#takeBesideMember(other);
        this.#besideMember = found.beside;
        return this.#placed('json', { text: found.text, around: [] });
      }),
    ];
  }

  /** Of the text: it goes on in the next message. */
  #nothing(): Layer {
    const layer = this.#layer('json', '');
    layer.partial = true;
    return layer;
  }

  /** A line of a list of strings, or of a table with the message in quotes; undefined when it is neither. */
  takeQuoted(text: Text): Layer | undefined {
    const { bytes, start, end } = text;
    if (this.#besideMember !== undefined && BRACKETS.test(text.head)) return this.#nothing();
    if (!bytes.subarray(start, end).includes(QUOTE)) return undefined;
    const indent = INDENT.exec(text.head)![0].length;
    const string = bytes[start + indent] === QUOTE ? parseString(text, indent, TRAILING_COMMA) : undefined;
    if (string !== undefined) {
      if (indent > 0) this.#besideMember = BESIDE_MEMBER;
      return NANOSECONDS.test(string) ? this.#nothing() : this.#layer('quoted', string.replace(NEWLINES_AT_END, ''));
    }
    const cells = cellsOf(bytes.toString('utf8', start, end));
    const message = cells.find((cell) => cell.isQuoted && !BESIDE_MESSAGE.test(cell.text));
    if (message === undefined) return undefined;
    const layer = this.#layer('quoted', message.text.replace(NEWLINES_AT_END, ''));
    layer.time = cells.find((cell) => DATE.test(cell.text))?.text;
    return layer;
  }

  /** Undefined when the line is no logfmt with a message in it. */
  takeLogfmt(text: Text): Layer | undefined {
    const fields = logfmtOf(text);
    const message = fields && (stackOf(fields) ?? messageOf(fields));
    if (message === undefined) return undefined;
    const layer = this.#layer('logfmt', message.replace(/\r?\n$/, ''));
    layer.time = timeOf(fields!);
    layer.identity = identityOf(fields!);
    return layer;
  }

  #layer(kind: EnvelopeKind, message: string): Layer {
    const text = stripSequences(message);
    const most = text.length * 3;
    if (most > this.#scratch.length) this.#scratch = Buffer.alloc(most * 2);
    const end = this.#scratch.write(text, 'utf8');
    return {
      kind,
      text: new Text(this.#scratch, 0, end),
      time: undefined,
      identity: undefined,
      stream: undefined,
      partial: false,
      strong: kind !== 'json' && kind !== 'logfmt',
    };
  }
}

const CLOSE_BRACKET = 0x5d;
/** `    "textPayload": "`: what stands before the text of a member. */
const MEMBER = /^[ \t]*"([\w@. -]+)" ?: ?"/;
/** What stands before a text that YAML has to quote. */
const MEMBER_OF_YAML = /^[ \t-]*([\w@.-]+): '/;
const BESIDE_MEMBER_OF_YAML = /^(?:[ \t-]*[\w@./-]+:(?: .*)?|---)$/;
/** The other lines of such lists, */
const BRACKETS = /^[ \t]*[[{\]}]+,?[ \t]*$/;
/** and of such objects. */
const BESIDE_MEMBER = /^[ \t]*(?:[[{\]}]+,?|"[\w@./-]+" ?: ?(?:[[{]|.*[\w"\]}],?))[ \t]*$/;
const PAIR_OF_LOKI = /^[ \t]*\[[ \t]*"\d{19}", ?"/;
const INDENT = /^[ \t]*/;
/** Loki's time of the line that follows. */
const NANOSECONDS = /^\d{19}$/;
const TRAILING_COMMA = /,?[ \t]*$/;
/** Cells with a date or with labels. */
const BESIDE_MESSAGE = /^(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2} \d{1,2}, \d{4} |\{)/;
const DATE = /^\d{4}-\d\d-\d\d[T ]/;
const QUOTE = 0x22;

const logfmtOf = ({ bytes, start, end }: Text): Readonly<Record<string, string>> | undefined =>
  pairsOf(bytes.toString('utf8', start, end));

/** The string that begins at the quote; what may follow it is `behind`. */
function parseString({ bytes, start, end }: Text, quoteAt: number, behind: RegExp): string | undefined {
  const from = start + quoteAt;
  const text = bytes.toString('latin1', from, end).replace(behind, '');
  const value = text.endsWith('"') ? parseJson(bytes, from, from + text.length) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** A line `"key": "value",` of JSON, or `key: 'value'` of YAML. */
function readMember(text: Text): { key: string; text: string; beside: RegExp } | undefined {
  const json = MEMBER.exec(text.head);
  if (json !== null) {
    const value = parseString(text, json[0].length - 1, TRAILING_COMMA);
    return value === undefined ? undefined : { key: json[1]!, text: value, beside: BESIDE_MEMBER };
  }
  const yaml = MEMBER_OF_YAML.exec(text.head);
  if (yaml === null) return undefined;
  const { bytes, start, end } = text;
  const value = bytes.toString('utf8', start + yaml[0].length, end);
  if (!value.endsWith("'")) return undefined;
  return { key: yaml[1]!, text: value.slice(0, -1).replaceAll("''", "'"), beside: BESIDE_MEMBER_OF_YAML };
}

function jsonKind(fields: Fields): EnvelopeKind {
  if (typeof fields['log'] === 'string' && 'time' in fields && 'stream' in fields) return 'docker-json';
  if ('__REALTIME_TIMESTAMP' in fields) return 'journald-json';
  return 'Action' in fields && 'Output' in fields ? 'go-test-json' : 'json';
}

const streamOf = (value: unknown): Layer['stream'] => (value === 'stdout' || value === 'stderr' ? value : undefined);
