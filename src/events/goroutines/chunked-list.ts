// In: items, one after another. Out: a list of them that never moves.

const CHUNK_BITS = 10;
const CHUNK_LENGTH = 1 << CHUNK_BITS;

/** An array that grows is copied, and what it leaves behind stays in memory until the next full collection. */
export class ChunkedList<T> {
  readonly #chunks: T[][] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    const inChunk = this.#length & (CHUNK_LENGTH - 1);
    if (inChunk === 0) this.#chunks.push(new Array<T>(CHUNK_LENGTH));
    this.#chunks.at(-1)![inChunk] = item;
    this.#length++;
  }

  at(index: number): T {
    return this.#chunks[index >> CHUNK_BITS]![index & (CHUNK_LENGTH - 1)]!;
  }
}
