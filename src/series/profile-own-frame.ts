// In: function names and stacks. Out: which of them belong to Go itself, and the frame where somebody can change something.
import { packageOf } from '../events/goroutines/names.ts';
import type { Frame, HeapEvent } from '../events/types.ts';

/** First elements of import paths of Go's own packages; everything else is the program or what it imports. */
const STANDARD = new Set(
  (
    'archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go ' +
    'hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv ' +
    'strings structs sync syscall testing text time unicode unique unsafe vendor weak'
  ).split(' '),
);

/** Does the function belong to Go's standard library (the runtime included)? */
export function isStandard(functionName: string): boolean {
  return STANDARD.has(packageOf(functionName).split('/', 1)[0] ?? '');
}

/** The innermost frame outside the standard library, else the leaf; undefined for an empty stack. */
export function ownFrame(stack: readonly Frame[]): Frame | undefined {
  return stack.find((frame) => !isStandard(frame.function)) ?? stack[0];
}

const HEX = /^0x[0-9a-f]+$/;

/**
 * Functions of one build lie at one distance from each other, wherever the system loads it. A single function may be a copy inlined
 * elsewhere: more than a third of those that both texts name must lie apart.
 */
export function differentBuilds(a: HeapEvent, b: HeapEvent): boolean {
  const shifts = new Map<string, number>();
  let common = 0;
  for (const [name, entry] of Object.entries(a.functionEntries ?? {})) {
    const other = b.functionEntries?.[name];
    if (other === undefined || !HEX.test(other) || !HEX.test(entry)) continue;
    const shift = String(BigInt(other) - BigInt(entry));
    shifts.set(shift, (shifts.get(shift) ?? 0) + 1);
    common++;
  }
  return common - Math.max(0, ...shifts.values()) > common / 3;
}
