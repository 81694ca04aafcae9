// In: a match. Out: the event's fields, as an object or as JSON text written straight into a Buffer.
// Number bytes are copied as they were printed wherever they are valid JSON: no number is made on the way.

import type { CompiledField, CompiledShape } from './types.ts';
import { EXACT_DIGITS, isPlainNumber, readValue } from './values.ts';

/** Fixed text as 64-bit words, because they are written much faster than bytes. They are no numbers: nothing may compute with them. */
export interface Words {
  words: Float64Array;
  /** Bytes of text; the last word may be longer. */
  length: number;
}

/** One thing to write: fixed text (with the comma when it is known that one is needed), then perhaps a value. */
interface Step extends Words {
  /** -1: nothing but text. */
  hole: number;
  field: CompiledField | undefined;
  /** Number bytes can be copied (up to EXACT_DIGITS bytes). */
  copy: boolean;
  /** The field may be missing: then its text is left out too. */
  dynamic: boolean;
  /** Flags: the value where the words stand and where they do not, as part of fixed text. */
  flag: boolean;
}

/** A buffer with the view through which words are written and read. */
export interface WordView {
  bytes: Uint8Array;
  view: DataView;
}

export interface FieldPlan {
  steps: Step[];
  /** The steps again, five numbers each, in one array: first word, end of words, bytes of text, hole, kind. */
  code: Int32Array;
  words: Float64Array;
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
  const plan: FieldPlan = { steps: [], code: new Int32Array(0), words: new Float64Array(0), members: [] };
  let text = '';
  const flush = (hole: number, field: CompiledField | undefined, dynamic: boolean): void => {
    const copy = field !== undefined && isPlainNumber(field);
    const flag = field?.type === 'flag';
    plan.steps.push({ ...toWords(text), hole, field, copy: copy && !dynamic, dynamic, flag });
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
  layOut(plan);
  return plan;
}

const WORD_BYTES = 8;

const TEXT_ONLY = 0;
const COPY = 1;
const OTHER = 2;

function layOut(plan: FieldPlan): void {
  const code: number[] = [];
  const words: number[] = [];
  for (const step of plan.steps) {
    const from = words.length;
    words.push(...step.words);
    code.push(from, words.length, step.length, step.hole, step.hole < 0 ? TEXT_ONLY : step.copy ? COPY : OTHER);
  }
  plan.code = Int32Array.from(code);
  plan.words = Float64Array.from(words);
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

/** The view of a buffer. */
export function viewWords(bytes: Uint8Array): WordView {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

const TRUE = toWords('true');
const FALSE = toWords('false');

/**
 * Writes the fields as JSON members, each with a comma before it; returns where the text ends. Up to seven bytes behind that
 * are overwritten, and `output` must have room for them.
 */
export function encodeFields(
  plan: FieldPlan,
  input: WordView,
  spans: Int32Array,
  output: WordView,
  at: number,
): number {
  const { code, words } = plan;
  const { view } = output;
  const inputView = input.view;
  const readable = input.bytes.length;
  let o = at;
  for (let c = 0; c < code.length; c += 5) {
    const kind = code[c + 4] as number;
    if (kind === OTHER) {
      o = encodeOther(plan.steps[c / 5] as Step, input, spans, output, o);
      continue;
    }
    const stop = code[c + 1] as number;
    for (let w = code[c] as number, q = o; w < stop; w++, q += WORD_BYTES) view.setFloat64(q, words[w] as number, true);
    o += code[c + 2] as number;
    if (kind === TEXT_ONLY) continue;
    const hole = (code[c + 3] as number) << 1;
    const start = spans[hole] as number;
    const length = (spans[hole + 1] as number) - start;
    if (start + WORD_BYTES <= readable && length <= WORD_BYTES) {
      // Both halves whatever the length is: a branch that follows the length would be guessed wrong every other time.
      view.setInt32(o, inputView.getInt32(start, true), true);
      view.setInt32(o + 4, inputView.getInt32(start + 4, true), true);
      o += length;
    } else if (length <= EXACT_DIGITS) {
      for (let b = start; b < start + length; b++) output.bytes[o++] = input.bytes[b] as number;
    } else {
      const field = (plan.steps[c / 5] as Step).field as CompiledField;
      o = writeValue(readValue(field, input.bytes, start, start + length), output, o);
    }
  }
  return o;
}

/** Fields that may be missing, and values that are not copied. */
function encodeOther(step: Step, input: WordView, spans: Int32Array, output: WordView, at: number): number {
  const start = spans[2 * step.hole] as number;
  const end = spans[2 * step.hole + 1] as number;
  const field = step.field as CompiledField;
  if (start < 0 && step.dynamic) return at;
  if (step.flag) {
    const o = writeWords(step, output, at);
    return writeWords(start >= 0 || field.otherwise === true ? TRUE : FALSE, output, o);
  }
  const value = readValue(field, input.bytes, start, end);
  return value === undefined ? at : writeValue(value, output, writeWords(step, output, at));
}

/** Writes text at `at` and returns where it ends; up to seven bytes behind that are overwritten. */
export function writeWords(text: Words, output: WordView, at: number): number {
  const { words } = text;
  for (let w = 0, q = at; w < words.length; w++, q += WORD_BYTES) output.view.setFloat64(q, words[w] as number, true);
  return at + text.length;
}

function writeValue(value: unknown, output: WordView, at: number): number {
  const { bytes } = output;
  return at + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).write(JSON.stringify(value), at, 'utf8');
}

/** Lays text out for `writeWords`. */
export function toWords(text: string): Words {
  const bytes = Buffer.from(text, 'utf8');
  const words = new Float64Array(Math.ceil(bytes.length / WORD_BYTES));
  const view = new DataView(words.buffer);
  for (const [i, byte] of bytes.entries()) view.setUint8(i, byte);
  // Words are read through a typed array (the machine's order) and written little-endian.
  for (let w = 0; w < words.length; w++) words[w] = view.getFloat64(WORD_BYTES * w, true);
  return { words, length: bytes.length };
}

/** The same text again. */
export function textOfWords(text: Words): Buffer {
  const bytes = Buffer.alloc(text.words.length * WORD_BYTES);
  writeWords(text, viewWords(bytes), 0);
  return bytes.subarray(0, text.length);
}
