// In: XML grammar files. Out: compiled grammars (plain JSON) and the problems found on the way.
// Here is what belongs to a grammar as a whole: its fields, samples and prose; the lines of its shapes are compiled in compile-shape.ts.

import { compileShape } from './compile-shape.ts';
import { checkElement } from './elements.ts';
import type { GrammarProblem, Report } from './problems.ts';
import { type CompiledField, type CompiledGrammar, type CompiledShape, HOLE_TYPES, type HoleType } from './types.ts';
import { childrenNamed, readXml, textOf, type XmlElement } from './xml.ts';

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

/** Reads and compiles one file; a grammar with problems may still be returned so that more can be checked. */
export function parseGrammarFile(file: GrammarFile, problems: GrammarProblem[]): ParsedGrammar | undefined {
  const report: Report = (line, rule, message) => problems.push({ path: file.path, line, rule, message });
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
  checkElement(root, report);
  if (problems.length > before) return undefined;
  return compileRoot(root, file.path, report);
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
