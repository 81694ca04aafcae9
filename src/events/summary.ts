// In: events in stream order. Out: the summary event that closes a stream.
import type { GcbendEvent, SummaryEvent } from './types.ts';

export class SummaryCounter {
  readonly #counts: Record<string, number> = {};
  readonly #processes = new Set<number>();
  /** Most records come from the process of the one before. */
  #latest: number | undefined;
  #repaired = 0;
  #seconds = 0;

  count(event: GcbendEvent): void {
    this.countRecord(event.type, event.process, event.at, 'repaired' in event && event.repaired === true);
  }

  /** The same for a record that is not made an event. */
  countRecord(type: string, process: number | undefined, at: number | undefined, repaired: boolean): void {
    this.countRun(type, process, at, 1);
    if (repaired) this.#repaired++;
  }

  /** Records of one process, the last of them at `at`. */
  countRun(type: string, process: number | undefined, at: number | undefined, records: number): void {
    this.#counts[type] = (this.#counts[type] ?? 0) + records;
    if (process !== undefined && process !== this.#latest) {
      this.#processes.add(process);
      this.#latest = process;
    }
    if (at !== undefined && at > this.#seconds) this.#seconds = at;
  }

  /** How many events of a type there were. */
  of(type: string): number {
    return this.#counts[type] ?? 0;
  }

  /** `seconds` is the time of the longest trace, not of this run: a file gives the same summary every time. */
  summary(totals: { lines: number; bytes: number }, exitReason: string): SummaryEvent {
    return {
      type: 'summary',
      schema: 1,
      source: '-',
      line: totals.lines,
      counts: { ...this.#counts },
      lines: totals.lines,
      bytes: totals.bytes,
      seconds: this.#seconds,
      processes: this.#processes.size,
      malformed: this.of('malformed'),
      repaired: this.#repaired,
      exitReason,
    };
  }
}
