// In: bytes of named sources. Out: the NDJSON of their events, in pieces of memory that is used again.
import { type LineRecord, RecordEncoder, toEvent } from '../events/line-record.ts';
import type { RecordRun } from '../events/record-run.ts';
import type { GcbendEvent, SummaryEvent } from '../events/types.ts';
import type { SourceChunk } from './parsing.ts';
import { Watching, type WatchOptions } from './watching.ts';

const pieceBytes = 256 * 1024;
/** A chunk of trace lines becomes as many pieces. */
const spareBuffers = 12;

export interface NdjsonOptions extends WatchOptions {
  onSummary?: (summary: SummaryEvent) => void;
}

/**
 * The same lines as `parse`, `detect` and one JSON text an event, but a trace record goes from the input's bytes to the output's without
 * becoming an object unless the analysis wants it.
 */
export class NdjsonWriting {
  readonly #options: NdjsonOptions;
  readonly #watching: Watching;
  readonly #encoder: RecordEncoder;
  #out: Buffer = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;
  /** What was written since the last `take`, and buffers that may be filled again. */
  #pieces: Buffer[] = [];
  readonly #spare: Buffer[] = [];

  constructor(options: NdjsonOptions) {
    this.#options = options;
    this.#encoder = new RecordEncoder(options.grammars);
    this.#watching = new Watching(options, (event) => this.#write(event), {
      record: (record) => this.#writeRecord(record),
      run: (run) => this.#writeRun(run),
      asksForEvents: options.detection !== undefined,
    });
  }

  /** The NDJSON of a chunk, in pieces. */
  async push(chunk: SourceChunk): Promise<Buffer[]> {
    await this.#watching.push(chunk);
    return this.#take();
  }

  async end(): Promise<Buffer[]> {
    const summary = await this.#watching.end();
    this.#options.onSummary?.(summary);
    return this.#take();
  }

  /** Nobody looks at these pieces any more: their memory is filled again. */
  reuse(pieces: readonly Buffer[]): void {
    for (const { buffer } of pieces) {
      const isOwn = buffer.byteLength === pieceBytes;
      if (isOwn && this.#spare.length < spareBuffers) this.#spare.push(Buffer.from(buffer));
    }
  }

  #take(): Buffer[] {
    this.#flush();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#pieces.push(this.#out.subarray(0, this.#used));
    this.#out = this.#spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    this.#used = 0;
  }

  #write(event: GcbendEvent): void {
    const text = Buffer.from(`${JSON.stringify(event)}\n`);
    if (text.length <= pieceBytes) {
      this.#writeBytes(text);
      return;
    }
    this.#flush();
    this.#pieces.push(text);
  }

  /** No more than a piece. `Buffer.copy` would have to be compiled first, which takes longer than all its copies. */
  #writeBytes(text: Buffer): void {
    if (this.#used + text.length > pieceBytes) this.#flush();
    this.#out.set(text, this.#used);
    this.#used += text.length;
  }

  #writeRecord(record: LineRecord): void {
    const { grammars } = this.#options;
    const { parsing, detecting } = this.#watching;
    const room = this.#encoder.maxBytes(record);
    if (room > pieceBytes) {
      parsing.take(toEvent(grammars, record));
      return;
    }
    if (this.#used + room > pieceBytes) this.#flush();
    this.#used = this.#encoder.encode(record, this.#out, this.#used);
    const { event: type } = record.match.shape.grammar;
    parsing.summary.countRecord(type, record.process, record.at, record.repaired);
    if (detecting?.analysis.wants(type)) detecting.push(toEvent(grammars, record));
  }

  #writeRun(run: RecordRun): void {
    const { type, process, at, records, bytes } = run;
    const { parsing, detecting } = this.#watching;
    let written = 0;
    for (let index = 0; detecting?.analysis.wants(type) && index < records; index++) {
      const derived = detecting.analysis.push(run.peek(index));
      if (derived.length === 0) continue;
      this.#writeBytes(bytes.subarray(written, run.end(index)));
      written = run.end(index);
      detecting.tell(derived);
    }
    this.#writeBytes(bytes.subarray(written, run.end(records - 1)));
    parsing.summary.countRun(type, process, at, records);
  }
}

/**
 * Bytes in, NDJSON out, for a consumer that has written a piece when it asks for the next one: the memory of each piece is used again, so
 * that it stays flat and in the processor's cache.
 */
export async function* ndjsonPieces(
  chunks: AsyncIterable<SourceChunk>,
  options: NdjsonOptions,
): AsyncGenerator<Buffer> {
  const writing = new NdjsonWriting(options);
  for await (const chunk of chunks) {
    const pieces = await writing.push(chunk);
    yield* pieces;
    writing.reuse(pieces);
  }
  yield* await writing.end();
}
