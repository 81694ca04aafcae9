// In: nothing. Out: the union of every event that gcbend emits (schema 1), as CONTRACT lists them, and the names of rules and kinds.
// Absent means "not printed by that Go version"; never -1, never null.

/** What every event carries. `line` is 1-based, where its record starts. `atTime` is ISO 8601. */
export interface EventBase {
  schema: 1;
  source: string;
  line: number;
  process?: number;
  at?: number;
  atTime?: string;
}

export interface ProcessEvent extends EventBase {
  type: 'process';
  process: number;
  reason: 'first' | 'restart' | 'interleaved';
  /** Grammar id of the record that opened the process. */
  format: string;
}

/** Milliseconds of wall time; Go 1.5 has five parts, Go 1.6+ three; Go 1.0-1.2 `mark`, `sweep`, `rest`; Go 1.3-1.4 `stop`, `markSetup`, `mark`, `rest`. */
export interface GcClockMs {
  sweepTermination?: number;
  scan?: number;
  installWriteBarrier?: number;
  mark?: number;
  markTermination?: number;
  stop?: number;
  markSetup?: number;
  sweep?: number;
  rest?: number;
}

/** Milliseconds of CPU time. */
export interface GcCpuMs {
  sweepTermination?: number;
  scan?: number;
  installWriteBarrier?: number;
  assist?: number;
  background?: number;
  idle?: number;
  markTermination?: number;
}

/** One finished collection (runtime/mgc.go gcMarkTermination). `at` is the start of the cycle, seconds since the process started. */
export interface GcEvent extends EventBase {
  type: 'gc';
  cycle: number;
  gcCpuPercent?: number;
  clockMs?: GcClockMs;
  cpuMs?: GcCpuMs;
  heapMiB: { start: number; end: number; live?: number; goal?: number };
  stacksMiB?: number;
  globalsMiB?: number;
  procs: number;
  forced?: boolean;
  leakCheck?: boolean;
  loggedAt?: string;
  repaired?: boolean;
  /** Go 1.0-1.4 only: the further fields of those lines under the grammar's names. */
  [field: string]: unknown;
}

/** Sibling trace lines: the fields of the line under the grammar's field names, unit in the name. */
export interface RuntimeLineEvent extends EventBase {
  type: 'pacer' | 'scavenger' | 'scheduler' | 'init' | 'gcForced' | 'runtime';
  /** Grammar id. */
  grammar: string;
  loggedAt?: string;
  repaired?: boolean;
  [field: string]: unknown;
}

export interface Frame {
  function: string;
  file?: string;
  line?: number;
  inlined?: boolean;
}

export interface CreatedBy extends Frame {
  /** Id of the creating goroutine (Go 1.21+). */
  goroutine?: number;
}

export interface GoroutineGroup {
  /** With `--group-by`: what its members have in common (a function, a creator, a state, `KEY=VALUE`). */
  key?: string;
  /** Stable across dumps of one program: from functions, lines, state and creator. */
  id: string;
  count: number;
  /** Wait reason or status without its suffixes; absent at debug=1. */
  state?: string;
  waitMinutes?: { min: number; max: number };
  lockedToThread?: number;
  leaked?: number;
  /** Breakdown of labels: `key=value` to count. */
  labels?: Record<string, number>;
  stack: Frame[];
  /** Frames left out of the stack; 1 where the text (to Go 1.20) says only that some are. */
  framesElided?: number;
  createdBy?: CreatedBy;
  /** Up to 128 goroutine ids, those of least hash (so that two dumps' samples overlap as the dumps do), lowest first. */
  sampleIds?: number[];
  /** GODEBUG=tracebackancestors: who started it, nearest first; of the group's first goroutine. */
  ancestors?: { goroutine: number; stack: Frame[] }[];
  /** True for the runtime's and idle infrastructure's own goroutines (declared list). */
  infrastructure?: boolean;
}

export type DumpCause = 'debug' | 'panic' | 'sigquit' | 'fatal' | 'race';

export interface GoroutinesEvent extends EventBase {
  type: 'goroutines';
  debug: 1 | 2;
  total: number;
  cause: DumpCause;
  /** `goroutine` when absent; else the profile's name (`goroutineleak`, a user profile). */
  profile?: string;
  message?: string;
  states: Record<string, number>;
  groups: GoroutineGroup[];
  /** The dump ended in the middle of a record. */
  truncated?: boolean;
  loggedAt?: string;
}

export interface GoroutineEvent extends EventBase {
  type: 'goroutine';
  id: number;
  state: string;
  group: string;
  waitMinutes?: number;
  lockedToThread?: boolean;
  leaked?: boolean;
  labels?: Record<string, string>;
  stack: Frame[];
  framesElided?: number;
  createdBy?: CreatedBy;
  loggedAt?: string;
}

export interface Amount {
  objects: number;
  bytes: number;
}

export interface HeapSite {
  function: string;
  file?: string;
  line?: number;
  /** Leaf first. */
  stack: Frame[];
  /** Estimates, scaled for the sampling rate. */
  inUse: Amount;
  allocated: Amount;
  /** As printed. */
  raw: { inUse: Amount; allocated: Amount };
  /** Runtime frames below the leaf that the text hides (mallocgc, growslice, map growth ...): addresses without a line. */
  hiddenFrames?: number;
}

