// In: random and hand-made columns. Out: proof that the kernel computes what the papers and the plain loops say, bit for bit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bestCut,
  CELL_NUMBERS,
  chart,
  findHinge,
  fitCurves,
  fitHarmonics,
  fitLevels,
  fitLines,
  joinCells,
  leastSquares,
  lowerQuartile,
  meansOf,
  median,
  mediansOfFive,
  prepare,
  turnHarmonics,
} from '../../src/detect/kernel/index.ts';
import {
  costOfLine,
  join,
  fitLevels as levels,
  fitLines as lines,
  mask,
  middle,
  noise,
  leastSquares as squares,
  sums,
  weightOf,
} from './reference.ts';

const column = (values: readonly number[]) => Float64Array.from(values);
const near = (a: number, b: number, within = 1e-9) =>
  assert.ok(a === b || Math.abs(a - b) <= within * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

/** A broken line with steps, noise, spikes and rounding: what heaps look like. */
const series = (most: number) =>
  fc
    .record({
      n: fc.integer({ min: 16, max: most }),
      seed: fc.integer(),
      rounded: fc.boolean(),
      bends: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -60, max: 60 })), {
        maxLength: 4,
      }),
      step: fc.integer({ min: -40, max: 40 }),
      spikes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    })
    .map(({ n, seed, rounded, bends, step, spikes }) => {
      let state = seed | 0;
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return (state >>> 8) / 2 ** 24;
      };
      const t = Array.from({ length: n }, (_, i) => i + 0.5 * random());
      const size = t.map(() => (random() < 0.2 ? 1 + Math.floor(8 * random()) : 1));
      const y = t.map((_, i) => {
        const u = i / n;
        const trend = bends.reduce((s, [at, slope]) => s + Math.max(0, u - at) * slope, 100 + (u > 0.6 ? step : 0));
        const spike = spikes.some((at) => Math.abs(i - at * n) < 2) ? 50 : 0;
        const value = trend + spike + 2 * (random() + random() + random() - 1.5);
        return rounded ? Math.floor(value) : value;
      });
      return { t, y, size };
    });

test('median: of nothing, one, two, equal ones, and of any values what sorting says', () => {
  assert.equal(median([]), 0);
  assert.equal(median([7]), 7);
  assert.equal(median([4, 1]), 2.5);
  assert.equal(median([3, 3, 3, 1]), 3);
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0)), (v) => {
      assert.equal(median(v), middle(v));
    }),
    { numRuns: 200 },
  );
});

test('a column longer than the memory makes it grow', () => {
  const long = Float64Array.from({ length: 400_001 }, (_, i) => (i * 7919) % 400_001);
  assert.equal(median(long), 200_000);
  assert.equal(median([1, 2, 9]), 2);
});

test('lower quartile of absolute values', () => {
  assert.equal(lowerQuartile(column([-4, 1, 3, -2])), 2);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), (v) => {
      const sorted = v.map(Math.abs).sort((a, b) => a - b);
      assert.equal(lowerQuartile(column(v)), sorted[v.length >> 2]);
    }),
  );
});

test('noise: a saw of height 2 by hand, rounding as the floor', () => {
  // Second differences are 4 and -4, each over sqrt(6): rms 4 / sqrt(6), MAD the same.
  const n = 42;
  const t = column(Array.from({ length: n }, (_, i) => 3 * i));
  const ones = new Float64Array(n).fill(1);
  const { sigma, x, w, scale, bursts } = prepare(t, column([...t].map((_, i) => 10 + (i % 2) * 2)), ones, 0, true);
  near(sigma, 4 / Math.sqrt(6) / 0.7866);
  assert.equal(scale, 123);
  assert.deepEqual([x[0], x[41], x[1]], [0, 1, 3 / 123]);
  assert.deepEqual(w, ones);
  assert.deepEqual(bursts, []);
  assert.equal(prepare(t, t, ones, 0.25, true).sigma, 0.25);
});

