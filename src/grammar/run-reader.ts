// In: lines in the memory of a LineReader and the shape of the last one. Out: the run of lines that have it, as NDJSON and as numbers.
// The work is done by run-reader.wat, which also says how; this file fills its plan.

import type { Workspace } from '../framing/index.ts';
import { instantiate } from '../web-assembly.ts';
import type { Shape } from './grammar-set.ts';
import { LITERAL_BYTES, planRun, type RunStep } from './run-plan.ts';
import { RUN_READER_WASM } from './run-reader.wasm.ts';
import { POWERS } from './values.ts';

/** Addresses in the plan, see run-reader.wat. */
const POWERS_AT = 48;
const POWERS_COUNT = 16;
const STEPS_AT = 176;
const STEP_BYTES = 48;

/** Longest texts of numbers: in the line, and of the line. */
const NUMBER_BYTES = 15;
const LINE_NUMBER_BYTES = 10;
const MOST_LINES = 0xffffffff;
/** As many as a window can hold at most. */
const MOST_PASSED = 2 ** 22;
/** Texts are copied in words of this length, the last one whole. */
const VECTOR_BYTES = 16;

/** How the workspace is parted: the plan, the rows, the output. Small enough for the second-level cache together with the input. */
const PLAN_BYTES = 16 * 1024;
const ROWS_BYTES = 48 * 1024;
const OUTPUT_BYTES = 64 * 1024;
/** Bytes of workspace that a RunReader needs. */
export const RUN_READER_BYTES = PLAN_BYTES + ROWS_BYTES + OUTPUT_BYTES;

/** Before the values of the holes: where the line ends in the input and in the output, and its number. */
const ROW_HEAD = 3;
const VALUE_BYTES = 8;

interface Exports {
  run(plan: number, from: number, to: number, line: number, most: number, passes: number): number;
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
    const { memory, start, find } = workspace;
    this.#workspace = workspace;
    this.#bytes = Buffer.from(memory.buffer);
    this.#rows = new Float64Array(memory.buffer, start + PLAN_BYTES, ROWS_BYTES / VALUE_BYTES);
    this.values = this.#rows.subarray(ROW_HEAD);
    this.output = Buffer.from(memory.buffer, start + PLAN_BYTES + ROWS_BYTES, OUTPUT_BYTES);
    this.#exports = instantiate<Exports>(RUN_READER_WASM, memory, { find });
  }

  /**
   * From now on lines of this shape are read, and of their numbers those of `holes`; `head` and `tail` are the JSON before and behind the
   * line number. False: the shape's lines cannot be read here.
   */
  prepare(shape: Shape, holes: readonly number[], head: string, tail: string): boolean {
    const steps = planRun(shape);
    if (steps === undefined) return false;
    const texts = [Buffer.from(head), Buffer.from(tail), ...steps.map((step) => step.text)];
    const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
    const lineBytes = textBytes + LINE_NUMBER_BYTES + steps.length * NUMBER_BYTES + 2 * VECTOR_BYTES;
    const planBytes = STEPS_AT + steps.length * STEP_BYTES + textBytes + VECTOR_BYTES;
    this.width = ROW_HEAD + shape.fields.length;
    this.#mostRows = Math.floor(this.#rows.length / this.width);
    if (planBytes > PLAN_BYTES || lineBytes > OUTPUT_BYTES || this.#mostRows < 2) return false;
    this.#writePlan(steps, holes, texts, lineBytes);
    return true;
  }

  /**
   * Takes up to `most` lines; offsets are of the reader's buffer, `from` is the start of line number `line`, `to` lies behind the last
   * complete line. `passes`: lines without an anchor may stand between them. Returns how many it took.
   */
  read(from: number, to: number, line: number, most: number, passes: boolean): number {
    const { start, window } = this.#workspace;
    if (line > MOST_LINES - this.#mostRows) return 0;
    const rows = Math.min(most, this.#mostRows - 1);
    const mayPass = passes && line < MOST_LINES - MOST_PASSED;
    return this.#exports.run(start, window + from, window + to, line, rows, mayPass ? 1 : 0);
  }

  /** Where line `index` of the last run ends; the index behind the last one: where the run stopped, behind lines that it passed. */
  lineEnd(index: number): number {
    return this.#rows[index * this.width]! - this.#workspace.window;
  }

  /** The number of that line. */
  lineNumber(index: number): number {
    return this.#rows[index * this.width + 2]!;
  }

  /** Where the output of line `index` ends. */
  outputEnd(index: number): number {
    return this.#rows[index * this.width + 1]! - this.output.byteOffset;
  }

  #writePlan(steps: readonly RunStep[], holes: readonly number[], texts: readonly Buffer[], lineBytes: number): void {
    const { memory, start } = this.#workspace;
    const view = new DataView(memory.buffer, start, PLAN_BYTES);
    const write = (at: number, words: readonly number[]): void => {
      for (const [index, word] of words.entries()) view.setUint32(at + 4 * index, word, true);
    };
    let free = start + STEPS_AT + steps.length * STEP_BYTES;
    const [head, tail, ...stepTexts] = texts.map((text) => {
      const place = [free, text.length];
      this.#bytes.set(text, free);
      free += text.length;
      return place;
    });
    const rows = start + PLAN_BYTES;
    const output = rows + ROWS_BYTES;
    write(0, [rows, this.width * VALUE_BYTES, output, output + OUTPUT_BYTES - lineBytes, ...head!, ...tail!]);
    for (let power = 0; power < POWERS_COUNT; power++) view.setFloat64(POWERS_AT + 8 * power, POWERS[power]!, true);
    for (const [index, { operation, literal, hole, next, value }] of steps.entries()) {
      const at = STEPS_AT + index * STEP_BYTES;
      this.#bytes.fill(0, start + at, start + at + LITERAL_BYTES);
      this.#bytes.set(literal, start + at);
      const literalBits = 2 ** literal.length - 1;
      const column = holes.includes(hole) ? (ROW_HEAD + hole) * VALUE_BYTES : 0;
      const following = start + STEPS_AT + next * STEP_BYTES;
      const words = [literalBits, literal.length, ...stepTexts[index]!, operation, column, following, value];
      write(at + LITERAL_BYTES, words);
    }
  }
}
