// In: several streams that come at their own pace. Out: one stream, each item as soon as it is there.

/** Ends when all have ended; the first error ends it. */
export async function* mergeSources<T>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const waiting = new Map<AsyncIterator<T>, Promise<{ from: AsyncIterator<T>; next: IteratorResult<T> }>>();
  const ask = (from: AsyncIterator<T>): void => {
    waiting.set(
      from,
      from.next().then((next) => ({ from, next })),
    );
  };
  for (const stream of streams) ask(stream[Symbol.asyncIterator]());
  while (waiting.size > 0) {
    const { from, next } = await Promise.race(waiting.values());
    if (next.done) waiting.delete(from);
    else {
      // The item is used up before its stream is asked again: its bytes may be reused.
      yield next.value;
      ask(from);
    }
  }
}
