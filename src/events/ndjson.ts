// In: one line of NDJSON that gcbend (or a filter such as jq behind it) wrote. Out: the event again, or why it is none.
// Example: {"type":"gc","schema":1,"source":"-","line":1,"process":1,"cycle":1,"at":0.006}
import { cleanText } from './clean-text.ts';
import type { GcbendEvent } from './types.ts';

/** Events that state what the input said; all others are computed from these. */
const factTypes: ReadonlySet<string> = new Set([
  'process',
  'gc',
  'pacer',
  'scavenger',
  'scheduler',
  'init',
  'gcForced',
  'runtime',
  'goroutines',
  'goroutine',
  'heap',
  'memstats',
  'contention',
  'threads',
  'malformed',
]);
/** Bound for derived events that are kept until it is known whether their source holds facts. */
const mostDerived = 100_000;
const derivedTypes: ReadonlySet<string> = new Set(['inflection', 'finding', 'health', 'summary']);

/**
 * Reads sources of NDJSON back. What follows from facts (inflections, findings) is computed anew, so it is dropped as soon as its source
 * holds facts; a source that a filter left nothing but such events gives them back.
 */
export class NdjsonReader {
  readonly #sources = new Map<
    string,
    { facts: boolean; derived: GcbendEvent[]; processes: Map<number, number>; line: number }
  >();
  readonly #usedProcesses = new Set<number>();
  #lines = 0;
  #bytes = 0;

  /** The event of one line; undefined when there is nothing to hand on now. */
  readLine(source: string, text: string): GcbendEvent | undefined {
    const state = this.#state(source);
    state.line++;
    if (text.trim() === '') return undefined;
    const read = parseEventLine(text);
    if ('reason' in read) {
      const shown = cleanText(text).slice(0, 200);
      return {
        type: 'malformed',
        schema: 1,
        source,
        line: state.line,
        grammar: 'ndjson',
        reason: read.reason,
        text: shown,
      };
    }
    const event = this.#renumber(read.event, state.processes);
    if (event.type === 'summary') {
      this.#lines += event.lines;
      this.#bytes += event.bytes;
      return undefined;
    }
    if (factTypes.has(event.type)) {
      state.facts = true;
      state.derived = [];
      return event;
    }
    if (!state.facts && state.derived.length < mostDerived) state.derived.push(event);
    return undefined;
  }

  /** What is left of a source: its derived events when it held no facts. */
  endSource(source: string): GcbendEvent[] {
    const state = this.#sources.get(source);
    this.#sources.delete(source);
    return state?.derived ?? [];
  }

  /** Lines and bytes of the inputs that the NDJSON was made from. */
  addTotals(totals: { lines: number; bytes: number }): { lines: number; bytes: number } {
    return { lines: totals.lines + this.#lines, bytes: totals.bytes + this.#bytes };
  }

  #state(source: string) {
    let state = this.#sources.get(source);
    if (state === undefined) {
      state = { facts: false, derived: [], processes: new Map(), line: 0 };
      this.#sources.set(source, state);
    }
    return state;
  }

  /** Two files both have a process 1: the second one's gets the next free number. */
  #renumber(event: GcbendEvent, processes: Map<number, number>): GcbendEvent {
    const old = event.process;
    if (old === undefined) return event;
    let process = processes.get(old);
    if (process === undefined) {
      process = old;
      while (this.#usedProcesses.has(process)) process++;
      this.#usedProcesses.add(process);
      processes.set(old, process);
    }
    return process === old ? event : ({ ...event, process } as GcbendEvent);
  }
}

/** The event of one NDJSON line, or the reason why the line holds none. Only schema 1 is known. */
export function parseEventLine(text: string): { event: GcbendEvent } | { reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'not a JSON object: the line is cut or is no gcbend event' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { reason: 'not a JSON object' };
  const { type, schema, source, line } = value as Record<string, unknown>;
  if (typeof type !== 'string' || !(factTypes.has(type) || derivedTypes.has(type))) {
    return { reason: `unknown event type ${JSON.stringify(type) ?? 'missing'}` };
  }
  if (schema !== 1) return { reason: `schema ${JSON.stringify(schema) ?? 'missing'} is not 1` };
  if (typeof source !== 'string' || typeof line !== 'number') return { reason: 'source or line is missing' };
  return hasShape(type, value as Record<string, unknown>)
    ? { event: value as GcbendEvent }
    : { reason: `fields of a ${type} event are missing or of another type` };
}

/** What the stages behind rely on without looking: wrong types here must not throw there. */
function hasShape(type: string, value: Record<string, unknown>): boolean {
  switch (type) {
    case 'gc':
      return (
        isNumber(value['cycle']) &&
        isRecord(value['heapMiB']) &&
        optional(value['at'], isNumber) &&
        isParts(value['clockMs']) &&
        isParts(value['cpuMs']) &&
        isParts(value['heapMiB'])
      );
    case 'goroutines':
      return isNumber(value['total']) && isParts(value['states']) && isList(value['groups'], isGroup);
    case 'heap':
      return isRecord(value['inUse']) && isRecord(value['allocated']) && isList(value['sites'], isSite);
    case 'contention':
      return isList(value['sites'], isSite);
    case 'threads':
      return isList(value['groups'], isGroup);
    case 'inflection':
      return (
        isString(value['signal']) &&
        isString(value['kind']) &&
        isNumber(value['value']) &&
        isNumber(value['confidence'])
      );
    case 'finding':
      return (
        isString(value['rule']) &&
        isString(value['severity']) &&
        isString(value['title']) &&
        isString(value['detail']) &&
        isRecord(value['evidence'])
      );
    case 'health':
      return isRecord(value['window']) && isNumber(value['score']);
    default:
      return true;
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const optional = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);
const isList = (value: unknown, is: (item: Record<string, unknown>) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => isRecord(item) && is(item));
/** A record of numbers; integers above 2^53 are strings. */
const isParts = (value: unknown): boolean =>
  value === undefined || (isRecord(value) && Object.values(value).every((part) => isNumber(part) || isString(part)));
const isFrames = (value: unknown): boolean => isList(value, (frame) => isString(frame['function']));
const isGroup = (group: Record<string, unknown>): boolean => isNumber(group['count']) && isFrames(group['stack']);
const isSite = (site: Record<string, unknown>): boolean => isString(site['function']) && isFrames(site['stack']);
