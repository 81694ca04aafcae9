// In: nothing. Out: the shapes of compiled grammars (plain JSON, made at build time) and of a match.
// A compiled shape is a small integer program over bytes; src/grammar/program.ts runs it.

/** What a hole may hold; the order is the number that programs carry. */
export const HOLE_TYPES = [
  'integer',
  'signed',
  'decimal',
  'duration',
  'float',
  'id',
  'boolean',
  'hex',
  'address',
  'integers',
  'word',
  'text',
  'flag',
] as const;

export type HoleType = (typeof HOLE_TYPES)[number];

/** One field of the event that a grammar yields; `path` is dotted (`clockMs.mark`). */
export interface CompiledField {
  path: string;
  type: HoleType;
  unit?: string;
  rounding?: string;
  since?: string;
  about?: string;
  /** Print divided by this number: microseconds to milliseconds. */
  divide?: number;
  /** Exact number of decimals that the runtime prints (torn lines are held to it). */
  decimals?: number;
  /** Greatest plausible value (torn lines are held to it). */
  max?: number;
  /** Flags only: the value where the words are missing; absent field when not given. */
  otherwise?: boolean;
}

export interface CompiledShape {
  id: string;
  go: string;
  /** A literal that every line of this shape holds and that is never torn. */
  anchor: string;
  literals: string[];
  /** Indexes into the grammar's fields, in the order of the program's holes. */
  holes: number[];
  /** For each hole: true when it lies in an optional part. */
  optional: boolean[];
  program: number[];
  constants: { path: string; value: string | number | boolean }[];
  /** Literals that must have matched before a broken line counts as malformed; 0: never. */
  sure: number;
  /** Printed pieces after which a tear is looked for; 0: never put together. */
  tear: number;
  /** True: only a whole line is a record, never a part of one. */
  wholeLine: boolean;
}

export interface CompiledGrammar {
  id: string;
  event: string;
  go: string;
  title: string;
  about: string;
  source: string;
  fields: CompiledField[];
  shapes: CompiledShape[];
  samples: { shape: string; go: string; text: string; expect: Record<string, unknown> }[];
  rejects: { text: string; reason: string }[];
}

/** Plain JSON: written into dist at build time, so that start-up needs no XML parser. */
export interface CompiledGrammars {
  version: 1;
  grammars: CompiledGrammar[];
}

/** Operations of a program. Each is followed by its operands. */
export const OP_END = 0;
/** literal */
export const OP_LITERAL = 1;
/** hole, hole type, literal that follows (-1: none) */
export const OP_HOLE = 2;
/** literal, where to go on when it is not there, flag's hole (-1: none) */
export const OP_OPTIONAL = 3;
