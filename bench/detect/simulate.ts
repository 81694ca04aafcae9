// In: a kind, a length, a seed. Out: a simulated gctrace heap series with its true change points (the ordinary kinds).

import { makeRandom } from './random.ts';

export interface TrueBend {
  index: number;
  kind: string;
  delta: number;
}

export interface Simulated {
  kind: string;
  n: number;
  seed: number;
  healthy: boolean;
  /** Process time of every cycle; falls at a restart. */
  t: number[];
  y: number[];
  cycle: number[];
  /** Allocation rate as the trace would carry it: (goal - live of the cycle before) / time between. */
  load?: number[];
  bends: TrueBend[];
  /** Stretches [from, to) where neither a bend nor silence is wrong. */
  free: [number, number][];
  sigma: number;
}

export const KINDS = [
  'flat',
  'a_slow',
  'a_fast',
  'b_fixed',
  'c_step',
  'd_warm',
  'e_sine',
  'f_saw',
  'f_batch',
  'f_jitter',
  'g_double',
  'h_hidden',
  'i_restart',
  'j_gogc',
] as const;
export const HEALTHY: ReadonlySet<string> = new Set([
  'flat',
  'd_warm',
  'e_sine',
  'f_saw',
  'f_batch',
  'f_jitter',
  'j_gogc',
]);

