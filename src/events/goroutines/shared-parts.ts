// In: rows of the stack engine. Out: parts of groups that are the same in many: one object for all of them.
import type { CreatedBy, GoroutineGroup } from '../types.ts';
import type { FrameTable } from './frame-table.ts';
import { ROW, type StackEngine } from './stack-engine.ts';

type Waits = NonNullable<GoroutineGroup['waitMinutes']>;

/** Places for waits: what is pushed out is made again. */
const WAITS = 1024;

export class SharedParts {
  readonly #waits = new Map<number, Waits>();
  /** By number of the frame: the last one made. */
  readonly #creators = new Map<number, CreatedBy>();

  waitMinutes(engine: StackEngine, row: number): Waits | undefined {
    const max = engine.int(row + ROW.waitMax);
    if (max < 0) return undefined;
    const min = engine.int(row + ROW.waitMissing) === 1 ? 0 : engine.int(row + ROW.waitMin);
    const place = (min * 31 + max) % WAITS;
    const known = this.#waits.get(place);
    if (known?.min === min && known.max === max) return known;
    const waits = { min, max };
    this.#waits.set(place, waits);
    return waits;
  }

  createdBy(engine: StackEngine, row: number, frames: FrameTable): CreatedBy | undefined {
    const frame = engine.int(row + ROW.creatorFrame);
    if (frame < 0) return undefined;
    const goroutine = engine.long(row + ROW.creator);
    if (goroutine <= 0) return frames.at(frame);
    const known = this.#creators.get(frame);
    if (known?.goroutine === goroutine) return known;
    const createdBy: CreatedBy = { ...frames.at(frame), goroutine };
    this.#creators.set(frame, createdBy);
    return createdBy;
  }
}
