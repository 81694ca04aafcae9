// In: lines in the memory of a LineReader and the shape of the last one. Out: the run of lines that have it, as NDJSON and as numbers.
// The work is done by run-reader.wat, which also says how; this file fills its plan.

import { instantiate, type Workspace } from '../framing/index.ts';
import { type FieldPlan, textOfWords } from './encode.ts';
import type { Shape } from './grammar-set.ts';
import type { Program } from './program.ts';
import { RUN_READER_WASM } from './run-reader.wasm.ts';
import { OP_HOLE, OP_LITERAL, OP_OPTIONAL } from './types.ts';
import { POWERS } from './values.ts';

/** Addresses in the plan, see run-reader.wat. */
const POWERS_AT = 48;
const POWERS_COUNT = 16;
const STEPS_AT = 176;
const STEP_BYTES = 48;
const VECTOR_BYTES = 16;

const INTEGER = 0;
const DECIMAL = 1;
const FIXED = 2;
const OPTIONAL = 3;
const END = 4;

/** Longest text of a number that is read here. */
const NUMBER_BYTES = 15;
const LINE_NUMBER_BYTES = 10;

/** How the workspace is parted: the plan, the rows, the output. Small enough for the second-level cache together with the input. */
const PLAN_BYTES = 16 * 1024;
const ROWS_BYTES = 48 * 1024;
const OUTPUT_BYTES = 64 * 1024;
/** Bytes of workspace that a RunReader needs. */
export const RUN_READER_BYTES = PLAN_BYTES + ROWS_BYTES + OUTPUT_BYTES;

/** Before the values of the holes: where the line ends in the input and in the output. */
const ROW_HEAD = 2;
const VALUE_BYTES = 8;

interface Step {
  operation: number;
  literal: Uint8Array;
  text: Buffer;
  /** -1: none. */
  hole: number;
  /** Where to go on, as index of a step. */
  next: number;
  value: number;
}

interface Exports {
  run(plan: number, from: number, to: number, line: number, most: number): number;
}

/**
 * Takes whole consecutive lines of one shape at a time. It is exact because it is narrow: shapes of plain numbers and flags, numbers of
 * up to 15 digits, lines that end with a bare newline. At anything else it stops, and who calls it reads that line in the ordinary way.
 */
export class RunReader {
  /** NDJSON of the lines of the last run, one after the other. */
  readonly output: Buffer;
  /**
   * The numbers of these lines: that of a hole at `width` × line + hole; of a flag 1 where its words stand, and 0 elsewhere. Only what
   * `prepare` was asked for.
   */
  readonly values: Float64Array;
  width = 0;
  readonly #rows: Float64Array;
  readonly #workspace: Workspace;
  readonly #exports: Exports;
  readonly #bytes: Buffer;
  #mostRows = 0;

  constructor(workspace: Workspace) {
    const { memory, start } = workspace;
    this.#workspace = workspace;
    this.#bytes = Buffer.from(memory.buffer);
    this.#rows = new Float64Array(memory.buffer, start + PLAN_BYTES, ROWS_BYTES / VALUE_BYTES);
    this.values = this.#rows.subarray(ROW_HEAD);
    this.output = Buffer.from(memory.buffer, start + PLAN_BYTES + ROWS_BYTES, OUTPUT_BYTES);
    this.#exports = instantiate<Exports>(RUN_READER_WASM, memory);
  }

