// In: samples/*/expected.json (which inputs are run together) and the samples. Out: the same files with what gcbend makes of them now.
// Run after a change of the analysis, then read the difference: every changed figure has to be the truth about its sample.
//   npx tsx scripts/expect-samples.ts [SAMPLE...]
import { writeFileSync } from 'node:fs';
import {
  eventsOfSample,
  expectationFile,
  expectationOf,
  readExpectations,
  sampleNames,
} from '../test/support/expectation.ts';

const wanted = process.argv.slice(2);
for (const sample of wanted.length > 0 ? wanted : sampleNames()) {
  const expectations = [];
  for (const { inputs } of readExpectations(sample)) {
    expectations.push(expectationOf(inputs, await eventsOfSample(sample, inputs)));
  }
  const entries = expectations.map((expectation) => {
    const lines = Object.entries(expectation).map(([key, value]) => `    ${JSON.stringify(key)}: ${flow(value)}`);
    return `  {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(expectationFile(sample), `[\n${entries.join(',\n')}\n]\n`);
}

/** Objects of one line each, as a reader of a difference wants them. */
function flow(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return inline(value);
  if (typeof value[0] === 'string') return inline(value);
  return `[\n${value.map((item) => `      ${inline(item)}`).join(',\n')}\n    ]`;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${inline(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
