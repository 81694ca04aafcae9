// In: what a rule or a detector has to say now. Out: events, with ids that last: the one place where derived events get theirs.
import type { Bend } from '../detect/index.ts';
import type { GcbendEvent } from '../events/types.ts';
import type { TraceSignal } from '../series/index.ts';
import type { RuleContext } from './context.ts';
import { type FindingBody, FindingLog } from './finding-log.ts';
import { makeInflection } from './inflections.ts';
import type { HeldBend } from './watch.ts';

/** What is known when something is told, and where it goes. */
export interface Telling {
  context: RuleContext;
  out: GcbendEvent[];
}

interface TellerState {
  prefix: string;
  /** How many inflections were told, by signal and status. */
  counts: Record<string, number>;
  log: unknown;
}

export class Teller {
  #prefix: string;
  #counts: Record<string, number> = {};
  log: FindingLog;

  /** @param process number of the process: makes ids differ between processes */
  constructor(process: number) {
    this.#prefix = String(process);
    this.log = new FindingLog(this.#prefix);
  }

  static restore(state: unknown): Teller {
    const saved = structuredClone(state) as TellerState;
    const teller = new Teller(0);
    teller.#prefix = saved.prefix;
    teller.#counts = saved.counts;
    teller.log = FindingLog.restore(saved.log);
    return teller;
  }

  state(): TellerState {
    return { prefix: this.#prefix, counts: { ...this.#counts }, log: this.log.state() };
  }

  provisional(signal: TraceSignal, held: HeldBend, bend: Bend, { context, out }: Telling): void {
    const id = this.#nextId(signal, 'p');
    held.told = id;
    out.push(makeInflection({ id, status: 'provisional', signal, detectedAt: held.detectedAt }, bend, context));
  }

  /** Takes a provisional inflection back; nothing happens when it was never told. */
  withdraw(signal: TraceSignal, held: HeldBend, bend: Bend, detectedAt: number, { context, out }: Telling): void {
    const id = held.told;
    if (id === undefined) return;
    delete held.told;
    out.push(makeInflection({ id, status: 'withdrawn', signal, revises: id, detectedAt }, bend, context));
  }

  final(signal: TraceSignal, bend: Bend, revises: string | undefined, detectedAt: number, telling: Telling): void {
    const { context, out } = telling;
    const id = this.#nextId(signal, '');
    const about = { id, status: 'final' as const, signal, detectedAt, ...(revises === undefined ? {} : { revises }) };
    out.push(makeInflection(about, bend, context));
  }

  finding(key: string, body: FindingBody | undefined, { context, out }: Telling): void {
    if (body !== undefined) this.log.tell(key, context.origin, body, out);
  }

  finalFinding(key: string, body: FindingBody, { context, out }: Telling): void {
    this.log.finish(key, context.origin, body, out);
  }

  withdrawFinding(key: string, reason: string, { context, out }: Telling): void {
    this.log.withdraw(key, context.origin, reason, out);
  }

  #nextId(signal: string, mark: string): string {
    const key = `${signal}${mark}`;
    const count = (this.#counts[key] ?? 0) + 1;
    this.#counts[key] = count;
    return `${this.#prefix}:${signal}:${mark}${count}`;
  }
}
