// In: the record that the stack engine has cut into frames. Out: whether its arguments are printed ones, and which are left out.
// Asked once per distinct stack: a log line in between makes the record one for the line machine.
import { CALL, FRAME, FRAME_BYTES, FRAMES, LEFT_OUT, PRINTED, type StackEngine } from './stack-engine.ts';

/** Numbers of the frames whose arguments are `...`; undefined when there is a line that is no call. */
export function readInlined(engine: StackEngine, count: number): ReadonlySet<number> | undefined {
  const inlined = new Set<number>();
  for (let i = 0; i < count; i++) {
    const frame = FRAMES + i * FRAME_BYTES;
    if (engine.int(frame + FRAME.kind) !== CALL) continue;
    const kind = engine.argumentsAt(engine.int(frame + FRAME.nameEnd) + 1);
    if (kind === LEFT_OUT) inlined.add(i);
    else if (kind !== PRINTED) return undefined;
  }
  return inlined;
}
