// In: columns of a series. Out: what the kernel must make of them to the last bit, in the plainest way: loops over arrays, as in the papers.

const TINY = 1e-9;

export function middle(values: readonly number[]): number {
  const v = [...values].sort((a, b) => a - b);
  const h = v.length >> 1;
  if (v.length === 0) return 0;
  return v.length % 2 ? v[h]! : (v[h - 1]! + v[h]!) / 2;
}

function madSd(values: readonly number[]): number {
  const m = middle(values);
  return 1.4826 * middle(values.map((v) => Math.abs(v - m)));
}

export function weightOf(points: number): number {
  return 1.25 / (1 / points + 0.25);
}

export function noise(y: readonly number[], w: readonly number[], floor: number): number {
  const d = y
    .slice(2)
    .map((v, i) => (v - 2 * y[i + 1]! + y[i]!) / Math.sqrt(1 / w[i]! + 4 / w[i + 1]! + 1 / w[i + 2]!));
  const kept = d
    .map(Math.abs)
    .sort((a, b) => a - b)
    .slice(0, Math.floor(0.9 * d.length));
  const squares = kept.reduce((s, v) => s + v * v, 0);
  return Math.max(Math.sqrt(squares / kept.length) / 0.7866, 0.5 * madSd(d), floor);
}

export function runningMedian(y: readonly number[], width: number): number[] {
  const h = width >> 1;
  const at = (i: number) => y[Math.min(y.length - 1, Math.max(0, i))]!;
  return y.map((_, i) => middle(Array.from({ length: width }, (_, k) => at(i - h + k))));
}

/** Weights with those of bursts 0, and the bursts. */
export function mask(y: readonly number[], w: readonly number[], points: readonly number[], sigma: number) {
  const n = y.length;
  const width = Math.min(19, Math.floor(n / 6) | 1);
  if (width < 5) return { w: [...w], bursts: [] };
  const away = runningMedian(y, width).map((m, i) => y[i]! - m);
  const out = [...w];
  const bursts: { from: number; to: number }[] = [];
  for (let i = 0; i < n; i++) {
    const sd = sigma / Math.sqrt(w[i]!);
    if (Math.abs(away[i]!) <= 5 * sd) continue;
    let to = i;
    while (to + 1 < n && Math.abs(away[to + 1]!) > 3 * sd && away[to + 1]! > 0 === away[i]! > 0) to++;
    const length = points.slice(i, to + 1).reduce((s, v) => s + v, 0);
    if (to === i || length <= width >> 1) {
      out.fill(0, i, to + 1);
      bursts.push({ from: i, to });
    }
    i = to;
  }
  const masked = bursts.reduce((s, b) => s + b.to - b.from + 1, 0);
  return 1 - masked / n < 0.75 ? { w: [...w], bursts: [] } : { w: out, bursts };
}

export interface Table {
  n: number;
  w: number[];
  x: number[];
  y: number[];
  xx: number[];
  xy: number[];
  yy: number[];
}

export function sums(x: readonly number[], y: readonly number[], w: readonly number[]): Table {
  const over = (of: (i: number) => number) => {
    const out = [0];
    for (let i = 0; i < x.length; i++) out.push(out[i]! + of(i));
    return out;
  };
  return {
    n: x.length,
    w: over((i) => w[i]!),
    x: over((i) => w[i]! * x[i]!),
    y: over((i) => w[i]! * y[i]!),
    xx: over((i) => w[i]! * x[i]! * x[i]!),
    xy: over((i) => w[i]! * x[i]! * y[i]!),
    yy: over((i) => w[i]! * y[i]! * y[i]!),
  };
}

type Cost = (s: Table, a: number, b: number) => number;

export const costOfLine: Cost = (s, a, b) => {
  const w = Math.max(s.w[b]! - s.w[a]!, TINY);
  const x = s.x[b]! - s.x[a]!;
  const y = s.y[b]! - s.y[a]!;
  const xx = s.xx[b]! - s.xx[a]! - (x * x) / w;
  const xy = s.xy[b]! - s.xy[a]! - (x * y) / w;
  const yy = s.yy[b]! - s.yy[a]! - (y * y) / w;
  return Math.max(xx > TINY ? yy - (xy * xy) / xx : yy, 0);
};

const costOfMean: Cost = (s, a, b) => {
  const y = s.y[b]! - s.y[a]!;
  return Math.max(s.yy[b]! - s.yy[a]! - (y * y) / Math.max(s.w[b]! - s.w[a]!, TINY), 0);
};

/** Killick's PELT, line by line. */
function pelt(s: Table, places: readonly number[], beta: number, shortest: number, cost: Cost): number[] {
  const best = [-beta];
  const last = [0];
  let open: number[] = [];
  let next = 0;
  for (let e = 1; e < places.length; e++) {
    for (; next < e && places[e]! - places[next]! >= shortest; next++) if (best[next]! < Infinity) open.push(next);
    const through = open.map((a) => best[a]! + cost(s, places[a]!, places[e]!));
    const least = Math.min(...through);
    last[e] = open[through.indexOf(least)] ?? 0;
    best[e] = least + beta;
    open = open.filter((_, k) => through[k]! <= best[e]!);
  }
  const cuts: number[] = [];
  for (let e = last.at(-1)!; e > 0; e = last[e]!) cuts.unshift(places[e]!);
  return cuts;
}

function cutLines(s: Table, beta: number): number[] {
  const step = Math.ceil(s.n / 400);
  const grid: number[] = [];
  for (let k = 0; k <= s.n - step; k += step) grid.push(k);
  grid.push(s.n);
  if (step === 1) return pelt(s, grid, beta, 6, costOfLine);
  const near = new Set([0, s.n]);
  for (const q of pelt(s, grid, 0.4 * beta, 6, costOfLine)) {
    for (let k = q - 2 * step; k <= q + 2 * step; k++) if (k > 0 && k < s.n) near.add(k);
  }
  return pelt(
    s,
    [...near].sort((a, b) => a - b),
    beta,
    6,
    costOfLine,
  );
}

