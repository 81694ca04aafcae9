// In: a place that grows, its newest records, its source lines if at hand. Out: which of the usual causes it looks like, and the
// evidence for it. Runtime frames are hidden in heap texts: the argument is from sizes, growth, names and source lines.
import type { Frame } from '../events/types.ts';
import type { SiteRecord, SiteSeries } from './heap-snapshots.ts';

export type CauseKind = 'goroutine-leak' | 'map-without-eviction' | 'captured-closure' | 'slice-growth' | 'retained';

export interface Cause {
  kind: CauseKind;
  /** `shown`: figures or source lines say so. `suggested`: names and sizes only. */
  certainty: 'shown' | 'suggested';
  evidence: string[];
}

/** Reads a source file as lines; undefined when it is not at hand. */
export type ReadSource = (file: string) => readonly string[] | undefined;

/** An append that has grown: one stack, every record freed but the largest, sizes in steps. */
export interface AppendShape {
  stack: readonly Frame[];
  sizes: number[];
  steps: number[];
  liveBytes: number;
  /** Runtime calls below the line, of the live record. */
  hiddenFrames: number;
}

const MIN_STEPS = 2;
/** Below it too few objects are sampled to make a ladder, and small ones of the same line (a map's overflow buckets) stand beside it. */
const MIN_RUNG_BYTES = 32 * 1024;

/**
 * append makes a slice larger by × 2 while small and by × 1.25 beyond 256 elements (with rounding up to a size class), bytes.Buffer
 * and the maps before Go 1.24 by × 2 always: the freed records of one stack are a ladder of such steps and one live record stands on
 * top of it.
 */
export function findAppend(records: readonly SiteRecord[]): AppendShape | undefined {
  const byStack = new Map<readonly Frame[], SiteRecord[]>();
  for (const record of records) {
    if (record.objectBytes < MIN_RUNG_BYTES) continue;
    const list = byStack.get(record.stack) ?? [];
    list.push(record);
    byStack.set(record.stack, list);
  }
  let best: AppendShape | undefined;
  for (const [stack, list] of byStack) {
    list.sort((a, b) => a.objectBytes - b.objectBytes);
    const top = list.at(-1)!;
    // The one below the top may still be there: it is collected with the next cycle.
    const live = list.filter((record) => record.inUseSampled > 0);
    if (top.inUseSampled !== 1 || live.length > 2 || (live.length === 2 && list.at(-2) !== live[0])) continue;
    if (list.some((record) => record.allocatedSampled > 2)) continue;
    const sizes = list.map((record) => record.objectBytes);
    const steps = sizes.slice(1).map((size, i) => size / sizes[i]!);
    const good = steps.filter(isAppendStep).length;
    if (good < MIN_STEPS || good < steps.length * 0.6) continue;
    if (best === undefined || top.inUseBytes > best.liveBytes) {
      best = {
        stack,
        sizes,
        steps: steps.map((step) => Math.round(step * 100) / 100),
        liveBytes: top.inUseBytes,
        hiddenFrames: top.hiddenFrames,
      };
    }
  }
  return best;
}

/** One step of growth, or several doublings between which no object was sampled. */
function isAppendStep(step: number): boolean {
  if (step >= 1.18 && step <= 2.1) return true;
  const doublings = Math.log2(step);
  return doublings < 5.1 && Math.abs(doublings - Math.round(doublings)) < 0.03;
}

/** A bucket array, made by a map that doubles: deeper in the runtime than a slice, and a large slice grows by a quarter. */
function isMapLadder(append: AppendShape): boolean {
  return append.hiddenFrames >= 3 && append.steps.every((step) => step > 1.9);
}

const MAP_NAME = /cache|map|memo|regist|index|intern|store|session|dedup|seen|lookup|bucket|remember|byid|tenant/i;
const CLOSURE_NAME =
  /timer|ticker|callback|closure|captur|hook|handler|listener|subscri|watch|defer|schedul|observ|finaliz/i;
const SLICE_NAME = /append|push|collect|history|queue|batch|backlog|record|event|retain|bloat|log|enqueue|add|accum/i;
const KEEPER = /^(?:time\.(?:AfterFunc|NewTimer|NewTicker|After|Tick)|context\.With\w+|runtime\.SetFinalizer)$/;

/** The line that allocates most of what is held, and its frame. */
export function heaviestFrame(series: SiteSeries): Frame | undefined {
  let frame: Frame | undefined;
  let most = -1;
  for (const record of series.records) {
    if (record.inUseBytes <= most) continue;
    const own = record.stack.find((candidate) => candidate.function === series.function);
    if (own !== undefined) {
      most = record.inUseBytes;
      frame = own;
    }
  }
  return frame;
}

