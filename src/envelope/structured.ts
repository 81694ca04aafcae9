// In: a line that is a JSON object or logfmt. Out: the text of its message, decoded, and the time and identity beside it.
// Examples: `{"log":"gc 1 @0.004s …, 4-\u003e4-\u003e0 MB …\n","stream":"stderr","time":"2026-11-21T09:00:00.1Z"}`,
// `time=2026-11-21T09:00:00Z level=INFO msg="gc 1 @0.004s …"`

import { stripSequences } from './ansi.ts';
import { type EnvelopeKind, type Layer, type LooksLikeRecord, Text } from './types.ts';

/**
 * In a message that journald writes as numbers no word can be found, so all such lines are read. What stands before the list is
 * in every line of it: only the end of that is looked for.
 */
export const anchors: readonly Buffer[] = ['GE":[', 'GE" : ['].map((text) => Buffer.from(text));

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/**
 * Docker cuts lines after 16 KiB (so many characters at least, whatever they are): where no text has a newline, what is
 * shorter came through a collector that takes it off.
 */
const CUT_LENGTH = 4096;

const MESSAGE_KEYS = [
  'log',
  'MESSAGE',
  'msg',
  'message',
  'Output',
  'textPayload',
  '@message',
  'line',
  'body',
  'Body',
  'event',
  '_raw',
  'stringValue',
];
/** Objects in which what was logged stands beside what is known of it. */
const NESTED_KEYS = ['jsonPayload', 'attributes', 'result', '_source', 'body', 'Body'];
/** Fields beside the message in which loggers put what debug.Stack() returned. */
const STACK_KEYS = ['stack', 'stacktrace', 'stack_trace', 'stackTrace', 'error.stack', 'error.stack_trace'];
/** Not the frames alone, as zap prints them: those do not say that they are a goroutine's. */
const GOROUTINES = /^(?:panic: .*\n)?goroutine \d+ [^\n]*\]:\n/s;
const TIME_KEYS = [
  '__REALTIME_TIMESTAMP',
  '_SOURCE_REALTIME_TIMESTAMP',
  'time',
  'ts',
  'timestamp',
  '@timestamp',
  'Time',
  't',
  'date',
  'Timestamp',
  'timeUnixNano',
  '_time',
];
const IDENTITY_KEYS = [
  'pod',
  'pod_name',
  'podName',
  'container',
  'container_name',
  'containerName',
  'container_id',
  'CONTAINER_NAME',
  '_HOSTNAME',
  'hostname',
  'SYSLOG_IDENTIFIER',
  '_PID',
  'pid',
  'Package',
  'ImportPath',
];

type Fields = Readonly<Record<string, unknown>>;

/** Decodes into one buffer that grows to the longest message. */
export class StructuredDecoder {
  #scratch = Buffer.alloc(4096);
  /** Docker's own newlines were seen in this source, or a record that it cut: there a text without one goes on in the next line. */
  #endsLines = false;
  readonly #looksCut: LooksLikeRecord;
  /** Messages of objects or lists that are printed over several lines were seen. */
  #hasMembers = false;

  /** `looksCut`: a record begins there that does not end. */
  constructor(looksCut: LooksLikeRecord) {
    this.#looksCut = looksCut;
  }

