// In: what the rules think now, under a key each. Out: finding events, only when something a reader would notice has changed.
// A finding keeps its id through its life: open, changed (still open), withdrawn or final; later events name it in `revises`.
import type { FindingEvent, GcbendEvent } from '../events/types.ts';

/** What a rule says; the log adds the rest. */
export type FindingBody = Omit<FindingEvent, 'type' | 'schema' | 'id' | 'status' | 'revises' | 'source' | 'line'>;

/** Where in the input a finding comes from. */
export interface Origin {
  source: string;
  line: number;
  process?: number;
}

interface Entry {
  id: string;
  closed: boolean;
  last: FindingEvent;
}

interface LogState {
  prefix: string;
  counts: Record<string, number>;
  entries: Record<string, Entry>;
}

export class FindingLog {
  #state: LogState;

  /** @param prefix makes the ids of several processes differ */
  constructor(prefix: string) {
    this.#state = { prefix, counts: {}, entries: {} };
  }

  static restore(state: unknown): FindingLog {
    const log = new FindingLog('');
    log.#state = structuredClone(state) as LogState;
    return log;
  }

  state(): unknown {
    return structuredClone(this.#state);
  }

  /** The finding under this key as last told, unless it was withdrawn. */
  get(key: string): FindingEvent | undefined {
    const entry = this.#state.entries[key];
    return entry === undefined || entry.closed ? undefined : entry.last;
  }

  /** Keys of findings that are neither withdrawn nor final. */
  get openKeys(): string[] {
    return Object.keys(this.#state.entries).filter((key) => this.get(key) !== undefined);
  }

  /** Opens the finding, or tells it again when its severity, its title's claim or `ongoing` has changed. */
  tell(key: string, origin: Origin, body: FindingBody, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    if (entry === undefined || entry.closed) {
      const count = (this.#state.counts[body.rule] ?? 0) + 1;
      this.#state.counts[body.rule] = count;
      const id = `${this.#state.prefix}:${body.rule}:${count}`;
      const last = finding(origin, body, id, 'open');
      this.#state.entries[key] = { id, closed: false, last };
      out.push(last);
      return;
    }
    const { last } = entry;
    if (last.severity === body.severity && last.ongoing === body.ongoing) return;
    entry.last = finding(origin, body, entry.id, 'open', entry.id);
    out.push(entry.last);
  }

  withdraw(key: string, origin: Origin, reason: string, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    if (entry === undefined || entry.closed) return;
    const {
      type: _type,
      schema: _schema,
      id: _id,
      status: _status,
      source: _source,
      line: _line,
      ...body
    } = entry.last;
    entry.closed = true;
    entry.last = finding(
      origin,
      { ...body, ongoing: false, detail: `${reason} Said before: ${body.detail}` },
      entry.id,
      'withdrawn',
      entry.id,
    );
    out.push(entry.last);
  }

  /** The last word on a finding, told before or not. */
  finish(key: string, origin: Origin, body: FindingBody, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    if (entry === undefined || entry.closed) {
      const count = (this.#state.counts[body.rule] ?? 0) + 1;
      this.#state.counts[body.rule] = count;
      const id = `${this.#state.prefix}:${body.rule}:${count}`;
      const last = finding(origin, body, id, 'final');
      this.#state.entries[key] = { id, closed: true, last };
      out.push(last);
      return;
    }
    entry.closed = true;
    entry.last = finding(origin, body, entry.id, 'final', entry.id);
    out.push(entry.last);
  }
}

function finding(
  origin: Origin,
  body: FindingBody,
  id: string,
  status: FindingEvent['status'],
  revises?: string,
): FindingEvent {
  const { rule, ...rest } = body;
  return {
    type: 'finding',
    schema: 1,
    source: origin.source,
    line: origin.line,
    ...(origin.process === undefined ? {} : { process: origin.process }),
    id,
    status,
    ...(revises === undefined ? {} : { revises }),
    rule,
    ...rest,
  } as FindingEvent;
}
