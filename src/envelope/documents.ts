// In: a line that is a whole JSON document: what the API of a log service answers, or is sent. Out: its entries as lines, oldest first.
// Example: `{"data":{"result":[{"stream":{"pod":"web-1"},"values":[["1795251600000000000","gc 1 @0.004s …"]]}]}}`

import { NEWLINES_AT_END, originOf } from './fields.ts';
import { type Path, type Place, placesAt, visitStrings } from './json.ts';
import { toIsoTime } from './times.ts';
import { type Layer, Text } from './types.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** Ways to a message that are remembered. */
const MOST_PATHS = 8;
/** Strings of a document that are tried for a record. */
const MOST_TRIES = 64;

/** `layer` says when it was printed, and who did. */
export interface Entry {
  text: string;
  layer: Layer;
}

interface Timed extends Entry {
  ms: number;
  iso: string;
}

/** Remembers where such documents of a source have their messages: one that holds no record has them there, too. */
export class DocumentReader {
  readonly #mayHoldRecord: (text: string) => boolean;
  readonly #year: number | undefined;
  #paths: Path[] = [];

  /** `mayHoldRecord`: must be quick. */
  constructor(mayHoldRecord: (text: string) => boolean, year: number | undefined) {
    this.#mayHoldRecord = mayHoldRecord;
    this.#year = year;
  }

  get knowsSome(): boolean {
    return this.#paths.length > 0;
  }

  forget(): void {
    this.#paths = [];
  }

  /** The entries of a document like one that was found before. */
  readKnown(text: Text): Entry[] | undefined {
    if (!mayBeDocument(text)) return undefined;
    for (const path of this.#paths) {
      const places = placesAt(text.json, path);
      if (places.length > 0) return this.#entriesOf(places);
    }
    return undefined;
  }

  /** The entries of a document with lists of messages, one of which holds a record, as `isRecord` says. */
  find(text: Text, isRecord: (message: string) => boolean): Entry[] | undefined {
    if (!mayBeDocument(text)) return undefined;
    let tries = 0;
    let found: Path | undefined;
    visitStrings(text.json, (message, path) => {
      if (!path.includes(null) || !this.#mayHoldRecord(message)) return false;
      if (isRecord(message)) found = [...path];
      return found !== undefined || ++tries === MOST_TRIES;
    });
    if (found === undefined) return undefined;
    this.#paths = [found, ...this.#paths].slice(0, MOST_PATHS);
    return this.#entriesOf(placesAt(text.json, found));
  }

  /** Log services begin with the newest, and part one container's lines by their levels. */
  #entriesOf(places: readonly Place[]): Entry[] {
    const entries = places.map((place) => this.#entryOf(place));
    if (entries.some((entry) => Number.isNaN(entry.ms))) return entries;
    if (compare(entries[0]!, entries.at(-1)!) > 0) entries.reverse();
    return entries.sort(compare);
  }

  #entryOf({ text, around }: Place): Timed {
    const { time, identity } = originOf(around);
    const iso = (time === undefined ? undefined : toIsoTime(time, this.#year)) ?? '';
    const nothing = new Text(Buffer.alloc(0), 0, 0);
    const layer: Layer = {
      kind: 'json',
      text: nothing,
      time,
      identity,
      stream: undefined,
      partial: false,
      strong: true,
    };
    return { text: text.replace(NEWLINES_AT_END, ''), layer, ms: Date.parse(iso), iso };
  }
}

const mayBeDocument = ({ bytes, start }: Text): boolean => bytes[start] === OPEN_BRACE || bytes[start] === OPEN_BRACKET;

/** Times of one millisecond by their further digits, where they have as many. */
function compare(a: Timed, b: Timed): number {
  if (a.ms !== b.ms || a.iso.length !== b.iso.length) return a.ms - b.ms;
  return a.iso < b.iso ? -1 : a.iso > b.iso ? 1 : 0;
}
