// In: a shape. Out: its lines as steps for run-reader.wat: compare this, write that, then a number, a choice or the end.

import { type FieldPlan, textOfWords } from './encode.ts';
import type { Shape } from './grammar-set.ts';
import { OP_HOLE, OP_LITERAL, OP_OPTIONAL } from './types.ts';

/** What a literal of a step may be long. */
export const LITERAL_BYTES = 16;

const INTEGER = 0;
const DECIMAL = 1;
const FIXED = 2;
const OPTIONAL = 3;
const END = 4;

export interface RunStep {
  operation: number;
  literal: Uint8Array;
  text: Buffer;
  /** Whose value the step reads (INTEGER, DECIMAL) or has (FIXED); -1: no hole's. */
  hole: number;
  /** Index of the step to go on with: FIXED, and OPTIONAL where its literal is missing. */
  next: number;
  value: number;
}

/** The steps of a shape; undefined where it holds more than plain numbers and flags, or its fields are written in another order. */
export function planRun(shape: Shape): RunStep[] | undefined {
  const { code, pool } = shape.program;
  const fields = new PlannedFields(shape.plan);
  const list = new StepList();
  for (let pc = 0; ; ) {
    const operation = code[pc]!;
    if (operation === OP_LITERAL) {
      list.compare(pool.subarray(code[pc + 1]!, code[pc + 1]! + code[pc + 2]!));
      pc += 3;
    } else if (operation === OP_HOLE) {
      const hole = code[pc + 1]!;
      const text = fields.takeText();
      const step = fields.take(hole);
      if (step === undefined || !step.copy) return undefined;
      const isInteger = shape.fields[hole]!.type === 'integer';
      list.add(isInteger ? INTEGER : DECIMAL, { text: Buffer.concat([text, textOfWords(step)]), hole });
      pc += 5;
    } else if (operation === OP_OPTIONAL) {
      const words = pool.subarray(code[pc + 1]!, code[pc + 1]! + code[pc + 2]!);
      const text = fields.takeText();
      const step = fields.take(code[pc + 4]!);
      // More than a flag is in an optional part that does not end behind its words.
      if (step === undefined || words.length === 0 || code[pc + 3] !== pc + 5) return undefined;
      list.add(FIXED, { text });
      const name = `${textOfWords(step)}`;
      const missing = step.dynamic ? '' : `${name}${step.field?.otherwise === true}`;
      list.addFlag(words, `${name}true`, missing, step.hole);
      pc += 5;
    } else {
      list.add(END, { text: Buffer.concat([fields.takeText(), Buffer.from('}\n')]) });
      return fields.isAtEnd ? list.steps : undefined;
    }
  }
}

/** The steps of writing, in their order. */
class PlannedFields {
  readonly #steps: FieldPlan['steps'];
  #taken = 0;

  constructor({ steps }: FieldPlan) {
    this.#steps = steps;
  }

  get isAtEnd(): boolean {
    return this.#taken === this.#steps.length;
  }

  /** The text up to the next value. */
  takeText(): Buffer {
    const texts: Buffer[] = [];
    for (; this.#steps[this.#taken]?.hole === -1; this.#taken++) texts.push(textOfWords(this.#steps[this.#taken]!));
    return Buffer.concat(texts);
  }

  /** The next value, if it is that of this hole. */
  take(hole: number): FieldPlan['steps'][number] | undefined {
    const step = this.#steps[this.#taken++];
    return step?.hole === hole ? step : undefined;
  }
}

class StepList {
  readonly steps: RunStep[] = [];
  /** What the line must hold before the next step. */
  #literal = Buffer.alloc(0);

  compare(literal: Uint8Array): void {
    this.#literal = Buffer.concat([this.#literal, literal]);
  }

  add(operation: number, step: Partial<RunStep>): RunStep {
    let literal = this.#literal;
    this.#literal = Buffer.alloc(0);
    for (; literal.length > LITERAL_BYTES; literal = literal.subarray(LITERAL_BYTES)) {
      this.#push(FIXED, { literal: literal.subarray(0, LITERAL_BYTES) });
    }
    return this.#push(operation, { literal, ...step });
  }

  /** Words that may stand here, and what is written where they stand and where not. */
  addFlag(words: Uint8Array, present: string, missing: string, hole: number): void {
    const optional = this.#push(OPTIONAL, { literal: words.subarray(0, LITERAL_BYTES) });
    this.compare(words.subarray(LITERAL_BYTES));
    const taken = this.add(FIXED, { text: Buffer.from(present), hole, value: 1 });
    optional.next = this.steps.length;
    taken.next = this.#push(FIXED, { text: Buffer.from(missing), hole }).next;
  }

  #push(operation: number, step: Partial<RunStep>): RunStep {
    const next = this.steps.length + 1;
    const pushed = { operation, literal: Buffer.alloc(0), text: Buffer.alloc(0), hole: -1, next, value: 0, ...step };
    this.steps.push(pushed);
    return pushed;
  }
}
