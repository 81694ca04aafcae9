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

  /** Resolves when the bytes are written: their memory may be used again then. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.closed || data.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#stream.write(data, () => resolve());
    });
  }
}
