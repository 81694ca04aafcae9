// In: a record's first line and the lines after it that may hold more of it. Out: the record as far as it has come, and when to wait no longer.

import { best, type Candidate, DOUBTFUL, MAX_CANDIDATES } from './candidates.ts';

const MAX_LINES = 20_000;
const FLOOD_LINES = 200;
const MAX_BYTES = 4 << 20;
/** A record that lacks only its newline waits this long for ` (forced)`. */
const MAX_LINES_FOR_NEWLINE = 64;

/** A line that at least one candidate may have used; `mayBeNumber`: its first digits were as likely the record's. */
export interface HeldLine {
  line: number;
  bytes: Buffer;
  mayBeNumber: boolean;
}

/** A record that has begun and not ended. */
export class PendingRecord {
  readonly line: number;
  /** The line on which it began, from its head on. */
  readonly head: Buffer;
  /** Its head stands behind other text: a sentence may quote it. */
  readonly glued: boolean;
  candidates: Candidate[];
  readonly held: HeldLine[] = [];
  /** There were too many readings to keep them all. */
  dropped = false;
  #linesSeen = 0;
  #bytesSeen = 0;

  constructor(line: number, head: Buffer, glued: boolean, candidates: Candidate[]) {
    this.line = line;
    this.head = head;
    this.glued = glued;
    this.candidates = candidates;
  }

  /** Another line has come, whoever printed it. */
  see(bytes: number): void {
    this.#linesSeen++;
    this.#bytesSeen += bytes;
  }

  /** The program logs so much that a line which begins like its others is not tried. */
  get isInFlood(): boolean {
    return this.#linesSeen > FLOOD_LINES;
  }

  hold(held: HeldLine, grown: readonly Candidate[]): void {
    this.held.push(held);
    const all = [...this.candidates, ...grown];
    this.dropped ||= all.length > MAX_CANDIDATES;
    this.candidates = best(all);
  }

  /** True when what is missing should have come. @param doubtOf what is in doubt of a reading by now */
  isTooOld(doubtOf: (one: Candidate) => number): boolean {
    if (this.#linesSeen > MAX_LINES || this.#bytesSeen > MAX_BYTES) return true;
    if (this.#linesSeen <= MAX_LINES_FOR_NEWLINE) return false;
    return this.candidates.some((one) => one.complete && doubtOf(one) < DOUBTFUL);
  }

  /** The readings that its first line went into as a whole. */
  get openReadings(): Candidate[] {
    return this.candidates.filter((one) => one.fragments.length === 1 && one.fragments[0]?.bytes.length === 0);
  }
}
