// In: a text as bytes of one source. Out: its events, records decoded.

import { EventParser } from '../../src/events/event-parser.ts';
import { toEvent } from '../../src/events/line-record.ts';
import type { GcbendEvent } from '../../src/events/types.ts';
import { readBuiltinGrammars } from '../../src/grammar/builtin.ts';
import { loadGrammars } from '../../src/grammar/index.ts';

const grammars = loadGrammars(readBuiltinGrammars());

export interface ParseOptions {
  /** Cuts the bytes into chunks. */
  chunkBytes?: number;
  /** Takes the lines that are nobody's record, as `--passthrough` does. */
  foreign?: (line: string) => void;
  onReverse?: (source: string) => void;
}

/** Reads whole sources one after the other. */
export function parseTexts(
  sources: readonly (readonly [name: string, text: string | Buffer])[],
  { chunkBytes = Number.POSITIVE_INFINITY, foreign, onReverse }: ParseOptions = {},
): GcbendEvent[] {
  const events: GcbendEvent[] = [];
  const parser = new EventParser(
    { grammars, year: () => 2026, onReverse },
    {
      record: (record) => events.push(structuredClone(toEvent(grammars, record))),
      event: (event) => events.push(event),
      processEnded: () => {},
      ...(foreign && {
        foreign: (bytes: Buffer, start: number, end: number) => foreign(bytes.toString('utf8', start, end)),
      }),
    },
  );
  for (const [name, text] of sources) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      parser.push(name, bytes.subarray(at, Math.min(at + chunkBytes, bytes.length)));
    }
    parser.endSource(name);
  }
  parser.end();
  return events;
}

/** The events of one text. */
export function parseText(text: string | Buffer, options?: ParseOptions): GcbendEvent[] {
  return parseTexts([['-', text]], options);
}
