// In: positive values of any size (pauses in ms). Out: percentiles, within 0.8 %, from bounded memory.
// Log-linear buckets as in HdrHistogram, 128 equal steps per power of two: a bucket is at most 1/128 of its value wide. A bucket stands for
// the mean of what fell into it, so values that repeat (the runtime prints two or three digits) come out exactly.

const STEPS = 128;

/** A histogram as one plain JSON value: key, count and sum of every bucket; the key of the lowest one, zero's, is `null`. */
export interface HistogramState {
  count: number;
  sum: number;
  min?: number;
  max?: number;
  buckets: [key: number | null, count: number, sum: number][];
}

/** At most 128 buckets per power of two that occurs; smallest and largest value are kept exactly. */
export class ValueHistogram {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private readonly buckets = new Map<number, { count: number; sum: number }>();

  static restore(state: HistogramState): ValueHistogram {
    const histogram = new ValueHistogram();
    histogram.count = state.count;
    histogram.sum = state.sum;
    histogram.min = state.min ?? Number.POSITIVE_INFINITY;
    histogram.max = state.max ?? Number.NEGATIVE_INFINITY;
    for (const [key, count, sum] of state.buckets) {
      histogram.buckets.set(key ?? Number.NEGATIVE_INFINITY, { count, sum });
    }
    return histogram;
  }

  state(): HistogramState {
    const buckets = [...this.buckets]
      .sort(([a], [b]) => a - b)
      .map(([key, { count, sum }]): [number | null, number, number] => [Number.isFinite(key) ? key : null, count, sum]);
    const state: HistogramState = { count: this.count, sum: this.sum, buckets };
    return this.count === 0 ? state : { ...state, min: this.min, max: this.max };
  }

  /** How many values lie in buckets above the one of `value`. */
  countAbove(value: number): number {
    const limit = bucketOf(value);
    let count = 0;
    for (const [key, bucket] of this.buckets) if (key > limit) count += bucket.count;
    return count;
  }

  /** Negative and non-finite values are not counted. */
  push(value: number): void {
    if (!Number.isFinite(value) || value < 0) return;
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const key = bucketOf(value);
    const bucket = this.buckets.get(key);
    if (bucket === undefined) this.buckets.set(key, { count: 1, sum: value });
    else {
      bucket.count++;
      bucket.sum += value;
    }
  }

  /** Nearest-rank percentile of `fraction` (0.999 for p99.9); undefined when nothing was counted. */
  percentile(fraction: number): number | undefined {
    if (this.count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(fraction * this.count - 1e-9));
    if (rank >= this.count) return this.max;
    if (rank === 1) return this.min;
    let seen = 0;
    for (const key of [...this.buckets.keys()].sort((a, b) => a - b)) {
      const { count, sum } = this.buckets.get(key)!;
      seen += count;
      if (seen >= rank) return Math.min(this.max, Math.max(this.min, Number((sum / count).toPrecision(12))));
    }
    return this.max;
  }
}

/** A double and the half of it that holds sign, exponent and the first twenty bits of the mantissa. */
const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
double[0] = 1;
const HIGH = halves[0] === 0 ? 1 : 0;
/** What the exponent of an IEEE 754 double is biased by; the first seven bits of the mantissa count the steps. */
const BIAS = 1023;
const BITS_BELOW_STEPS = 20 - Math.log2(STEPS);

/** Zero and everything below 2^-40 share the lowest bucket. */
function bucketOf(value: number): number {
  if (value < 2 ** -40) return Number.NEGATIVE_INFINITY;
  double[0] = value;
  return (halves[HIGH]! >> BITS_BELOW_STEPS) - BIAS * STEPS;
}
