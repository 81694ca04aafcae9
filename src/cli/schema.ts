// In: nothing. Out: the JSON Schema of the events on stdout.
import { eventSchema } from '../events/schema.ts';

export async function schemaCommand(): Promise<number> {
  process.stdout.write(`${JSON.stringify(eventSchema, undefined, 2)}\n`);
  return 0;
}
