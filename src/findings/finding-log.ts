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

  /** The finding under this key as last told, unless it was withdrawn or is final. */
  get(key: string): FindingEvent | undefined {
    return this.#state.entries[key]?.last;
  }

  /** Keys of findings that are neither withdrawn nor final. */
  get openKeys(): string[] {
    return Object.keys(this.#state.entries);
  }

  /** Opens the finding, or tells it again when its severity or `ongoing` has changed. */
  tell(key: string, origin: Origin, body: FindingBody, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    if (entry === undefined) {
      const id = this.#nextId(body.rule);
      const last = finding(origin, body, id, 'open');
      this.#state.entries[key] = { id, last };
      out.push(last);
    } else if (entry.last.severity !== body.severity || entry.last.ongoing !== body.ongoing) {
      entry.last = finding(origin, body, entry.id, 'open', entry.id);
      out.push(entry.last);
    }
  }

  withdraw(key: string, origin: Origin, reason: string, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    if (entry === undefined) return;
    delete this.#state.entries[key];
    const { type: _type, schema: _schema, id, status: _status, source: _source, line: _line, ...body } = entry.last;
    const said = { ...body, ongoing: false, detail: `${reason} Said before: ${body.detail}` };
    out.push(finding(origin, said, id, 'withdrawn', id));
  }

  /** The last word on a finding, told before or not. */
  finish(key: string, origin: Origin, body: FindingBody, out: GcbendEvent[]): void {
    const entry = this.#state.entries[key];
    delete this.#state.entries[key];
    out.push(finding(origin, body, entry?.id ?? this.#nextId(body.rule), 'final', entry?.id));
  }

  #nextId(rule: FindingBody['rule']): string {
    const count = (this.#state.counts[rule] ?? 0) + 1;
    this.#state.counts[rule] = count;
    return `${this.#state.prefix}:${rule}:${count}`;
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
