// In: a shape and a text that may hold only the beginning of its record. Out: every place where the runtime may have
// been interrupted (it writes each literal and each number alone), and where and why the text stops fitting.

import { linkProgram, type Program, runProgram } from './program.ts';
import {
  type CompiledField,
  type CompiledShape,
  HOLE_TYPES,
  OP_END,
  OP_HOLE,
  OP_LITERAL,
  OP_OPTIONAL,
} from './types.ts';

/** Where a walk stopped. */
export interface Walk {
  /** Places after a printed piece, ascending, without `from` itself; numbers may be cut after any digit. */
  cuts: number[];
  /** For each cut: pieces printed before it. */
  pieces: number[];
  /** For each cut: the record may end here (what follows is the newline or an optional part). */
  complete: boolean[];
  /** For each cut: the piece before it is whole because the next byte cannot belong to it. */
  whole: boolean[];
  /** For each cut: the piece before it is a literal, so that nothing of it can be someone else's. */
  fixed: boolean[];
  /** For each cut: where the program goes on. */
  next: number[];
  /** Literals matched. */
  literals: number;
  /** First byte that does not fit. */
  at: number;
  /** What was expected there, and the literal before it. */
  expected: string;
  after: string;
  /** The text fits the whole shape and ends with it. */
  matched: boolean;
}

const encoded = new WeakMap<CompiledShape, Buffer[]>();
const holePrograms = new Map<string, Program>();

/** Walks `bytes[start, end)` along a shape as far as it fits. */
export function walkShape(
  shape: CompiledShape,
  fields: CompiledField[],
  bytes: Buffer,
  start: number,
  end: number,
): Walk {
  const literals = literalsOf(shape);
  const { program } = shape;
  const walk: Walk = {
    cuts: [],
    pieces: [],
    complete: [],
    whole: [],
    fixed: [],
    next: [],
    literals: 0,
    at: start,
    expected: '',
    after: '',
    matched: false,
  };
  const cut = (at: number, pieces: number, pc: number, whole: boolean, fixed = false): void => {
    walk.cuts.push(at);
    walk.pieces.push(pieces);
    walk.complete.push(mayEnd(program, pc));
    walk.whole.push(whole);
    walk.fixed.push(fixed);
    walk.next.push(pc);
  };
  let p = start;
  let pieces = 0;
  for (let pc = 0; ; ) {
    const op = program[pc] as number;
    walk.at = p;
    if (op === OP_END) {
      walk.matched = p === end;
      walk.expected = 'the end of the line';
      return walk;
    }
    if (op === OP_HOLE) {
      const type = HOLE_TYPES[program[pc + 2] as number] as string;
      const follower = literals[program[pc + 3] as number];
      const stop = scanOne(program[pc + 2] as number, follower, bytes, p, end);
      const field = fields[program[pc + 1] as number] as CompiledField;
      pieces++;
      if (stop < 0) {
        walk.expected = NOUNS[type] ?? 'a number';
        if (type === 'word' || type === 'text') {
          for (let q = p + 1; q <= end && (type === 'text' || (bytes[q - 1] as number) > 32); q++) {
            cut(q, pieces, pc + 4, q === end);
          }
        } else {
          // `07…`: the digit 0 may be the whole number and the rest someone else's line.
          cutNumber(p, endOfDigits(bytes, p, end), pieces, pc + 4, cut, bytes, end);
        }
        return walk;
      }
      if (type === 'word' || type === 'text' || field.type === 'integers') {
        for (let q = p + 1; q < stop; q++) cut(q, pieces, pc + 4, false);
        cut(stop, pieces, pc + 4, true);
      } else cutNumber(p, stop, pieces, pc + 4, cut, bytes, end);
      p = stop;
      pc += 4;
      continue;
    }
    const literal = literals[program[pc + 1] as number] as Buffer;
    const fits = p + literal.length <= end && bytes.compare(literal, 0, literal.length, p, p + literal.length) === 0;
    if (op === OP_OPTIONAL && !fits) {
      pc = program[pc + 2] as number;
      continue;
    }
    if (!fits) {
      while (p < end && bytes[p] === literal[p - walk.at]) p++;
      walk.expected = `"${literal.toString('utf8')}"`;
      walk.at = p;
      return walk;
    }
    if (op !== OP_LITERAL && op !== OP_OPTIONAL) throw new Error('unreachable');
    p += literal.length;
    pieces++;
    pc += op === OP_LITERAL ? 2 : 4;
    walk.literals++;
    walk.after = literal.toString('utf8');
    cut(p, pieces, pc, true, true);
  }
}