export function simulate(kind: (typeof KINDS)[number], n: number, seed: number): Simulated {
  const r = makeRandom(KINDS.indexOf(kind), n, seed);
  const base = Math.exp(r.uniform(Math.log(40), Math.log(200)));
  const sigma = (base * r.uniform(0.4, 1.3)) / 100 + 0.3;
  const rho = r.uniform(0, 0.4);
  let every = r.uniform(1, 4);
  const rate = kind === 'a_slow' ? 0.05 : kind === 'a_fast' ? 0.5 : Math.exp(r.uniform(Math.log(0.05), Math.log(0.4)));
  const share = r.uniform(0.3, 0.6);
  if (['a_slow', 'b_fixed', 'g_double', 'h_hidden'].includes(kind)) {
    every = Math.max(every, (10 * sigma) / (rate * 0.25 * n));
  }
  if (kind === 'h_hidden') every = Math.max(every, (0.35 * base) / (rate * 0.4 * n));
  const alloc = base / every;
  const T = n * every;
  const t1 = share * T;
  const ripple = { size: 0.8 * sigma, period: r.uniform(15, 60) * every };
  const sine = r.uniform(0.1, 0.25) * base;
  const P = T / r.uniform(3, 8);
  const phase = r.uniform(0, 2 * Math.PI);
  const sawP = T / r.uniform(5, 12);
  const sawA = r.uniform(0.2, 0.5) * base;
  const duty = r.uniform(0.6, 0.9);
  const warm = T * r.uniform(0.03, 0.1);
  const step = (seed % 2 === 0 ? 1 : -1) * Math.max(r.uniform(0.08, 0.25) * base, 6 * sigma);
  const restartTau = 8 * every;
  const batches = Array.from({ length: n <= 600 ? r.integer(3, 7) : r.integer(5, 15) }, () => ({
    from: r.uniform(0.05, 0.95) * T,
    length: r.uniform(3, 8) * every,
    size: r.uniform(0.2, 0.4) * base,
  }));
  const gogc2 = [50, 200, 400][r.integer(0, 3)]!;
  const tb = t1 + 0.3 * T * r.uniform(0.8, 1.1);
  const teeth = jitteredTeeth(T * 1.6, sawP, sawA, r);
  const truth = (t: number): number => {
    const grown = rate * Math.max(0, t - t1);
    const wave = sine * Math.sin((2 * Math.PI * t) / P + phase);
    switch (kind) {
      case 'a_slow':
      case 'a_fast':
        return base + grown;
      case 'b_fixed':
        return base + Math.min(grown, rate * (tb - t1));
      case 'c_step':
        return base + (t >= t1 ? step : 0);
      case 'd_warm':
        return base * (0.3 + 0.7 * (1 - Math.exp(-t / warm)));
      case 'e_sine':
        return base + wave;
      case 'f_saw': {
        const x = (t / sawP) % 1;
        return base + (x < duty ? (sawA * x) / duty : 0);
      }
      case 'f_jitter':
        return base + teeth(t, duty);
      case 'f_batch':
        return base + batches.reduce((s, b) => s + (t >= b.from && t < b.from + b.length ? b.size : 0), 0);
      case 'g_double':
        return base + grown + 1.5 * rate * Math.max(0, t - tb);
      case 'h_hidden':
        return base + wave + grown;
      case 'i_restart':
        return t >= t1 ? base * (0.3 + 0.7 * (1 - Math.exp(-(t - t1) / restartTau))) : base;
      default:
        return base;
    }
  };
  const wall: number[] = [];
  const out: Simulated = {
    kind,
    n,
    seed,
    healthy: HEALTHY.has(kind),
    t: [],
    y: [],
    cycle: [],
    load: [],
    bends: [],
    free: [],
    sigma,
  };
  let t = 0;
  let z = 0;
  let number = 0;
  let offset = 0;
  let restarted = false;
  let live = kind === 'd_warm' ? base * 0.3 : base;
  while (wall.length < n) {
    const gogc = kind === 'j_gogc' && t >= t1 ? gogc2 : 100;
    const goal = Math.max(4, live * (1 + gogc / 100));
    const cyclic = kind === 'e_sine' || kind === 'h_hidden';
    const load = cyclic ? 1 + 0.4 * Math.sin((2 * Math.PI * t) / P + phase) : 1;
    const wait = Math.min(Math.max(goal - live, 0.5) / (alloc * load * Math.exp(0.12 * r.normal())), 120);
    t += wait;
    out.load!.push(Math.max(goal - live, 0.5) / wait);
    if (kind === 'i_restart' && t >= t1 && !restarted) {
      restarted = true;
      number = 0;
      offset = t - 0.05;
    }
    number++;
    z = rho * z + Math.sqrt(1 - rho * rho) * r.normal();
    let v = truth(t) + ripple.size * 0.7 * Math.sin((2 * Math.PI * t) / ripple.period) + sigma * z;
    if (r.uniform() < 0.005) v += r.uniform(0.05, 0.2) * base;
    live = Math.max(v, 0.6);
    wall.push(t);
    out.t.push(Math.round((t - offset) * 1000) / 1000);
    out.y.push(Math.floor(live));
    out.cycle.push(number);
  }
  const at = (time: number) => firstAtOrAfter(wall, time);
  if (kind === 'a_slow' || kind === 'a_fast' || kind === 'h_hidden') {
    out.bends.push({ index: at(t1), kind: 'growth-onset', delta: rate });
  } else if (kind === 'b_fixed') {
    out.bends.push(
      { index: at(t1), kind: 'growth-onset', delta: rate },
      { index: at(tb), kind: 'plateau', delta: -rate },
    );
  } else if (kind === 'c_step') {
    out.bends.push({ index: at(t1), kind: step > 0 ? 'step-up' : 'step-down', delta: step });
  } else if (kind === 'g_double') {
    out.bends.push(
      { index: at(t1), kind: 'growth-onset', delta: rate },
      { index: at(tb), kind: 'growth-up', delta: 1.5 * rate },
    );
  } else if (kind === 'i_restart') {
    out.bends.push({ index: at(t1), kind: 'restart', delta: -0.7 * base });
    out.free.push([at(t1) + 6, Math.min(n, at(t1 + 6 * restartTau) + 5)]);
  } else if (kind === 'd_warm') {
    out.free.push([0, Math.min(n, at(5 * warm))]);
  }
  out.bends = out.bends.filter((b) => b.index < n - 5);
  return out;
}

export function firstAtOrAfter(times: readonly number[], t: number): number {
  const k = times.findIndex((v) => v >= t);
  return k < 0 ? times.length : k;
}

/** Sawteeth of irregular length and height. */
export function jitteredTeeth(until: number, period: number, height: number, r: ReturnType<typeof makeRandom>) {
  const starts = [0];
  while (starts.at(-1)! < until) starts.push(starts.at(-1)! + period * r.uniform(0.6, 1.4));
  const heights = starts.map(() => r.uniform(0.7, 1.3) * height);
  return (t: number, duty: number): number => {
    let j = starts.findIndex((s) => s > t) - 1;
    if (j < 0) j = starts.length - 2;
    const x = (t - starts[j]!) / (starts[j + 1]! - starts[j]!);
    return x < duty ? (heights[j]! * x) / duty : 0;
  };
}
