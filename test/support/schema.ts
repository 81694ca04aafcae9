// In: events that a test produced. Out: a failed assertion for the first that the published schema does not allow.
import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { eventSchema } from '../../src/events/schema.ts';

const ajv = new Ajv2020({ strict: false, discriminator: false });
addFormats.default(ajv);
const byType = new Map<string, ReturnType<typeof ajv.compile>>();
for (const definition of Object.values(
  eventSchema['$defs'] as Record<string, { properties: { type: { const?: string; enum?: string[] } } }>,
)) {
  const validate = ajv.compile(definition);
  const { const: one, enum: several } = definition.properties.type;
  for (const type of several ?? [one!]) byType.set(type, validate);
}

/** Holds every event against the published JSON Schema. */
export function assertSchema(events: Iterable<{ type: string }>): void {
  for (const event of events) {
    const validate = byType.get(event.type);
    assert.ok(validate, `no schema for type ${event.type}`);
    // What counts is the JSON that leaves the program.
    const json: unknown = JSON.parse(JSON.stringify(event));
    assert.ok(validate(json), `${JSON.stringify(validate.errors)}\n${JSON.stringify(event).slice(0, 600)}`);
  }
}
