// In: a file of the fixtures. Out: its events, pushed in one piece or in pieces.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decodePprof, ProfileTextParser } from '../../../src/events/profiles/index.ts';
import type { GcbendEvent } from '../../../src/events/types.ts';

export const fixtures = new URL('./fixtures/', import.meta.url);

export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, fixtures));
}

export function fixtureText(name: string): string {
  return fixture(name).toString('utf8');
}

/** Parses bytes from their first line on; lines that the parser calls foreign are left out. */
export function parseText(bytes: Buffer, source: string, cuts: readonly number[] = []): GcbendEvent[] {
  const newline = bytes.indexOf(10);
  const start = ProfileTextParser.startsProfile(bytes, 0, newline === -1 ? bytes.length : newline);
  if (start === undefined) return [];
  const parser = new ProfileTextParser(start.kind, { source });
  let from = start.at;
  let line = 1;
  const ends = [...cuts, bytes.length];
  for (const cut of ends) {
    // Pieces end behind a newline, as framing hands them on.
    const to = cut === bytes.length ? cut : bytes.lastIndexOf(10, cut) + 1;
    while (from < to) {
      const result = parser.push(bytes, from, to, line);
      from = result.consumed;
      line += result.lines;
      if (result.state === 'done') return parser.finish();
      if (result.state === 'foreign') {
        const next = bytes.indexOf(10, from);
        from = next === -1 ? to : next + 1;
        line++;
      }
    }
  }
  return parser.finish();
}

export function readProfile(name: string): GcbendEvent[] {
  const bytes = fixture(name);
  return name.endsWith('.gz') ? decodePprof(gunzipSync(bytes), name) : parseText(bytes, name);
}
