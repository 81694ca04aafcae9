// In: grammar files. Out: the rules they break, each with file, line and a message; or the compiled grammars.
// lnav's formats lack expected values, so swapped fields pass there: here every sample is held to every value.

import { isDeepStrictEqual } from 'node:util';
import { GcbendError } from '../errors.ts';
import { type GrammarFile, type ParsedGrammar, parseGrammarFile } from './compile.ts';
import { isDynamic } from './encode.ts';
import { GrammarSet, type Shape } from './grammar-set.ts';
import { formatProblem, type GrammarProblem, type Report } from './problems.ts';
import { runProgram } from './program.ts';
import type { CompiledField, CompiledGrammars } from './types.ts';

/** Compiles grammar files into plain JSON. Throws GcbendError GRAMMAR_INVALID with all broken rules in its message. */
export function compileGrammars(files: GrammarFile[]): CompiledGrammars {
  const { compiled, problems } = compileAndLint(files);
  if (problems.length > 0) {
    const list = problems.map(formatProblem).join('\n');
    throw new GcbendError('GRAMMAR_INVALID', `grammars break ${problems.length} rule(s)\n${list}`, {
      hint: 'grammars/README.md explains each rule',
    });
  }
  return compiled;
}

/** All rules that the files break, in file order; an empty list is a clean bill. */
export function lintGrammars(files: GrammarFile[]): GrammarProblem[] {
  return compileAndLint(files).problems;
}

function compileAndLint(files: GrammarFile[]): { compiled: CompiledGrammars; problems: GrammarProblem[] } {
  const problems: GrammarProblem[] = [];
  const parsed: ParsedGrammar[] = [];
  const ids = new Map<string, string>();
  for (const file of files) {
    const grammar = parseGrammarFile(file, problems);
    if (grammar === undefined) continue;
    const { id } = grammar.compiled;
    const other = ids.get(id);
    if (other !== undefined) {
      const message = `grammar "${id}" is also in ${other}`;
      problems.push({ path: file.path, line: grammar.lines.grammar, rule: 'unique-id', message });
    }
    ids.set(id, file.path);
    parsed.push(grammar);
  }
  const compiled: CompiledGrammars = { version: 1, grammars: parsed.map((grammar) => grammar.compiled) };
  if (problems.length === 0 && parsed.length > 0) {
    const set = new GrammarSet(compiled);
    for (const grammar of parsed) lintOne(grammar, set, problems);
  }
  return { compiled, problems };
}

function lintOne(grammar: ParsedGrammar, set: GrammarSet, problems: GrammarProblem[]): void {
  const { compiled, lines, path } = grammar;
  const report: Report = (line, rule, message) => problems.push({ path, line, rule, message });
  for (const shape of set.shapes.filter((candidate) => candidate.grammar === compiled)) {
    const line = lines.shapes.get(shape.compiled.id) ?? lines.grammar;
    if (!compiled.samples.some((sample) => sample.shape === shape.compiled.id)) {
      report(line, 'shape-sample', `shape "${shape.compiled.id}" has no sample`);
    }
    for (const group of groupsThatMayStartEmpty(shape)) {
      report(line, 'group', `shape "${shape.compiled.id}": the first field of "${group}" must always be there`);
    }
  }
  for (const [index, sample] of compiled.samples.entries()) {
    const line = lines.samples[index] ?? lines.grammar;
    const bytes = Buffer.from(sample.text, 'utf8');
    const matching = set.shapes.filter((shape) => matchesWhole(shape, bytes));
    const names = matching.map((shape) => `${shape.grammar.id}/${shape.compiled.id}`);
    const own = matching.find((shape) => shape.grammar === compiled && shape.compiled.id === sample.shape);
    if (own === undefined) {
      const reason = set.diagnose(bytes, 0, bytes.length)?.reason;
      const seen = names.length > 0 ? ` (it matches ${names.join(', ')})` : reason === undefined ? '' : ` (${reason})`;
      report(line, 'sample-match', `the sample does not match shape "${sample.shape}"${seen}`);
      continue;
    }
    if (matching.length > 1) {
      report(line, 'sample-unique', `the sample matches ${matching.length} shapes: ${names.join(', ')}`);
    }
    const match = set.matchShape(own, bytes, 0, bytes.length, true);
    const values = match === undefined ? {} : set.decode(match);
    for (const difference of differences(sample.expect, values, '')) report(line, 'sample-value', difference);
  }
  for (const [index, reject] of compiled.rejects.entries()) {
    const bytes = Buffer.from(reject.text, 'utf8');
    const matching = set.shapes.find((shape) => shape.grammar === compiled && matchesWhole(shape, bytes));
    if (matching !== undefined) {
      const message = `the line must be rejected (${reject.reason}) but matches shape "${matching.compiled.id}"`;
      report(lines.rejects[index] ?? lines.grammar, 'reject', message);
    }
  }
}

function matchesWhole(shape: Shape, bytes: Buffer): boolean {
  return (
    runProgram(shape.program, bytes, 0, bytes.length, new Int32Array(2 * shape.fields.length + 2)) === bytes.length
  );
}

function groupsThatMayStartEmpty(shape: Shape): string[] {
  const seen = new Set<string>();
  const bad: string[] = [];
  for (const member of shape.plan.members) {
    if (member.group === undefined || seen.has(member.group)) continue;
    seen.add(member.group);
    const field = member.field as CompiledField | undefined;
    if (field !== undefined && isDynamic(field, shape.compiled.optional[member.hole] === true)) bad.push(member.group);
  }
  return bad;
}

function differences(expected: Record<string, unknown>, actual: Record<string, unknown>, prefix: string): string[] {
  const found: string[] = [];
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const want = expected[key];
    const have = actual[key];
    if (isDeepStrictEqual(want, have)) continue;
    const name = `${prefix}${key}`;
    if (isObject(want) && isObject(have)) found.push(...differences(want, have, `${name}.`));
    else if (want === undefined)
      found.push(`field "${name}" is ${JSON.stringify(have)}, but <expect> does not name it`);
    else found.push(`field "${name}" is ${JSON.stringify(have) ?? 'absent'}, expected ${JSON.stringify(want)}`);
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
