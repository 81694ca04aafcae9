// In: samples of one sample type. Out: the call graph that pprof's views are made of: flat and cumulative value of each
// function (or line), weight of each call. Follows github.com/google/pprof internal/graph newGraph.

import type { Frame } from '../events/types.ts';
import type { ProfileSample } from './profile-samples.ts';

export interface GraphNode {
  function: string;
  file?: string;
  line?: number;
  flat: number;
  cum: number;
  in: GraphEdge[];
  out: GraphEdge[];
}

export interface GraphEdge {
  caller: GraphNode;
  callee: GraphNode;
  weight: number;
  /** Every call along this edge was inlined. */
  inline: boolean;
}

/** `functions` for top and peek, `lines` for list. */
export type Granularity = 'functions' | 'lines';

function nodeKey(frame: Frame, granularity: Granularity): string {
  return granularity === 'functions'
    ? frame.function
    : `${frame.function}\u0000${frame.file ?? ''}\u0000${frame.line ?? 0}`;
}

/**
 * The graph over the values at `index`. A node counts once in `cum` however often its function recurs in a stack. With `kept`,
 * other nodes are left out, and a sample whose leaf is left out has no flat value anywhere.
 */
export function buildGraph(
  samples: readonly ProfileSample[],
  index: number,
  granularity: Granularity,
  kept?: ReadonlySet<string>,
): GraphNode[] {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<GraphNode, Map<GraphNode, GraphEdge>>();
  const keys = new Map<Frame, string>();
  for (const sample of samples) {
    const weight = sample.values[index]!;
    if (weight === 0) continue;
    const seen = new Set<GraphNode>();
    const seenEdges = new Set<GraphEdge>();
    let parent: GraphNode | undefined;
    let residual = false;
    for (let i = sample.stack.length - 1; i >= 0; i--) {
      const frame = sample.stack[i]!;
      let key = keys.get(frame);
      if (key === undefined) {
        key = nodeKey(frame, granularity);
        keys.set(frame, key);
      }
      if (kept !== undefined && !kept.has(key)) {
        residual = true;
        continue;
      }
      let node = nodes.get(key);
      if (node === undefined) {
        node = { function: frame.function, flat: 0, cum: 0, in: [], out: [] };
        if (granularity === 'lines') {
          if (frame.file !== undefined) node.file = frame.file;
          if (frame.line !== undefined) node.line = frame.line;
        }
        nodes.set(key, node);
      }
      if (!seen.has(node)) {
        seen.add(node);
        node.cum += weight;
      }
      if (parent !== undefined && parent !== node) {
        const edge = edgeBetween(edges, parent, node);
        if (!seenEdges.has(edge)) {
          seenEdges.add(edge);
          edge.weight += weight;
          if (frame.inlined !== true) edge.inline = false;
        }
      }
      parent = node;
      residual = false;
    }
    if (parent !== undefined && !residual) parent.flat += weight;
  }
  return [...nodes.values()].filter((node) => node.cum !== 0 || node.flat !== 0);
}

function edgeBetween(
  edges: Map<GraphNode, Map<GraphNode, GraphEdge>>,
  caller: GraphNode,
  callee: GraphNode,
): GraphEdge {
  let out = edges.get(caller);
  if (out === undefined) {
    out = new Map();
    edges.set(caller, out);
  }
  let edge = out.get(callee);
  if (edge === undefined) {
    edge = { caller, callee, weight: 0, inline: true };
    out.set(callee, edge);
    caller.out.push(edge);
    callee.in.push(edge);
  }
  return edge;
}

function byName(a: GraphNode, b: GraphNode): number {
  return a.function < b.function ? -1 : a.function > b.function ? 1 : 0;
}

/** Largest first, by flat or cumulative value without its sign, then by name. */
export function sortNodes(nodes: GraphNode[], by: 'flat' | 'cum'): GraphNode[] {
  return nodes.sort((a, b) => Math.abs(b[by]) - Math.abs(a[by]) || byName(a, b));
}

/** Heaviest first, then by caller and callee. */
export function sortEdges(edges: readonly GraphEdge[]): GraphEdge[] {
  return [...edges].sort((a, b) =>
    a.weight === b.weight
      ? byName(a.caller, b.caller) || byName(a.callee, b.callee)
      : Math.abs(b.weight) - Math.abs(a.weight),
  );
}

/** `(inline)` when every caller has it inlined, `(partial-inline)` when some have. */
export function inlineMark(node: GraphNode, edgeCutoff: number): 'inline' | 'partial-inline' | undefined {
  let inline = false;
  let called = false;
  for (const edge of node.in) {
    if (Math.abs(edge.weight) < edgeCutoff) continue;
    if (edge.inline) inline = true;
    else called = true;
  }
  return inline ? (called ? 'partial-inline' : 'inline') : undefined;
}
