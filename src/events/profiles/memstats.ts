// In: MemStats as texts show them: `# HeapAlloc = 968712` (runtime/pprof writeHeapInternal), expvar's JSON, and the lines
// that programs print themselves (`heap_alloc: 4194304, next_gc: 8388608`). Out: fields under Go's own names.

/** Numbers; integers above 2^53 as decimal strings; booleans; the rings as arrays of these. */
export type MemStatsFields = Record<string, unknown>;

const PAIRS: Record<string, readonly [string, string]> = {
  Stack: ['StackInuse', 'StackSys'],
  MSpan: ['MSpanInuse', 'MSpanSys'],
  MCache: ['MCacheInuse', 'MCacheSys'],
};

/** Every numeric field of runtime.MemStats that a program may print, by its name without case and underscores. */
const KNOWN = new Map(
  (
    'Alloc TotalAlloc Sys Lookups Mallocs Frees HeapAlloc HeapSys HeapIdle HeapInuse HeapReleased HeapObjects StackInuse ' +
    'StackSys MSpanInuse MSpanSys MCacheInuse MCacheSys BuckHashSys GCSys OtherSys NextGC LastGC PauseTotalNs NumGC ' +
    'NumForcedGC GCCPUFraction MaxRSS'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

/** Words that make a printed line one about MemStats; two known fields must stand on it. */
const TELLING = new Set(['HeapAlloc', 'HeapInuse', 'HeapSys', 'NextGC', 'TotalAlloc']);
const NOT_BYTES = new Set(['Lookups', 'Mallocs', 'Frees', 'HeapObjects', 'NumGC', 'NumForcedGC', 'GCCPUFraction']);

const UNIT_BYTES: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A number of the text as the contract wants it: exact, as a string where a double would round it. */
export function exactNumber(text: string): number | string {
  const value = Number(text);
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(text) ? text : value;
}

function decodeValue(text: string): unknown {
  if (/^-?\d+$/.test(text)) return exactNumber(text);
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text.startsWith('[') && text.endsWith(']')) {
    const inner = text.slice(1, -1).trim();
    return inner === '' ? [] : inner.split(/\s+/).map(exactNumber);
  }
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}

/** Adds the line `# KEY = VALUE` (without `# `) to `fields`. False when it is no such line or its value is torn. */
export function decodeMemStatsLine(text: string, fields: MemStatsFields): boolean {
  const match = /^([A-Za-z]\w*) = (.*?)\s*$/.exec(text);
  if (match === null) return false;
  const [, key, value] = match;
  const pair = PAIRS[key!];
  if (pair !== undefined) {
    const parts = /^(\d+) \/ (\d+)$/.exec(value!);
    if (parts === null) return false;
    fields[pair[0]] = exactNumber(parts[1]!);
    fields[pair[1]] = exactNumber(parts[2]!);
    return true;
  }
  const decoded = decodeValue(value!);
  if (decoded === undefined) return false;
  fields[key!] = decoded;
  return true;
}

/**
 * Fields of a line such as `heap_alloc: 4194304, next_gc: 8388608`, `HeapAlloc = 4 MiB Sys = 12 MiB` or its logfmt and
 * JSON forms. Unit letters are binary, as the runtime and pprof use them. Undefined unless two fields of MemStats stand
 * there, one of them beyond doubt.
 */
export function decodePrintedMemStats(text: string): MemStatsFields | undefined {
  const fields: MemStatsFields = {};
  let telling = false;
  let found = 0;
  const pattern =
    /["']?\b([A-Za-z][A-Za-z_]*)["']?\s*[:=]\s*["']?(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:\s?([kKMGT]?)(i?B)\b)?/g;
  for (const match of text.matchAll(pattern)) {
    const name = KNOWN.get(match[1]!.replaceAll('_', '').toLowerCase());
    if (name === undefined || name in fields) continue;
    const exact = exactNumber(match[2]!);
    const unit = UNIT_BYTES[(match[3] ?? '').toLowerCase()]!;
    fields[name] = typeof exact === 'number' && !NOT_BYTES.has(name) ? exact * unit : exact;
    telling ||= TELLING.has(name);
    found++;
  }
  return telling && found >= 2 ? fields : undefined;
}

/** Collects one JSON object that may span lines: expvar prints one variable a line, jq spreads it over hundreds. */
export class JsonObjectCollector {
  private text = '';
  private depth = 0;
  private inString = false;
  private escaped = false;

  /** Takes more text, which begins at the object's brace the first time. Returns the object's text once it is whole. */
  push(text: string): string | undefined {
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (c === 92) this.escaped = true;
        else if (c === 34) this.inString = false;
      } else if (c === 34) this.inString = true;
      else if (c === 123) this.depth++;
      else if (c === 125 && --this.depth === 0) return this.text + text.slice(0, i + 1);
    }
    this.text += text;
    return undefined;
  }

  get length(): number {
    return this.text.length;
  }
}

/** Where the JSON object of MemStats begins in a line: behind `"memstats":`, or around a `"HeapAlloc":`. -1: nowhere. */
export function findJsonMemStats(text: string): number {
  const named = /"memstats"\s*:\s*\{/.exec(text);
  if (named !== null) return named.index + named[0].length - 1;
  const field = text.search(/"HeapAlloc"\s*:\s*\d/);
  if (field === -1 || !/"(?:Mallocs|NextGC|HeapSys)"\s*:\s*\d/.test(text)) return -1;
  return text.lastIndexOf('{', field);
}

/** The fields of expvar's `memstats` object. Undefined when the text is no JSON or has no field of MemStats. */
export function decodeJsonMemStats(json: string): MemStatsFields | undefined {
  let value: unknown;
  try {
    // Quoted first: JSON.parse would round integers above 2^53 (LastGC, PauseEnd).
    value = JSON.parse(json.replace(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: MemStatsFields = {};
  let known = 0;
  for (const [key, field] of Object.entries(value)) {
    fields[key] = typeof field === 'string' && /^\d+$/.test(field) ? exactNumber(field) : unquote(field);
    if (KNOWN.has(key.toLowerCase())) known++;
  }
  return known >= 2 ? fields : undefined;
}

function unquote(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item) => (typeof item === 'string' && /^\d+$/.test(item) ? exactNumber(item) : item));
}

/** One stop-the-world pause. */
export interface Pause {
  /** When it ended, Unix nanoseconds as a decimal string; absent before Go 1.9. */
  endUnixNs?: string;
  pauseNs: number;
}

/** Pauses out of the ring of 256 (newest at (NumGC+255)%256), oldest first, newest last; at most the last 256. */
export function pausesOf(fields: MemStatsFields): Pause[] {
  const { PauseNs: ring, PauseEnd: ends, NumGC: cycles } = fields;
  if (!Array.isArray(ring) || ring.length === 0 || typeof cycles !== 'number') return [];
  const pauses: Pause[] = [];
  for (let cycle = Math.max(1, cycles - ring.length + 1); cycle <= cycles; cycle++) {
    const at = (cycle + ring.length - 1) % ring.length;
    const pauseNs = Number(ring[at]);
    const end: unknown = Array.isArray(ends) ? ends[at] : undefined;
    if (pauseNs === 0 && (end === undefined || Number(end) === 0)) continue;
    pauses.push(end === undefined || Number(end) === 0 ? { pauseNs } : { pauseNs, endUnixNs: String(end) });
  }
  return pauses;
}
