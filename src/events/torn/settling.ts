// In: readings of a torn record that are complete. Out: the one that must be right, or why none is.

import type { GrammarSet, Match } from '../../grammar/index.ts';
import type { AppLines } from '../app-lines.ts';
import { isPlausible } from '../plausible.ts';
import { type Candidate, DOUBTFUL, type Readings } from './candidates.ts';
import type { ExpectedCycle } from './evidence.ts';
import type { PendingRecord } from './pending.ts';

/** The reading that was chosen, or the reason why the record is malformed. */
export type Settlement = { one: Candidate; match: Match; fault?: never } | { fault: string };

/** Chooses between readings; doubt that stays makes the record malformed. */
export class Settling {
  readonly #grammars: GrammarSet;
  readonly #appLines: AppLines;
  readonly #readings: Readings;

  constructor(grammars: GrammarSet, appLines: AppLines, readings: Readings) {
    this.#grammars = grammars;
    this.#appLines = appLines;
    this.#readings = readings;
  }

  settle(pending: PendingRecord, finished: readonly Candidate[], expect: readonly ExpectedCycle[]): Settlement {
    const readings = new Map<string, { one: Candidate; match: Match; doubt: number }>();
    for (const one of finished) {
      const match = this.#grammars.matchShape(one.shape, one.text, 0, one.text.length, true);
      if (match === undefined || !isPlausible(this.#grammars, match)) continue;
      const doubt = this.#readings.totalDoubt(one) + this.#doubtOfSkipped(pending, one);
      const key = `${one.shape.index} ${one.text.toString('latin1')}`;
      const known = readings.get(key);
      if (known === undefined || known.doubt > doubt) readings.set(key, { one, match: keepMatch(match), doubt });
    }
    const all = [...readings.values()];
    const chosen = this.#choose(all, expect, pending.dropped);
    if (chosen !== undefined) return chosen;
    return {
      fault:
        all.length === 0
          ? 'torn; put together, its numbers are not what the runtime prints'
          : `torn; ${all.length} readings are possible${differingText(all.map((reading) => reading.one.text))}`,
    };
  }

  /** Lines that other readings used, and that do not look like the application's. */
  #doubtOfSkipped(pending: PendingRecord, one: Candidate): number {
    let doubt = 0;
    for (const { line, bytes, mayBeNumber } of pending.held) {
      if (one.lines.includes(line) || one.fragments.some((fragment) => fragment.line === line)) continue;
      if (mayBeNumber || !this.#appLines.knows(bytes, 0, bytes.length)) doubt += DOUBTFUL;
    }
    return doubt;
  }

  #choose<T extends { match: Match; doubt: number }>(
    all: T[],
    expect: readonly ExpectedCycle[],
    dropped: boolean,
  ): T | undefined {
    const expected = all.filter((reading) => this.#isExpected(reading.match, expect));
    const readings = expected.length > 0 ? expected : all;
    const least = Math.min(...readings.map((reading) => reading.doubt));
    const clearest = readings.filter((reading) => reading.doubt === least);
    const [only] = clearest;
    if (only === undefined || clearest.length > 1) return undefined;
    if (least === 0) return only;
    // The true reading is among them as long as none had to be dropped.
    if (readings.length === 1 && !dropped) return only;
    return least < DOUBTFUL && !dropped && !this.#appLines.gluesTextToNumbers ? only : undefined;
  }

  #isExpected(match: Match, expect: readonly ExpectedCycle[]): boolean {
    const cycle = this.#grammars.numberAt(match, 'cycle');
    const at = this.#grammars.numberAt(match, 'at');
    if (cycle === undefined) return false;
    return expect.some((process) => process.cycle + 1 === cycle && (at === undefined || at >= process.at));
  }
}

/** A match that outlives the buffer it was found in. */
export function keepMatch(match: Match): Match {
  const bytes = Buffer.from(match.bytes.subarray(match.start, match.end));
  const spans = Int32Array.from(match.spans, (at) => (at < 0 ? -1 : at - match.start));
  return { shape: match.shape, bytes, start: 0, end: bytes.length, spans };
}

/** ` (…4202…, …42…)`: where two readings differ. */
function differingText(texts: Buffer[]): string {
  const [a, b] = texts;
  if (a === undefined || b === undefined) return '';
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  const show = (text: Buffer): string => text.toString('utf8', Math.max(0, at - 8), Math.min(text.length, at + 8));
  return ` ("${show(a)}" or "${show(b)}")`;
}
