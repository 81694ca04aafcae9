// In: the text of one XML file. Out: a tree of elements with their line numbers, mixed text kept as it is.
// fast-xml-parser alone accepts mismatched tags and duplicate attributes: its validator runs first.

import { XMLParser, XMLValidator } from 'fast-xml-parser';

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
  /** 1-based line of the start tag. */
  line: number;
}

export interface XmlProblem {
  line: number;
  message: string;
}

type RawNode = Record<string | symbol, unknown>;

/** Parses one document. A problem is returned, never thrown. DOCTYPE is refused: grammars from users expand nothing. */
export function readXml(xml: string): { root: XmlElement } | { problem: XmlProblem } {
  const text = xml.charCodeAt(0) === 0xfeff ? xml.slice(1) : xml;
  const doctype = text.search(/<!DOCTYPE|<!ENTITY/i);
  if (doctype >= 0) return { problem: { line: lineAt(text, doctype), message: 'DOCTYPE and ENTITY are not allowed' } };
  const verdict = XMLValidator.validate(text, { allowBooleanAttributes: false });
  if (verdict !== true) return { problem: { line: verdict.err.line, message: verdict.err.msg } };
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    captureMetaData: true,
    processEntities: true,
  });
  let nodes: RawNode[];
  try {
    nodes = parser.parse(text) as RawNode[];
  } catch (error) {
    return { problem: { line: 1, message: error instanceof Error ? error.message : String(error) } };
  }
  const lineStarts = findLineStarts(text);
  const metaKey = XMLParser.getMetaDataSymbol() as unknown as symbol;
  const elements = nodes
    .map((node) => convert(node, lineStarts, metaKey))
    .filter((node): node is XmlElement => typeof node !== 'string');
  const root = elements[0];
  if (root === undefined || elements.length !== 1) {
    return { problem: { line: 1, message: 'the file must hold exactly one root element' } };
  }
  return { root };
}

/** All text below an element, in order. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** Child elements of one name. */
export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child): child is XmlElement => typeof child !== 'string' && child.name === name);
}

function convert(node: RawNode, lineStarts: number[], metaKey: symbol): XmlElement | string {
  if ('#text' in node) return String(node['#text']);
  const name = Object.keys(node).find((key) => key !== ':@') ?? '';
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries((node[':@'] as Record<string, unknown> | undefined) ?? {})) {
    attributes[key] = String(value);
  }
  const children = ((node[name] as RawNode[] | undefined) ?? []).map((child) => convert(child, lineStarts, metaKey));
  const meta = node[metaKey] as { startIndex?: number } | undefined;
  return { name, attributes, children, line: lineOf(lineStarts, meta?.startIndex ?? 0) };
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: number[], index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= index) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

function lineAt(text: string, index: number): number {
  return lineOf(findLineStarts(text), index);
}