export interface HeapEvent extends EventBase {
  type: 'heap';
  profile?: 'heap' | 'allocs';
  /** Bytes; half of the number that the text prints after `heap/`. */
  sampleRate: number;
  inUse: Amount;
  allocated: Amount;
  sites: HeapSite[];
  /** From the MemStats block of the same text: number of the last cycle, and its end in Unix nanoseconds. */
  numGC?: number;
  lastGC?: string;
  /** Start addresses of a few functions: two texts of one build agree in them. */
  functionEntries?: Record<string, string>;
  truncated?: boolean;
  loggedAt?: string;
}

/** Go's own field names (runtime.MemStats); integers above 2^53 as decimal strings. */
export interface MemStatsEvent extends EventBase {
  type: 'memstats';
  loggedAt?: string;
  [field: string]: unknown;
}

export interface ContentionSite {
  function: string;
  file?: string;
  line?: number;
  stack: Frame[];
  count: number;
  delayNs: number;
}

export interface ContentionEvent extends EventBase {
  type: 'contention';
  profile: 'block' | 'mutex';
  sites: ContentionSite[];
  truncated?: boolean;
  loggedAt?: string;
}

export interface ThreadsEvent extends EventBase {
  type: 'threads';
  total: number;
  groups: { count: number; stack: Frame[]; labels?: Record<string, number> }[];
  truncated?: boolean;
  loggedAt?: string;
}

export const inflectionKinds = [
  'growth-onset',
  'growth-up',
  'growth-down',
  'plateau',
  'decline',
  'step-up',
  'step-down',
  'regime',
  'peak',
] as const;
export type InflectionKind = (typeof inflectionKinds)[number];

/** Slopes are in `unit` per second (per snapshot where there is no time). */
export interface InflectionEvent extends EventBase {
  type: 'inflection';
  id: string;
  status: 'provisional' | 'final' | 'withdrawn';
  revises?: string;
  signal: string;
  kind: InflectionKind;
  /** 0-based point of the signal's series. */
  index: number;
  cycle?: number;
  value: number;
  unit: string;
  slopeBefore: number;
  slopeAfter: number;
  growthChange: number;
  stepBy?: number;
  confidence: number;
  /** Trace time at which it became known. */
  detectedAt?: number;
  /** Where the bend lies with 95 %, seconds. */
  atInterval?: { from: number; to: number };
  slopeAfterInterval?: { from: number; to: number };
}

export const findingRules = [
  'heap-growth',
  'goroutine-growth',
  'site-growth',
  'alloc-churn',
  'gc-pressure',
  'memory-limit',
  /** The collector's regime changed: allocation rate, GOGC, speed of marking, pauses. */
  'gc-regime',
  'long-pause',
  'blocked-goroutines',
  'memory-bill',
  'health-low',
] as const;
export type FindingRule = (typeof findingRules)[number];

export type Severity = 'info' | 'warning' | 'critical';

export interface Projection {
  limitBytes: number;
  /** Expected seconds; `earliest` and `latest` are the two ends of the slope's interval. */
  secondsLeft: number;
  secondsLeftInterval?: { earliest: number; latest?: number };
}

export interface FindingEvent extends EventBase {
  type: 'finding';
  id: string;
  status: 'open' | 'withdrawn' | 'final';
  revises?: string;
  /** False: it has stopped. */
  ongoing: boolean;
  rule: FindingRule;
  severity: Severity;
  title: string;
  detail: string;
  confidence: number;
  /** Numbers that anyone can check against the events. */
  evidence: Record<string, unknown>;
  site?: Frame;
  createdBy?: CreatedBy;
  projection?: Projection;
  advice?: string[];
}

export interface HealthEvent extends EventBase {
  type: 'health';
  window: { from: number; to: number };
  score: number;
  parts: { heap?: number; pause?: number; block?: number };
  inputs: Record<string, number>;
  /** Parts that nobody measured: their weight went to the others. */
  absent?: ('heap' | 'pause' | 'block')[];
}

export interface MalformedEvent extends EventBase {
  type: 'malformed';
  grammar: string;
  reason: string;
  /** At most 200 characters, control bytes stripped. */
  text: string;
  loggedAt?: string;
}

export interface SummaryEvent extends EventBase {
  type: 'summary';
  counts: Record<string, number>;
  lines: number;
  bytes: number;
  seconds: number;
  processes: number;
  malformed: number;
  repaired: number;
  exitReason: string;
}

export type GcbendEvent =
  | ProcessEvent
  | GcEvent
  | RuntimeLineEvent
  | GoroutinesEvent
  | GoroutineEvent
  | HeapEvent
  | MemStatsEvent
  | ContentionEvent
  | ThreadsEvent
  | InflectionEvent
  | FindingEvent
  | HealthEvent
  | MalformedEvent
  | SummaryEvent;

export type EventType = GcbendEvent['type'];
