// In: the elements of a grammar file. Out: problems where one stands, holds or lacks what it may not.

import type { Report } from './problems.ts';
import type { XmlElement } from './xml.ts';

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

/** Checks an element and all in it. */
export function checkElement(element: XmlElement, report: Report): void {
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
    } else if (rule.children.includes(child.name)) checkElement(child, report);
    else report(child.line, 'schema', `<${child.name}> may not stand in <${element.name}>`);
  }
}
