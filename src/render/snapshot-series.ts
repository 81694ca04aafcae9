// In: snapshots of one kind (goroutine dumps, heap texts) with the size of every part. Out: the last snapshot and each part's course.
import type { EventBase } from '../events/types.ts';

/** Parts followed at most; the smallest ones are let go. */
const MOST_PARTS = 1000;
/** Values kept of one course; when full, every second one is dropped and from then on only every second is kept. */
const MOST_VALUES = 256;

/** One part (a goroutine group, a heap site) over the snapshots. */
export interface Course {
  key: string;
  values: number[];
}

/** A course as it is shown. */
export interface NamedCourse {
  name: string;
  values: readonly number[];
  /** A finding names it. */
  blamed: boolean;
}

/** Remembers the last snapshot whole and of all others only numbers; memory does not grow with their count. */
export class SnapshotSeries<E extends EventBase> {
  count = 0;
  first: E | undefined;
  last!: E;
  /** The whole of every kept snapshot. */
  readonly totals: number[] = [];
  private readonly parts = new Map<string, number[]>();
  private keepEvery = 1;

  push(event: E, total: number, parts: readonly (readonly [key: string, size: number])[]): void {
    const position = this.count++;
    if (position === 0) this.first = event;
    this.last = event;
    if (position % this.keepEvery !== 0) return;
    const taken = this.totals.length;
    this.totals.push(total);
    const sizes = new Map<string, number>();
    for (const [key, size] of parts) sizes.set(key, (sizes.get(key) ?? 0) + size);
    for (const [key, size] of sizes) {
      const course = this.parts.get(key);
      if (course === undefined) this.parts.set(key, [...new Array<number>(taken).fill(0), size]);
      else course.push(size);
    }
    for (const course of this.parts.values()) if (course.length === taken) course.push(0);
    if (this.parts.size > MOST_PARTS) this.letSmallestGo();
    if (this.totals.length >= MOST_VALUES) this.thin();
  }

  /** The courses, those that grew most between the first and the last snapshot first; none that did not grow. */
  growing(): Course[] {
    const growth = (course: Course) => course.values.at(-1)! - course.values[0]!;
    return [...this.parts]
      .map(([key, values]) => ({ key, values }))
      .filter((course) => growth(course) > 0)
      .sort((a, b) => growth(b) - growth(a) || (a.key < b.key ? -1 : 1));
  }

  course(key: string): number[] | undefined {
    return this.parts.get(key);
  }

  private letSmallestGo(): void {
    const bySize = [...this.parts].sort((a, b) => b[1].at(-1)! - a[1].at(-1)!);
    for (const [key] of bySize.slice(MOST_PARTS * 0.8)) this.parts.delete(key);
  }

  private thin(): void {
    this.keepEvery *= 2;
    for (const values of [this.totals, ...this.parts.values()]) {
      let kept = 0;
      for (let index = 0; index < values.length; index += 2) values[kept++] = values[index]!;
      values.length = kept;
    }
  }
}

/** Snapshots by kind: dumps of debug=1 and debug=2 of one moment are two series, and so are heap and allocs texts. */
export class SnapshotKinds<E extends EventBase> {
  readonly #series = new Map<string, SnapshotSeries<E>>();

  of(kind: string): SnapshotSeries<E> {
    let found = this.#series.get(kind);
    if (found === undefined) {
      found = new SnapshotSeries();
      this.#series.set(kind, found);
    }
    return found;
  }

  /** The series that says most (debug=2 before debug=1, heap before allocs), unless another one has twice as many snapshots. */
  longest(): SnapshotSeries<E> | undefined {
    const kinds = [...this.#series].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, snapshots]) => snapshots);
    return kinds.reduce<SnapshotSeries<E> | undefined>((best, next) => {
      return best !== undefined && best.count * 2 > next.count ? best : next;
    }, undefined);
  }
}