export function causeOf(series: SiteSeries, frame: Frame | undefined, readSource: ReadSource | undefined): Cause {
  const append = findAppend(series.records);
  if (append !== undefined) {
    return {
      kind: isMapLadder(append) ? 'map-without-eviction' : 'slice-growth',
      certainty: 'shown',
      evidence: [
        `freed records of one stack step up by ${[...new Set(append.steps.map((step) => `× ${step}`))].slice(-4).join(', ')}, one live on top`,
      ],
    };
  }
  const source = frame?.file === undefined ? undefined : readSource?.(frame.file);
  const fromSource = source === undefined ? undefined : causeInSource(source, frame!);
  if (fromSource !== undefined) return fromSource;
  const keeper = series.records.find(
    (record) => record.inUseSampled > 0 && record.stack.some((candidate) => KEEPER.test(candidate.function)),
  );
  if (keeper !== undefined) {
    const name = keeper.stack.find((candidate) => KEEPER.test(candidate.function))!.function;
    return {
      kind: 'captured-closure',
      certainty: 'shown',
      evidence: [
        `objects of ${name} from the same function stay alive with them: what its function captures lives as long`,
      ],
    };
  }
  const table = series.records.find(
    (record) => record.hiddenFrames >= 5 && record.objectBytes >= 1024 && record.allocatedSampled > 0,
  );
  if (table !== undefined) {
    return {
      kind: 'map-without-eviction',
      certainty: MAP_NAME.test(series.function) ? 'shown' : 'suggested',
      evidence: [
        `${series.function} also makes tables, one of ${table.objectBytes} bytes made ${table.hiddenFrames} hidden runtime calls deep, as a map that grows makes them`,
      ],
    };
  }
  return causeInName(series);
}

function causeInName(series: SiteSeries): Cause {
  const short = series.function.slice(series.function.lastIndexOf('/') + 1);
  const sizes = new Set(series.records.filter((record) => record.inUseSampled > 0).map((record) => record.objectBytes));
  const sameSize = sizes.size === 1 ? [`all of one size (${[...sizes][0]} bytes), none of them freed`] : [];
  const named = (kind: CauseKind): Cause => ({
    kind,
    certainty: 'suggested',
    evidence: [`the name ${short}`, ...sameSize],
  });
  if (CLOSURE_NAME.test(short)) return named('captured-closure');
  if (MAP_NAME.test(short)) return named('map-without-eviction');
  if (SLICE_NAME.test(short)) return named('slice-growth');
  if (/\.func\d+/.test(short)) return named('captured-closure');
  return { kind: 'retained', certainty: 'suggested', evidence: sameSize };
}

/** What the allocating line and the lines around it do with the new object. */
function causeInSource(source: readonly string[], frame: Frame): Cause | undefined {
  const at = (frame.line ?? 0) - 1;
  const text = source[at];
  if (text === undefined) return undefined;
  const where = `${frame.file}:${frame.line}: ${text.trim()}`;
  if (/\w\[[^\]]+\]\s*=[^=]/.test(text)) return { kind: 'map-without-eviction', certainty: 'shown', evidence: [where] };
  if (/\bappend\(/.test(text)) return { kind: 'slice-growth', certainty: 'shown', evidence: [where] };
  const assigned = /^\s*(?:var\s+)?([A-Za-z_]\w*)(?:\s*,\s*\w+)*\s*:?=/.exec(text)?.[1];
  const rest = source.slice(at + 1, at + 16);
  const end = rest.findIndex((candidate) => /^}/.test(candidate));
  const after = end === -1 ? rest : rest.slice(0, end);
  if (assigned !== undefined) {
    const uses = new RegExp(`\\b${assigned}\\b`);
    const closureAt = after.findIndex((candidate) => /\bfunc\s*\(/.test(candidate));
    if (closureAt !== -1 && after.slice(closureAt, closureAt + 8).some((candidate) => uses.test(candidate))) {
      return {
        kind: 'captured-closure',
        certainty: 'shown',
        evidence: [where, `${assigned} is used in the closure at line ${at + 2 + closureAt}`],
      };
    }
    const kept = after.findIndex((candidate) => uses.test(candidate) && /\w\[[^\]]+\]\s*=[^=]/.test(candidate));
    if (kept !== -1)
      return { kind: 'map-without-eviction', certainty: 'shown', evidence: [where, after[kept]!.trim()] };
    const appended = after.findIndex((candidate) => uses.test(candidate) && /\bappend\(/.test(candidate));
    if (appended !== -1)
      return { kind: 'slice-growth', certainty: 'shown', evidence: [where, after[appended]!.trim()] };
  }
  return undefined;
}

export const CAUSE_WORDS: Record<CauseKind, string> = {
  'goroutine-leak': 'held by goroutines that do not end',
  'map-without-eviction': 'a map that is filled and never emptied',
  'captured-closure': 'captured by a closure that lives on (a timer, a callback)',
  'slice-growth': 'a slice that only grows',
  retained: 'kept by something that this text does not show',
};

export const CAUSE_ADVICE: Record<CauseKind, string> = {
  'goroutine-leak':
    'Let the goroutines end: a context, a closed channel or a time limit where they wait; the memory goes with them.',
  'map-without-eviction':
    'Delete entries (time limit, LRU, a bound on the size), or make the map anew: a Go map never shrinks its tables.',
  'captured-closure':
    'Stop the timer or take the callback out when it is done, or capture only the few bytes that it needs.',
  'slice-growth':
    'Bound it: copy what is still needed into a new slice (slices.Clone) and drop the old one, or write it out and start again.',
  retained: 'Find who refers to these objects: the callers below, then the fields and globals in which they put them.',
};