test('weights, noise and bursts are those of the plain loops', () => {
  let masked = 0;
  fc.assert(
    fc.property(series(150), fc.boolean(), ({ t, y, size }, byPoints) => {
      const got = prepare(column(t), column(y), column(size), 0.01, byPoints);
      const weights = size.map(weightOf);
      const sigma = noise(y, weights, 0.01);
      const cells = byPoints ? size : size.map(() => 1);
      const expected = mask(y, weights, cells, sigma);
      assert.equal(got.sigma, sigma);
      assert.deepEqual([...got.w], expected.w);
      assert.deepEqual(got.bursts, expected.bursts);
      masked += expected.bursts.length;
    }),
    { numRuns: 150 },
  );
  assert.ok(masked > 0);
});

test('straight pieces: cuts, kappa and sums of the plain loops, also in two passes', () => {
  let cuts = 0;
  fc.assert(
    fc.property(series(450), fc.constantFrom(1.4, 2, 3), ({ t, y, size }, c) => {
      const { x, w, sigma } = prepare(column(t), column(y), column(size), 0.3, true);
      const season = x.map((v) => Math.sin(9 * v));
      const unit = 3 * c * Math.log(Math.max(t.length, 50)) * sigma * sigma;
      const penalty = { cut: unit, kink: Number.POSITIVE_INFINITY, variance: sigma * sigma };
      const got = fitLines({ x, y: column(y), w }, season, penalty);
      const expected = lines(
        [...x],
        y.map((v, i) => v - season[i]!),
        [...w],
        unit,
        sigma * sigma,
      );
      assert.deepEqual(got.cuts, expected.cuts);
      assert.deepEqual(got.fine, expected.fine);
      assert.equal(got.kappa, expected.kappa);
      assert.deepEqual([...got.sums.xy], expected.sums.xy);
      assert.deepEqual([...got.sums.yy], expected.sums.yy);
      cuts += expected.cuts.length;
    }),
    { numRuns: 60 },
  );
  assert.ok(cuts > 0);
});

test('a kink is added where it pays, and nowhere else', () => {
  const n = 60;
  const x = Float64Array.from({ length: n }, (_, i) => i / (n - 1));
  const y = x.map((v, i) => Math.max(0, v - x[30]!) * 30 + 0.1 * (i % 2));
  const one = new Float64Array(n).fill(1);
  const fit = (kink: number) =>
    fitLines({ x, y, w: one }, new Float64Array(n), { cut: Number.MAX_VALUE / 100, kink, variance: 1 }).cuts;
  assert.deepEqual(fit(1), [31]);
  assert.deepEqual(fit(1000), []);
});

test('level pieces: cuts and kappa of the plain loops, also on a grid', () => {
  fc.assert(
    fc.property(series(900), ({ t, y, size }) => {
      const { x, w, sigma } = prepare(column(t), column(y), column(size), 0.01, false);
      const unit = 8 * Math.log(Math.max(t.length, 50)) * sigma * sigma;
      const got = fitLevels(x, column(y), w, unit);
      const expected = levels([...x], y, [...w], unit);
      assert.deepEqual(got.cuts, expected.cuts);
      assert.equal(got.kappa, expected.kappa);
      assert.deepEqual([...got.sums.y], expected.sums.y);
    }),
    { numRuns: 30 },
  );
});

test('a hinge costs at every cut what least squares on 1, x, (x - q)+ leaves', () => {
  fc.assert(
    fc.property(series(60), ({ t, y, size }) => {
      const { x, w } = prepare(column(t), column(y), column(size), 0.3, true);
      const costs = new Float64Array(x.length);
      const { cut, sse } = findHinge(x, column(y), w, costs);
      const ones = x.map(() => 1);
      costs.forEach((cost, q) => {
        const allowed = q >= 4 && q < x.length - 4;
        const at = allowed ? (x[q]! + x[q - 1]!) / 2 : 0;
        const bent = () =>
          leastSquares([ones, x, x.map((v) => Math.max(0, v - at))], column(y.map((v) => v - 100)), w).sse;
        near(cost, allowed ? bent() : Number.POSITIVE_INFINITY, 1e-6);
      });
      assert.equal(sse, Math.min(...costs));
      assert.equal(costs[cut], sse);
    }),
    { numRuns: 30 },
  );
  assert.deepEqual(findHinge(column([1, 2, 3]), column([1, 2, 3]), column([1, 1, 1])), {
    cut: 1,
    sse: Number.POSITIVE_INFINITY,
  });
});

