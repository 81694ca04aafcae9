// In: text and bytes. Out: the same on a standard stream, one after the other, waiting where the reader is slow, quiet when it has gone.

export class StandardOutput {
  /** The reader has closed the pipe. */
  closed = false;
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream, onClosed: () => void) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
      if (!this.closed) onClosed();
      this.closed = true;
    });
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.closed || data.length === 0) return;
    if (this.#stream.write(data)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('error', done).off('close', done);
        resolve();
      };
      this.#stream.on('drain', done).on('error', done).on('close', done);
    });
  }
}
