// In: a clean trace (one of the project's samples, or a file). Out: how many torn lines are put together, and how many wrongly.
// node --import tsx bench/torn/torn.ts [TRACE...]

import { readFileSync } from 'node:fs';
import { makeTornLog, STYLES } from '../../test/events/torn-generator.ts';
import { runTorn } from '../../test/events/torn-run.ts';
import { loadProjectGrammars } from '../../test/grammar/project-grammars.ts';

const grammars = loadProjectGrammars();
const files = process.argv.slice(2);
if (files.length === 0) files.push(new URL('../../test/grammar/fixtures/go1.26/gctrace.txt', import.meta.url).pathname);

const names = Object.keys(STYLES);
const mixes = [...names.map((name) => [name]), ['date', 'json'], ['words', 'bracket', 'logfmt'], names];
let allTorn = 0;
let allRecovered = 0;
let allWrong = 0;
for (const learn of [true, false]) {
  for (const styles of mixes) {
    let torn = 0;
    let recovered = 0;
    let wrong = 0;
    let records = 0;
    for (const [seed, file] of files.entries()) {
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => isGc(line));
      const log = makeTornLog(grammars, lines, { seed: seed + 1, styles, tear: 0.3, between: 3 });
      const run = runTorn(grammars, log.text, { learn });
      const truth = new Set(log.truth);
      wrong += run.records.filter((record) => !truth.has(record)).length;
      torn += log.torn;
      recovered += run.repaired.filter((record) => truth.has(record)).length;
      records += log.truth.length;
    }
    allTorn += torn;
    allRecovered += recovered;
    allWrong += wrong;
    const share = torn === 0 ? 100 : (100 * recovered) / torn;
    const name = `${styles.join('+').slice(0, 28)}${learn ? '' : ' (nothing learned)'}`;
    console.log(
      `${name.padEnd(48)} ${records} records, ${torn} torn, ${share.toFixed(2)} % put together, ${wrong} wrong`,
    );
  }
}
console.log(`all: ${((100 * allRecovered) / allTorn).toFixed(2)} % of ${allTorn}, ${allWrong} wrong`);

function isGc(line: string): boolean {
  const bytes = Buffer.from(line, 'utf8');
  return grammars.match(bytes, 0, bytes.length)?.shape.grammar.event === 'gc';
}
