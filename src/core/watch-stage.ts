// In: SourceChunks. Out: `Watching` as a Node stream, for a consumer that makes text of events.
import type { Transform } from 'node:stream';
import { transform } from 'through2';
import type { SourceChunk } from './parsing.ts';
import type { Watching } from './watching.ts';

/**
 * SourceChunks in, out whatever text `taken` says the events of a chunk have become (nothing for '').
 * A chunk waits until the text before it was asked for.
 */
export function watch(watching: Watching, taken: () => string | Promise<string>): Transform {
  const pushTaken = async (stage: Transform): Promise<void> => {
    const text = await taken();
    if (text !== '') stage.push(text);
  };
  return transform(
    { writableObjectMode: true, writableHighWaterMark: 1, readableObjectMode: true, readableHighWaterMark: 1 },
    function push(this: Transform, chunk: SourceChunk, _encoding: unknown, done: (error?: Error | null) => void) {
      watching
        .push(chunk)
        .then(() => pushTaken(this))
        .then(() => done(), done);
    },
    function flush(this: Transform, done: (error?: Error | null) => void) {
      watching
        .end()
        .then(() => pushTaken(this))
        .then(() => done(), done);
    },
  ) as unknown as Transform;
}
