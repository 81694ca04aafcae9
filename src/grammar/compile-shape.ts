// In: the <shape> element of a grammar file. Out: the shape as a program.
// A line such as `gc {cycle} @{at}s<optional flag="forced"> (forced)</optional>` becomes a list of integers.

import type { Report } from './problems.ts';
import {
  type CompiledField,
  type CompiledShape,
  HOLE_TYPES,
  OP_END,
  OP_HOLE,
  OP_LITERAL,
  OP_OPTIONAL,
} from './types.ts';
import { childrenNamed, type XmlElement } from './xml.ts';

type Part =
  | { kind: 'literal'; text: string }
  | { kind: 'hole'; field: number }
  | { kind: 'optional'; flag: number; parts: Part[] };

/** Notes a broken rule of the line at hand. */
type Problem = (rule: string, message: string) => void;

/** Undefined where there is no single line to compile. */
export function compileShape(
  element: XmlElement,
  fields: CompiledField[],
  fieldIndex: Map<string, number>,
  report: Report,
): CompiledShape | undefined {
  const lineElements = childrenNamed(element, 'line');
  const lineElement = lineElements[0];
  const { id = '', go = '', anchor = '', sure = '0', tear = '0' } = element.attributes;
  const wholeLine = element.attributes['whole-line'] === 'true';
  if (lineElement === undefined || lineElements.length > 1) {
    report(element.line, 'line', `shape "${id}" needs exactly one <line>`);
    return undefined;
  }
  const problem: Problem = (rule, message) => report(lineElement.line, rule, `shape "${id}": ${message}`);
  const parts = readParts(lineElement, fieldIndex, problem);
  const shape: CompiledShape = {
    id,
    go,
    anchor,
    literals: [],
    holes: [],
    optional: [],
    program: [],
    constants: childrenNamed(element, 'constant').map((constant) => readConstant(constant)),
    sure: readCount(sure, 'sure', problem),
    tear: readCount(tear, 'tear', problem),
    wholeLine,
  };
  checkParts(parts, fields, problem);
  emit(parts, fields, shape, false);
  shape.program.push(OP_END);
  const seen = new Set<number>();
  for (const hole of shape.holes) {
    if (seen.has(hole)) problem('unique-hole', `field "${fields[hole]?.path}" stands in the line twice`);
    seen.add(hole);
  }
  for (const constant of shape.constants) {
    const clash = fieldIndex.get(constant.path);
    if (clash !== undefined && seen.has(clash)) problem('constant', `"${constant.path}" is a hole and a constant`);
  }
  const fixed = parts.filter((part) => part.kind === 'literal').map((part) => part.text);
  if (!fixed.some((text) => text.includes(anchor))) {
    problem('anchor', `the anchor "${anchor}" is not part of a literal that is always there`);
  }
  return shape;
}

function readCount(text: string, name: string, problem: Problem): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  problem('count', `${name}="${text}" is not a count`);
  return 0;
}

function readConstant(element: XmlElement): CompiledShape['constants'][number] {
  const { field = '', value = '' } = element.attributes;
  if (value === 'true' || value === 'false') return { path: field, value: value === 'true' };
  return { path: field, value: /^\d{1,15}$/.test(value) ? Number(value) : value };
}

function readParts(element: XmlElement, fieldIndex: Map<string, number>, problem: Problem): Part[] {
  const parts: Part[] = [];
  for (const child of element.children) {
    if (typeof child !== 'string') {
      if (child.name === 'cut') continue;
      const flag = child.attributes['flag'];
      const flagIndex = flag === undefined ? -1 : fieldIndex.get(flag);
      if (flagIndex === undefined) problem('field', `flag "${flag}" is not declared as a field`);
      parts.push({ kind: 'optional', flag: flagIndex ?? -1, parts: readParts(child, fieldIndex, problem) });
      continue;
    }
    let rest = child;
    while (rest !== '') {
      const open = rest.indexOf('{');
      if (open !== 0) parts.push({ kind: 'literal', text: open < 0 ? rest : rest.slice(0, open) });
      if (open < 0) break;
      const close = rest.indexOf('}', open);
      if (close < 0) {
        problem('hole', `"${rest.slice(open, open + 20)}" has no closing brace`);
        break;
      }
      const name = rest.slice(open + 1, close);
      const field = fieldIndex.get(name);
      if (field === undefined) problem('field', `{${name}} is not declared as a field`);
      else parts.push({ kind: 'hole', field });
      rest = rest.slice(close + 1);
    }
  }
  return parts;
}

function checkParts(parts: Part[], fields: CompiledField[], problem: Problem): void {
  const first = parts[0];
  if (first?.kind !== 'literal') problem('literal-first', 'a line, and each optional part, must begin with a literal');
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    if (part.kind === 'hole') {
      const field = fields[part.field] as CompiledField;
      if (next?.kind === 'hole') {
        problem('adjacent-holes', `{${field.path}} and {${fields[next.field]?.path}} have no literal between them`);
      }
      if ((field.type === 'word' || field.type === 'text') && next?.kind !== 'literal') {
        problem('open-hole', `{${field.path}} must be followed by a literal that ends it`);
      }
      if (field.type === 'flag') problem('field-type', `{${field.path}} is a flag: use <optional flag="…">`);
    }
    if (part.kind === 'optional') {
      if (part.flag >= 0 && fields[part.flag]?.type !== 'flag') {
        problem('field-type', `"${fields[part.flag]?.path}" is used as a flag but is not of type flag`);
      }
      checkParts(part.parts, fields, problem);
    }
  }
}

function emit(parts: Part[], fields: CompiledField[], shape: CompiledShape, optional: boolean): void {
  const addLiteral = (text: string): number => shape.literals.push(text) - 1;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'literal') {
      if (optional && index === 0) continue;
      shape.program.push(OP_LITERAL, addLiteral(part.text));
    } else if (part.kind === 'hole') {
      const hole = shape.holes.push(part.field) - 1;
      shape.optional.push(optional);
      const next = parts[index + 1];
      const follower = next?.kind === 'literal' ? shape.literals.length : -1;
      shape.program.push(OP_HOLE, hole, HOLE_TYPES.indexOf((fields[part.field] as CompiledField).type), follower);
    } else {
      const head = part.parts[0];
      if (head?.kind !== 'literal') continue;
      const flag = part.flag < 0 ? -1 : shape.holes.push(part.flag) - 1;
      if (flag >= 0) shape.optional.push(true);
      const at = shape.program.push(OP_OPTIONAL, addLiteral(head.text), 0, flag) - 2;
      emit(part.parts, fields, shape, true);
      shape.program[at] = shape.program.length;
    }
  }
}