  /**
   * From now on lines of this shape are read, and of their numbers those of `holes`; `head` and `tail` are the JSON before and behind the
   * line number. False: the shape's lines cannot be read here.
   */
  prepare(shape: Shape, holes: readonly number[], head: string, tail: string): boolean {
    const steps = planSteps(shape.program, shape.plan, shape);
    if (steps === undefined) return false;
    const texts = [Buffer.from(head), Buffer.from(tail), ...steps.map((step) => step.text)];
    const lineBytes = texts.reduce(
      (sum, text) => sum + text.length,
      LINE_NUMBER_BYTES + steps.length * NUMBER_BYTES + 2 * VECTOR_BYTES,
    );
    const { start } = this.#workspace;
    const textStart = start + STEPS_AT + steps.length * STEP_BYTES;
    const textBytes = texts.reduce((sum, text) => sum + text.length, VECTOR_BYTES);
    this.width = ROW_HEAD + shape.fields.length;
    this.#mostRows = Math.floor(this.#rows.length / this.width);
    if (textStart + textBytes > start + PLAN_BYTES || lineBytes > OUTPUT_BYTES || this.#mostRows === 0) return false;
    const view = new DataView(this.#workspace.memory.buffer, start);
    const set = (at: number, values: readonly number[]): void => {
      for (const [index, value] of values.entries()) view.setUint32(at + 4 * index, value, true);
    };
    let textAt = textStart;
    const places = texts.map((text) => {
      const at = textAt;
      this.#bytes.set(text, at);
      textAt += text.length;
      return [at, text.length] as const;
    });
    const rows = start + PLAN_BYTES;
    const output = rows + ROWS_BYTES;
    const rowBytes = this.width * VALUE_BYTES;
    set(0, [rows, rowBytes, output, output + OUTPUT_BYTES - lineBytes, ...places[0]!, ...places[1]!]);
    for (let power = 0; power < POWERS_COUNT; power++) view.setFloat64(POWERS_AT + 8 * power, POWERS[power]!, true);
    for (const [index, { operation, literal, hole, next, value }] of steps.entries()) {
      const at = STEPS_AT + index * STEP_BYTES;
      this.#bytes.fill(0, start + at, start + at + STEP_BYTES);
      this.#bytes.set(literal, start + at);
      const column = !holes.includes(hole) ? 0 : (ROW_HEAD + hole) * VALUE_BYTES;
      const target = start + STEPS_AT + next * STEP_BYTES;
      set(at + VECTOR_BYTES, [
        2 ** literal.length - 1,
        literal.length,
        ...places[index + 2]!,
        operation,
        column,
        target,
        value,
      ]);
    }
    return true;
  }

  /**
   * Takes up to `most` lines; offsets are of the reader's buffer, `from` is the start of line number `line`, `to` lies behind the last
   * complete line. Returns how many it took.
   */
  read(from: number, to: number, line: number, most: number): number {
    const { start, window } = this.#workspace;
    return this.#exports.run(start, window + from, window + to, line, Math.min(most, this.#mostRows));
  }

  /** Where the next line begins behind line `index` of the last run. */
  lineEnd(index: number): number {
    return this.#rows[index * this.width]! - this.#workspace.window;
  }

  /** Where the output of line `index` ends. */
  outputEnd(index: number): number {
    return this.#rows[index * this.width + 1]! - this.output.byteOffset;
  }
}

/** The steps of a shape; undefined where it holds more than plain numbers and flags, or writes them in another order. */
function planSteps({ code, pool }: Program, plan: FieldPlan, shape: Shape): Step[] | undefined {
  const steps: Step[] = [];
  let literal = new Uint8Array(0);
  let planned = 0;
  const push = (operation: number, step: Partial<Step>): Step => {
    const last = Math.max(0, Math.ceil(literal.length / VECTOR_BYTES) - 1) * VECTOR_BYTES;
    for (let at = 0; at < last; at += VECTOR_BYTES) add(FIXED, { literal: literal.subarray(at, at + VECTOR_BYTES) });
    const added = add(operation, { literal: literal.subarray(last), ...step });
    literal = new Uint8Array(0);
    return added;
  };
  const add = (operation: number, step: Partial<Step>): Step => {
    const next = steps.length + 1;
    const added = { operation, literal: new Uint8Array(0), text: Buffer.alloc(0), hole: -1, next, value: 0, ...step };
    steps.push(added);
    return added;
  };
  /** The fixed text that is written before the next value. */
  const takeText = (): Buffer => {
    const texts: Buffer[] = [];
    for (; plan.steps[planned]?.hole === -1; planned++) texts.push(textOfWords(plan.steps[planned]!));
    return Buffer.concat(texts);
  };
  for (let pc = 0; ; ) {
    const operation = code[pc]!;
    if (operation === OP_LITERAL) {
      const from = code[pc + 1]!;
      literal = Buffer.concat([literal, pool.subarray(from, from + code[pc + 2]!)]);
      pc += 3;
    } else if (operation === OP_HOLE || operation === OP_OPTIONAL) {
      const text = takeText();
      const own = plan.steps[planned++];
      const hole = operation === OP_HOLE ? code[pc + 1]! : code[pc + 4]!;
      if (own === undefined || own.hole !== hole) return undefined;
      if (operation === OP_HOLE) {
        if (!own.copy) return undefined;
        const kind = shape.fields[hole]!.type === 'integer' ? INTEGER : DECIMAL;
        push(kind, { text: Buffer.concat([text, textOfWords(own)]), hole });
      } else {
        const words = pool.subarray(code[pc + 1]!, code[pc + 1]! + code[pc + 2]!);
        // More than a flag is in this part when it does not end at once.
        if (code[pc + 3] !== pc + 5 || words.length === 0) return undefined;
        push(FIXED, { text });
        const optional = add(OPTIONAL, { literal: words.subarray(0, VECTOR_BYTES) });
        for (let at = VECTOR_BYTES; at < words.length; at += VECTOR_BYTES) {
          add(FIXED, { literal: words.subarray(at, at + VECTOR_BYTES) });
        }
        const name = textOfWords(own);
        const present = add(FIXED, { text: Buffer.concat([name, Buffer.from('true')]), hole, value: 1 });
        optional.next = steps.length;
        const otherwise = own.dynamic ? '' : `${name}${own.field?.otherwise === true}`;
        present.next = add(FIXED, { text: Buffer.from(otherwise), hole, value: 0 }).next;
      }
      pc += 5;
    } else {
      push(END, { text: Buffer.concat([takeText(), Buffer.from('}\n')]) });
      return planned === plan.steps.length ? steps : undefined;
    }
  }
}
