// In: a match. Out: the event's fields, as an object or as JSON text written straight into a Buffer.
// Number bytes are copied as they were printed wherever they are valid JSON: no number is made on the way.

import type { CompiledField, CompiledShape } from './types.ts';
import { readValue } from './values.ts';

/** One thing to write: fixed bytes, then perhaps a value. */
interface Step {
  /** Fixed text, with the comma when it is known that one is needed. */
  text: Uint8Array;
  /** -1: nothing but text. */
  hole: number;
  field: CompiledField | undefined;
  /** Number bytes can be copied (up to 15 bytes). */
  copy: boolean;
  /** The field may be missing: then its text is left out too. */
  dynamic: boolean;
}

export interface FieldPlan {
  steps: Step[];
  /** For decode: group name (or undefined) and key of each hole and constant, in output order. */
  members: { group: string | undefined; key: string; hole: number; field?: CompiledField; value?: unknown }[];
}

/** Orders the fields of a shape as they will stand in the event: groups together, at their first member's place. */
export function planFields(shape: CompiledShape, fields: CompiledField[]): FieldPlan {
  const entries = [
    ...shape.constants.map((constant) => ({ path: constant.path, hole: -1, value: constant.value as unknown })),
    ...shape.holes.map((fieldNumber, hole) => ({
      path: (fields[fieldNumber] as CompiledField).path,
      hole,
      value: undefined,
    })),
  ].map((entry) => {
    const dot = entry.path.indexOf('.');
    const group = dot < 0 ? undefined : entry.path.slice(0, dot);
    return { ...entry, group, key: entry.path.slice(dot + 1) };
  });
  const ordered = entries.filter((entry) => entry.group === undefined || isFirstOfGroup(entries, entry));
  const plan: FieldPlan = { steps: [], members: [] };
  let text = '';
  const flush = (hole: number, field: CompiledField | undefined, dynamic: boolean): void => {
    const copy =
      field !== undefined && field.divide === undefined && ['integer', 'decimal', 'duration'].includes(field.type);
    plan.steps.push({ text: Buffer.from(text, 'utf8'), hole, field, copy: copy && !dynamic, dynamic });
    text = '';
  };
  const add = (entry: (typeof entries)[number], first: boolean): void => {
    const head = `${first ? '' : ','}${JSON.stringify(entry.key)}:`;
    if (entry.hole < 0) {
      text += head + JSON.stringify(entry.value);
      plan.members.push({ group: entry.group, key: entry.key, hole: -1, value: entry.value });
      return;
    }
    const field = fields[shape.holes[entry.hole] as number] as CompiledField;
    plan.members.push({ group: entry.group, key: entry.key, hole: entry.hole, field });
    const dynamic = isDynamic(field, shape.optional[entry.hole] === true);
    if (dynamic && text !== '') flush(-1, undefined, false);
    text += head;
    flush(entry.hole, field, dynamic);
  };
  for (const entry of ordered) {
    if (entry.group === undefined) add(entry, false);
    else {
      text += `,${JSON.stringify(entry.group)}:{`;
      let first = true;
      for (const member of entries.filter((other) => other.group === entry.group)) {
        add(member, first);
        first = false;
      }
      text += '}';
    }
  }
  if (text !== '') flush(-1, undefined, false);
  return plan;
}

/** True when a line of the shape may come without this field. */
export function isDynamic(field: CompiledField, optional: boolean): boolean {
  if (field.type === 'flag') return field.otherwise === undefined;
  return optional || field.type === 'float' || field.type === 'id' || field.type === 'text';
}

function isFirstOfGroup<T extends { group: string | undefined }>(entries: T[], entry: T): boolean {
  return entries.find((other) => other.group === entry.group) === entry;
}

/** The event's fields as a nested object. */
export function decodeFields(plan: FieldPlan, bytes: Uint8Array, spans: Int32Array): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const member of plan.members) {
    let target = event;
    if (member.group !== undefined) {
      target = (event[member.group] as Record<string, unknown> | undefined) ?? {};
      event[member.group] = target;
    }
    if (member.field === undefined) {
      target[member.key] = member.value;
      continue;
    }
    const start = spans[2 * member.hole] as number;
    const value =
      start < 0 && member.field.type === 'flag'
        ? member.field.otherwise
        : readValue(member.field, bytes, start, spans[2 * member.hole + 1] as number);
    if (value !== undefined) target[member.key] = value;
  }
  return event;
}

/** Writes the fields as JSON members, each with a comma before it; returns where the text ends. */
export function encodeFields(plan: FieldPlan, bytes: Uint8Array, spans: Int32Array, out: Buffer, at: number): number {
  const { steps } = plan;
  let o = at;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Step;
    const { text, hole } = step;
    if (step.dynamic) {
      o = encodeDynamic(step, bytes, spans, out, o);
      continue;
    }
    for (let t = 0; t < text.length; t++) out[o++] = text[t] as number;
    if (hole < 0) continue;
    let p = spans[2 * hole] as number;
    const stop = spans[2 * hole + 1] as number;
    if (step.copy && stop - p <= 15) {
      while (p < stop) out[o++] = bytes[p++] as number;
    } else {
      const field = step.field as CompiledField;
      o = writeValue(p < 0 ? field.otherwise : readValue(field, bytes, p, stop), out, o);
    }
  }
  return o;
}

function encodeDynamic(step: Step, bytes: Uint8Array, spans: Int32Array, out: Buffer, at: number): number {
  const start = spans[2 * step.hole] as number;
  const value = readValue(step.field as CompiledField, bytes, start, spans[2 * step.hole + 1] as number);
  if (value === undefined) return at;
  let o = at;
  for (let t = 0; t < step.text.length; t++) out[o++] = step.text[t] as number;
  return writeValue(value, out, o);
}

function writeValue(value: unknown, out: Buffer, at: number): number {
  return at + out.write(JSON.stringify(value), at, 'utf8');
}
