// In: the samples of a profile and what to show of them. Out: the tables of `go tool pprof` -top, -peek, -traces and -list as
// plain data, from the text's own symbols. Follows github.com/google/pprof internal/report.

import type { Frame } from '../events/types.ts';
import { buildGraph, type GraphNode, inlineMark, sortEdges, sortNodes } from './profile-graph.ts';
import {
  filterSamples,
  type ProfileData,
  type ProfileFilter,
  type ProfileSample,
  type SampleType,
} from './profile-samples.ts';
import { scaleValue } from './profile-units.ts';

export interface ViewOptions extends ProfileFilter {
  /** Name or number of the sample type; the profile's default when absent. */
  sampleIndex?: string;
  /** Unit of the values shown (`kB`, `MB`, `ms` ...); by default the one that suits the smallest of them. */
  unit?: string;
}

/** What every view says at its head. Values are in `sampleType.unit`; `unit` is the one to print them in. */
export interface ViewHead {
  sampleType: SampleType;
  unit: string;
  /** Sum of the sizes of all samples, before any filter: what the percentages are of. */
  total: number;
}

export interface TopRow {
  function: string;
  inline?: 'inline' | 'partial-inline';
  flat: number;
  cum: number;
}

export interface TopTable extends ViewHead {
  /** Sum of the flat values shown. */
  shown: number;
  rows: TopRow[];
  /** Functions left out because their cumulative value is below 0.5 % of the total. */
  droppedNodes: number;
  dropCutoff: number;
  /** Functions that `count` cut off. */
  moreRows: number;
}

const NODE_FRACTION = 0.005;
const EDGE_FRACTION = 0.001;

/** The number of the sample type that `--sample-index` names; undefined when the profile has none of that name. */
export function findSampleType(profile: ProfileData, name: string | undefined): number | undefined {
  if (name === undefined || name === '') return profile.defaultIndex;
  if (/^\d+$/.test(name)) return Number(name) < profile.sampleTypes.length ? Number(name) : undefined;
  // pprof also takes the short forms `objects` and `space` and inuse_ names without the prefix.
  const found = profile.sampleTypes.findIndex(({ type }) => type === name || type === `inuse_${name}`);
  return found === -1 ? undefined : found;
}

interface Selected {
  index: number;
  head: ViewHead;
  samples: readonly ProfileSample[];
}

function select(profile: ProfileData, options: ViewOptions): Selected {
  const index = findSampleType(profile, options.sampleIndex) ?? profile.defaultIndex;
  const sampleType = profile.sampleTypes[index]!;
  let total = 0;
  for (const sample of profile.samples) total += Math.abs(sample.values[index]!);
  const head = { sampleType, unit: options.unit ?? 'minimum', total };
  return { index, head, samples: filterSamples(profile.samples, options) };
}

/** The unit in which the smallest value still shows: as pprof, a hundredth of it may become 0.01. */
function chooseUnit(head: ViewHead, nodes: readonly GraphNode[]): string {
  if (head.unit !== 'minimum' || nodes.length === 0) return head.unit;
  let least = 0;
  for (const node of nodes) {
    const value = Math.abs(node.flat) || Math.abs(node.cum);
    if (value > 0 && (least === 0 || value < least)) least = value;
  }
  if (least === 0) least = head.total;
  const from = head.sampleType.unit;
  const small = scaleValue(least, from, 'minimum').unit;
  const large = scaleValue(head.total, from, 'minimum').unit;
  const unit = small !== large && least * 100 < head.total ? scaleValue(100 * least, from, 'minimum').unit : small;
  return unit === '' ? from : unit;
}

/** `-top` (and `-top -cum` with `sort: 'cum'`). `trim: false` keeps the functions below 0.5 %. */
export function topTable(
  profile: ProfileData,
  options: ViewOptions & { sort?: 'flat' | 'cum'; count?: number; trim?: boolean } = {},
): TopTable {
  const { index, head, samples } = select(profile, options);
  const whole = buildGraph(samples, index, 'functions', 'none');
  const flatSum = whole.reduce((sum, node) => sum + node.flat, 0);
  const trim = options.trim ?? true;
  const nodeCutoff = trim ? Math.abs(Math.trunc(flatSum * NODE_FRACTION)) : 0;
  const edgeCutoff = trim ? Math.abs(Math.trunc(flatSum * EDGE_FRACTION)) : 0;
  const kept = whole.filter((node) => Math.abs(node.cum) >= nodeCutoff);
  const droppedNodes = whole.length - kept.length;
  // Leaving functions out changes no value of the others; a second pass is only for the calls behind the marks of inlining.
  let nodes = kept;
  if (kept.some((node) => node.inlined)) {
    const byName = new Map(kept.map((node) => [node.function, node]));
    nodes = buildGraph(samples, index, 'functions', 'inlined', byName);
  }
  sortNodes(nodes, options.sort ?? 'flat');
  const all = nodes.length;
  if (options.count !== undefined && options.count > 0) nodes = nodes.slice(0, options.count);
  const rows = nodes.map((node): TopRow => {
    const inline = inlineMark(node, edgeCutoff);
    return { function: node.function, flat: node.flat, cum: node.cum, ...(inline === undefined ? {} : { inline }) };
  });
  return {
    ...head,
    unit: chooseUnit(head, nodes),
    shown: rows.reduce((sum, row) => sum + row.flat, 0),
    rows,
    droppedNodes,
    dropCutoff: Math.abs(Math.trunc(head.total * NODE_FRACTION)),
    moreRows: all - nodes.length,
  };
}

