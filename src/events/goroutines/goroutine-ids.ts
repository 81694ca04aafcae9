// In: goroutine ids. Out: the measure by which a group's samples are chosen, the same in every dump.

/** Ids kept per group: those of least hash, so that the overlap of two dumps can be judged from the samples alone. */
export const SAMPLE_IDS = 128;

/** Integer mixing with full avalanche (MurmurHash3's finaliser). */
export function mixId(id: number): number {
  let h = (id ^ Math.floor(id / 4294967296)) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}
