// In: the history of one place. Out: whether what it holds keeps growing, since when, how fast and how sure that is.
// Numbers only. The error of each figure comes with it: a leak seen through 16 samples is known to one part in four.
import type { SiteSeries } from './heap-snapshots.ts';

export interface SiteTrend {
  /** Snapshot with which the growth begins. */
  from: number;
  growthBytes: number;
  growthObjects: number;
  /** Bytes per second, or per snapshot where there is no time. */
  slope: number;
  /** Half width of the slope's 95 % interval. */
  slopeError: number;
  /** Level before the growth. */
  levelBytes: number;
  /** How many standard errors the growth is away from none. */
  z: number;
  /** Sampled allocations and frees since `from`. */
  births: number;
  deaths: number;
  /** Still going on at the newest snapshot. */
  ongoing: boolean;
  /** More is allocated than before: growth that follows the load. */
  followsLoad: boolean;
  /** These texts do not tell it from a load that is kept, or from one rise of a cycle. */
  mayHaveEnded: boolean;
}

/** Below this many standard errors growth may be chance: some hundred places are looked at. */
const MIN_Z = 3.3;
/** The whole growth within one step is a load, not a leak. */
const MAX_STEP_SHARE = 0.7;
const MAX_STEP_SHARE_SHORT = 0.85;
const LOAD_RISE = 1.25;
/** Of what is allocated so much stays in a leak; a map that splits its tables frees one of three. */
const MIN_RETAINED = 0.4;
/** Up to so many texts, a place that gave back before may be on one rise of a cycle; so many when they show nothing but the rise. */
const MAX_FEW_SNAPSHOTS = 7;
const MAX_FEW_RISING_SNAPSHOTS = 12;
const MIN_PRIOR_DEATHS = 5;
/** A tail as empty as this by chance is taken for an end. */
const MIN_TAIL_PROBABILITY = 0.02;
/** Where most is freed again, only a long and sure rise counts: the warm-up of a busy place looks the same at first. */
const MIN_SNAPSHOTS_BUSY = 6;
const MIN_Z_BUSY = 4.5;

/** The trend of a place that grows; undefined for one that does not (flat, a step, a cycle, noise). */
export function siteTrend(series: SiteSeries, times: readonly number[]): SiteTrend | undefined {
  const y = series.inUseBytes;
  const n = y.length;
  if (n < 2 || y[n - 1]! <= y[0]!) return undefined;
  const from = n === 2 ? 0 : onset(y, times);
  const level = mean(y.slice(0, from + 1));
  const growthBytes = y[n - 1]! - level;
  if (growthBytes <= 0) return undefined;
  const births = series.allocatedSampled[n - 1]! - series.allocatedSampled[from]!;
  const net = series.inUseSampled[n - 1]! - series.inUseSampled[from]!;
  const deaths = Math.max(0, births - net);
  if (births <= 0) return undefined;
  const retained = net / births;
  const fit = line(times.slice(from), y.slice(from));
  const pooled = mean(series.variance);
  const residual = n > 3 ? hingeResidual(y, times, from, fit.slope, level) : 0;
  const whole = line(times, y);
  const zTrend = whole.slope / Math.sqrt(Math.max(pooled, residual, 1e-9) / whole.spread);
  // Births without deaths cannot be the noise of a steady state, however few were sampled.
  const zBirths = retained >= MIN_RETAINED ? (births - deaths) / Math.sqrt(births + deaths) : 0;
  const z =
    n === 2
      ? Math.min(zBirths, growthBytes / Math.sqrt(series.variance[0]! + series.variance[1]! + 1e-9))
      : Math.max(zTrend, zBirths);
  if (z < MIN_Z) return undefined;
  if (retained < MIN_RETAINED && (n < MIN_SNAPSHOTS_BUSY || z < MIN_Z_BUSY)) return undefined;
  if (n > 2 && (isStep(y, from) || fallsBack(y, series.variance, from, growthBytes) || wasThereBefore(y, from, level)))
    return undefined;
  const followsLoad = retained < MIN_RETAINED && birthsRise(series, times, from);
  const slopeError = 1.96 * Math.sqrt(Math.max(pooled, residual) / Math.max(fit.spread, 1e-9));
  return {
    from,
    growthBytes,
    growthObjects: series.inUseObjects[n - 1]! - mean(series.inUseObjects.slice(0, from + 1)),
    slope: fit.slope,
    slopeError,
    levelBytes: level,
    z,
    births,
    deaths,
    ongoing: isOngoing(series, from),
    followsLoad,
    mayHaveEnded:
      isTwoSteps(y) ||
      (n <= (from > 2 ? MAX_FEW_SNAPSHOTS : MAX_FEW_RISING_SNAPSHOTS) && gaveBackBefore(series, from, retained)),
  };
}

/** Flat but for two neighbouring steps: a load that is kept looks the same when a text was taken amid it. */
function isTwoSteps(y: readonly number[]): boolean {
  const growth = y.at(-1)! - y[0]!;
  return y.length > 3 && y.some((value, i) => i >= 2 && value - y[i - 2]! > 0.9 * growth);
}