test('the best cut leaves the cheapest two lines', () => {
  fc.assert(
    fc.property(series(80), ({ t, y, size }) => {
      const { x, w } = prepare(column(t), column(y), column(size), 0.3, true);
      const s = sums([...x], y, [...w]);
      const costs = Array.from(
        { length: x.length - 11 },
        (_, k) => costOfLine(s, 0, k + 6) + costOfLine(s, k + 6, x.length),
      );
      assert.equal(bestCut(x, column(y), w, 6), 6 + costs.indexOf(Math.min(...costs)));
    }),
    { numRuns: 50 },
  );
});

test('least squares: by hand, and of any columns what the plain loops say', () => {
  // y = 1 + 2 x, one residual of 1 and one of -1 that no line can take away.
  const fit = leastSquares([column([1, 1, 1, 1]), column([0, 0, 1, 1])], column([2, 0, 4, 2]), column([1, 1, 1, 1]));
  near(fit.coefficients[0]!, 1);
  near(fit.coefficients[1]!, 2);
  near(fit.sse, 4);
  fc.assert(
    fc.property(series(80), fc.integer({ min: 1, max: 9 }), ({ t, y, size }, p) => {
      const columns = Array.from({ length: p }, (_, k) => t.map((v) => (v / 80) ** k));
      const expected = squares(columns, y, size);
      const got = leastSquares(columns.map(column), column(y), column(size));
      assert.deepEqual([...got.coefficients], expected.coefficients);
      assert.equal(got.sse, expected.sse);
    }),
    { numRuns: 60 },
  );
});

test('harmonics: least squares on seven columns, and the same after any number of turns', () => {
  fc.assert(
    fc.property(series(120), fc.double({ min: 1, max: 9, noNaN: true }), ({ t, y, size }, turns) => {
      const x = t.map((v) => v / t.length);
      const hinge = x.map((v) => Math.max(0, v - 0.4));
      const angles = (f: number) => {
        const [cos, sin] = [x.map((v) => Math.cos(2 * Math.PI * f * v)), x.map((v) => Math.sin(2 * Math.PI * f * v))];
        return { cos: column(cos), sin: column(sin) };
      };
      const at = (f: number) => ({ x: column(x), y: column(y), w: column(size), hinge: column(hinge), ...angles(f) });
      const { b, sse } = fitHarmonics(at(turns));
      const { cos, sin } = angles(turns);
      const twice = [x.map((_, i) => cos[i]! ** 2 - sin[i]! ** 2), x.map((_, i) => 2 * cos[i]! * sin[i]!)];
      const expected = squares([x.map(() => 1), x, hinge, [...cos], [...sin], ...twice], y, size);
      assert.deepEqual([...b], expected.coefficients);
      assert.equal(sse, expected.sse);
      const step = angles(0.15);
      const grid = turnHarmonics(at(turns), step.cos, step.sin, 5);
      grid.forEach((left, k) => {
        near(left, fitHarmonics(at(turns + 0.15 * k)).sse, 1e-4);
      });
    }),
    { numRuns: 40 },
  );
});

test('curves: least squares on 1, x and the curve, for every onset and rate', () => {
  fc.assert(
    fc.property(series(90), fc.boolean(), ({ t, y, size }, sloped) => {
      const { x, w } = prepare(column(t), column(y), column(size), 0.3, true);
      const rates = [-6, -0.4, 0.7, 11];
      const grid = { first: 3, last: x.length - 8, step: 5, rates, sloped };
      const got = fitCurves(x, column(y), w, grid);
      assert.equal(got.length, Math.ceil((x.length - 11) / 5));
      got.forEach((fits, place) => {
        fits.forEach(({ base, slope, size: curved, sse }, k) => {
          const onset = x[3 + 5 * place]!;
          const curve = [...x].map((v) => (v > onset ? Math.expm1(rates[k]! * (v - onset)) / rates[k]! : 0));
          const expected = squares([[...x].map(() => 1), [...x].map((v) => (sloped ? v : 0)), curve], y, [...w]);
          assert.deepEqual([base, slope, curved], expected.coefficients);
          assert.equal(sse, expected.sse);
        });
      });
    }),
    { numRuns: 40 },
  );
  const few = column([0, 1]);
  assert.deepEqual(fitCurves(few, few, few, { first: 3, last: 1, step: 1, rates: [1], sloped: true }), []);
});

