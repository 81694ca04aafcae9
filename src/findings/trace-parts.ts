// In: nothing, or a saved value. Out: what the analysis of one process is made of, and the one plain JSON value that holds all of it.
import {
  Bins,
  CycleIndex,
  type CycleSample,
  type HistogramState,
  History,
  type SeriesPoint,
  Spacing,
  TraceSeries,
  type TraceSignal,
  ValueHistogram,
  type WatchedSignal,
} from '../series/index.ts';
import type { HeapStart } from './live-heap.ts';
import { LastWords } from './merge.ts';
import { newRules, type Rules } from './rules.ts';
import { Teller } from './teller.ts';
import { type DetectorFactory, SignalWatch } from './watch.ts';

/** Objects with a state of their own. */
export interface Parts {
  series: TraceSeries;
  index: CycleIndex;
  history: History;
  bins: Bins;
  spacing: Spacing;
  pauses: ValueHistogram;
  watches: Map<WatchedSignal, SignalWatch>;
  teller: Teller;
  words: LastWords;
}

/** Plain values. */
export interface Progress {
  rules: Rules;
  latest?: CycleSample;
  start?: HeapStart;
  /** Work is counted in objects: there are `scan:` lines, and a cycle waits for its own. */
  countsObjects: boolean;
  waiting?: CycleSample;
  /** Index of the first cycle of the open bin. */
  binIndex: number;
  /** When a growth that was told is looked at again. */
  nextReview: number;
  cycles: number;
  forced: number;
  /** Every point of the signals that `peaks` looks at: it needs them all. */
  peaks: Partial<Record<TraceSignal, SeriesPoint[]>>;
}

export function newParts(process: number): Parts {
  return {
    series: new TraceSeries(),
    index: new CycleIndex(),
    history: new History(),
    bins: new Bins(),
    spacing: new Spacing(),
    pauses: new ValueHistogram(),
    watches: new Map(),
    teller: new Teller(process),
    words: new LastWords(),
  };
}

export function newProgress(): Progress {
  return { rules: newRules(), countsObjects: false, binIndex: 0, nextReview: 0, cycles: 0, forced: 0, peaks: {} };
}

interface PartsState {
  series: unknown;
  index: unknown;
  history: unknown;
  bins: unknown;
  spacing: unknown;
  pauses: HistogramState;
  watches: unknown[];
  teller: unknown;
  words: unknown;
}

export function saveParts(parts: Parts): PartsState {
  return {
    series: parts.series.state(),
    index: parts.index.state(),
    history: parts.history.state(),
    bins: parts.bins.state(),
    spacing: parts.spacing.state(),
    pauses: parts.pauses.state(),
    watches: [...parts.watches.values()].map((watch) => watch.state()),
    teller: parts.teller.state(),
    words: parts.words.state(),
  };
}

export function restoreParts(state: unknown, factory: DetectorFactory): Parts {
  const saved = state as PartsState;
  const watches = saved.watches.map((watch) => SignalWatch.restore(watch, factory));
  return {
    series: TraceSeries.restore(saved.series),
    index: CycleIndex.restore(saved.index),
    history: History.restore(saved.history),
    bins: Bins.restore(saved.bins),
    spacing: Spacing.restore(saved.spacing),
    pauses: ValueHistogram.restore(saved.pauses),
    watches: new Map(watches.map((watch) => [watch.signal, watch])),
    teller: Teller.restore(saved.teller),
    words: LastWords.restore(saved.words),
  };
}
