// In: signals. Out: one place that knows whether reading has to stop, and why. A second signal ends the process at once.
import { constants } from 'node:os';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
const signals: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export class Stop {
  reason: string | undefined;
  /** 128 + number of the signal that stopped the reading. */
  status: number | undefined;
  readonly controller = new AbortController();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const status = 128 + (constants.signals[signal] ?? 0);
    if (this.status !== undefined) process.exit(status);
    this.status = status;
    this.now(signal);
  };

  /** Listens for signals until `release`. */
  listen(): this {
    for (const signal of signals) process.on(signal, this.#onSignal);
    return this;
  }

  release(): void {
    for (const signal of signals) process.off(signal, this.#onSignal);
  }

  /** Stops reading; what is known is still reported. */
  now(reason: string): void {
    this.reason ??= reason;
    this.controller.abort();
  }

  /** The same items until reading has to stop. An item that is being waited for is given up. */
  async *until<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = items[Symbol.asyncIterator]();
    const { signal } = this.controller;
    // One listener and one promise an item: racing each item against one long promise would keep all of them for ever.
    let giveUp: (() => void) | undefined;
    const onAbort = (): void => giveUp?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
          giveUp = () => resolve(undefined);
          iterator.next().then(resolve, reject);
        });
        if (next === undefined) break;
        if (next.done) return;
        yield next.value;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      // Not awaited: the iterator may hang in a read that never ends.
      void iterator.return?.().catch(() => {});
    }
  }
}
