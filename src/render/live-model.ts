// In: events as they happen. Out: what the live panel draws: the report so far and the last cycles one by one.
import type { GcbendEvent, GcEvent } from '../events/types.ts';
import { type Report, ReportModel } from './report-model.ts';

/** Cycles that can be scrolled through. */
const MOST_CYCLES = 4096;

/** A cycle with its place in the stream, so that the one that is looked at stays the same while others come. */
export interface NumberedCycle {
  /** 0-based over all cycles seen. */
  place: number;
  gc: GcEvent;
}

/** Bounded memory, however long it runs. */
export class LiveModel {
  private readonly model = new ReportModel();
  private readonly ring: GcEvent[] = [];
  private seen = 0;
  /** For so many whole seconds what was printed has waited for the analysis: the program has the processors. */
  behindSeconds = 0;

  push(event: GcbendEvent): void {
    this.model.push(event);
    if (event.type !== 'gc') return;
    this.ring[this.seen % MOST_CYCLES] = event;
    this.seen++;
  }

  report(): Report {
    return this.model.finish();
  }

  /** Places of the oldest cycle that is kept and of the newest; undefined before the first. */
  range(): { oldest: number; newest: number } | undefined {
    return this.seen === 0 ? undefined : { oldest: Math.max(0, this.seen - MOST_CYCLES), newest: this.seen - 1 };
  }

  /** The cycle at a place; the nearest one that is kept. */
  cycle(place: number): NumberedCycle | undefined {
    const range = this.range();
    if (range === undefined) return undefined;
    const kept = Math.min(range.newest, Math.max(range.oldest, place));
    return { place: kept, gc: this.ring[kept % MOST_CYCLES]! };
  }

  /** Collections a minute, over the last minute of the trace or what is kept of it. */
  cyclesPerMinute(): number | undefined {
    const range = this.range();
    const newest = range === undefined ? undefined : this.cycle(range.newest)!.gc;
    if (range === undefined || newest?.at === undefined) return undefined;
    let low = range.oldest;
    let high = range.newest;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { gc } = this.cycle(middle)!;
      if (gc.process === newest.process && (gc.at ?? 0) < newest.at - 60) low = middle + 1;
      else high = middle;
    }
    const seconds = newest.at - (this.cycle(low)!.gc.at ?? 0);
    return seconds > 0 ? ((range.newest - low) / seconds) * 60 : undefined;
  }
}