const firstBytes = new WeakMap<CompiledShape, Map<number, Uint8Array>>();

/** For each byte: 1 when what the runtime prints next, at a place of the program, may begin with it. */
export function bytesThatMayFollow(shape: CompiledShape, next: number): Uint8Array {
  const known = firstBytes.get(shape) ?? new Map<number, Uint8Array>();
  firstBytes.set(shape, known);
  let table = known.get(next);
  if (table === undefined) {
    table = new Uint8Array(256);
    known.set(next, table);
    for (let pc = next; ; ) {
      const op = shape.program[pc] as number;
      if (op === OP_END) break;
      if (op === OP_HOLE) {
        const type = HOLE_TYPES[shape.program[pc + 2] as number] as string;
        if (type === 'word' || type === 'text') table.fill(1);
        for (const c of '0123456789+-NIntf') table[c.charCodeAt(0)] = 1;
        break;
      }
      table[literalsOf(shape)[shape.program[pc + 1] as number]?.[0] ?? 0] = 1;
      if (op !== OP_OPTIONAL) break;
      pc = shape.program[pc + 2] as number;
    }
  }
  return table;
}

/** Why a line is not the record that its beginning promises; undefined when it is one or has nothing of it. */
export function diagnoseShape(
  shape: CompiledShape,
  fields: CompiledField[],
  bytes: Buffer,
  start: number,
  end: number,
): { at: number; literals: number; reason: string } | undefined {
  const walk = walkShape(shape, fields, bytes, start, end);
  if (walk.matched || walk.literals === 0) return undefined;
  const seen = bytes.toString('utf8', walk.at, Math.min(end, walk.at + 24)).replace(/[\x00-\x1f\x7f]/g, '·');
  const reason =
    walk.at >= end
      ? `line ends after ${quote(bytes.toString('utf8', Math.max(start, end - 16), end))}, expected ${walk.expected}`
      : `after ${quote(walk.after)} expected ${walk.expected}, saw ${quote(seen)}`;
  return { at: walk.at, literals: walk.literals, reason };
}

const NOUNS: Record<string, string> = {
  id: 'a number or nil',
  boolean: 'true or false',
  hex: 'a hexadecimal number',
  address: 'an address',
  integers: 'a list of numbers',
  word: 'a word',
  text: 'a text',
};

function quote(text: string): string {
  return JSON.stringify(text.replace(/[\x00-\x1f\x7f]/g, '·'));
}

function literalsOf(shape: CompiledShape): Buffer[] {
  let literals = encoded.get(shape);
  if (literals === undefined) {
    literals = shape.literals.map((text) => Buffer.from(text, 'utf8'));
    encoded.set(shape, literals);
  }
  return literals;
}

/** Where one hole ends, by the program that the matcher runs: there is one rule for numbers. */
function scanOne(type: number, follower: Buffer | undefined, bytes: Buffer, at: number, end: number): number {
  const key = `${type} ${follower?.toString('latin1') ?? ''}`;
  let program = holePrograms.get(key);
  if (program === undefined) {
    const literals = follower === undefined ? [] : [follower.toString('utf8')];
    program = linkProgram({
      literals,
      program: [OP_HOLE, 0, type, literals.length - 1, OP_END],
    } as unknown as CompiledShape);
    holePrograms.set(key, program);
  }
  return runProgram(program, bytes, at, end, ONE_SPAN);
}

const ONE_SPAN = new Int32Array(2);

function endOfDigits(bytes: Buffer, at: number, end: number): number {
  let p = at;
  while (p < end && (bytes[p] as number) >= 48 && (bytes[p] as number) <= 57) p++;
  return p;
}

/** A number may be followed by a line that begins with digits: every prefix of it that is a number is a cut. */
function cutNumber(
  start: number,
  stop: number,
  pieces: number,
  pc: number,
  cut: (at: number, pieces: number, pc: number, whole: boolean) => void,
  bytes: Buffer,
  end: number,
): void {
  for (let q = start + 1; q <= stop; q++) {
    const c = bytes[q - 1] as number;
    const whole = q === stop && (q === end || !isDigitOrDot(bytes[q] as number));
    if (c >= 48 && c <= 57) cut(q, pieces, pc, whole);
    else if (q === stop) cut(q, pieces, pc, whole);
  }
}

function isDigitOrDot(c: number): boolean {
  return (c >= 48 && c <= 57) || c === 46;
}

/** True when nothing but optional parts and the end follow. */
function mayEnd(program: number[], at: number): boolean {
  let pc = at;
  while (program[pc] === OP_OPTIONAL) pc = program[pc + 2] as number;
  return program[pc] === OP_END;
}
