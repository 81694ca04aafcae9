// In: compiled grammars (plain JSON) and bytes of lines without their wrapper. Out: matches, their fields, reasons.
// One match object is reused: read it before asking for the next one.

import { diagnoseShape } from './boundaries.ts';
import { decodeFields, encodeFields, type FieldPlan, planFields, viewWords, type WordView } from './encode.ts';
import { linkProgram, type Program, runProgram } from './program.ts';
import type { CompiledField, CompiledGrammar, CompiledGrammars, CompiledShape } from './types.ts';
import { EXACT_DIGITS, isPlainNumber, parseDecimal, readValue } from './values.ts';

/** A shape ready to run. */
export interface Shape {
  /** Position in GrammarSet.shapes. */
  index: number;
  grammar: CompiledGrammar;
  compiled: CompiledShape;
  program: Program;
  /** Made when it is first asked for: an input holds few of the shapes. */
  readonly plan: FieldPlan;
  /** Bytes of the literal that opens the line. */
  head: Uint8Array;
  /** Field of each hole. */
  fields: CompiledField[];
  /** For each hole: 1 when its text is nothing but digits and perhaps a dot, and its number is that of the event. */
  isPlain: Uint8Array;
  /** Hole of each field path. */
  holeOf: Map<string, number>;
}

/** Reused by its GrammarSet: spans of hole i lie at 2i and 2i+1, -1 when absent. */
export interface Match {
  shape: Shape;
  bytes: Buffer;
  start: number;
  /** Where the record ends. */
  end: number;
  spans: Int32Array;
}

export interface Diagnosis {
  shape: Shape;
  /** Literals of the shape that are there. */
  literals: number;
  reason: string;
}

/** The grammars of a run. Build one with loadGrammars. */
export class GrammarSet {
  readonly grammars: readonly CompiledGrammar[];
  readonly shapes: readonly Shape[];
  /** Literals of which every line of some shape holds at least one, without repeats. */
  readonly anchors: readonly Buffer[];
  /** Shapes by their first byte; the one that matched last comes first. */
  readonly #byFirst: (Shape[] | undefined)[] = new Array(256).fill(undefined);
  readonly #match: Match;
  readonly #spans: Int32Array;
  #input: WordView = viewWords(Buffer.alloc(4));
  #output: WordView = viewWords(Buffer.alloc(4));

  constructor(compiled: CompiledGrammars) {
    this.grammars = compiled.grammars;
    const shapes: Shape[] = [];
    for (const grammar of compiled.grammars) {
      for (const shape of grammar.shapes) shapes.push(linkShape(grammar, shape, shapes.length));
    }
    this.shapes = shapes;
    this.anchors = [...new Set(shapes.flatMap(({ compiled }) => anchorsOf(compiled)))].map((text) =>
      Buffer.from(text, 'utf8'),
    );
    for (const shape of shapes) {
      const first = shape.head[0] as number;
      this.#byFirst[first] = [...(this.#byFirst[first] ?? []), shape];
    }
    const holes = Math.max(1, ...shapes.map((shape) => shape.fields.length));
    this.#spans = new Int32Array(2 * holes);
    this.#match = { shape: shapes[0] as Shape, bytes: Buffer.alloc(0), start: 0, end: 0, spans: this.#spans };
  }

  /** The shape that is tried first for lines that begin with this byte: the one that matched last. */
  likely(first: number): Shape | undefined {
    return this.#byFirst[first]?.[0];
  }

  /** The whole of `bytes[start, end)` as one record, or undefined. */
  match(bytes: Buffer, start: number, end: number): Match | undefined {
    return this.#run(bytes, start, end, true);
  }

  /** A record that begins at `start` and may end before `end` (see `Match.end`). */
  matchPrefix(bytes: Buffer, start: number, end: number): Match | undefined {
    return this.#run(bytes, start, end, false);
  }

