// In: streams that come at their own pace. Out: one stream, each item as soon as it is there; word of a stream's end.

/** Ends when all have ended; the first error ends it. A stream is asked for its next item when the one before was used up. */
export async function* mergeSources<T>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const ready: { item: T; used: () => void }[] = [];
  let open = streams.length;
  let failure: { error: unknown } | undefined;
  let wake = (): void => {};
  const pump = async (stream: AsyncIterable<T>): Promise<void> => {
    try {
      for await (const item of stream) {
        await new Promise<void>((used) => {
          ready.push({ item, used });
          wake();
        });
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      open--;
      wake();
    }
  };
  for (const stream of streams) void pump(stream);
  for (;;) {
    const next = ready.shift();
    if (next !== undefined) {
      yield next.item;
      next.used();
    } else if (failure !== undefined) throw failure.error;
    else if (open === 0) return;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

/** The same stream; `after` is called when it has come to its end. A failure is the reader's to hear of first. */
export async function* endingWith<T>(items: AsyncIterable<T>, after: () => void): AsyncGenerator<T> {
  yield* items;
  after();
}
