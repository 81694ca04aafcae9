// In: counts of a group over a series, births and ends of its goroutines. Out: whether it grows and goes on growing. Numbers only.
// Mann, Econometrica 13 (1945), and Kendall, Rank Correlation Methods (1975): trend without a shape; exact binomial tails for few events.

/** P(X <= k) for X ~ Binomial(n, p). */
export function binomialTail(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  let term = (1 - p) ** n;
  let sum = term;
  for (let i = 0; i < k; i++) {
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
    sum += term;
  }
  return Math.min(1, sum);
}

/** One-sided p-value of a rising trend; normal approximation with ties taken into account and continuity correction. */
export function mannKendall(values: readonly number[]): number {
  const n = values.length;
  let s = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(values[j]! - values[i]!);
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  let variance = n * (n - 1) * (2 * n + 5);
  for (const t of ties.values()) variance -= t * (t - 1) * (2 * t + 5);
  variance /= 18;
  if (s <= 0 || variance <= 0) return 1;
  return upperNormal((s - 1) / Math.sqrt(variance));
}

/** P(Z > z); Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function upperNormal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}

/** Times at which something was added (snapshot numbers, each with how much), between `from` and `to`. */
export interface Arrivals {
  at: number;
  amount: number;
}

export interface Continuing {
  /** It goes on to the end of the series, as far as its own rhythm lets one say. */
  goesOn: boolean;
  /** It slows down as something that fills up does. */
  slowsDown: boolean;
  /** Snapshots with an arrival. */
  events: number;
}

/**
 * Do the arrivals go on? With `events` in `span` snapshots, a silence of m at the end has the probability (1 - events/span)^m:
 * below 5 % it has stopped. Slowing down: the last third brought less than 40 % of the first third, and not by chance (1 %).
 */
export function judgeArrivals(arrivals: readonly Arrivals[], last: number): Continuing {
  if (arrivals.length === 0) return { goesOn: false, slowsDown: false, events: 0 };
  const sorted = [...arrivals].sort((a, b) => a.at - b.at);
  const times = [...new Set(sorted.map((one) => one.at))];
  const first = times[0]!;
  const latest = times.at(-1)!;
  const events = times.length;
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  const rhythm = events / (latest - first + 2);
  const silence = last - latest;
  const longestGap = gaps.length > 0 ? Math.max(...gaps) : 1;
  const goesOn = silence <= longestGap || (1 - rhythm) ** silence > 0.05;
  const third = (last - first + 1) / 3;
  let early = 0;
  let late = 0;
  for (const { at, amount } of sorted) {
    if (at < first + third) early += amount;
    else if (at > last - third) late += amount;
  }
  const slowsDown =
    third >= 1 && late < 0.4 * early && binomialTail(Math.round(late), Math.round(early + late), 0.5) < 0.01;
  return { goesOn, slowsDown, events };
}

/** Sum of the rises and of the falls from one value to the next. */
export function risesAndFalls(values: readonly number[]): { rises: number; falls: number } {
  let rises = 0;
  let falls = 0;
  for (let i = 1; i < values.length; i++) {
    const step = values[i]! - values[i - 1]!;
    if (step > 0) rises += step;
    else falls -= step;
  }
  return { rises, falls };
}
