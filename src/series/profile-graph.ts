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
  /** Some frame of it was inlined into its caller. */
  inlined: boolean;
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

/** Which calls the graph shall hold. */
export type EdgesWanted = 'none' | 'inlined' | 'all';

/** `functions` for top and peek, `lines` for list. */
export type Granularity = 'functions' | 'lines';

function nodeKey(frame: Frame, granularity: Granularity): string {
  return granularity === 'functions'
    ? frame.function
    : `${frame.function}\u0000${frame.file ?? ''}\u0000${frame.line ?? 0}`;
}

/**
 * The graph over the values at `index`. A node counts once in `cum` however often its function recurs in a stack. With `kept`,
 * other nodes are left out, and a sample whose leaf is left out has no flat value anywhere. Edges are most of the work:
 * `none`, only those into functions that are `inlined` somewhere, or `all`.
 */
export function buildGraph(
  samples: readonly ProfileSample[],
  index: number,
  granularity: Granularity,
  edgesWanted: EdgesWanted,
  kept?: ReadonlyMap<string, GraphNode>,
): GraphNode[] {
  const nodes = new NodeTable(granularity, kept);
  const edges = new Map<number, number>();
  const edgeList: GraphEdge[] = [];
  // Stamps instead of sets: which stack touched a node or an edge last.
  const nodeStamps: number[] = [];
  const edgeStamps: number[] = [];
  let stamp = 0;
  for (const [stack, weight] of weightsOfStacks(samples, index)) {
    stamp++;
    let parent = -1;
    let residual = false;
    for (let i = stack.length - 1; i >= 0; i--) {
      const frame = stack[i]!;
      const id = nodes.idOf(frame);
      if (id === -1) {
        residual = true;
        continue;
      }
      const node = nodes.list[id]!;
      if (nodeStamps[id] !== stamp) {
        nodeStamps[id] = stamp;
        node.cum += weight;
      }
      if (parent !== -1 && parent !== id && edgesWanted !== 'none') {
        if (edgesWanted === 'all' || kept?.get(node.function)?.inlined !== false) {
          const key = edgeKey(parent, id);
          let edge = edges.get(key);
          if (edge === undefined) {
            edge = edgeList.length;
            edges.set(key, edge);
            const made = { caller: nodes.list[parent]!, callee: node, weight: 0, inline: true };
            edgeList.push(made);
            made.caller.out.push(made);
            node.in.push(made);
          }
          if (edgeStamps[edge] !== stamp) {
            edgeStamps[edge] = stamp;
            edgeList[edge]!.weight += weight;
            if (frame.inlined !== true) edgeList[edge]!.inline = false;
          }
        }
      }
      parent = id;
      residual = false;
    }
    if (parent !== -1 && !residual) nodes.list[parent]!.flat += weight;
  }
  return nodes.list.filter((node) => node.cum !== 0 || node.flat !== 0);
}

/** Small integers where possible: they make the fastest keys. */
function edgeKey(caller: number, callee: number): number {
  return caller < 0x8000 && callee < 0x8000 ? (caller << 15) | callee : -1 - (caller * 0x4000000 + callee);
}

/** Samples of one stack (objects of several sizes) count as one: their graph is the same. */
function weightsOfStacks(samples: readonly ProfileSample[], index: number): Map<readonly Frame[], number> {
  const weights = new Map<readonly Frame[], number>();
  for (const sample of samples) {
    const value = sample.values[index]!;
    if (value !== 0) weights.set(sample.stack, (weights.get(sample.stack) ?? 0) + value);
  }
  return weights;
}

class NodeTable {
  readonly list: GraphNode[] = [];
  private readonly byFrame = new Map<Frame, number>();
  private readonly byKey = new Map<string, number>();
  private readonly granularity: Granularity;
  private readonly kept: ReadonlyMap<string, GraphNode> | undefined;

  constructor(granularity: Granularity, kept: ReadonlyMap<string, GraphNode> | undefined) {
    this.granularity = granularity;
    this.kept = kept;
  }

  /** Number of the frame's node; -1 when it is left out. */
  idOf(frame: Frame): number {
    const known = this.byFrame.get(frame);
    if (known !== undefined) return known;
    const key = nodeKey(frame, this.granularity);
    let id = this.byKey.get(key);
    if (id === undefined) {
      id = this.kept !== undefined && !this.kept.has(key) ? -1 : this.add(frame);
      this.byKey.set(key, id);
    }
    if (id !== -1 && frame.inlined === true) this.list[id]!.inlined = true;
    this.byFrame.set(frame, id);
    return id;
  }

  private add(frame: Frame): number {
    const node: GraphNode = { function: frame.function, flat: 0, cum: 0, inlined: false, in: [], out: [] };
    if (this.granularity === 'lines') {
      if (frame.file !== undefined) node.file = frame.file;
      if (frame.line !== undefined) node.line = frame.line;
    }
    this.list.push(node);
    return this.list.length - 1;
  }
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
