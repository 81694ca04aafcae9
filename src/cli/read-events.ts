// In: files. Out: all their events at once, for commands that compare or tabulate whole inputs.
import type { GcbendEvent } from '../events/types.ts';
import type { GrammarSet } from '../grammar/index.ts';
import { expandInputs, openInput } from '../input/index.ts';
import { type DetectOptions, detect, parse } from '../pipeline.ts';

/** The events of some inputs in stream order; with `options` also what follows from them. */
export async function readEvents(
  names: readonly string[],
  grammars: GrammarSet,
  options?: DetectOptions,
): Promise<GcbendEvent[]> {
  const stage = parse({ grammars });
  const last = options === undefined ? stage : stage.pipe(detect(options));
  const events: GcbendEvent[] = [];
  const collected = (async () => {
    for await (const event of last) events.push(event as GcbendEvent);
  })();
  for (const source of await expandInputs(names)) {
    const input = openInput(source);
    const modifiedMs = input.modifiedAt?.getTime();
    for await (const bytes of input.chunks) {
      // The chunk is used again: the stage must have read it before the next one is asked for.
      await new Promise<void>((resolve, reject) => {
        stage.write({ source, bytes, modifiedMs }, (error) => (error ? reject(error) : resolve()));
      });
    }
    stage.write({ source, end: true, modifiedMs });
  }
  stage.end();
  await collected;
  return events;
}
