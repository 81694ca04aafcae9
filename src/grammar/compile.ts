// In: XML grammar files. Out: compiled grammars (plain JSON) and the problems found on the way.
// A line such as `gc {cycle} @{at}s<optional flag="forced"> (forced)</optional>` becomes a list of integers.

import {
  type CompiledField,
  type CompiledGrammar,
  type CompiledShape,
  HOLE_TYPES,
  type HoleType,
  OP_END,
  OP_HOLE,
  OP_LITERAL,
  OP_OPTIONAL,
} from './types.ts';
import { childrenNamed, readXml, textOf, type XmlElement } from './xml.ts';

/** One broken rule, with the place where it is broken. */
export interface GrammarProblem {
  path: string;
  line: number;
  rule: string;
  message: string;
}

export interface GrammarFile {
  path: string;
  xml: string;
}

/** Where things stand in the file, for the lint's messages. */
export interface GrammarLines {
  grammar: number;
  shapes: Map<string, number>;
  samples: number[];
  rejects: number[];
}

export interface ParsedGrammar {
  path: string;
  compiled: CompiledGrammar;
  lines: GrammarLines;
}

const EVENTS = ['gc', 'pacer', 'scavenger', 'scheduler', 'init', 'gcForced', 'runtime'];

/** What an element may hold: attributes (`!` = must be there) and child elements. */
const SCHEMA: Record<string, { attributes: string[]; children: string[]; text: boolean }> = {
  grammar: {
    attributes: ['id!', 'event!', 'go!'],
    children: ['title', 'about', 'source', 'field', 'shape', 'reject'],
    text: false,
  },
  title: { attributes: [], children: [], text: true },
  about: { attributes: [], children: [], text: true },
  source: { attributes: [], children: [], text: true },
  field: {
    attributes: ['name!', 'type!', 'unit', 'rounding', 'since', 'divide', 'decimals', 'max', 'otherwise'],
    children: [],
    text: true,
  },
  shape: {
    attributes: ['id!', 'go!', 'anchor!', 'sure', 'tear', 'whole-line'],
    children: ['line', 'constant', 'sample'],
    text: false,
  },
  line: { attributes: [], children: ['optional', 'cut'], text: true },
  optional: { attributes: ['flag'], children: ['cut'], text: true },
  cut: { attributes: [], children: [], text: false },
  constant: { attributes: ['field!', 'value!'], children: [], text: false },
  sample: { attributes: ['go!'], children: ['text', 'expect'], text: false },
  text: { attributes: [], children: [], text: true },
  expect: { attributes: [], children: [], text: true },
  reject: { attributes: ['reason!'], children: [], text: true },
};

/** Reads and compiles one file; a grammar with problems may still be returned so that more can be checked. */
export function parseGrammarFile(file: GrammarFile, problems: GrammarProblem[]): ParsedGrammar | undefined {
  const report = (line: number, rule: string, message: string): void => {
    problems.push({ path: file.path, line, rule, message });
  };
  const read = readXml(file.xml);
  if ('problem' in read) {
    report(read.problem.line, 'well-formed', read.problem.message);
    return undefined;
  }
  const { root } = read;
  if (root.name !== 'grammar') {
    report(root.line, 'schema', `the root element is <${root.name}>, expected <grammar>`);
    return undefined;
  }
  const before = problems.length;
  checkSchema(root, report);
  if (problems.length > before) return undefined;
  return compileRoot(root, file.path, report);
}

type Report = (line: number, rule: string, message: string) => void;

function checkSchema(element: XmlElement, report: Report): void {
  const rule = SCHEMA[element.name];
  if (rule === undefined) {
    report(element.line, 'schema', `unknown element <${element.name}>`);
    return;
  }
  const known = new Set(rule.attributes.map((name) => name.replace('!', '')));
  for (const name of Object.keys(element.attributes)) {
    if (!known.has(name)) report(element.line, 'schema', `<${element.name}> has no attribute "${name}"`);
  }
  for (const name of rule.attributes) {
    if (name.endsWith('!') && (element.attributes[name.slice(0, -1)] ?? '') === '') {
      report(element.line, 'schema', `<${element.name}> needs the attribute "${name.slice(0, -1)}"`);
    }
  }
  for (const child of element.children) {
    if (typeof child === 'string') {
      if (!rule.text && child.trim() !== '') {
        report(element.line, 'schema', `<${element.name}> may not hold text ("${child.trim().slice(0, 40)}")`);
      }
    } else if (rule.children.includes(child.name)) checkSchema(child, report);
    else report(child.line, 'schema', `<${child.name}> may not stand in <${element.name}>`);
  }
}