  /** Undefined when the line is no JSON object with a message in it; it may be a line of a list of them. */
  takeJson({ bytes, start, end }: Text): Layer | undefined {
    let from = start;
    let to = end;
    if (bytes[from] === OPEN_BRACKET) from++;
    while (to > from && LIST_END.includes(bytes[to - 1]!)) to--;
    if (bytes[from] !== OPEN_BRACE || bytes[to - 1] !== CLOSE_BRACE) return undefined;
    const fields = parseJson(bytes, from, to);
    if (!isFields(fields)) return undefined;
    const inner = NESTED_KEYS.map((key) => fields[key]).filter(isFields);
    const message = stackOf(fields) ?? firstOf([fields, ...inner], messageOf);
    if (message === undefined) return undefined;
    const kind = jsonKind(fields);
    const isWhole = /\r?\n$/.exec(message);
    const layer = this.#layer(kind, isWhole ? message.slice(0, isWhole.index) : message);
    layer.time = firstOf([fields, ...inner], timeOf);
    layer.identity = identityOf(fields);
    layer.stream = streamOf(fields['stream']);
    if (Array.isArray(fields['MESSAGE'])) layer.hidden = true;
    if (kind === 'docker-json') {
      const { text } = layer;
      // Only docker cuts a record.
      if (isWhole || (!this.#endsLines && this.#looksCut(text.bytes, text.start, text.end))) this.#endsLines = true;
      layer.partial = !isWhole && (this.#endsLines || message.length >= CUT_LENGTH);
    } else layer.partial = !isWhole && kind === 'go-test-json';
    return layer;
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
    const found = MEMBER.exec(text.head);
    const isMessage = found !== null && MESSAGE_KEYS.includes(found[1]!);
    const message = isMessage ? parseString(text, found[0].length - 1, TRAILING_COMMA) : undefined;
    if (message !== undefined) {
      this.#hasMembers = true;
      return this.#layer('json', message.replace(NEWLINES_AT_END, ''));
    }
    return this.#hasMembers && BESIDE_MEMBER.test(text.head) ? this.#nothing() : undefined;
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
    if (this.#hasMembers && BRACKETS.test(text.head)) return this.#nothing();
    if (!bytes.subarray(start, end).includes(QUOTE)) return undefined;
    const indent = INDENT.exec(text.head)![0].length;
    const string = bytes[start + indent] === QUOTE ? parseString(text, indent, TRAILING_COMMA) : undefined;
    if (string !== undefined) {
      if (indent > 0) this.#hasMembers = true;
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
  takeLogfmt({ bytes, start, end }: Text): Layer | undefined {
    const text = bytes.toString('utf8', start, end);
    if (!/^[A-Za-z_@][\w.@-]*=/.test(text)) return undefined;
    const fields: Record<string, string> = {};
    let at = 0;
    PAIR.lastIndex = 0;
    for (let pair = PAIR.exec(text); pair; pair = PAIR.exec(text)) {
      fields[pair[1]!] ??= pair[2] === undefined ? pair[3]! : unquote(pair[2]);
      at = PAIR.lastIndex;
    }
    const message = at >= text.trimEnd().length ? (stackOf(fields) ?? messageOf(fields)) : undefined;
    if (message === undefined) return undefined;
    const layer = this.#layer('logfmt', message.replace(/\r?\n$/, ''));
    layer.time = timeOf(fields);
    layer.identity = identityOf(fields);
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

/** White space, a comma, the bracket that ends a list. */
const LIST_END = Buffer.from(' \t,]');
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const NEWLINES_AT_END = /(?:\r?\n)+$/;
/** `    "textPayload": "`: what stands before the text of a member. */
const MEMBER = /^[ \t]*"([\w@]+)" ?: ?"/;
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
const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y;
const PAIR = /([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^ "]*))(?: +|$)/gy;
const isByte = (value: unknown): value is number => typeof value === 'number' && (value & 0xff) === value;
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** What a recovered panic left: it says more than the message beside it. */
function stackOf(fields: Fields): string | undefined {
  const { error } = fields;
  for (const place of isFields(error) ? [fields, error] : [fields]) {
    for (const key of STACK_KEYS) {
      const value = place[key];
      if (typeof value === 'string' && GOROUTINES.test(value)) return value;
    }
  }
  return undefined;
}

export function parseJson(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    // Cut off by its collector, or not JSON: text like any other.
    return undefined;
  }
}

/** The string that begins at the quote; what may follow it is `behind`. */
function parseString({ bytes, start, end }: Text, quoteAt: number, behind: RegExp): string | undefined {
  const from = start + quoteAt;
  const text = bytes.toString('latin1', from, end).replace(behind, '');
  const value = text.endsWith('"') ? parseJson(bytes, from, from + text.length) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The cells of a line of CSV (RFC 4180); none when it is not one. */
function cellsOf(line: string): { text: string; isQuoted: boolean }[] {
  const cells: { text: string; isQuoted: boolean }[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < line.length) {
    const found = CELL.exec(line);
    if (!found) return [];
    const [, quoted, plain] = found;
    cells.push({ text: quoted?.replaceAll('""', '"') ?? plain!, isQuoted: quoted !== undefined });
  }
  return cells;
}

function firstOf<T>(places: readonly Fields[], read: (fields: Fields) => T | undefined): T | undefined {
  for (const fields of places) {
    const value = read(fields);
    if (value !== undefined) return value;
  }
  return undefined;
}

function messageOf(fields: Fields): string | undefined {
  for (const key of MESSAGE_KEYS) {
    const value = fields[key];
    if (typeof value === 'string') return value;
    if (key === 'MESSAGE' && Array.isArray(value)) return textOfJournal(value);
  }
  return undefined;
}

/**
 * journald writes text that is not UTF-8 or holds control bytes as the numbers of its bytes, a field that was given more than
 * once as a list of its values, and one that is too long for it as null.
 */
function textOfJournal(values: readonly unknown[]): string | undefined {
  if (values.every(isByte)) return Buffer.from(values).toString('utf8');
  const texts = values.map((value) => (Array.isArray(value) && value.every(isByte) ? textOfJournal(value) : value));
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : undefined;
}

function jsonKind(fields: Fields): EnvelopeKind {
  if (typeof fields['log'] === 'string' && 'time' in fields && 'stream' in fields) return 'docker-json';
  if ('__REALTIME_TIMESTAMP' in fields) return 'journald-json';
  return 'Action' in fields && 'Output' in fields ? 'go-test-json' : 'json';
}

function timeOf(fields: Fields): string | undefined {
  for (const key of TIME_KEYS) {
    const value = fields[key];
    if (typeof value === 'string' && value !== '') return value;
    // zap's seconds with a fraction, zerolog's seconds, pino's milliseconds.
    if (typeof value === 'number' && value > 0) return value < 1e11 ? value.toFixed(6) : value.toFixed(0);
  }
  return undefined;
}

function identityOf(fields: Fields): string | undefined {
  const places = [fields, fields['kubernetes'], fields['labels']].filter(isFields);
  const found: string[] = [];
  for (const place of places) {
    for (const key of IDENTITY_KEYS) {
      const value = place[key];
      if (typeof value === 'string' || typeof value === 'number') found.push(String(value));
    }
  }
  return found.length === 0 ? undefined : found.join(' ');
}

const streamOf = (value: unknown): Layer['stream'] => (value === 'stdout' || value === 'stderr' ? value : undefined);

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** What Go's strconv.Quote quoted. */
function unquote(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gi, (_, x, u, long, letter) => {
    if (letter !== undefined) return ESCAPES[letter] ?? letter;
    const code = Number.parseInt(x ?? u ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}
