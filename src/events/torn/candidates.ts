// In: the text of a torn record, as far as it has come. Out: the ways to read it: where the runtime may have been interrupted, by what
// text, and how doubtful that is. Example: `gc 35422026/11/21 INFO …` is cycle 3542 and a log line, or cycle 35422 and `026/11/21 …`.

import { bytesThatMayFollow, type GrammarSet, type Shape, type Walk, walkShape } from '../../grammar/index.ts';
import { type AppLines, beginsText } from '../app-lines.ts';
import { beginsWithHead, type RecordHeads } from './heads.ts';

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

/** Doubt of text that is likely someone else's, and of text that does not settle it. */
const CLEAR = 1;
export const DOUBTFUL = 8;
export const MAX_CANDIDATES = 256;

/** Makes readings, and judges the text between their pieces by how the application's lines begin. */
export class Readings {
  readonly #grammars: GrammarSet;
  readonly #appLines: AppLines;
  readonly #heads: RecordHeads;

  constructor(grammars: GrammarSet, appLines: AppLines, heads: RecordHeads) {
    this.#grammars = grammars;
    this.#appLines = appLines;
    this.#heads = heads;
  }

  /** The readings of a line from a head on. @param inUse shapes of the living processes, undefined for one of which it is not known */
  begin(head: Buffer, line: number, inUse: ReadonlySet<Shape | undefined>): Candidate[] {
    const begun: Candidate[] = [];
    const isKnown = inUse.size > 0 && !inUse.has(undefined);
    for (const shape of this.#grammars.shapes) {
      if (shape.compiled.tear === 0 || !beginsWithHead(head, 0, head.length, shape)) continue;
      if (isKnown && shape.grammar.event === 'gc' && !inUse.has(shape)) continue;
      const empty = { shape, text: Buffer.alloc(0), fragments: [], lines: [] };
      this.#extend(empty, walkShape(shape.compiled, shape.fields, head, 0, head.length), head, line, begun);
    }
    return begun.filter((one) => one.pieces >= one.shape.compiled.tear);
  }

  /** The readings with a line behind them: those that are whole with it, and those that go on. */
  goOn(
    candidates: readonly Candidate[],
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
  ): { finished: Candidate[]; grown: Candidate[] } {
    const finished: Candidate[] = [];
    const grown: Candidate[] = [];
    for (const one of candidates) {
      if (start === end) {
        // `GC forced by the operator` and a blank line: a sentence, not a record with an application's line inside.
        const isSentence = one.shape.compiled.sure === 0 && this.totalDoubt(one) >= DOUBTFUL;
        if (one.complete && !isSentence) finished.push({ ...one, lines: [...one.lines, line] });
        continue;
      }
      if (one.follow[bytes[start] as number] === 0) continue;
      const text = Buffer.concat([one.text, bytes.subarray(start, end)]);
      const walk = walkShape(one.shape.compiled, one.shape.fields, text, 0, text.length);
      if (walk.matched) finished.push({ ...one, text, lines: [...one.lines, line] });
      else this.#extend(one, walk, text, line, grown);
    }
    return { finished, grown };
  }

  /** Where, behind a cut of this line, another record begins; -1: nowhere. */
  innerHead(candidates: readonly Candidate[], bytes: Buffer, line: number): number {
    for (const one of candidates) {
      const fragment = one.fragments[0];
      if (fragment === undefined || fragment.line !== line || fragment.bytes.length === 0) continue;
      const at = bytes.length - fragment.bytes.length;
      if (at > 0 && this.#heads.isAt(bytes, at, bytes.length)) return at;
    }
    return -1;
  }

  /** Adds a reading for every place in the new text at which the runtime may have been interrupted. */
  #extend(
    from: Pick<Candidate, 'shape' | 'text' | 'fragments' | 'lines'>,
    walk: Walk,
    text: Buffer,
    line: number,
    into: Candidate[],
  ): void {
    for (const [i, at] of walk.cuts.entries()) {
      if (at <= from.text.length) continue;
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

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}
