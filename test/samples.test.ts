// In: samples/*, each with its expected.json. Out: what gcbend makes of them is what stands there; every event keeps the published schema.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventsOfSample, expectationOf, readExpectations, sampleNames } from './support/expectation.ts';
import { samples } from './support/gcbend.ts';
import { assertSchema } from './support/schema.ts';

for (const sample of sampleNames()) {
  test(`samples/${sample}`, async () => {
    const expectations = readExpectations(sample);
    assert.ok(expectations.length > 0);
    for (const expected of expectations) {
      const events = await eventsOfSample(sample, expected.inputs);
      assert.deepEqual(expectationOf(expected.inputs, events), expected);
      assertSchema(events);
    }
  });
}

test('every sample says what it is and how it was made, and every one is listed', () => {
  const list = readFileSync(join(samples, 'README.md'), 'utf8');
  for (const sample of sampleNames()) {
    assert.match(readFileSync(join(samples, sample, 'README.md'), 'utf8'), /^# .+\n\n[\s\S]{80}/, sample);
    assert.ok(list.includes(`\`${sample}\``), `samples/README.md does not name ${sample}`);
    const names = readdirSync(join(samples, sample));
    for (const { inputs } of readExpectations(sample)) {
      for (const input of inputs) assert.ok(names.includes(input), `${sample}/${input}`);
    }
  }
});