export interface PeekCall {
  function: string;
  weight: number;
  inline: boolean;
}

export interface PeekEntry {
  function: string;
  flat: number;
  cum: number;
  callers: PeekCall[];
  callees: PeekCall[];
}

export interface PeekTable extends ViewHead {
  shown: number;
  /** Of all functions, before the pattern chose some: an empty list means that nothing matched. */
  entries: PeekEntry[];
}

/** `-peek PATTERN`: each matching function between its callers and its callees. */
export function peekTable(profile: ProfileData, pattern: RegExp, options: ViewOptions = {}): PeekTable {
  const { index, head, samples } = select(profile, options);
  const nodes = sortNodes(buildGraph(samples, index, 'functions', 'all'), 'flat');
  const entries = nodes
    .filter((node) => pattern.test(node.function))
    .map((node) => ({
      function: node.function,
      flat: node.flat,
      cum: node.cum,
      callers: sortEdges(node.in).map((e) => ({ function: e.caller.function, weight: e.weight, inline: e.inline })),
      callees: sortEdges(node.out).map((e) => ({ function: e.callee.function, weight: e.weight, inline: e.inline })),
    }));
  const shown = nodes.reduce((sum, node) => sum + node.flat, 0);
  return { ...head, unit: chooseUnit(head, nodes), shown, entries };
}

export interface Trace {
  value: number;
  objectBytes?: number;
  /** Leaf first. */
  stack: readonly Frame[];
}

export interface TracesView extends ViewHead {
  traces: Trace[];
}

/** `-traces`: every sample with its stack, in the order of the text. */
export function tracesView(profile: ProfileData, options: ViewOptions = {}): TracesView {
  const { index, head, samples } = select(profile, options);
  const traces = samples
    .filter((sample) => sample.stack.length > 0)
    .map(
      (sample): Trace => ({
        value: sample.values[index]!,
        stack: sample.stack,
        ...(sample.objectBytes === undefined || sample.objectBytes === 0 ? {} : { objectBytes: sample.objectBytes }),
      }),
    );
  return { ...head, traces };
}

export interface ListedLine {
  number: number;
  /** Absent when the source is not at hand. */
  text?: string;
  flat: number;
  cum: number;
}

export interface ListedRoutine {
  function: string;
  file?: string;
  flat: number;
  cum: number;
  /** With source: from the function's first line to five lines after the last sampled one. Without: the sampled lines. */
  lines: ListedLine[];
  sourceFound: boolean;
}

export interface ListTable extends ViewHead {
  routines: ListedRoutine[];
}

const MARGIN_LINES = 5;

/** `-list PATTERN`: flat and cumulative value of each source line of the matching functions. */
export function listTable(
  profile: ProfileData,
  pattern: RegExp,
  readSource: (file: string) => readonly string[] | undefined,
  options: ViewOptions = {},
): ListTable {
  const { index, head, samples } = select(profile, options);
  const routines = new Map<string, { function: string; file: string | undefined; nodes: GraphNode[] }>();
  for (const node of buildGraph(samples, index, 'lines', 'none')) {
    if (!pattern.test(node.function)) continue;
    const key = `${node.function}\u0000${node.file ?? ''}`;
    const routine = routines.get(key) ?? { function: node.function, file: node.file, nodes: [] };
    routine.nodes.push(node);
    routines.set(key, routine);
  }
  const sorted = [...routines.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { ...head, routines: sorted.map(([, routine]) => listRoutine(routine, readSource)) };
}

function listRoutine(
  routine: { function: string; file: string | undefined; nodes: GraphNode[] },
  readSource: (file: string) => readonly string[] | undefined,
): ListedRoutine {
  const values = new Map<number, { flat: number; cum: number }>();
  let flat = 0;
  let cum = 0;
  for (const node of routine.nodes) {
    flat += node.flat;
    cum += node.cum;
    values.set(node.line ?? 0, { flat: node.flat, cum: node.cum });
  }
  const numbers = [...values.keys()].sort((a, b) => a - b);
  const source = routine.file === undefined ? undefined : readSource(routine.file);
  const lines: ListedLine[] = [];
  if (source === undefined) {
    for (const number of numbers) lines.push({ number, ...values.get(number)! });
  } else {
    const first = functionStart(routine.function, source, numbers[0]!) ?? Math.max(1, numbers[0]! - MARGIN_LINES);
    const last = Math.min(source.length, numbers.at(-1)! + MARGIN_LINES);
    for (let number = first; number <= last; number++) {
      lines.push({ number, text: source[number - 1]!, ...(values.get(number) ?? { flat: 0, cum: 0 }) });
    }
  }
  return {
    function: routine.function,
    ...(routine.file === undefined ? {} : { file: routine.file }),
    flat,
    cum,
    lines,
    sourceFound: source !== undefined,
  };
}

/** The line where the function begins, searched upwards as gofmt lays it out: pprof takes it from the pb.gz, texts lack it. */
function functionStart(name: string, source: readonly string[], firstSampled: number): number | undefined {
  const start = /\.func\d+(?:\.\d+)*$/.test(name) ? /\bfunc\s*\(/ : /^func\b/;
  for (let number = Math.min(firstSampled, source.length); number >= 1; number--) {
    if (start.test(source[number - 1]!)) return number;
    // A declaration at column 0 in between: the source is not that of the build.
    if (/^(?:type|var|const|import|package)\b/.test(source[number - 1]!)) return undefined;
  }
  return undefined;
}
