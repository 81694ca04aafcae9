// In: stacks (leaf first) with a weight. Out: a flame graph of nested boxes, root on top, widest first.
import { cleanText } from '../events/clean-text.ts';
import type { Frame } from '../events/types.ts';
import { formatPercent } from './format.ts';
import { escapeHtml } from './html-page.ts';

const ROW = 17;
const DEEPEST = 48;
const MOST_BOXES = 2500;
/** Boxes narrower than this share of the whole cannot be seen. */
const NARROWEST = 0.0008;

interface Node {
  name: string;
  weight: number;
  children: Map<string, Node>;
}

export interface WeightedStack {
  /** Leaf first. */
  stack: readonly Frame[];
  weight: number;
}

/** Markup of the graph; empty when nothing has weight. `words` writes a weight with its unit. */
export function drawFlame(stacks: readonly WeightedStack[], words: (weight: number) => string): string {
  const root: Node = { name: 'all', weight: 0, children: new Map() };
  for (const { stack, weight } of stacks) {
    if (!(weight > 0)) continue;
    root.weight += weight;
    let node = root;
    for (const frame of [...stack].reverse().slice(0, DEEPEST)) {
      let child = node.children.get(frame.function);
      if (child === undefined) {
        child = { name: frame.function, weight: 0, children: new Map() };
        node.children.set(frame.function, child);
      }
      child.weight += weight;
      node = child;
    }
  }
  if (root.weight === 0) return '';
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (node: Node, left: number, depth: number) => {
    const width = node.weight / root.weight;
    if (width < NARROWEST || boxes.length >= MOST_BOXES) return;
    deepest = Math.max(deepest, depth);
    const name = escapeHtml(cleanText(node.name));
    const title = `${name}\n${escapeHtml(words(node.weight))}, ${formatPercent(width)}`;
    const short = name.slice(name.lastIndexOf('/') + 1);
    boxes.push(
      `<div style="--l:${share(left)};--w:${share(width)};top:${depth * ROW}px" title="${title}">${depth === 0 ? escapeHtml(`all: ${words(node.weight)}`) : short}</div>`,
    );
    let next = left;
    for (const child of [...node.children.values()].sort((a, b) => b.weight - a.weight)) {
      draw(child, next, depth + 1);
      next += child.weight / root.weight;
    }
  };
  draw(root, 0, 0);
  return `<div class="flame" style="height:${(deepest + 1) * ROW}px">${boxes.join('')}</div>`;
}

function share(value: number): string {
  return String(Number(value.toFixed(6)));
}
