// In: nothing. Out: the JSON Schema (2020-12) of every event, as `gcbend schema` prints it. `types.ts` says the same in TypeScript.

import { findingRules, inflectionKinds } from './types.ts';

type Schema = Record<string, unknown>;

const number: Schema = { type: 'number' };
const count: Schema = { type: 'integer', minimum: 0 };
const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const dateTime: Schema = { type: 'string', format: 'date-time' };
const share: Schema = { type: 'number', minimum: 0, maximum: 1 };
/** Integers above 2^53 are decimal strings. */
const bigCount: Schema = { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^-?[0-9]+$' }] };

const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const record = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
const object = (required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

const frameFields = { file: text, line: count, inlined: flag };
const frame = object({ function: text }, frameFields);
const createdBy = object({ function: text }, { ...frameFields, goroutine: bigCount });
const amount = object({ objects: number, bytes: number });
const interval = object({ from: number, to: number });
const stack = list(frame);
const site = { function: text };
const siteOptional = { file: text, line: count };

const base: Record<string, Schema> = { schema: { const: 1 }, source: text, line: { type: 'integer', minimum: 0 } };
const baseOptional: Record<string, Schema> = { process: { type: 'integer', minimum: 1 }, at: number, atTime: dateTime };

const event = (
  type: string | readonly string[],
  required: Record<string, Schema>,
  optional: Record<string, Schema> = {},
  open = false,
): Schema => ({
  ...object(
    { type: typeof type === 'string' ? { const: type } : { enum: type }, ...base, ...required },
    { ...baseOptional, ...optional },
  ),
  ...(open ? { additionalProperties: true } : {}),
});

const clockMs = object(
  {},
  {
    sweepTermination: number,
    scan: number,
    installWriteBarrier: number,
    mark: number,
    markTermination: number,
    stop: number,
    markSetup: number,
    sweep: number,
    rest: number,
  },
);
const cpuMs = object(
  {},
  {
    sweepTermination: number,
    scan: number,
    installWriteBarrier: number,
    assist: number,
    background: number,
    idle: number,
    markTermination: number,
  },
);
const heapMiB = object({ start: bigCount, end: bigCount }, { live: bigCount, goal: bigCount });

const group = object(
  { id: text, count, stack },
  {
    key: text,
    state: text,
    waitMinutes: object({ min: count, max: count }),
    lockedToThread: count,
    leaked: count,
    labels: record(count),
    framesElided: count,
    createdBy,
    sampleIds: list(bigCount),
    ancestors: list(object({ goroutine: bigCount, stack })),
    infrastructure: flag,
  },
);

const definitions: Record<string, Schema> = {
  process: event('process', { process: count, reason: oneOf('first', 'restart', 'interleaved'), format: text }),
  gc: event(
    'gc',
    { cycle: bigCount, heapMiB, procs: count },
    {
      gcCpuPercent: number,
      clockMs,
      cpuMs,
      stacksMiB: bigCount,
      globalsMiB: bigCount,
      forced: flag,
      leakCheck: flag,
      loggedAt: dateTime,
      repaired: flag,
    },
    true,
  ),
  runtimeLine: event(
    ['pacer', 'scavenger', 'scheduler', 'init', 'gcForced', 'runtime'],
    { grammar: text },
    { loggedAt: dateTime, repaired: flag },
    true,
  ),
  goroutines: event(
    'goroutines',
    {
      debug: { enum: [1, 2] },
      total: count,
      cause: oneOf('debug', 'panic', 'sigquit', 'fatal', 'race'),
      states: record(count),
      groups: list(group),
    },
    { profile: text, message: text, truncated: flag, loggedAt: dateTime },
  ),
  goroutine: event(
    'goroutine',
    { id: bigCount, state: text, group: text, stack },
    {
      waitMinutes: count,
      lockedToThread: flag,
      leaked: flag,
      labels: record(text),
      framesElided: count,
      createdBy,
      loggedAt: dateTime,
    },
  ),
  heap: event(
    'heap',
    {
      sampleRate: number,
      inUse: amount,
      allocated: amount,
      sites: list(
        object(
          { ...site, stack, inUse: amount, allocated: amount, raw: object({ inUse: amount, allocated: amount }) },
          { ...siteOptional, hiddenFrames: count },
        ),
      ),
    },
    {
      profile: oneOf('heap', 'allocs'),
      numGC: count,
      lastGC: text,
      functionEntries: record(text),
      truncated: flag,
      loggedAt: dateTime,
    },
  ),
  memstats: event('memstats', {}, { loggedAt: dateTime }, true),
  contention: event(
    'contention',
    {
      profile: oneOf('block', 'mutex'),
      sites: list(object({ ...site, stack, count: number, delayNs: number }, siteOptional)),
    },
    { truncated: flag, loggedAt: dateTime },
  ),
  threads: event(
    'threads',
    { total: count, groups: list(object({ count, stack }, { labels: record(count) })) },
    { truncated: flag, loggedAt: dateTime },
  ),
  inflection: event(
    'inflection',
    {
      id: text,
      status: oneOf('provisional', 'final', 'withdrawn'),
      signal: text,
      kind: oneOf(...inflectionKinds),
      index: count,
      value: number,
      unit: text,
      slopeBefore: number,
      slopeAfter: number,
      growthChange: number,
      confidence: share,
    },
    {
      revises: text,
      cycle: count,
      stepBy: number,
      detectedAt: number,
      atInterval: interval,
      slopeAfterInterval: interval,
    },
  ),
  finding: event(
    'finding',
    {
      id: text,
      status: oneOf('open', 'withdrawn', 'final'),
      ongoing: flag,
      rule: oneOf(...findingRules),
      severity: oneOf('info', 'warning', 'critical'),
      title: text,
      detail: text,
      confidence: share,
      evidence: { type: 'object' },
    },
    {
      revises: text,
      site: frame,
      createdBy,
      projection: object(
        { limitBytes: number, secondsLeft: number },
        { secondsLeftInterval: object({ earliest: number }, { latest: number }) },
      ),
      advice: list(text),
    },
  ),
  health: event(
    'health',
    {
      window: interval,
      score: { type: 'number', minimum: 0, maximum: 100 },
      parts: object({}, { heap: number, pause: number, block: number }),
      inputs: record(number),
    },
    { absent: list(oneOf('heap', 'pause', 'block')) },
  ),
  malformed: event(
    'malformed',
    { grammar: text, reason: text, text: { type: 'string', maxLength: 200 } },
    { loggedAt: dateTime },
  ),
  summary: event('summary', {
    counts: record(count),
    lines: count,
    bytes: count,
    seconds: number,
    processes: count,
    malformed: count,
    repaired: count,
    exitReason: text,
  }),
};

/** JSON Schema 2020-12 of one event (one NDJSON line). */
export const eventSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:gcbend:event:1',
  title: 'gcbend event, schema 1',
  description: 'One line of `gcbend --format ndjson`. Absent means: not printed by that Go version.',
  type: 'object',
  required: ['type', 'schema', 'source', 'line'],
  oneOf: Object.keys(definitions).map((name) => ({ $ref: `#/$defs/${name}` })),
  $defs: definitions,
};
