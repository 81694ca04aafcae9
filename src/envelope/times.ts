// In: a time as a log collector or logger prints it. Out: ISO 8601, or undefined when it is no time or lacks its date.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const NUMERIC =
  /^(?:[A-Z][a-z]{2} )?(\d{4})[-/](\d\d)[-/](\d\d)[T _](\d\d):(\d\d):(\d\d)(?:[.,](\d+))? ?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?$/;
const BY_MONTH_NAME =
  /^(?:[A-Z][a-z]{2},? )?([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?: (\d{4}))?$/;
const APACHE = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ?([+-]\d{4})?$/;
const MONTH_AND_DAY = /^(\d\d)-?(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/;
const EPOCH = /^(\d{9,10})(\d{3}|\d{6}|\d{9})?(?:\.(\d+))?$/;
/** With these a text is ISO 8601 already: it stays as the wrapper wrote it, with all its digits. */
const COMPLETE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads RFC 3339 and its relatives (blank for T, comma for point, zone as +0200 or none), `2006/01/02 15:04:05`,
 * `Jan _2 15:04:05`, Apache's, logcat's, and seconds, ms, µs or ns since 1970. A time without a zone counts as UTC, one
 * in a zone given by name (CEST) is undefined; one without a year takes `year`, and is undefined without it.
 */
export function toIsoTime(text: string, year: number | undefined): string | undefined {
  if (COMPLETE.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text;
  let found = NUMERIC.exec(text);
  if (found) {
    const [, y, month, day, hour, minute, second, fraction, zone] = found;
    return format(Number(y), Number(month), Number(day), `${hour}:${minute}:${second}`, fraction, zone);
  }
  found = BY_MONTH_NAME.exec(text);
  if (found) {
    const [, name, day, y1, hour, minute, second, fraction, y2] = found;
    return format(Number(y1 ?? y2 ?? year), monthOf(name!), Number(day), `${hour}:${minute}:${second}`, fraction, 'Z');
  }
  found = APACHE.exec(text);
  if (found) {
    const [, day, name, y, hour, minute, second, zone] = found;
    return format(Number(y), monthOf(name!), Number(day), `${hour}:${minute}:${second}`, undefined, zone);
  }
  found = MONTH_AND_DAY.exec(text);
  if (found) {
    const [, month, day, hour, minute, second, fraction] = found;
    return format(Number(year), Number(month), Number(day), `${hour}:${minute}:${second}`, fraction, 'Z');
  }
  found = EPOCH.exec(text);
  return found ? fromEpoch(found[1]!, `${found[2] ?? ''}${found[3] ?? ''}`) : undefined;
}

const monthOf = (name: string): number => MONTHS.indexOf(name.toLowerCase()) + 1;
const two = (value: number): string => String(value).padStart(2, '0');

function format(
  year: number,
  month: number,
  day: number,
  clock: string,
  fraction: string | undefined,
  zone: string | undefined,
): string | undefined {
  if (!(year > 0)) return undefined;
  const isUtc = zone === undefined || /^[A-Z]/.test(zone);
  const offset = isUtc ? 'Z' : `${zone.slice(0, 3)}:${zone.replace(':', '').slice(3) || '00'}`;
  const text = `${year}-${two(month)}-${two(day)}T${clock}${fraction ? `.${fraction}` : ''}${offset}`;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

function fromEpoch(seconds: string, fraction: string): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`;
}
