// In: the modules of this folder. Out: what the rest of the project may use of them.

export { type MemStatsFields, type Pause, pausesOf } from './memstats.ts';
export { type ProfileParserOptions, type ProfilePushResult, ProfileTextParser } from './parser.ts';
export { anchors, type ProfileStart, type ProfileTextKind } from './profile-start.ts';
export { decodePprof, looksLikePprof } from './protobuf.ts';
export { heapScale, scaleHeapSample } from './scale.ts';
