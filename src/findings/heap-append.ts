// In: the history of one place and its newest records. Out: the trend of a slice that only grows.
import { findAppend } from './heap-causes.ts';
import type { SiteSeries } from './heap-snapshots.ts';
import type { SiteTrend } from './heap-trend.ts';

const ONE_STEP_Z = 2;

/** A slice that only grows is one sampled object all the time: counts say nothing, its ladder of sizes does. */
export function appendTrend(site: SiteSeries, times: readonly number[]): SiteTrend | undefined {
  const shape = findAppend(site.records);
  // The largest object, not all that is in use: while an append copies, the old slice is there, too.
  const y = site.largestBytes;
  const last = y.length - 1;
  if (shape === undefined || last < 1) return undefined;
  const rises: number[] = [];
  for (let i = 1; i <= last; i++) {
    if (y[i]! > y[i - 1]! * 1.05) rises.push(i);
    else if (y[i]! < y[i - 1]! * 0.9) rises.length = 0;
  }
  if (rises.length === 0) return undefined;
  const from = rises[0]! - 1;
  const growthBytes = y[last]! - y[from]!;
  const span = times[last]! - times[from]!;
  const births = site.allocatedSampled[last]! - site.allocatedSampled[from]!;
  return {
    from,
    growthBytes,
    growthObjects: 0,
    slope: growthBytes / Math.max(span, 1e-9),
    slopeError: (0.25 * growthBytes) / Math.max(span, 1e-9),
    levelBytes: y[from]!,
    // A ladder takes ever longer for a step: one among these texts, on top of older ones, may have been the last.
    z: rises.length === 1 ? ONE_STEP_Z : 3 + Math.min(3, shape.steps.length / 2),
    mayHaveEnded: rises.length === 1,
    births,
    deaths: Math.max(0, births - 1),
    ongoing: isClimbing(rises, times),
    followsLoad: false,
  };
}

/** Steps of a ladder take ever longer: only a pause much longer than the one before the last step is an end. */
function isClimbing(rises: readonly number[], times: readonly number[]): boolean {
  const last = times.length - 1;
  const top = rises.at(-1)!;
  const before = rises.at(-2);
  if (top > last / 2) return true;
  return before !== undefined && times[last]! - times[top]! <= 2.5 * (times[top]! - times[before]!);
}
