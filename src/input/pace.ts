// In: what watching has cost and how much of the machine is idle. Out: how long the watched program is left alone.
import { cpus } from 'node:os';

/** Share of one processor that watching may take from a program that wants all of them: its wall time and its pauses are its own. */
const SHARE = 0.02;
/** Where others leave one processor, or half of all there are, there is nothing to take away. */
const SPARE_PROCESSORS = 1;
const SPARE_SHARE = 0.5;
/** No timer is set for less. */
const SHORTEST_MS = 1;
/** Asking the system takes a while on a machine of many processors; the first answers are wanted soon. */
const FIRST_ASK_MS = 40;
const ASK_EVERY_MS = 250;
/** In such steps it counts each processor's idle time. */
const TICK_MS = 10;
/** How often the program's text is looked at; where it keeps all processors busy each look takes one of them away. */
export const POLL_MS = 20;
const BUSY_POLL_MS = 50;

/** Readings of one moment, in ms. */
export interface Readings {
  wallMs: number;
  /** Processor time of this process, all its threads. */
  ownMs: number;
  /** Idle time of each processor; asked for only when it decides something. */
  idleMs(): number[];
}

function readNow(): Readings {
  const { user, system } = process.cpuUsage();
  const idleMs = () => cpus().map(({ times }) => times.idle);
  return { wallMs: performance.now(), ownMs: (user + system) / 1000, idleMs };
}

/**
 * A leaky bucket: what watching takes beyond its share on a busy machine is paid back by waiting. While the code of a run is
 * still cold a cycle costs ten times what it costs later, and a program of 2,000 collections a second would feel it.
 */
export class Pace {
  readonly #read: () => Readings;
  #last: { wallMs: number; ownMs: number };
  #asked: { wallMs: number; ownMs: number; idleMs: number };
  #askAgainMs = FIRST_ASK_MS;
  #debtMs = 0;
  /** Undefined until the first answer: the program has the machine for itself then. */
  #isBusy: boolean | undefined;

  constructor(read: () => Readings = readNow) {
    this.#read = read;
    const { wallMs, ownMs, idleMs } = read();
    this.#last = { wallMs, ownMs };
    this.#asked = { wallMs, ownMs, idleMs: sum(idleMs()) };
  }

  /** ms to wait before the next work, or until asked again: the machine may have room by then. 0 where it has. */
  delayMs(): number {
    const now = this.#read();
    const { wallMs, ownMs } = now;
    this.#debtMs = Math.max(0, this.#debtMs + ownMs - this.#last.ownMs - SHARE * (wallMs - this.#last.wallMs));
    this.#last = { wallMs, ownMs };
    if (this.#debtMs < SHARE * SHORTEST_MS && this.#isBusy !== true) return 0;
    this.#ask(now);
    // What was taken while there was room was taken from nobody.
    if (this.#isBusy === false) this.#debtMs = 0;
    if (this.#debtMs < SHARE * SHORTEST_MS) return 0;
    return Math.max(SHORTEST_MS, Math.min(this.#asked.wallMs + this.#askAgainMs - wallMs, this.#debtMs / SHARE));
  }

  /** False until it was found out whether the machine has room. */
  get isKnown(): boolean {
    return this.#isBusy !== undefined;
  }

  /** ms until the program's text is to be looked at again. */
  get pollMs(): number {
    return this.#isBusy === true ? BUSY_POLL_MS : POLL_MS;
  }

  #ask(now: Readings): void {
    const passedMs = now.wallMs - this.#asked.wallMs;
    if (passedMs < this.#askAgainMs) return;
    this.#askAgainMs = Math.min(ASK_EVERY_MS, 2 * this.#askAgainMs);
    const processors = now.idleMs();
    const idleMs = sum(processors);
    const spare = Math.min(SPARE_PROCESSORS, SPARE_SHARE * processors.length);
    const leftMs = idleMs - this.#asked.idleMs + now.ownMs - this.#asked.ownMs;
    this.#isBusy = leftMs < spare * passedMs + TICK_MS * processors.length;
    this.#asked = { wallMs: now.wallMs, ownMs: now.ownMs, idleMs };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
