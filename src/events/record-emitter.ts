// In: matches of one-line records. Out: the records with the process that printed them and their wall time, and the processes as they begin.
import type { GrammarSet, Match } from '../grammar/index.ts';
import type { Content } from './content.ts';
import { SightingReader } from './gc-sighting.ts';
import type { LineRecord } from './line-record.ts';
import type { OpenReason, ProcessState, ProcessTracker } from './processes.ts';
import type { GcbendEvent } from './types.ts';

/** Where single records go, in stream order. */
export interface RecordSink {
  /** A record of one line; the object is reused. */
  record(record: LineRecord): void;
  event(event: GcbendEvent): void;
  /** Nothing more will come from this process. */
  processEnded(process: number): void;
}

export interface RecordEmitterOptions {
  source: string;
  grammars: GrammarSet;
  tracker: ProcessTracker;
  sink: RecordSink;
  now?: (() => Date | undefined) | undefined;
}

/** Assigns the records of one source, one by one. */
export class RecordEmitter {
  readonly #options: RecordEmitterOptions;
  readonly #sightings: SightingReader;
  readonly #record: LineRecord;

  constructor(options: RecordEmitterOptions) {
    this.#options = options;
    this.#sightings = new SightingReader(options.grammars);
    this.#record = {
      source: options.source,
      line: 0,
      process: undefined,
      at: undefined,
      loggedAt: undefined,
      atTime: undefined,
      repaired: false,
    } as LineRecord;
  }

  /** `content`: of the line that completed it; `line`: on which it began. */
  emit(match: Match, { identity, wrapper }: Content, line: number, repaired: boolean): void {
    const { tracker, sink, source, now } = this.#options;
    const record = this.#record;
    const loggedAt = wrapper?.loggedAt();
    record.match = match;
    record.line = line;
    record.repaired = repaired;
    record.loggedAt = loggedAt;
    record.atTime = undefined;
    const isGc = match.shape.grammar.event === 'gc';
    const wallMs = loggedAt !== undefined ? Date.parse(loggedAt) : now?.()?.getTime();
    if (!isGc) {
      record.process = this.#processOfSibling(identity, match);
      record.at = this.#options.grammars.numberAt(match, 'at');
      if (wallMs !== undefined) record.atTime = new Date(wallMs).toISOString();
      sink.record(record);
      return;
    }
    const startedMs = wallMs === undefined ? undefined : wallMs - this.#sightings.cycleMs(match);
    if (startedMs !== undefined) record.atTime = new Date(startedMs).toISOString();
    const sighting = this.#sightings.read(match, source, identity, startedMs);
    const { state, opened, ended } = tracker.assign(sighting);
    for (const { process } of ended) sink.processEnded(process);
    if (opened !== undefined) this.#emitProcess(state, opened, match);
    record.process = state.process;
    record.at = sighting.atSeconds;
    sink.record(record);
  }

  #processOfSibling(identity: string | undefined, match: Match): number | undefined {
    const { tracker, source } = this.#options;
    const current = tracker.current(identity);
    if (current !== undefined) return current.process;
    if (tracker.ambiguous && identity === undefined) return undefined;
    const { state, opened } = tracker.open(identity, source);
    if (opened !== undefined) this.#emitProcess(state, opened, match);
    return state.process;
  }

  #emitProcess(state: ProcessState, reason: OpenReason, match: Match): void {
    this.#options.sink.event({
      type: 'process',
      schema: 1,
      source: this.#options.source,
      line: this.#record.line,
      process: state.process,
      reason,
      format: match.shape.grammar.id,
    });
  }
}
