// In: the text of a torn record, as far as it has come. Out: the ways to read it: where the runtime may have been interrupted, by what
// text, and how doubtful that is. Example: `gc 35422026/11/21 INFO …` is cycle 3542 and a log line, or cycle 35422 and `026/11/21 …`.

import { bytesThatMayFollow, type Shape, type Walk } from '../../grammar/index.ts';
import { type AppLines, beginsText } from '../app-lines.ts';
import type { RecordHeads } from './heads.ts';

/** Text that stood between the pieces of a record. */
export interface Fragment {
  line: number;
  bytes: Buffer;
  /** How much doubt it brings: 0 known to be someone else's, CLEAR likely, DOUBTFUL not settled by itself. */
  doubt: number;
  /** Doubt that stays when it is known: it begins in the middle of digits, and others may be its first. */
  least: number;
}

/** One way to read the lines so far. */
export interface Candidate {
  shape: Shape;
  text: Buffer;
  /** Where the shape's program goes on, and the bytes that may come there. */
  next: number;
  follow: Uint8Array;
  pieces: number;
  /** Nothing is missing but the newline, or words in an optional part. */
  complete: boolean;
  fragments: Fragment[];
  /** Lines that this reading used up to their end. */
  lines: number[];
}

/** A record that has begun and not ended. */
export interface Pending {
  line: number;
  /** The line on which it began, from its head on. */
  head: Buffer;
  /** Its head stands behind other text: a sentence may quote it. */
  glued: boolean;
  candidates: Candidate[];
  /** Lines that at least one candidate may have used; `mayBeNumber`: its first digits were as likely theirs. */
  held: { line: number; bytes: Buffer; mayBeNumber: boolean }[];
  linesSeen: number;
  bytesSeen: number;
  /** There were too many readings to keep them all. */
  dropped: boolean;
}

/** Doubt of text that is likely someone else's, and of text that does not settle it. */
const CLEAR = 1;
export const DOUBTFUL = 8;
export const MAX_CANDIDATES = 256;

/** Makes readings, and judges the text between their pieces by how the application's lines begin. */
export class Readings {
  readonly #appLines: AppLines;
  readonly #heads: RecordHeads;

  constructor(appLines: AppLines, heads: RecordHeads) {
    this.#appLines = appLines;
    this.#heads = heads;
  }

  /** Adds a reading for every place at which the runtime may have been interrupted. */
  extend(
    from: Pick<Candidate, 'shape' | 'text' | 'fragments' | 'lines'>,
    walk: Walk,
    text: Buffer,
    used: number,
    line: number,
    into: Candidate[],
  ): void {
    for (const [i, at] of walk.cuts.entries()) {
      if (at <= used) continue;
      const rest = text.subarray(at);
      const isSplit = isDigit(text[at - 1] ?? 0) && this.#appLines.isVague(rest, 0, rest.length);
      const least = isSplit ? CLEAR : 0;
      const doubt = Math.max(least, this.#doubtOf(rest, walk.whole[i] === true, walk.fixed[i] === true));
      const next = walk.next[i] as number;
      into.push({
        shape: from.shape,
        text: text.subarray(0, at),
        next,
        follow: bytesThatMayFollow(from.shape.compiled, next),
        pieces: walk.pieces[i] as number,
        complete: walk.complete[i] === true,
        fragments: [...from.fragments, { line, bytes: rest, doubt, least }],
        lines: from.lines,
      });
    }
  }

  #doubtOf(rest: Buffer, whole: boolean, fixed: boolean): number {
    // Behind a number an empty line and one of digits alone look the same: `14` + `42` + ` MB goal`.
    if (rest.length === 0) return fixed ? CLEAR : DOUBTFUL;
    if (this.#appLines.knows(rest, 0, rest.length)) return 0;
    if (this.#heads.isAt(rest, 0, rest.length)) return 0;
    // A line that begins with a blank is more likely the runtime's.
    if (rest[0] === 32) return DOUBTFUL;
    // Where a number is missing, a digit may be its beginning.
    if (fixed) return isDigit(rest[0] as number) ? DOUBTFUL : CLEAR;
    return whole && beginsText(rest[0] as number) ? CLEAR : DOUBTFUL;
  }

  /** What was learned since the tear may have removed a doubt. */
  totalDoubt(one: Candidate): number {
    let doubt = 0;
    for (const fragment of one.fragments) {
      const { bytes, least } = fragment;
      doubt += fragment.doubt > least && this.#appLines.knows(bytes, 0, bytes.length) ? least : fragment.doubt;
    }
    return doubt;
  }
}

/** The least doubtful ones, where there are too many. */
export function best(candidates: Candidate[]): Candidate[] {
  if (candidates.length <= MAX_CANDIDATES) return candidates;
  const doubt = (one: Candidate): number => one.fragments.reduce((sum, fragment) => sum + fragment.doubt, 0);
  return candidates.sort((a, b) => doubt(a) - doubt(b) || b.pieces - a.pieces).slice(0, MAX_CANDIDATES);
}

/** True when the whole line went into the reading. */
export function endsOpen(one: Candidate): boolean {
  return one.fragments.length === 1 && one.fragments[0]?.bytes.length === 0;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}
