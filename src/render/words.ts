// In: names of kinds, signals and rules. Out: the words for them that someone who has never seen a Go trace understands.
import type { FindingRule, InflectionEvent, InflectionKind, Severity } from '../events/types.ts';
import type { Role } from './style.ts';

export const KIND_WORDS: Record<InflectionKind, string> = {
  'growth-onset': 'starts to grow',
  'growth-up': 'grows faster',
  'growth-down': 'grows slower',
  plateau: 'stops growing',
  decline: 'shrinks',
  'step-up': 'jumps up',
  'step-down': 'drops',
  regime: 'level changes',
  peak: 'peak',
};

/** Red: growth. Yellow: less of it. Green: calm. Magenta: moved at once. */
export const KIND_ROLES: Record<InflectionKind, Role> = {
  'growth-onset': 'growth',
  'growth-up': 'growth',
  'growth-down': 'slower',
  plateau: 'calm',
  decline: 'calm',
  'step-up': 'shift',
  'step-down': 'shift',
  regime: 'shift',
  peak: 'info',
};

/** The colour of the curve after a bend: steps and peaks leave it as it was. */
export function stretchRole(inflection: InflectionEvent): Role | undefined {
  switch (inflection.kind) {
    case 'growth-onset':
    case 'growth-up':
      return 'growth';
    case 'growth-down':
      return inflection.slopeAfter > 0 ? 'slower' : 'calm';
    case 'plateau':
    case 'decline':
      return 'calm';
    default:
      return undefined;
  }
}

const SIGNAL_WORDS = new Map(
  Object.entries({
    heapLive: 'live heap',
    heapGoal: 'heap goal',
    stacks: 'stack memory',
    pause: 'pause',
    gcInterval: 'time between GCs',
    allocRate: 'allocation rate',
    gcCpu: 'GC CPU',
    assistShare: 'assist share',
    scanRate: 'marking per CPU ms',
    goroutines: 'goroutines',
    blocked: 'blocked goroutines',
  }),
);

/** `heapLive` → `live heap`, `site:main.keep` → `site main.keep`. */
export function signalWords(signal: string): string {
  return SIGNAL_WORDS.get(signal) ?? signal.replace(/^(group|site):/, '$1 ');
}

/** The rules whose findings a bend of this signal belongs to. */
export function rulesOfSignal(signal: string): FindingRule[] {
  if (signal === 'goroutines' || signal.startsWith('group:')) return ['goroutine-growth', 'blocked-goroutines'];
  if (signal.startsWith('site:')) return ['site-growth', 'alloc-churn'];
  switch (signal) {
    case 'heapLive':
      return ['heap-growth', 'memory-limit'];
    case 'heapGoal':
    case 'gcInterval':
      return ['memory-limit', 'gc-regime', 'gc-pressure', 'heap-growth'];
    case 'pause':
      return ['long-pause', 'gc-regime'];
    case 'assistShare':
    case 'gcCpu':
    case 'scanRate':
    case 'allocRate':
      return ['gc-pressure', 'gc-regime', 'memory-limit'];
    default:
      return [];
  }
}

export const SEVERITY_ROLES: Record<Severity, Role> = { critical: 'critical', warning: 'warning', info: 'info' };

/** Names of grammars as people know them. */
export function formatWords(format: string): string {
  return format
    .replace(/^gctrace-?/, 'gctrace ')
    .replace(/-/g, ' ')
    .trim();
}
