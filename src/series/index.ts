// In: nothing. Out: what the series stage hands on.
export { type Bin, type BinnedSignal, Bins, type SeriesPoint } from './bins.ts';
export { CycleIndex } from './cycle-index.ts';
export { History } from './history.ts';
export { SIGNALS, type SignalSpec, TRACE_SIGNALS, type TraceSignal, type WatchedSignal } from './signals.ts';
export { Spacing } from './spacing.ts';
export {
  type CycleSample,
  type CycleSums,
  emptySums,
  isAmount,
  median,
  noteObjects,
  type TimeBase,
  TraceSeries,
} from './trace-series.ts';
export { type HistogramState, ValueHistogram } from './value-histogram.ts';
