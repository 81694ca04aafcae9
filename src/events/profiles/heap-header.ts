// In: the first line of a heap text. Out: its sampling rate, or what is broken in it.
// Follows runtime/pprof/pprof.go writeHeapInternal; example: `heap profile: 41: 329216 [42: 329984] @ heap/8192`.

import { MAX_COUNT } from './number-reader.ts';

const TITLE = 'heap profile: ';
/** 1-4: the counts, 5: the spelling and the number behind it. */
const SHAPE = /^heap profile: *([^:]*): *([^[]*?) *\[ *([^:]*): *([^\]]*?) *\] *@ *(.*?) *$/;
/** 1: the spelling, 2: the number behind it. `heap_v2` and its like are of other allocators. */
const RATE = /^(heap\/|heap_v2\/|heapz_v2\/|heapprofile)(\d*)$/;
/** No sentence about a heap profile holds one of these: the line is such a header, however broken. */
const EVIDENCE = /^heap profile: *(?:-?\d+: *-?\d|\S+: *\S+ *\[|.*@ *heap)/;

/** What a header says; `fault`: why it says nothing that can be used. */
export type HeapHeader = { sampleRate: number; fault?: never } | { sampleRate?: never; fault: string };

/** True for a header of a heap text, broken or not, and for no sentence that begins with the same words. */
export function isHeapHeader(line: string): boolean {
  return line.startsWith(TITLE) && EVIDENCE.test(line);
}

/** Reads the header. Its counts are the sums of the records: they are only checked. */
export function readHeapHeader(line: string): HeapHeader {
  const [, inUseObjects, inUseBytes, allocObjects, allocBytes, period] = SHAPE.exec(line) ?? [];
  if (period === undefined) return { fault: 'the header of the heap text is torn' };
  const counts = [inUseObjects!, inUseBytes!, allocObjects!, allocBytes!];
  for (const count of counts) {
    if (!/^\d+$/.test(count)) return { fault: `"${count}" in the header of the heap text is no count` };
    if (Number(count) > MAX_COUNT)
      return { fault: `${count} in the header of the heap text is more than 64 bits hold` };
  }
  const [, spelling, number] = RATE.exec(period) ?? [];
  if (spelling === undefined || number! === '' || Number(number) > MAX_COUNT) {
    if (spelling !== 'heapprofile')
      return { fault: `"${period}" in the header of the heap text names no sampling rate` };
  }
  // The runtime prints twice the rate behind `heap/`; the other spellings print the rate itself.
  const rate = spelling === 'heap/' ? Math.floor(Number(number) / 2) : spelling === 'heapprofile' ? 1 : Number(number);
  // Zero is printed while profiling is off: right as long as nothing has been sampled before.
  if (rate === 0 && counts.some((count) => Number(count) > 0)) {
    return { fault: 'the sampling rate in the header of the heap text is 0: its records cannot be scaled' };
  }
  return { sampleRate: rate };
}