test('medians of five: at the ends of fewer, of numbers only', () => {
  const { NaN: no } = Number;
  assert.deepEqual(
    [...mediansOfFive(column([5, 1, no, 4, 8, 9, no, no, no, no, no]))],
    [3, 4, 4.5, 6, 8, 8, 8.5, 9, 0, 0, 0],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(no)), { minLength: 1 }), (v) => {
      const expected = v.map((_, i) => middle(v.slice(Math.max(0, i - 2), i + 3).filter((a) => !Number.isNaN(a))));
      assert.deepEqual([...mediansOfFive(column(v))], expected);
    }),
  );
});

/** Rows of a store: points of one size at growing times, with a load or without. */
const store = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 999 }), fc.boolean()), {
    minLength: 1,
    maxLength: 300,
  })
  .map((points) => {
    let now = 0;
    return points.map(([gap, y, loaded], i) => {
      now += gap / 8;
      return [1, now, y, loaded ? y / 2 : 0, loaded ? 1 : 0, now, i, i + 1];
    });
  });

test('cells are joined as the plain loop joins them, until few enough are left', () => {
  fc.assert(
    fc.property(store, fc.integer({ min: 5, max: 100 }), (rows, most) => {
      const flat = column(rows.flat());
      let share = 0.01;
      let expected = join(rows, share);
      while (expected.length > most) {
        share *= 1.1;
        expected = join(expected, share);
      }
      const got = joinCells(flat, rows.length, 0.01, most);
      assert.equal(got.n, expected.length);
      assert.equal(got.share, share);
      assert.deepEqual([...flat.subarray(0, got.n * CELL_NUMBERS)], expected.flat());
    }),
    { numRuns: 100 },
  );
});

test('means: by hand, the old in groups, the new one by one, no load where none was known', () => {
  const rows = [
    [1, 10, 4, 0, 0, 10, 0, 1],
    [3, 60, 9, 8, 2, 18, 1, 2],
    [1, 25, 5, 6, 1, 25, 4, 5],
    [2, 70, 8, 0, 0, 34, 5, 6],
  ];
  const means = meansOf(column(rows.flat()), 4, 3, 2);
  assert.deepEqual([...means.first], [0, 2, 3]);
  assert.deepEqual([...means.size], [4, 1, 2]);
  assert.deepEqual([...means.t], [17.5, 25, 35]);
  assert.deepEqual([...means.y], [3.25, 5, 4]);
  assert.deepEqual([...means.load], [4, 6, Number.NaN]);
});

test('the chart of residuals: its last average and its record but for the newest', () => {
  fc.assert(
    fc.property(series(60), fc.integer({ min: 0, max: 15 }), ({ t, y, size }, from) => {
      let average = 0;
      let record = 0;
      for (let i = from; i < t.length; i++) {
        average += 0.25 * (y[i]! - 90 - 0.5 * (t[i]! - t[0]!) - average);
        if (i < t.length - 12) record = Math.max(record, Math.abs(average));
      }
      const means = { t: column(t), y: column(y), size: column(size), load: column(size), first: new Int32Array(0) };
      assert.deepEqual(chart(means, from, 90, 0.5), { average, record });
    }),
    { numRuns: 50 },
  );
});

test('numbers that are none end in a result, not in a loop', () => {
  const strange = fc.oneof(
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    fc.double(),
  );
  fc.assert(
    fc.property(fc.array(strange, { minLength: 16, maxLength: 60 }), (values) => {
      const n = values.length;
      const t = Float64Array.from({ length: n }, (_, i) => i);
      const y = column(values);
      const { x, w, sigma } = prepare(t, y, new Float64Array(n).fill(1), 0, true);
      fitLines({ x, y, w }, new Float64Array(n), { cut: sigma, kink: sigma, variance: sigma });
      fitLevels(x, y, w, sigma);
      findHinge(x, y, w);
      assert.equal(typeof median(y), 'number');
    }),
    { numRuns: 200 },
  );
});
