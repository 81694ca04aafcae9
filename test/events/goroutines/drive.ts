// In: a text and a way to cut it. Out: the events of all dumps in it, as the pipeline would get them.
import { GoroutineDumpParser } from '../../../src/events/goroutines/dump-parser.ts';
import { startsDump } from '../../../src/events/goroutines/dump-start.ts';
import type { DumpEvent, DumpOptions } from '../../../src/events/goroutines/machine.ts';
import type { GoroutinesEvent, MalformedEvent } from '../../../src/events/types.ts';

export interface Driven {
  events: DumpEvent[];
  foreign: string[];
  malformed: MalformedEvent[];
}

/** `cuts` are positions at which a chunk ends; none gives the whole text in one push. */
export function drive(text: string | Buffer, cuts: readonly number[] = [], options: Partial<DumpOptions> = {}): Driven {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  const driven: Driven = { events: [], foreign: [], malformed: [] };
  let parser: GoroutineDumpParser | undefined;
  let at = 0;
  let line = 1;
  const close = (): void => {
    const event = parser?.finish();
    const begun = parser?.begun;
    driven.malformed.push(...(parser?.malformed ?? []));
    parser = undefined;
    if (event !== undefined) driven.events.push(event);
    if (begun === undefined) return;
    parser = new GoroutineDumpParser({ source: '-', ...options });
    parser.push(begun.bytes, 0, begun.bytes.length, begun.line, true);
  };
  for (const end of ends) {
    const last = end === bytes.length;
    for (;;) {
      if (parser !== undefined) {
        const result = parser.push(bytes, at, end, line, last);
        at = result.consumed;
        line += result.lines;
        if (result.state === 'more') break;
        if (result.state === 'done') {
          close();
          continue;
        }
      }
      const newline = bytes.indexOf(10, at);
      const whole = newline >= 0 && newline < end;
      if (at >= end || (!whole && !last)) break;
      const stop = whole ? newline : end;
      if (parser === undefined && startsDump(bytes, at, stop) !== undefined) {
        parser = new GoroutineDumpParser({ source: '-', ...options });
        continue;
      }
      driven.foreign.push(bytes.toString('utf8', at, stop));
      at = whole ? newline + 1 : end;
      line++;
    }
  }
  while (parser !== undefined) close();
  return driven;
}

/** The goroutines events alone. */
export function dumps(text: string | Buffer): GoroutinesEvent[] {
  return drive(text).events.filter((event): event is GoroutinesEvent => event.type === 'goroutines');
}
