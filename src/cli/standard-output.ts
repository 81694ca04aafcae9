// In: text and bytes. Out: the same on a standard stream, one after the other, waiting where the reader is slow, quiet when it has gone.
import { GcbendError } from '../errors.ts';

/** The reader has closed its end, or the terminal is closed. */
const readerGone: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO', 'ENXIO', 'ERR_STREAM_DESTROYED']);

export class StandardOutput {
  /** The reader has gone: nothing is written any more. */
  closed = false;
  readonly #stream: NodeJS.WriteStream;
  #failure: GcbendError | undefined;

  constructor(stream: NodeJS.WriteStream, onClosed: () => void) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!readerGone.has(error.code)) {
        this.#failure ??= new GcbendError(
          'OUTPUT_FAILED',
          `cannot write the result: ${error.code === 'ENOSPC' ? 'the disk is full' : error.message}`,
          { cause: error },
        );
      } else if (!this.closed) onClosed();
      this.closed = true;
    });
  }

  /** Resolves when the bytes are written: their memory may be used again then. Throws GcbendError('OUTPUT_FAILED'). */
  async write(data: string | Uint8Array): Promise<void> {
    if (!this.closed && data.length > 0) {
      await new Promise<void>((resolve) => {
        this.#stream.write(data, () => resolve());
      });
      // The stream tells of an error after it has called back.
      await undefined;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
