// In: labelled traces (a folder, optional), a seed (optional). Out: the table of the detector's figures beside their targets.
// usage: npx tsx bench/detect/run.ts [--traces DIR]... [--seed N] [--seeds N]

import { detectPeaks } from '../../src/detect/index.ts';
import { coverageOf, judgeAll } from './calibrate.ts';
import { alarmDelay, streamCost, wholeCost } from './cost.ts';
import { readCases, scoreCase, summarise } from './score-real.ts';
import { addTo, type Detect, detectSegments, type SimulatedScore, scoreOf, tally } from './score-simulated.ts';
import { KINDS, simulate } from './simulate.ts';
import { STRESS_KINDS, simulateStress } from './simulate-stress.ts';
import { healthyAlarms } from './stream-healthy.ts';

const args = process.argv.slice(2);
const values = (name: string) => args.flatMap((a, i) => (a === name ? [args[i + 1] ?? ''] : []));
const seed = Number(values('--seed')[0] ?? 40_000);
const seeds = Number(values('--seeds')[0] ?? 1);
const rows: { what: string; measured: string; target: string }[] = [];
const row = (what: string, measured: string, target: string) => rows.push({ what, measured, target });
const round = (v: number, digits = 3) => v.toFixed(digits);

for (const dir of values('--traces')) {
  const cases = readCases(dir).map((c) => scoreCase(c.name, c.log, c.truth));
  console.table(cases.map(({ delays, raised, ...c }) => ({ ...c, delay: delays.map((d) => round(d, 1)).join(' ') })));
  const s = summarise(cases);
  row(`real: F1 / kinds right (${dir})`, `${round(s.f1)} / ${s.kindsRight}`, '>= .92 / all');
  row('real: leaks blamed / healthy runs blamed', `${s.leaksFound} / ${s.healthyBlamed}`, 'all / 0');
  row(
    'real: onsets announced, median delay',
    `${s.onsetsSeen}, ${round(s.medianDelay ?? Number.NaN, 1)} s`,
    'all, <= 6 s',
  );
  const alarms = `${s.falseAlarms} / ${s.stoppedCalledGoing} / ${round(s.othersPerRun, 2)}`;
  row('real: false alarms / stopped called going on / others a run', alarms, '0 / 0 / <= 1');
}

function simulated(detect: Detect): { ordinary: SimulatedScore; stress: SimulatedScore } {
  const ordinary = tally();
  const stress = tally();
  for (let s = 0; s < seeds; s++) {
    for (const [n, count] of [
      [100, 4],
      [300, 6],
      [1000, 6],
      [2000, 4],
    ] as const) {
      for (const kind of KINDS) {
        for (let k = 0; k < count; k++) {
          const c = simulate(kind, n, seed + 100 * s + k);
          addTo(ordinary, c, detect(c));
        }
      }
    }
    for (const n of [300, 1000]) {
      for (const kind of STRESS_KINDS) {
        for (let k = 0; k < 6; k++) {
          const c = simulateStress(kind, n, seed + 100 * s + k);
          addTo(stress, c, detect(c));
        }
      }
    }
  }
  return { ordinary: scoreOf(ordinary), stress: scoreOf(stress) };
}

const byPeaks: Detect = (s) => detectPeaks(s.t.map((t, i) => ({ t, y: s.y[i]!, index: i })));
for (const [name, detect] of [
  ['segments', detectSegments],
  ['peaks', byPeaks],
] as const) {
  const { ordinary, stress } = simulated(detect);
  const target = name === 'segments' ? ['>= .975 / - / <= .03', '>= .75 / <= .4'] : ['', ''];
  const figures = `${round(ordinary.f1)} / ${round(ordinary.f1At5)} / ${round(ordinary.falsePerThousand)}`;
  row(`${name}, simulated: F1 at 2 % / 5 % / false per 1,000 healthy`, figures, target[0]!);
  const stressed = `${round(stress.f1At5)} / ${round(stress.falsePerThousand)}`;
  row(`${name}, stress: F1 at 5 % / false per 1,000 healthy`, stressed, target[1]!);
}

const alarms = Object.entries(healthyAlarms(seed, 5 * seeds));
const [alarmed, of] = alarms.reduce(([a, b], [, r]) => [a + r.alarmed, b + r.of], [0, 0]);
const kinds = alarms.filter(([, r]) => r.alarmed > 0).map(([k, r]) => `${k} ${r.alarmed}/${r.of}`);
row(
  'healthy series with any alarm while streaming',
  `${round((100 * alarmed) / of, 1)} % (${kinds.join(', ')})`,
  '<= 3 %',
);

const judged = coverageOf(judgeAll(seed + 50_000, 4 * seeds));
const near = judged.bins.find((b) => b.from === 0.93)!;
row('of bends given .93-.97, right', `${near.right} of ${near.count}`, '93-97 %');
row('slope / place interval covers', `${round(judged.slope)} / ${round(judged.place)}`, '.93-.97 / .95');

row(
  'whole, 1,000 / 100,000 points',
  `${round(wholeCost(1000, 8), 1)} / ${round(wholeCost(100_000, 4), 1)} ms`,
  '<= 5 / <= 60 ms',
);
const cost = streamCost(1_000_000);
row(
  'a cycle of a million / worst second',
  `${round(cost.perCycleUs, 2)} us / ${round(cost.worstSecondMs, 1)} ms`,
  '<= 2 us / <= 20 ms',
);
row('cells after a million cycles', String(cost.cells), '<= 1,500');
const [young, old] = [alarmDelay(3600, 5), alarmDelay(604_800, 5)];
row('delay, a week old against an hour old', `${old} / ${young} points = ${round(old / young, 2)}`, '<= 1.2');
console.table(rows);
