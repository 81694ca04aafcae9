// In: a group of goroutines. Out: the line it waits at, the function it was started with, who started it, in the user's own code.
// Frames of the runtime, of locks and of network plumbing say how it waits; the first frame beyond them says where.
import type { CreatedBy, Frame, GoroutineGroup } from '../types.ts';
import { isStandard } from './names.ts';

/** Helpers that start or park goroutines for others. */
const HELPERS = ['golang.org/x/', 'google.golang.org/grpc/internal/', 'go.uber.org/goleak'];

/** A module-cache or vendored file: somebody else's code. */
const DEPENDENCY = /(?:^|\/)(?:pkg\/mod|vendor)\/|@v\d/;

function isHelper(frame: Frame): boolean {
  return isStandard(frame.function) || HELPERS.some((prefix) => frame.function.startsWith(prefix));
}

function isDependency(frame: Frame): boolean {
  return frame.file !== undefined && DEPENDENCY.test(frame.file);
}

/** Where a group waits and where it comes from. */
export interface GroupSite {
  /** First frame of the user's code; else of a dependency; else who created it; else the outermost library function. */
  blocking: Frame;
  /** True when `blocking` lies in the program's or a dependency's code, not in the standard library. */
  own: boolean;
  /** True when the stack itself holds a frame of own code (not only the `go` statement). */
  ownStack: boolean;
  /** Outermost frame of own code: the function the goroutine runs for. */
  entry: Frame | undefined;
  createdBy: CreatedBy | undefined;
  /** True when the `go` statement stands in own code. */
  createdByOwn: boolean;
}

export function siteOf(group: GoroutineGroup): GroupSite {
  const { stack, createdBy } = group;
  let firstOwn: Frame | undefined;
  let lastOwn: Frame | undefined;
  let firstUser: Frame | undefined;
  let lastUser: Frame | undefined;
  for (const frame of stack) {
    if (isHelper(frame)) continue;
    firstOwn ??= frame;
    lastOwn = frame;
    if (isDependency(frame)) continue;
    firstUser ??= frame;
    lastUser = frame;
  }
  const createdByOwn = createdBy !== undefined && !isHelper(createdBy) && !isDependency(createdBy);
  // A stack without any own frame (`go wg.Wait()`) is the business of whoever started it.
  const blocking =
    firstUser ??
    (createdByOwn ? createdBy : undefined) ??
    firstOwn ??
    stack.find((frame) => !isRuntime(frame)) ??
    stack[0];
  const fallback = createdBy ?? { function: 'unknown' };
  return {
    blocking: blocking === undefined ? fallback : plainFrame(blocking),
    own: createdByOwn || firstOwn !== undefined,
    ownStack: firstOwn !== undefined,
    entry: lastUser ?? lastOwn,
    createdBy,
    createdByOwn,
  };
}

function isRuntime(frame: Frame): boolean {
  return frame.function.startsWith('runtime.') || frame.function.startsWith('internal/');
}

function plainFrame(frame: CreatedBy): Frame {
  if (frame.inlined === undefined && frame.goroutine === undefined) return frame;
  const plain: Frame = { function: frame.function };
  if (frame.file !== undefined) plain.file = frame.file;
  if (frame.line !== undefined) plain.line = frame.line;
  return plain;
}

/** `FUNCTION:LINE`, the same in debug=1 and debug=2. */
export function frameKey(frame: Frame): string {
  return `${frame.function}:${frame.line ?? 0}`;
}
