// In: files. Out: all their events at once, for commands that compare or tabulate whole inputs.
import { type DetectOptions, Watching } from '../core/watching.ts';
import type { GcbendEvent } from '../events/types.ts';
import type { GrammarSet } from '../grammar/index.ts';
import { expandInputs, openInput } from '../input/index.ts';
import { loadDetection } from './settings.ts';

/** True when none of the events is a good record: then there is nothing to compare or tabulate. */
export function holdNothing(events: readonly GcbendEvent[]): boolean {
  return events.every(({ type }) => type === 'malformed' || type === 'process' || type === 'summary');
}

/** The events of some inputs in stream order; with `detect` also what follows from them. */
export async function readEvents(
  names: readonly string[],
  grammars: GrammarSet,
  detect?: DetectOptions,
): Promise<GcbendEvent[]> {
  const events: GcbendEvent[] = [];
  const detection = await loadDetection(detect);
  const watching = new Watching({ grammars, detection }, (event) => events.push(event));
  for (const source of await expandInputs(names)) {
    const input = openInput(source);
    const modifiedMs = input.modifiedAt?.getTime();
    for await (const bytes of input.chunks) await watching.push({ source, bytes, modifiedMs });
    await watching.push({ source, end: true, modifiedMs });
  }
  await watching.end();
  return events;
}
