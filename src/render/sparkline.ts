// In: a course of values. Out: one row of bars that keeps its spikes.
import { type BucketedSeries, resample } from './bucketed-series.ts';

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The largest value of every column against the largest of all; where nothing was measured it is blank. */
export function drawSparkline(series: BucketedSeries, from: number, to: number, width: number): string {
  const columns = resample(series.buckets, from, to, width);
  const top = Math.max(0, ...columns.map((column) => column.max));
  return columns.map(({ max, far }) => (far ? ' ' : barOf(max, 0, top))).join('');
}

/** Values one after another; more than `width` are taken together, the largest of each stretch. Scaled from the smallest to the largest. */
export function drawBars(values: readonly number[], width: number, low = Math.min(...values)): string {
  if (values.length === 0) return '';
  const columns = Math.min(width, values.length);
  const high = Math.max(...values);
  let bars = '';
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    bars += barOf(Math.max(...values.slice(from, to)), low, high);
  }
  return bars;
}

/** A filled bar for a share of a whole. */
export function drawShare(share: number, width: number): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return '█'.repeat(filled) || (share > 0 ? '▏' : '');
}

function barOf(value: number, low: number, high: number): string {
  const share = high > low ? (value - low) / (high - low) : 0;
  return BARS[Math.max(0, Math.min(7, Math.ceil(share * 8) - 1))]!;
}
