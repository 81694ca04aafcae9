// In: what stands in the brackets of a goroutine's header line. Out: state, wait, marks and labels.
// Source: runtime/traceback.go goroutineheader; `goroutine 7 [chan send, 3 minutes, locked to thread]:`
import { stripStateSuffixes } from './names.ts';

/** What a header says beside the id. `minutes` absent: under one minute, or no GC since it blocked. */
export interface HeaderDetails {
  state: string;
  minutes?: number;
  locked: boolean;
  leaked: boolean;
  labels?: Record<string, string>;
}

/** A header line, its brackets not yet looked into. */
export interface Header {
  id: number;
  gp: string;
  details: string;
}

const HEADER = /^goroutine (\d+)((?: gp=0x[0-9a-f]+)?(?: m=(?:nil|\d+))?(?: mp=(?:0x[0-9a-f]+|nil))?) \[(.*)\]:$/;

/** `undefined` when the text is no header. `gp` tells level-2 dumps (signals, throws) from debug=2. */
export function parseHeader(text: string): Header | undefined {
  if (!text.endsWith(']:')) return undefined;
  const match = HEADER.exec(text);
  if (match === null || isGlued(match[3]!)) return undefined;
  return { id: Number(match[1]), gp: match[2]!, details: match[3]! };
}

/** A header cut in the middle with the next dump's directly behind it: `goroutine 8 [chan recgoroutine 1 [running]:`. */
export function isGlued(details: string): boolean {
  const labelsAt = details.indexOf(' labels:{');
  return (labelsAt < 0 ? details : details.slice(0, labelsAt)).includes('[');
}

/** Where in a line a whole header of a dumping goroutine (`goroutine N [running]:`) ends it, after other text; -1: nowhere. */
export function findInnerHeader(text: string): number {
  // A label may hold the words of a header.
  if (!text.endsWith(']:') || (text.startsWith('goroutine ') && parseHeader(text) !== undefined)) return -1;
  const at = text.lastIndexOf('goroutine ');
  return at > 0 && /^goroutine \d+ \[running[\], ]/.test(text.slice(at)) && parseHeader(text.slice(at)) !== undefined
    ? at
    : -1;
}

export function parseHeaderDetails(text: string): HeaderDetails {
  const labelsAt = text.indexOf(' labels:{');
  const plain = labelsAt < 0 ? text : text.slice(0, labelsAt);
  const [word = '', ...marks] = plain.split(', ');
  const { state, leaked } = stripStateSuffixes(word);
  const details: HeaderDetails = { state, locked: false, leaked };
  for (const mark of marks) {
    const minutes = /^(\d+) minutes?$/.exec(mark);
    if (minutes !== null) details.minutes = Number(minutes[1]);
    else if (mark === 'locked to thread') details.locked = true;
  }
  if (labelsAt >= 0) {
    const labels = parseLabels(text.slice(labelsAt + ' labels:'.length));
    if (labels !== undefined) details.labels = labels;
  }
  return details;
}

/** `{"k":"v", "k2":"v2"}` with Go's quoting, blanks after `:` or not; `undefined` when it is something else. */
export function parseLabels(text: string): Record<string, string> | undefined {
  if (!text.startsWith('{')) return undefined;
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  let at = 1;
  let some = false;
  while (at < text.length && text[at] !== '}') {
    const key = readQuoted(text, at);
    if (key === undefined) return some ? { ...labels } : undefined;
    at = key.end;
    while (text[at] === ':' || text[at] === ' ') at++;
    const value = readQuoted(text, at);
    if (value === undefined) return some ? { ...labels } : undefined;
    at = value.end;
    labels[key.value] = value.value;
    some = true;
    while (text[at] === ',' || text[at] === ' ') at++;
  }
  return { ...labels };
}

const SIMPLE_ESCAPES: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function readQuoted(text: string, start: number): { value: string; end: number } | undefined {
  if (text[start] !== '"') return undefined;
  let value = '';
  for (let at = start + 1; at < text.length; ) {
    const char = text[at]!;
    if (char === '"') return { value, end: at + 1 };
    if (char !== '\\') {
      value += char;
      at++;
      continue;
    }
    const kind = text[at + 1] ?? '';
    const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
    if (digits === 0) {
      value += SIMPLE_ESCAPES[kind] ?? kind;
      at += 2;
      continue;
    }
    const code = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16);
    value += Number.isNaN(code) || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
    at += 2 + digits;
  }
  return undefined;
}
