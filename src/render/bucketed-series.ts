// In: points (x, y) without end, x growing. Out: at most 2,048 buckets over x that keep every spike.

/** What lies between two places of the x axis. */
export interface Bucket {
  /** x of its first and last point. */
  from: number;
  to: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
}

const CAPACITY = 2048;

/**
 * Buckets are equal slices of x, a power of two wide: when there are too many, the width doubles and neighbours merge.
 * The smallest and the largest y of every slice survive, so that a chart of any width shows every spike.
 */
export class BucketedSeries {
  readonly buckets: Bucket[] = [];
  private width = 2 ** -10;
  /** The newest value, even where x did not grow. */
  last: number | undefined;

  push(x: number, y: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    this.last = y;
    const newest = this.buckets.at(-1);
    if (newest !== undefined && this.slice(x) <= this.slice(newest.from)) {
      newest.to = Math.max(newest.to, x);
      newest.count++;
      newest.sum += y;
      newest.min = Math.min(newest.min, y);
      newest.max = Math.max(newest.max, y);
      newest.last = y;
      return;
    }
    this.buckets.push({ from: x, to: x, count: 1, sum: y, min: y, max: y, last: y });
    while (this.buckets.length > CAPACITY) this.widen();
  }

  get min(): number {
    return this.buckets.reduce((least, bucket) => Math.min(least, bucket.min), Number.POSITIVE_INFINITY);
  }

  get max(): number {
    return this.buckets.reduce((most, bucket) => Math.max(most, bucket.max), Number.NEGATIVE_INFINITY);
  }

  get count(): number {
    return this.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  }

  get mean(): number {
    return this.buckets.reduce((sum, bucket) => sum + bucket.sum, 0) / Math.max(1, this.count);
  }

  private slice(x: number): number {
    return Math.floor(x / this.width);
  }

  private widen(): void {
    this.width *= 2;
    let kept = 0;
    for (const bucket of this.buckets) {
      const before = kept > 0 ? this.buckets[kept - 1]! : undefined;
      if (before === undefined || this.slice(before.from) !== this.slice(bucket.from)) {
        this.buckets[kept++] = bucket;
        continue;
      }
      before.to = bucket.to;
      before.count += bucket.count;
      before.sum += bucket.sum;
      before.min = Math.min(before.min, bucket.min);
      before.max = Math.max(before.max, bucket.max);
      before.last = bucket.last;
    }
    this.buckets.length = kept;
  }
}

/**
 * One column of a chart. `y` is what the line shows; `min` and `max` what the column holds; `gap`: no point lies in it; `far`: nor in the
 * columns around it, so that the line there only joins what was measured elsewhere.
 */
export interface ChartColumn {
  y: number;
  min: number;
  max: number;
  gap: boolean;
  far: boolean;
}

/**
 * Columns from one point to the next that are still near: what is usual in this series, three times, so that a wide chart of a program
 * that collects seldom is as whole as a narrow one.
 */
const NEAR_COLUMNS = 4;
const NEAR_USUAL = 3;
const NEAR_SHARE = 0.1;

function nearColumns(cells: readonly unknown[]): number {
  const filled = cells.flatMap((cell, column) => (cell === undefined ? [] : [column]));
  const steps = filled.slice(1).map((column, index) => column - filled[index]!);
  steps.sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 1;
  return Math.max(NEAR_COLUMNS, Math.min(NEAR_USUAL * usual, NEAR_SHARE * cells.length));
}

/**
 * Resamples buckets to `width` columns between `from` and `to`. The line is the mean of a column, but where something sticks out of the
 * series' usual scatter, and at its highest point, it is the spike itself. Columns without a point are joined by a straight line.
 * Empty when no bucket lies in the range.
 */
export function resample(buckets: readonly Bucket[], from: number, to: number, width: number): ChartColumn[] {
  const span = to - from;
  const cells: ({ sum: number; count: number; min: number; max: number } | undefined)[] = new Array(width).fill(
    undefined,
  );
  const place = (x: number) => (span <= 0 ? 0 : Math.round(((x - from) / span) * (width - 1)));
  for (const bucket of buckets) {
    if (bucket.to < from || bucket.from > to) continue;
    const first = Math.max(0, place(bucket.from));
    const last = Math.min(width - 1, place(bucket.to));
    for (let column = first; column <= last; column++) {
      const cell = cells[column];
      if (cell === undefined) {
        cells[column] = { sum: bucket.sum, count: bucket.count, min: bucket.min, max: bucket.max };
      } else {
        cell.sum += bucket.sum;
        cell.count += bucket.count;
        cell.min = Math.min(cell.min, bucket.min);
        cell.max = Math.max(cell.max, bucket.max);
      }
    }
  }
  const near = nearColumns(cells);
  const filled = cells.filter((cell) => cell !== undefined);
  if (filled.length === 0) return [];
  const spreads = filled.map((cell) => cell.max - cell.min).sort((a, b) => a - b);
  const usual = spreads[Math.floor(spreads.length / 2)]!;
  const top = filled.reduce((a, b) => (b.max > a.max ? b : a));
  const lineOf = (cell: (typeof filled)[number]) => {
    const mean = cell.sum / cell.count;
    const above = cell.max - mean;
    const below = mean - cell.min;
    if (cell === top || (above >= below && above > 1.5 * usual)) return cell.max;
    return below > above && below > 1.5 * usual ? cell.min : mean;
  };
  const columns: ChartColumn[] = [];
  let previous = cells.findIndex((cell) => cell !== undefined);
  for (let column = 0; column < width; column++) {
    const cell = cells[column];
    if (cell !== undefined) {
      columns.push({ y: lineOf(cell), min: cell.min, max: cell.max, gap: false, far: false });
      previous = column;
      continue;
    }
    let next = column;
    while (next < width && cells[next] === undefined) next++;
    const left = lineOf(cells[previous]!);
    const right = next < width ? lineOf(cells[next]!) : left;
    const share = column <= previous || next === width ? 0 : (column - previous) / (next - previous);
    const y = left + (right - left) * share;
    const far = column < previous || next === width || next - previous > near;
    columns.push({ y, min: y, max: y, gap: true, far });
  }
  return columns;
}
