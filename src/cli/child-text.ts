// In: what a program writes to stderr. Out: the same at once for whoever shows it, and at its own pace for whoever analyses it.
import type { SourceChunk } from '../core/parsing.ts';
import type { ChildChunk } from '../input/child.ts';
import type { Pace } from '../input/pace.ts';

/** With more than this waiting the program is not spared any longer, and what comes stays where the program wrote it. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** A few lines take no time: they are not kept waiting. A program that collects a thousand times a second writes more from one look to the next. */
const FEW_BYTES = 1024;

/** Nobody waits longer for the analysis. */
const MAX_LAG_MS = 10_000;

type Show = (chunk: ChildChunk) => void;

/** Reads from the moment it is made, whoever takes the chunks and whenever. */
export class ChildText {
  readonly #pace: Pace;
  readonly #ended: Promise<void>;
  #show: Show | undefined;
  #waiting: SourceChunk[] = [];
  #waitingBytes = 0;
  #hasEnded = false;
  #isAnalysed = true;
  #failure: { error: unknown } | undefined;
  #wake = (): void => {};
  #readOn = (): void => {};

  /** @param show gets every chunk as soon as it is there */
  constructor(chunks: AsyncIterable<ChildChunk>, show: Show | undefined, pace: Pace) {
    this.#show = show;
    this.#pace = pace;
    this.#ended = this.#read(chunks);
  }

  async #read(chunks: AsyncIterable<ChildChunk>): Promise<void> {
    try {
      for await (const chunk of chunks) {
        this.#show?.(chunk);
        if (!this.#isAnalysed) continue;
        const { source, bytes, ended } = chunk;
        this.#waiting.push({ source, bytes, at: new Date(), ...(ended ? { end: true } : {}) });
        this.#waitingBytes += bytes.length;
        this.#wake();
        while (this.#isAnalysed && this.#waitingBytes > MAX_WAITING_BYTES) {
          await new Promise<void>((resolve) => {
            this.#readOn = resolve;
          });
        }
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#hasEnded = true;
    this.#wake();
  }

  /** How long the oldest text that is not analysed yet has waited. */
  get behindSeconds(): number {
    const oldest = this.#waiting[0]?.at;
    return oldest === undefined ? 0 : (Date.now() - oldest.getTime()) / 1000;
  }

  /** For the analysis: some seconds late where the program wants the processors for itself. */
  async *chunks(): AsyncGenerator<SourceChunk> {
    for (;;) {
      await this.#untilDue();
      await this.#until(() => this.#waiting.length > 0);
      if (this.#waiting.length === 0) break;
      const due = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#readOn();
      yield* due;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Nobody analyses it any more: the rest goes to `show` alone. Resolves when the program has ended. */
  async goOn(show: Show): Promise<void> {
    this.#show = show;
    this.#isAnalysed = false;
    this.#waiting = [];
    this.#readOn();
    await this.#ended;
  }

  async #untilDue(): Promise<void> {
    const latestMs = performance.now() + MAX_LAG_MS;
    const isPressing = () => this.#waitingBytes > MAX_WAITING_BYTES || performance.now() >= latestMs;
    const areFew = () => this.#pace.isKnown && this.#waitingBytes > 0 && this.#waitingBytes <= FEW_BYTES;
    while (!this.#hasEnded && !isPressing()) {
      const delayMs = this.#pace.delayMs();
      if (delayMs === 0 || areFew()) return;
      await this.#until(() => isPressing() || areFew(), delayMs);
    }
  }

  /** The condition, the program's end, or the time that is given. */
  async #until(condition: () => boolean, withinMs?: number): Promise<void> {
    let isLate = false;
    const timer =
      withinMs === undefined
        ? undefined
        : setTimeout(() => {
            isLate = true;
            this.#wake();
          }, withinMs);
    while (!isLate && !this.#hasEnded && !condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }
}
