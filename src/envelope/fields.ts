// In: the fields that stand beside a message. Out: the message, its time, and who printed it.

export type Fields = Readonly<Record<string, unknown>>;

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
  '@t',
  'date',
  'Timestamp',
  'timeUnixNano',
  '_time',
  'TimeGenerated',
];
const IDENTITY_KEYS = [
  'pod',
  'pod_name',
  'podName',
  'PodName',
  'container',
  'container_name',
  'containerName',
  'ContainerName',
  'container_id',
  'CONTAINER_NAME',
  '_HOSTNAME',
  'hostname',
  'SYSLOG_IDENTIFIER',
  '_PID',
  'pid',
  'Package',
  'ImportPath',
  'logStreamName',
];
/** Time of a row, in whatever column. */
const ROW_TIME = /^(?:\d{19}|\d{4}-\d\d-\d\d[T ][\d:.,]+ ?(?:Z|UTC|[+-]\d\d:?\d\d)?)$/;

/** They end the message, not a line of it. */
export const NEWLINES_AT_END = /(?:\r?\n)+$/;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isByte = (value: unknown): value is number => typeof value === 'number' && (value & 0xff) === value;

export const isMessageKey = (key: string): boolean => MESSAGE_KEYS.includes(key);

/** The fields, and those of the objects in them that are known to hold what was logged. */
export function placesIn(fields: Fields): Fields[] {
  const places = [fields];
  for (const key of NESTED_KEYS) {
    const value = fields[key];
    if (isFields(value)) places.push(value);
  }
  return places;
}

export function firstOf<T>(places: readonly Fields[], read: (fields: Fields) => T | undefined): T | undefined {
  for (const fields of places) {
    const value = read(fields);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What a recovered panic left: it says more than the message beside it. */
export function stackOf(fields: Fields): string | undefined {
  const { error } = fields;
  for (const place of isFields(error) ? [fields, error] : [fields]) {
    for (const key of STACK_KEYS) {
      const value = place[key];
      if (typeof value === 'string' && GOROUTINES.test(value)) return value;
    }
  }
  return undefined;
}

export function messageOf(fields: Fields): string | undefined {
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

export function timeOf(fields: Fields): string | undefined {
  if (Array.isArray(fields)) return fields.find((cell) => typeof cell === 'string' && ROW_TIME.test(cell));
  for (const key of TIME_KEYS) {
    const value = fields[key];
    if (typeof value === 'string' && value !== '') return value;
    // zap's seconds with a fraction, zerolog's seconds, pino's milliseconds.
    if (typeof value === 'number' && value > 0) return value < 1e11 ? value.toFixed(6) : value.toFixed(0);
  }
  return undefined;
}

/** What the objects and lists around a message say of it, the outermost first: the nearest tells the time, all tell who printed it. */
export function originOf(around: readonly object[]): { time: string | undefined; identity: string | undefined } {
  const places = around as readonly Fields[];
  const identities = places.flatMap((place) => identityOf(place) ?? []);
  return {
    time: firstOf([...places].reverse(), timeOf),
    identity: identities.length === 0 ? undefined : identities.join(' '),
  };
}

export function identityOf(fields: Fields): string | undefined {
  const { kubernetes, labels, stream, resource } = fields;
  const places = [fields, kubernetes, labels, stream, isFields(resource) ? resource['labels'] : undefined];
  const found: string[] = [];
  for (const place of places) {
    if (!isFields(place)) continue;
    for (const key of IDENTITY_KEYS) {
      const value = place[key];
      const name = isFields(value) ? value['name'] : value;
      if (typeof name === 'string' || typeof name === 'number') found.push(String(name));
    }
  }
  return found.length === 0 ? undefined : found.join(' ');
}
