// In: what the assembler makes of the lines. Out: the same in order, for its caller.

import type { Match } from '../../grammar/index.ts';

/** What became of the lines. Spans of `foreign` are valid until the fed buffer changes; `match` is the caller's to keep. */
export type TornOutcome =
  /** `used`: lines of which nothing is left but the text that is told as foreign. */
  | { kind: 'record'; match: Match; line: number; repaired: boolean; used: readonly number[] }
  /** `isBeforeRecord`: a record may begin right behind it, on the same line. */
  | { kind: 'foreign'; bytes: Buffer; start: number; end: number; line: number; isBeforeRecord: boolean }
  | { kind: 'malformed'; grammar: string; reason: string; text: string; line: number };

const MAX_TEXT = 200;

export class Outcomes {
  #told: TornOutcome[] = [];

  /** All since the last call. */
  take(): TornOutcome[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  record(match: Match, line: number, repaired: boolean, used: readonly number[]): void {
    this.#told.push({ kind: 'record', match, line, repaired, used });
  }

  foreign(bytes: Buffer, start: number, end: number, line: number, isBeforeRecord = false): void {
    this.#told.push({ kind: 'foreign', bytes, start, end, line, isBeforeRecord });
  }

  malformed(grammar: string, reason: string, text: Buffer, line: number): void {
    this.#told.push({ kind: 'malformed', grammar, reason, text: showText(text), line });
  }
}

function showText(bytes: Buffer): string {
  return bytes
    .toString('utf8', 0, Math.min(bytes.length, 4 * MAX_TEXT))
    .replace(/[\x00-\x1f\x7f]/g, '')
    .slice(0, MAX_TEXT);
}
