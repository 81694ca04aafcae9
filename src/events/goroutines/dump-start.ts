// In: one line of content (envelope taken off). Out: whether a goroutine dump, a crash or a count profile begins with it.
// Source: runtime/panic.go, runtime/signal_unix.go, runtime/pprof/pprof.go, tsan's report; `goroutine 1 [running]:`

import type { DumpCause } from '../types.ts';
import { findInnerHeader, parseHeader } from './header.ts';

/** Which of the three text families begins, and what its first line says. */
export interface DumpStart {
  kind: 'stacks' | 'counts' | 'race';
  cause: DumpCause;
  /** White space (or `go test`'s `file.go:N: `) that stands before every line. */
  indent: 'none' | 'blanks' | 'tabs';
  /** `goroutine` and its like for `counts`; what follows `panic: ` or `fatal error: ` for crashes. */
  text: string;
  /** The header ends a line that begins with other text. */
  inner?: true;
  /** `counts`: the number after `total`; absent where it is broken. */
  total?: number;
}

/** What the prefilter looks for: at least one stands in every line that `startsDump` takes. */
export const anchors: readonly Buffer[] = [
  'goroutine ',
  'panic: ',
  'fatal error: ',
  'SIG',
  'DATA RACE',
  'profile: total ',
  'throw: ',
  'runtime stack:',
].map((text) => Buffer.from(text));

const SIGNAL = /^SIG[A-Z0-9]+: [a-z][a-z /-]*$/;
const COUNT_PROFILE = /^(\S(?:.*\S)?) profile: total (\d+)$/;
/** A header of the runtime's own with something else than a number at its end. */
const BROKEN_COUNT_PROFILE = /^(goroutine|threadcreate|goroutineleak) profile: total(?: +\S*)?$/;
const TEST_LOG = /^ +[\w.-]+\.go:\d+: /;

/** Names of the runtime's own count profiles. */
const COUNTED: readonly string[] = ['goroutine', 'threadcreate', 'goroutineleak'];
const COUNT_TITLES = COUNTED.map((name) => `${name} profile: total`);

/** True for the name of a count profile of the runtime: other names are a program's own. */
export function isCounted(name: string): boolean {
  return COUNTED.includes(name);
}

/** What is read of a line that begins a dump: a panic's text may be longer, a header with labels is not. */
const LONGEST = 65_536;

/**
 * `undefined` for all lines that begin nothing. A lone `panic: ...` line does begin something here;
 * whether a dump follows shows later (`GoroutineDumpParser.finish` then answers with no event).
 */
export function startsDump(bytes: Buffer, start: number, end: number): DumpStart | undefined {
  let at = start;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  if (at === end) return undefined;
  const isLong = end - at > LONGEST;
  const first = bytes[at]!;
  const indented = at > start;
  // g, p, f, S, W, t, r and anything before ` profile: total `
  if (first === 112 /* p */ && isAt(bytes, at, end, 'panic: ')) {
    const text = lineText(bytes, at, isLong ? at + LONGEST : end).slice('panic: '.length);
    return indented && bytes[start] === 9
      ? undefined
      : { kind: 'stacks', cause: 'panic', indent: indentOf(bytes, start, at), text };
  }
  if (first === 102 /* f */ && isAt(bytes, at, end, 'fatal error: ')) {
    const text = lineText(bytes, at, isLong ? at + LONGEST : end).slice('fatal error: '.length);
    return { kind: 'stacks', cause: 'fatal', indent: indentOf(bytes, start, at), text };
  }
  if (isLong) return undefined;
  if (first === 103 /* g */ && isAt(bytes, at, end, 'goroutine ')) {
    const line = lineText(bytes, at, end);
    if (parseHeader(line) !== undefined) {
      return { kind: 'stacks', cause: 'debug', indent: indentOf(bytes, start, at), text: '' };
    }
  }
  if (first === 116 /* t */ && !indented && isAt(bytes, at, end, 'throw: ')) {
    return { kind: 'stacks', cause: 'fatal', indent: 'none', text: lineText(bytes, at, end).slice('throw: '.length) };
  }
  if (first === 83 /* S */ && isAt(bytes, at, end, 'SIG')) {
    const line = lineText(bytes, at, end);
    if (SIGNAL.test(line)) {
      return { kind: 'stacks', cause: 'sigquit', indent: indentOf(bytes, start, at), text: line };
    }
  }
  if (first === 87 /* W */ && isAt(bytes, at, end, 'WARNING: DATA RACE') && end - at <= 20) {
    return { kind: 'race', cause: 'race', indent: indentOf(bytes, start, at), text: '' };
  }
  if (first === 114 /* r */) {
    if (isAt(bytes, at, end, 'runtime: goroutine stack exceeds ')) {
      return { kind: 'stacks', cause: 'fatal', indent: 'none', text: '' };
    }
    if (isAt(bytes, at, end, 'runtime stack:') && end - at <= 15) {
      return { kind: 'stacks', cause: 'fatal', indent: 'none', text: '' };
    }
  }
  return startsRareDump(bytes, start, at, end);
}

function startsRareDump(bytes: Buffer, start: number, at: number, end: number): DumpStart | undefined {
  const last = bytes[end - 1] === 13 ? bytes[end - 2] : bytes[end - 1];
  const isDigit = last !== undefined && last >= 48 && last <= 57;
  const isCountsTitle = COUNT_TITLES.some((title) => isAt(bytes, at, end, title));
  if ((isDigit || isCountsTitle) && end - at < 512) {
    const text = lineText(bytes, at, end);
    const match = COUNT_PROFILE.exec(text) ?? BROKEN_COUNT_PROFILE.exec(text);
    if (match !== null) {
      const total = Number(match[2]);
      return {
        kind: 'counts',
        cause: 'debug',
        indent: indentOf(bytes, start, at),
        text: match[1]!,
        ...(Number.isSafeInteger(total) ? { total } : {}),
      };
    }
    return undefined;
  }
  // `2026/11/21 12:00:00 worker died: goroutine 20 [running]:` (a logged runtime.Stack; with testing.T.Log what follows is indented)
  if (last === 58 /* : */) {
    const line = lineText(bytes, start, end);
    const inner = findInnerHeader(line);
    if (inner > 0) {
      return { kind: 'stacks', cause: 'debug', indent: TEST_LOG.test(line) ? 'blanks' : 'none', text: '', inner: true };
    }
  }
  return undefined;
}

function isAt(bytes: Buffer, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function indentOf(bytes: Buffer, start: number, at: number): DumpStart['indent'] {
  if (at === start) return 'none';
  return bytes[start] === 9 ? 'tabs' : 'blanks';
}

function lineText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, bytes[end - 1] === 13 ? end - 1 : end);
}