  /** The first record anywhere in the span, unless its head is the end of a word (`mgc 3 @…`). */
  find(bytes: Buffer, start: number, end: number): Match | undefined {
    for (let p = start; p < end; p++) {
      if (this.#byFirst[bytes[p] as number] === undefined) continue;
      if (p > start && isWordByte(bytes[p - 1] as number)) continue;
      const match = this.#run(bytes, p, end, false);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  /** A match of one shape alone, or undefined; `whole` asks for all bytes up to `end`. */
  matchShape(shape: Shape, bytes: Buffer, start: number, end: number, whole: boolean): Match | undefined {
    const stop = runProgram(shape.program, bytes, start, end, this.#spans);
    return stop < 0 || (whole && stop !== end) ? undefined : this.#fill(shape, bytes, start, stop);
  }

  /** Why a line with a shape's unmistakable head is not a record; undefined when it has no such head. */
  diagnose(bytes: Buffer, start: number, end: number): Diagnosis | undefined {
    const shapes = start < end ? this.#byFirst[bytes[start] as number] : undefined;
    if (shapes === undefined) return undefined;
    let furthest = -1;
    let found: Diagnosis | undefined;
    for (const shape of shapes) {
      if (shape.compiled.sure === 0) continue;
      const failure = diagnoseShape(shape.compiled, shape.fields, bytes, start, end);
      if (failure === undefined || failure.literals < shape.compiled.sure || failure.at <= furthest) continue;
      furthest = failure.at;
      found = { shape, literals: failure.literals, reason: failure.reason };
    }
    return found;
  }

  /** The event's fields: nested objects, numbers (decimal strings from 2^53 on), absent where not printed. */
  decode(match: Match): Record<string, unknown> {
    return decodeFields(match.shape.plan, match.bytes, match.spans);
  }

  /**
   * Writes the same fields as JSON members into `out` from `at`, each with a comma before it (`,"cycle":3,"at":0.5`), and
   * returns where the text ends. `out` needs room for `maxJsonBytes(match)`.
   */
  encodeJson(match: Match, out: Buffer, at: number): number {
    if (this.#input.bytes !== match.bytes) this.#input = viewWords(match.bytes);
    if (this.#output.bytes !== out) this.#output = viewWords(out);
    return encodeFields(match.shape.plan, this.#input, match.spans, this.#output, at);
  }

  /** A bound for what encodeJson writes. */
  maxJsonBytes(match: Match): number {
    const { fields, compiled } = match.shape;
    return 6 * (match.end - match.start) + 64 * (fields.length + compiled.constants.length) + 64;
  }

  /** Hole of a field in a shape, -1 when that shape does not print it. Ask once, keep the number. */
  holeOf(shape: Shape, path: string): number {
    return shape.holeOf.get(path) ?? -1;
  }

  /** A field as a number (by path, or by hole for speed); undefined when absent or no number. */
  numberAt(match: Match, field: string | number): number | undefined {
    const hole = typeof field === 'number' ? field : this.holeOf(match.shape, field);
    if (hole < 0) return undefined;
    const start = match.spans[2 * hole] as number;
    const end = match.spans[2 * hole + 1] as number;
    if (match.shape.isPlain[hole] === 1 && start >= 0 && end - start <= EXACT_DIGITS)
      return parseDecimal(match.bytes, start, end);
    const value = readValue(match.shape.fields[hole] as CompiledField, match.bytes, start, end);
    return typeof value === 'number' ? value : undefined;
  }

  #run(bytes: Buffer, start: number, end: number, whole: boolean): Match | undefined {
    if (start >= end) return undefined;
    const shapes = this.#byFirst[bytes[start] as number];
    if (shapes === undefined) return undefined;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i] as Shape;
      if (!whole && shape.compiled.wholeLine) continue;
      const stop = runProgram(shape.program, bytes, start, end, this.#spans);
      if (stop < 0 || (whole && stop !== end)) continue;
      // `GC forced by the operator` is a sentence: a line without an unmistakable head must be whole.
      if (stop !== end && shape.compiled.sure === 0) continue;
      if (i > 0) {
        shapes.splice(i, 1);
        shapes.unshift(shape);
      }
      return this.#fill(shape, bytes, start, stop);
    }
    return undefined;
  }

  #fill(shape: Shape, bytes: Buffer, start: number, end: number): Match {
    const match = this.#match;
    match.shape = shape;
    match.bytes = bytes;
    match.start = start;
    match.end = end;
    return match;
  }
}

/** A line torn before its anchor is found by its first literal; two letters would be in every other line of a log. */
function anchorsOf(shape: CompiledShape): string[] {
  const head = shape.literals.find((literal) => Buffer.byteLength(literal) >= 3);
  return shape.tear === 0 || head === undefined ? [shape.anchor] : [shape.anchor, head];
}

/** Makes compiled grammars ready to run. */
export function loadGrammars(compiled: CompiledGrammars): GrammarSet {
  return new GrammarSet(compiled);
}

function linkShape(grammar: CompiledGrammar, compiled: CompiledShape, index: number): Shape {
  const fields = compiled.holes.map((field) => grammar.fields[field] as CompiledField);
  let plan: FieldPlan | undefined;
  return {
    index,
    grammar,
    compiled,
    program: linkProgram(compiled),
    get plan() {
      plan ??= planFields(compiled, grammar.fields);
      return plan;
    },
    head: new Uint8Array(Buffer.from(compiled.literals[0] ?? '', 'utf8')),
    fields,
    isPlain: Uint8Array.from(fields, (field) => (isPlainNumber(field) ? 1 : 0)),
    holeOf: new Map(fields.map((field, hole) => [field.path, hole])),
  };
}

function isWordByte(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c >= 128;
}