function longRunRatio(r: readonly number[], w: readonly number[]): number {
  const n = r.length;
  const scale = madSd(r) || 1;
  const v = r.map((a, i) => (w[i]! > 0 ? Math.max(-3, Math.min(3, a / scale)) : 0));
  const variance = v.reduce((s, a) => s + (a * a) / n, 0);
  if (variance <= 0) return 1.5;
  const lags = Math.min(Math.floor(2 * Math.cbrt(n)), 40);
  let ratio = 1;
  for (let l = 1; l <= lags && n > l + 5; l++) {
    const sum = v.slice(l).reduce((s, a, i) => s + a * v[i]!, 0);
    ratio += (2 * (1 - l / (lags + 1)) * (sum / (n - l))) / variance;
  }
  return Math.max(1.5, Math.min(8, ratio));
}

const piecesOf = (cuts: readonly number[], n: number) => [...cuts, n].map((to, i) => ({ from: cuts[i - 1] ?? 0, to }));

function restOfLines(
  s: Table,
  x: readonly number[],
  y: readonly number[],
  w: readonly number[],
  cuts: readonly number[],
) {
  return piecesOf(cuts, s.n).flatMap(({ from, to }) => {
    const weight = Math.max(s.w[to]! - s.w[from]!, TINY);
    const sx = s.x[to]! - s.x[from]!;
    const sy = s.y[to]! - s.y[from]!;
    const xx = s.xx[to]! - s.xx[from]! - (sx * sx) / weight;
    const xy = s.xy[to]! - s.xy[from]! - (sx * sy) / weight;
    const slope = xx > TINY ? xy / xx : 0;
    const intercept = (sy - slope * sx) / weight;
    return y.slice(from, to).map((v, k) => (v - (intercept + slope * x[from + k]!)) * Math.sqrt(w[from + k]!));
  });
}

/** Cuts without the kinks that are added in the end. */
export function fitLines(
  x: readonly number[],
  y: readonly number[],
  w: readonly number[],
  unit: number,
  variance: number,
): { sums: Table; cuts: number[]; fine: number[]; kappa: number } {
  const s = sums(x, y, w);
  let kappa = longRunRatio(restOfLines(s, x, y, w, cutLines(s, unit * 2)), w);
  let cuts = cutLines(s, unit * kappa);
  const fine = cuts;
  for (let round = 0; round < 3; round++) {
    const rest = restOfLines(s, x, y, w, cuts);
    const sd = madSd(rest.filter((_, i) => w[i]! > 0));
    const next = Math.min(64, (sd * sd * longRunRatio(rest, w)) / variance);
    if (next < 1.15 * kappa) break;
    kappa = next;
    cuts = cutLines(s, unit * kappa);
  }
  return { sums: s, cuts, fine, kappa };
}

export function fitLevels(
  x: readonly number[],
  z: readonly number[],
  w: readonly number[],
  unit: number,
): { sums: Table; cuts: number[]; kappa: number } {
  const s = sums(x, z, w);
  const step = Math.ceil(s.n / 700);
  const places: number[] = [];
  for (let k = 0; k < s.n - step; k += step) places.push(k);
  places.push(s.n);
  const rest = piecesOf(pelt(s, places, 2 * unit, 8, costOfMean), s.n).flatMap(({ from, to }) => {
    const level = middle(z.slice(from, to));
    return z.slice(from, to).map((v, k) => (v - level) * Math.sqrt(w[from + k]!));
  });
  const kappa = longRunRatio(rest, w);
  return { sums: s, cuts: pelt(s, places, kappa * unit, 8, costOfMean), kappa };
}

/** Neighbours joined while their joint length is at most `share` x their age. */
export function join(rows: readonly (readonly number[])[], share: number): number[][] {
  const now = rows.at(-1)![5]!;
  const out: number[][] = [];
  for (let i = 0; i < rows.length; ) {
    const cell = [...rows[i]!];
    let j = i + 1;
    while (j + 1 < rows.length && rows[j + 1]![5]! - cell[5]! <= share * (now - rows[j + 1]![5]!)) {
      for (let c = 0; c < 5; c++) cell[c]! += rows[j]![c]!;
      j++;
    }
    out.push(cell);
    i = j;
  }
  return out;
}

/** Weighted least squares by Cholesky's method, with the kernel's ridge. */
export function leastSquares(
  columns: readonly (readonly number[])[],
  y: readonly number[],
  w: readonly number[],
): { coefficients: number[]; sse: number } {
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + w[i]! * v * b[i]!, 0);
  const rhs = columns.map((a) => product(a, y));
  const x = solve(
    columns.map((a) => columns.map((b) => product(a, b))),
    rhs,
  );
  const explained = x.reduce((s, v, i) => s + v * rhs[i]!, 0);
  return { coefficients: x, sse: Math.max(0, product(y, y) - explained) };
}

function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = b.length;
  const ridge = 1e-12 * (Math.max(0, ...a.map((row, i) => row[i]!)) || 1);
  const l = a.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let v = a[i]![j]! + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) v -= l[i]![k]! * l[j]![k]!;
      l[i]![j] = i === j ? Math.sqrt(Math.max(v, ridge)) : v / l[j]![j]!;
    }
  }
  const x = [...b];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= l[i]![k]! * x[k]!;
    x[i]! /= l[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= l[k]![i]! * x[k]!;
    x[i]! /= l[i]![i]!;
  }
  return x;
}
