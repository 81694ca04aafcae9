// In: nothing. Out: what the series stage hands on.
export { Bins } from './bins.ts';
export { type CycleCell, pointOf, type SeriesPoint } from './cycle-cell.ts';
export { CycleIndex } from './cycle-index.ts';
export { emptySums } from './cycle-sums.ts';
export { History } from './history.ts';
export { SIGNALS, TRACE_SIGNALS, type TraceSignal, type WatchedSignal } from './signals.ts';
export { Spacing } from './spacing.ts';
export {
  type CycleSample,
  isAmount,
  median,
  noteObjects,
  TraceSeries,
} from './trace-series.ts';
export { type HistogramState, ValueHistogram } from './value-histogram.ts';
