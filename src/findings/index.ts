// In: nothing. Out: what the findings stage hands on.
export { healthScore, partScore, rateWindow } from './health.ts';
export { HealthSnapshots } from './health-snapshots.ts';
export { type AnalysisResult, mergeResults, type ProcessResult } from './merge.ts';
export { DEFAULT_THRESHOLDS, type ThresholdOverrides, type Thresholds, withThresholds } from './thresholds.ts';
export { type DetectorName, TraceAnalysis, type TraceAnalysisOptions } from './trace.ts';
export type { DetectorFactory } from './watch.ts';
