// In: every sample and every fixture of the tests, and src/events/types.ts. Out: what is emitted, what the types say and what the published
// schema says are the same.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { eventSchema } from '../src/events/schema.ts';
import { eachGoroutine, eventsOfFiles } from './support/in-process.ts';
import { assertSchema } from './support/schema.ts';

const fixtures = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:txt|log|gz|out)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();

test('every event of every fixture keeps the schema', async () => {
  assert.ok(fixtures.length > 400, `only ${fixtures.length} fixtures were found`);
  const types = new Set<string>();
  for (const file of fixtures) {
    const events = await eventsOfFiles([file], { detectors: ['segments', 'peaks'] });
    try {
      assertSchema(events);
    } catch (error) {
      throw new Error(relative(import.meta.dirname, file), { cause: error });
    }
    for (const { type } of events) types.add(type);
  }
  const wanted = 'process gc pacer scavenger scheduler init runtime goroutines heap memstats contention threads';
  for (const type of `${wanted} inflection finding health malformed summary`.split(' '))
    assert.ok(types.has(type), type);
});

test('events of single goroutines keep the schema', async () => {
  const dumps = fixtures.filter((file) => /goroutine2.*\.txt$/.test(file));
  assert.ok(dumps.length > 20);
  for (const file of dumps) {
    const events = await eachGoroutine(readFileSync(file));
    assert.ok(
      events.some((event) => event.type === 'goroutine'),
      file,
    );
    assertSchema(events);
  }
});

interface Shape {
  properties: Record<string, unknown>;
  required: string[];
}

/** Fields of the interfaces in types.ts, with those of the interfaces they extend. */
function interfaces(): Map<string, { fields: Map<string, boolean>; open: boolean }> {
  const source = readFileSync(resolve(import.meta.dirname, '../src/events/types.ts'), 'utf8');
  const found = new Map<string, { fields: Map<string, boolean>; open: boolean }>();
  for (const [, name = '', parent, body = ''] of source.matchAll(
    /^export interface (\w+)(?: extends (\w+))? \{\n([\s\S]*?)^\}/gm,
  )) {
    const fields = new Map(parent === undefined ? [] : found.get(parent)?.fields);
    for (const [, field = '', optional] of body.matchAll(/^ {2}(\w+)(\??):/gm)) fields.set(field, optional === '');
    found.set(name, { fields, open: /^ {2}\[\w+: string\]: unknown;/m.test(body) });
  }
  return found;
}

test('the types and the schema name the same fields, and the same of them as required', () => {
  const definitions = eventSchema['$defs'] as Record<string, Shape & { additionalProperties: boolean }>;
  const types = interfaces();
  for (const [name, definition] of Object.entries(definitions)) {
    const type = [...types].find(([key]) => key.toLowerCase() === `${name}event`.toLowerCase())?.[1];
    assert.ok(type, `types.ts has no interface for ${name}`);
    assert.deepEqual(Object.keys(definition.properties).sort(), [...type.fields.keys()].sort(), name);
    const required = [...type.fields].filter(([, isRequired]) => isRequired).map(([field]) => field);
    assert.deepEqual([...definition.required].sort(), required.sort(), `required fields of ${name}`);
    assert.equal(definition.additionalProperties, type.open, `further fields of ${name}`);
  }
  const fieldOf = (event: string, field: string): unknown => definitions[event]?.properties[field];
  const itemOf = (event: string, field: string): unknown => (fieldOf(event, field) as { items?: unknown }).items;
  const inner: [string, unknown][] = [
    ['GcClockMs', fieldOf('gc', 'clockMs')],
    ['GcCpuMs', fieldOf('gc', 'cpuMs')],
    ['GoroutineGroup', itemOf('goroutines', 'groups')],
    ['HeapSite', itemOf('heap', 'sites')],
    ['ContentionSite', itemOf('contention', 'sites')],
    ['Projection', fieldOf('finding', 'projection')],
    ['Frame', fieldOf('finding', 'site')],
    ['CreatedBy', fieldOf('finding', 'createdBy')],
  ];
  for (const [name, shape] of inner) {
    const fields = types.get(name)?.fields ?? new Map();
    assert.deepEqual(Object.keys((shape as Shape).properties).sort(), [...fields.keys()].sort(), name);
  }
});
