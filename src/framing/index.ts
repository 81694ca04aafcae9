// In: nothing of its own. Out: what framing offers to the folders on its right.
export { type LineMode, LineReader, type LineReaderOptions, type OversizedLine, type Span } from './line-reader.ts';
export type { Line, Workspace } from './types.ts';
