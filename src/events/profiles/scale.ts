// In: sampled counts and bytes as a heap or contention text prints them. Out: the estimates of the whole,
// to the unit what runtime/pprof (scaleHeapSample) and `go tool pprof` (legacy_profile.go) compute.

const LOG2E = Math.LOG2E;
const LN2_UPPER = 0.693147180559663;
const LN2_LOWER = 2.8235290563031577e-13;
const TAYLOR = [2.48015873015873e-5, 1.984126984126984e-4, 1.3888888888888889e-3, 8.333333333333333e-3] as const;
const TAYLOR_END = [4.1666666666666664e-2, 1.6666666666666666e-1, 0.5, 1] as const;
const SPLITTER = 2 ** 27 + 1;

/** a·b + c rounded once, as the FMA instruction does it: Dekker's exact product, Knuth's exact sum. */
function multiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  let t = SPLITTER * a;
  const aHigh = t - (t - a);
  const aLow = a - aHigh;
  t = SPLITTER * b;
  const bHigh = t - (t - b);
  const bLow = b - bHigh;
  const productError = aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
  const sum = product + c;
  const back = sum - product;
  const sumError = product - (sum - back) + (c - back);
  return sum + (sumError + productError);
}

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/**
 * math.Exp of Go on amd64 (math/exp_amd64.s, the path with FMA). `Math.exp` differs from it in the last bit now and
 * then, and 1 - exp(-x) makes that bit a whole object or byte when x is small.
 */
export function goExp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -708) return Math.exp(x);
  const exponent = roundHalfEven(x * LOG2E);
  let r = multiplyAdd(-exponent, LN2_UPPER, x);
  r = multiplyAdd(-exponent, LN2_LOWER, r);
  r *= 0.0625;
  let s: number = TAYLOR[0];
  s = multiplyAdd(r, s, TAYLOR[1]);
  s = multiplyAdd(r, s, TAYLOR[2]);
  s = multiplyAdd(r, s, TAYLOR[3]);
  s = multiplyAdd(r, s, TAYLOR_END[0]);
  s = multiplyAdd(r, s, TAYLOR_END[1]);
  s = multiplyAdd(r, s, TAYLOR_END[2]);
  s = multiplyAdd(r, s, TAYLOR_END[3]);
  r *= s;
  r *= r + 2;
  r *= r + 2;
  r *= r + 2;
  r = multiplyAdd(r + 2, r, 1);
  return r * 2 ** exponent;
}

/**
 * The factor for objects of `averageBytes` when one allocation in `rate` bytes is sampled: 1 / (1 - exp(-size/rate)).
 * A rate of 1 or less means that every allocation was recorded.
 */
export function heapScale(averageBytes: number, rate: number): number {
  if (rate <= 1) return 1;
  return 1 / (1 - goExp(-averageBytes / rate));
}

/** Objects and bytes of one record, scaled as `go tool pprof` scales them: each truncated towards zero. */
export function scaleHeapSample(objects: number, bytes: number, rate: number): { objects: number; bytes: number } {
  if (objects === 0 || bytes === 0) return { objects: 0, bytes: 0 };
  return applyScale(objects, bytes, heapScale(bytes / objects, rate));
}

function applyScale(objects: number, bytes: number, scale: number): { objects: number; bytes: number } {
  // `+ 0` turns the -0 of a truncated negative fraction into 0.
  return { objects: Math.trunc(objects * scale) + 0, bytes: Math.trunc(bytes * scale) + 0 };
}

/** `scaleHeapSample` for the records of one text: sizes repeat, so each factor is computed once. */
export class HeapScaler {
  private readonly rate: number;
  private readonly scales = new Map<number, number>();

  constructor(rate: number) {
    this.rate = rate;
  }

  scale(objects: number, bytes: number): { objects: number; bytes: number } {
    if (objects === 0 || bytes === 0) return { objects: 0, bytes: 0 };
    const average = bytes / objects;
    let scale = this.scales.get(average);
    if (scale === undefined) {
      scale = heapScale(average, this.rate);
      // Averages of records that hold several sizes may all differ: bounded.
      if (this.scales.size < 4096) this.scales.set(average, scale);
    }
    return applyScale(objects, bytes, scale);
  }
}

/** Cycles and count of one contention record in nanoseconds and contentions; `period` is 1 for block profiles. */
export function scaleContention(
  cycles: number,
  count: number,
  cyclesPerSecond: number,
  period: number,
): { delayNs: number; count: number } {
  if (period <= 0) return { delayNs: cycles, count };
  const delayNs = cyclesPerSecond > 0 ? Math.trunc((cycles * period) / (cyclesPerSecond / 1e9)) + 0 : cycles;
  return { delayNs, count: count * period };
}
