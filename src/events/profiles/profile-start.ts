// In: one line of content. Out: whether a profile text, a MemStats block or printed MemStats begin with it.
// Follows runtime/pprof/pprof.go; example: `heap profile: 41: 329216 [42: 329984] @ heap/8192`.

import { isHeapHeader } from './heap-header.ts';
import { decodePrintedMemStats, findJsonMemStats } from './memstats.ts';

/** `heap` also stands for allocs: the texts are the same. `vars` is expvar's JSON, `print` one line of a program. */
export type ProfileTextKind = 'heap' | 'block' | 'mutex' | 'memstats' | 'vars' | 'print';

export interface ProfileStart {
  kind: ProfileTextKind;
  /** Where the text begins: behind whatever stands before it on its line. */
  at: number;
}

/** Bytes that every start of such a text holds: a line without any of them starts none. */
export const anchors: Buffer[] = [
  'heap profile: ',
  '--- contention:',
  '--- mutex:',
  '# runtime.MemStats',
  '"memstats"',
  'HeapAlloc',
  'heap_alloc',
  'heapAlloc',
].map((text) => Buffer.from(text));

/** Does the content line `bytes[start, end)` begin such a text? Two or three comparisons when it does not. */
export function startsProfile(bytes: Buffer, start: number, end: number): ProfileStart | undefined {
  let at = start;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  switch (bytes[at]) {
    case 104: // heap profile:
      if (hasText(bytes, at, end, 'heap profile: ') && isHeapHeader(bytes.toString('latin1', at, end))) {
        return { kind: 'heap', at };
      }
      break;
    case 45: // --- contention:
      if (hasText(bytes, at, end, '--- contention:')) return { kind: 'block', at };
      if (hasText(bytes, at, end, '--- mutex:')) return { kind: 'mutex', at };
      break;
    case 35: // # runtime.MemStats
      return hasText(bytes, at, end, '# runtime.MemStats') ? { kind: 'memstats', at } : undefined;
    default:
  }
  const line = bytes.subarray(at, end);
  if (line.includes('"memstats"') || line.includes('"HeapAlloc"')) {
    const text = line.toString('utf8');
    const brace = findJsonMemStats(text);
    if (brace !== -1) return { kind: 'vars', at: at + Buffer.byteLength(text.slice(0, brace)) };
  }
  if (line.includes('eapAlloc') || line.includes('eap_alloc')) {
    if (decodePrintedMemStats(line.toString('utf8')) !== undefined) return { kind: 'print', at: start };
  }
  return undefined;
}

function hasText(bytes: Buffer, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
