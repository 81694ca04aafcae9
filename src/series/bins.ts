// In: cells of the history. Out: wider ones as the process gets older: what the rate-like signals are looked at in. A thousand cycles a
// second, each timed to a millisecond and a MiB, say nothing one by one, and the mean of their ratios is not the ratio of their sums.
import { AT, type CycleCell, joinCells } from './cycle-cell.ts';

/** Half a second at first; an hour-old process is looked at every two seconds. */
const BIN_SECONDS = 0.5;
const MOST_SECONDS = 2;
const SHARE_OF_TIME = 1 / 2000;

export class Bins {
  #open: CycleCell | undefined;

  static restore(state: unknown): Bins {
    const bins = new Bins();
    bins.#open = (structuredClone(state) as { open?: CycleCell }).open;
    return bins;
  }

  state(): unknown {
    return this.#open === undefined ? {} : { open: structuredClone(this.#open) };
  }

  /**
   * @param t where the next cell begins
   * @returns the bin that is full with this cell
   */
  push(cell: CycleCell, t: number): CycleCell | undefined {
    if (this.#open === undefined) this.#open = cell.slice();
    else joinCells(this.#open, cell);
    const width = Math.min(MOST_SECONDS, Math.max(BIN_SECONDS, SHARE_OF_TIME * t));
    if (t - this.#open[AT.from]! < width) return undefined;
    const bin = this.#open;
    this.#open = undefined;
    return bin;
  }

  /** The last bin. @param cell the one that is still open, which ends it */
  finish(cell: CycleCell): CycleCell {
    if (this.#open === undefined) return cell;
    joinCells(this.#open, cell);
    return this.#open;
  }
}
