// In: a kind, a length, a seed. Out: a simulated series that breaks the detector's assumptions, with its true change points.

import { makeRandom } from './random.ts';
import { firstAtOrAfter, jitteredTeeth, type Simulated } from './simulate.ts';

export const STRESS_KINDS = [
  'x_exp_leak',
  'x_fillcache',
  'x_sine2',
  'x_rho8',
  'x_rw',
  'x_twoperiod',
  'x_jit_leak',
  'x_step_in_cycle',
  'x_leak_from_start',
  'x_hetero',
  'x_slowtiny',
  'x_decay_step',
] as const;
const HEALTHY_STRESS: ReadonlySet<string> = new Set([
  'x_fillcache',
  'x_sine2',
  'x_rho8',
  'x_twoperiod',
  'x_hetero',
  'x_rw',
  'x_leak_from_start',
]);

export function simulateStress(kind: (typeof STRESS_KINDS)[number], n: number, seed: number): Simulated {
  const r = makeRandom(77, STRESS_KINDS.indexOf(kind), n, seed);
  const base = Math.exp(r.uniform(Math.log(40), Math.log(200)));
  const sigma = (base * r.uniform(0.4, 1.3)) / 100 + 0.3;
  const every = r.uniform(1, 4);
  const T = n * every;
  const t1 = r.uniform(0.3, 0.55) * T;
  const rho = kind === 'x_rho8' ? 0.8 : r.uniform(0, 0.4);
  const P = T / r.uniform(4, 8);
  const A = r.uniform(0.1, 0.25) * base;
  const rate = ((12 * sigma) / (0.4 * T)) * r.uniform(1, 3);
  const teeth = jitteredTeeth(T * 2, P, A, r);
  const slowPeriod = T / r.uniform(1.3, 1.9);
  const step = Math.max(0.15 * base, 7 * sigma);
  const phase = r.uniform(0, 6.28);
  const truth = (t: number): number => {
    const since = Math.max(0, t - t1);
    switch (kind) {
      case 'x_exp_leak':
        return base + (t < t1 ? 0 : 3 * sigma * (Math.exp(since / (0.18 * T)) - 1));
      case 'x_fillcache':
        return base + 0.6 * base * (1 - Math.exp(-since / (0.12 * T)));
      case 'x_sine2':
        return base + A * Math.sin((2 * Math.PI * t) / slowPeriod + phase);
      case 'x_twoperiod':
        return base + A * Math.sin((2 * Math.PI * t) / P) + 0.5 * A * Math.sin((2 * Math.PI * t * 7.3) / P);
      case 'x_jit_leak':
        return base + teeth(t, 1) + 2 * rate * since;
      case 'x_step_in_cycle':
        return base + A * Math.sin((2 * Math.PI * t) / P + phase) + (t >= t1 ? step : 0);
      case 'x_leak_from_start':
        return base + rate * t;
      case 'x_slowtiny':
        return base + (since * 6 * sigma) / (0.5 * T);
      case 'x_decay_step':
        return base + (t >= t1 ? step * Math.exp(-since / (0.5 * T)) + step : 0);
      default:
        return base;
    }
  };
  const out: Simulated = {
    kind,
    n,
    seed,
    healthy: HEALTHY_STRESS.has(kind),
    t: [],
    y: [],
    cycle: [],
    bends: [],
    free: [],
    sigma,
  };
  let t = 0;
  let z = 0;
  let walk = 0;
  let live = base;
  while (out.t.length < n) {
    t += Math.min(Math.max(live, 4) / ((base / every) * Math.exp(0.12 * r.normal())), 120);
    z = rho * z + Math.sqrt(1 - rho * rho) * r.normal();
    const s = kind === 'x_hetero' ? sigma * (1 + (Math.sin((2 * Math.PI * t) / P) > 0 ? 1.5 : 0)) : sigma;
    if (kind === 'x_rw') walk += r.normal() * sigma * 0.5;
    const burst = r.uniform() < 0.005 ? r.uniform(0.05, 0.2) * base : 0;
    live = Math.max(truth(t) + s * z + walk + burst, 0.6);
    out.t.push(t);
    out.y.push(Math.floor(live));
    out.cycle.push(out.t.length);
  }
  const k = firstAtOrAfter(out.t, t1);
  if (['x_exp_leak', 'x_jit_leak', 'x_slowtiny'].includes(kind)) {
    out.bends.push({ index: k, kind: 'growth-onset', delta: rate });
  }
  if (['x_step_in_cycle', 'x_decay_step'].includes(kind)) out.bends.push({ index: k, kind: 'step-up', delta: step });
  if (kind === 'x_fillcache') out.free.push([k - 5, firstAtOrAfter(out.t, t1 + 0.4 * T)]);
  if (kind === 'x_rw') out.free.push([0, n]);
  return out;
}
