// In: nothing. Out: what other folders use of the goroutine dumps.
export { GoroutineDumpParser, type PushResult } from './dump-parser.ts';
export { anchors, type DumpStart, isCounted, startsDump } from './dump-start.ts';
export { compileFilter, filterGroups, type GroupPredicate } from './filter.ts';
export { mixId, SAMPLE_IDS } from './goroutine-ids.ts';
export { type GroupKey, groupBy, parseGroupKey } from './group-by.ts';
export type { InfrastructureRule } from './infrastructure.ts';
export type { DumpEvent, DumpOptions } from './machine.ts';
export { isStandard } from './names.ts';
export { frameKey, type GroupSite, siteOf } from './site.ts';
