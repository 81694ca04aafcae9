// In: nothing of its own. Out: what the envelope offers to the folders on its right.
export { anchors } from './structured.ts';
export { toIsoTime } from './times.ts';
export type { EnvelopeKind, LooksLikeRecord } from './types.ts';
export { type Unwrapped, Unwrapper, type UnwrapperOptions } from './unwrapper.ts';
