// In: a seed. Out: the simulated series of the bench, one JSON object a line, for compare.py.
// usage: npx tsx bench/detect/dump-simulated.ts [SEED] | python3 bench/detect/compare.py

import { KINDS, simulate } from './simulate.ts';

const seed = Number(process.argv[2] ?? 40_000);
for (const [n, count] of [
  [100, 4],
  [300, 6],
  [1000, 6],
] as const) {
  for (const kind of KINDS) {
    for (let k = 0; k < count; k++) console.log(JSON.stringify(simulate(kind, n, seed + k)));
  }
}
