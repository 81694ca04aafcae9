// In: the modules of this folder. Out: what the rest of the project may use of them.

export { exactNumber, type MemStatsFields, type Pause, pausesOf } from './memstats.ts';
export {
  anchors,
  type ProfileParserOptions,
  type ProfilePushResult,
  type ProfileStart,
  type ProfileTextKind,
  ProfileTextParser,
} from './parser.ts';
export { decodePprof, looksLikePprof } from './protobuf.ts';
export { goExp, heapScale, scaleContention, scaleHeapSample } from './scale.ts';