function compileRoot(root: XmlElement, path: string, report: Report): ParsedGrammar {
  const { id = '', event = '', go = '' } = root.attributes;
  if (!EVENTS.includes(event)) report(root.line, 'event', `event "${event}" is none of ${EVENTS.join(', ')}`);
  const fields = childrenNamed(root, 'field').map((element) => compileField(element, report));
  const fieldIndex = new Map<string, number>();
  for (const [index, field] of fields.entries()) {
    const line = childrenNamed(root, 'field')[index]?.line ?? root.line;
    if (fieldIndex.has(field.path)) report(line, 'unique-field', `field "${field.path}" is declared twice`);
    for (const other of fieldIndex.keys()) {
      if (other.startsWith(`${field.path}.`) || field.path.startsWith(`${other}.`)) {
        report(line, 'unique-field', `field "${field.path}" cannot be a value and an object ("${other}") at once`);
      }
    }
    fieldIndex.set(field.path, index);
  }
  const lines: GrammarLines = { grammar: root.line, shapes: new Map(), samples: [], rejects: [] };
  const used = new Set<number>();
  const shapes: CompiledShape[] = [];
  const samples: CompiledGrammar['samples'] = [];
  for (const element of childrenNamed(root, 'shape')) {
    const shape = compileShape(element, fields, fieldIndex, report);
    if (shape === undefined) continue;
    if (lines.shapes.has(shape.id)) report(element.line, 'unique-shape', `shape "${shape.id}" is declared twice`);
    lines.shapes.set(shape.id, element.line);
    for (const hole of shape.holes) used.add(hole);
    shapes.push(shape);
    for (const sample of childrenNamed(element, 'sample')) {
      const text = childrenNamed(sample, 'text');
      const expect = childrenNamed(sample, 'expect');
      if (text.length !== 1 || expect.length !== 1) {
        report(sample.line, 'sample', 'a sample holds one <text> and one <expect>');
        continue;
      }
      const values = parseExpect(textOf(expect[0] as XmlElement));
      if (values === undefined) {
        report((expect[0] as XmlElement).line, 'sample', '<expect> must hold a JSON object');
        continue;
      }
      lines.samples.push(sample.line);
      samples.push({
        shape: shape.id,
        go: sample.attributes['go'] ?? '',
        text: textOf(text[0] as XmlElement),
        expect: values,
      });
    }
  }
  if (shapes.length === 0) report(root.line, 'shape', 'a grammar needs at least one shape');
  for (const [index, field] of fields.entries()) {
    if (!used.has(index)) report(root.line, 'unused-field', `no line of this grammar holds field "${field.path}"`);
  }
  const rejects = childrenNamed(root, 'reject').map((element) => {
    lines.rejects.push(element.line);
    return { text: textOf(element), reason: element.attributes['reason'] ?? '' };
  });
  const prose = (name: string): string =>
    childrenNamed(root, name)
      .map((element) => textOf(element).replace(/\s+/g, ' ').trim())
      .join(' ');
  const title = prose('title');
  if (title === '') report(root.line, 'title', 'a grammar needs a <title>');
  const compiled = {
    id,
    event,
    go,
    title,
    about: prose('about'),
    source: prose('source'),
    fields,
    shapes,
    samples,
    rejects,
  };
  return { path, compiled, lines };
}

function parseExpect(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function compileField(element: XmlElement, report: Report): CompiledField {
  const { name = '', type = '', unit, rounding, since, divide, decimals, max, otherwise } = element.attributes;
  if (!/^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)?$/.test(name)) {
    report(element.line, 'field-name', `"${name}" is not a field name (camelCase, at most one dot)`);
  }
  if (!(HOLE_TYPES as readonly string[]).includes(type)) {
    report(element.line, 'field-type', `type "${type}" of "${name}" is none of ${HOLE_TYPES.join(', ')}`);
  }
  const field: CompiledField = { path: name, type: type as HoleType };
  if (unit !== undefined) field.unit = unit;
  if (rounding !== undefined) field.rounding = rounding;
  if (since !== undefined) field.since = since;
  const about = textOf(element).replace(/\s+/g, ' ').trim();
  if (about !== '') field.about = about;
  const number = (key: 'divide' | 'decimals' | 'max', text: string | undefined): void => {
    if (text === undefined) return;
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) field[key] = value;
    else report(element.line, 'field-number', `${key}="${text}" of "${name}" is not a positive number`);
  };
  number('divide', divide);
  if (field.divide !== undefined && !/^10+$/.test(String(field.divide))) {
    report(element.line, 'field-number', `divide="${divide}" of "${name}" is not a power of ten`);
  }
  number('decimals', decimals);
  number('max', max);
  if (otherwise !== undefined) {
    if (type === 'flag' && (otherwise === 'false' || otherwise === 'true')) field.otherwise = otherwise === 'true';
    else report(element.line, 'field-otherwise', `otherwise belongs to flags and is "false" or "true"`);
  }
  return field;
}

type Part =
  | { kind: 'literal'; text: string }
  | { kind: 'hole'; field: number }
  | { kind: 'optional'; flag: number; parts: Part[] };

function compileShape(
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
  const problem = (rule: string, message: string): void => report(lineElement.line, rule, `shape "${id}": ${message}`);
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

function readCount(text: string, name: string, problem: (rule: string, message: string) => void): number {
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

function readParts(
  element: XmlElement,
  fieldIndex: Map<string, number>,
  problem: (rule: string, message: string) => void,
): Part[] {
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

function checkParts(parts: Part[], fields: CompiledField[], problem: (rule: string, message: string) => void): void {
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
