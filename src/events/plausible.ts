// In: a record put together from pieces. Out: whether the runtime can have printed such numbers.
// runtime/mgc.go: fmtNSAsMS prints two significant digits, itoaDiv three decimals after @; marked bytes never exceed the heap.

import type { GrammarSet, Match } from '../grammar/index.ts';

/** False when a number has a form or a size that the runtime does not print. Only for lines that were torn. */
export function isPlausible(grammars: GrammarSet, match: Match): boolean {
  const { shape, bytes, spans } = match;
  for (let hole = 0; hole < shape.fields.length; hole++) {
    const field = shape.fields[hole];
    const start = spans[2 * hole] as number;
    const end = spans[2 * hole + 1] as number;
    if (field === undefined || start < 0) continue;
    if (field.type === 'duration' && !isRuntimeDuration(bytes, start, end)) return false;
    if (field.decimals !== undefined && bytes[end - 1 - field.decimals] !== 46) return false;
    if (field.max !== undefined && (grammars.numberAt(match, hole) ?? 0) > field.max) return false;
  }
  if (grammars.numberAt(match, 'procs') === 0) return false;
  const live = grammars.numberAt(match, 'heapMiB.live');
  const heapEnd = grammars.numberAt(match, 'heapMiB.end');
  return live === undefined || heapEnd === undefined || live <= heapEnd;
}

/** `0`, `0.001`–`0.099`, `0.10`–`0.99`, `1.0`–`9.9`, `10` and more. */
export function isRuntimeDuration(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  const first = bytes[start] as number;
  const dotted = length > 1 && bytes[start + 1] === 46;
  if (first !== 48) return dotted ? length === 3 : length > 1 && !bytes.subarray(start, end).includes(46);
  if (!dotted) return length === 1;
  return bytes[start + 2] === 48 ? length === 5 && !(bytes[start + 3] === 48 && bytes[start + 4] === 48) : length === 4;
}