/** What was allocated before the rise was kept far less than what came with it. */
function gaveBackBefore(series: SiteSeries, from: number, retained: number): boolean {
  const births = series.allocatedSampled[from]!;
  const kept = series.inUseSampled[from]!;
  return births - kept >= MIN_PRIOR_DEATHS && kept / births < retained / 2;
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

function line(x: readonly number[], y: readonly number[]): { slope: number; spread: number } {
  const mx = mean(x);
  const my = mean(y);
  let spread = 0;
  let product = 0;
  for (let i = 0; i < x.length; i++) {
    spread += (x[i]! - mx) ** 2;
    product += (x[i]! - mx) * (y[i]! - my);
  }
  return { slope: spread === 0 ? 0 : product / spread, spread: spread === 0 ? 1e-9 : spread };
}

/** The snapshot at which "flat, then a line up from there" leaves the least squares. */
function onset(y: readonly number[], times: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < y.length - 1; j++) {
    const hinge = times.map((t) => Math.max(0, t - times[j]!));
    const { slope } = line(hinge, y);
    const base = mean(y) - slope * mean(hinge);
    let squares = 0;
    for (let i = 0; i < y.length; i++) squares += (y[i]! - base - slope * hinge[i]!) ** 2;
    if (squares < least * (1 - 1e-9)) {
      least = squares;
      best = j;
    }
  }
  return best;
}

function hingeResidual(
  y: readonly number[],
  times: readonly number[],
  from: number,
  slope: number,
  level: number,
): number {
  let squares = 0;
  for (let i = 0; i < y.length; i++) {
    squares += (y[i]! - level - (i > from ? slope * (times[i]! - times[from]!) : 0)) ** 2;
  }
  return squares / (y.length - 2);
}

function isStep(y: readonly number[], from: number): boolean {
  const growth = y.at(-1)! - y[from]!;
  let largest = 0;
  for (let i = from + 1; i < y.length; i++) largest = Math.max(largest, y[i]! - y[i - 1]!);
  const intervals = y.length - 1 - from;
  // With an onset in the last interval but one there is nothing to tell a step from.
  if (intervals === 1) return true;
  return largest > growth * (intervals === 2 ? MAX_STEP_SHARE_SHORT : MAX_STEP_SHARE);
}

/** Gives back a good part of what it took, beyond what sampling explains: a cycle or a cache that is emptied. */
function fallsBack(y: readonly number[], variance: readonly number[], from: number, growth: number): boolean {
  let peak = from;
  for (let i = from + 1; i < y.length; i++) {
    if (y[i]! > y[peak]!) peak = i;
    const fall = y[peak]! - y[i]!;
    if (fall > growth * 0.34 && fall > 2 * Math.sqrt(variance[peak]! + variance[i]!)) return true;
  }
  return false;
}

/**
 * Stopped only when the last third or half has significantly fewer samples than its share of the growth: with few samples a
 * quiet interval means nothing.
 */
function isOngoing(series: SiteSeries, from: number): boolean {
  const k = series.inUseSampled;
  const last = k.length - 1;
  const intervals = last - from;
  const growth = k[last]! - k[from]!;
  for (const part of [3, 2]) {
    const tail = Math.max(1, Math.floor(intervals / part));
    const came = Math.max(0, k[last]! - k[last - tail]!);
    const expected = (growth * tail) / intervals;
    if (poissonAtMost(came, expected) < MIN_TAIL_PROBABILITY) return false;
  }
  return series.allocatedSampled[last]! > series.allocatedSampled[last - Math.max(1, Math.floor(intervals / 2))]!;
}

/** Probability of at most `count` events where `mean` are expected. */
function poissonAtMost(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let i = 1; i <= count && i < 1000; i++) {
    term *= mean / i;
    sum += term;
  }
  return sum;
}

/** What it has grown to was reached before the rise began, and given back. */
function wasThereBefore(y: readonly number[], from: number, level: number): boolean {
  const reached = level + 0.7 * (y.at(-1)! - level);
  return y.some((value, i) => i < from && value > reached);
}

function birthsRise(series: SiteSeries, times: readonly number[], from: number): boolean {
  const last = times.length - 1;
  if (from < 1) {
    const middle = Math.floor(last / 2);
    if (middle < 1) return false;
    return rate(series, times, middle, last) > LOAD_RISE * rate(series, times, 0, middle);
  }
  return rate(series, times, from, last) > LOAD_RISE * rate(series, times, 0, from);
}

function rate(series: SiteSeries, times: readonly number[], from: number, to: number): number {
  const span = times[to]! - times[from]!;
  return span <= 0 ? 0 : (series.allocatedSampled[to]! - series.allocatedSampled[from]!) / span;
}

/** Confidence 0-1 out of standard errors; few snapshots never make sure, what may have ended even less. */
export function confidenceOf({ z, mayHaveEnded }: SiteTrend, snapshots: number): number {
  const most = mayHaveEnded ? 0.5 : snapshots >= 6 ? 0.99 : snapshots >= 4 ? 0.85 : snapshots === 3 ? 0.75 : 0.6;
  return Math.min(most, Math.round((1 - Math.exp((-z * z) / 6)) * 100) / 100);
}
