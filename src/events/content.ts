// In: nothing. Out: what the parts of a source's parser hand to each other.
import type { Unwrapped } from '../envelope/index.ts';

/** One content line with what its wrapper says of it. Reused. */
export interface Content {
  bytes: Buffer;
  start: number;
  end: number;
  line: number;
  /** On which the line began, where its collector cut it in pieces. */
  startLine: number;
  /** Absent where nothing is wrapped around the line. */
  wrapper: Unwrapped | undefined;
  identity: string | undefined;
}
