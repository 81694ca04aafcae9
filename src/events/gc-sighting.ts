// In: a match of a gctrace line. Out: the few numbers that tell whose cycle it is, without building its event.
import type { GrammarSet, Match, Shape } from '../grammar/index.ts';
import type { GcDetails, GcSighting, SightingColumns, SightingRows } from './process-fit.ts';

interface Holes {
  cycle: number;
  at: number;
  start: number;
  end: number;
  live: number;
  goal: number;
  percent: number;
  stacks: number;
  globals: number;
  procs: number;
  /** Wall-clock parts of the cycle. */
  clock: number[];
}

/** Reads sightings; the object is reused, its `details` are those of the match that was read last. */
export class SightingReader {
  readonly #grammars: GrammarSet;
  readonly #holes: (Holes | undefined)[] = [];
  readonly #sighting: GcSighting;
  #match: Match | undefined;
  #details: GcDetails | undefined;

  constructor(grammars: GrammarSet) {
    this.#grammars = grammars;
    const details = (): GcDetails => this.#readDetails();
    this.#sighting = { cycle: 0, heapStartMiB: 0, heapLiveMiB: 0, source: '', details };
  }

  read(match: Match, source: string, identity: string | undefined, wallMs: number | undefined): GcSighting {
    const holes = this.#holesOf(match.shape);
    const grammars = this.#grammars;
    const sighting = this.#sighting;
    sighting.cycle = grammars.numberAt(match, holes.cycle) ?? 0;
    sighting.atSeconds = grammars.numberAt(match, holes.at);
    sighting.heapStartMiB = grammars.numberAt(match, holes.start) ?? 0;
    sighting.heapLiveMiB = grammars.numberAt(match, holes.live) ?? grammars.numberAt(match, holes.end) ?? 0;
    sighting.heapGoalMiB = grammars.numberAt(match, holes.goal);
    sighting.source = source;
    sighting.identity = identity;
    sighting.wallMs = wallMs;
    sighting.shape = match.shape.index;
    this.#match = match;
    this.#details = undefined;
    return sighting;
  }

  /** The holes of a sighting's numbers; undefined when one of them is not a plain number in lines of this shape. */
  plainHoles(shape: Shape): SightingColumns | undefined {
    const { cycle, at, start, end, live, goal } = this.#holesOf(shape);
    const holes = {
      cycle,
      atSeconds: at,
      heapStartMiB: start,
      heapLiveMiB: live < 0 ? end : live,
      heapGoalMiB: goal,
    };
    return Object.values(holes).every((hole) => shape.isPlain[hole] === 1) ? holes : undefined;
  }

  /** The sighting of the first row. Where nothing is wrapped around lines there is neither identity nor wall time. */
  readFirst(rows: SightingRows, shape: Shape, source: string): GcSighting {
    const { values } = rows;
    const sighting = this.#sighting;
    sighting.cycle = values[rows.cycle]!;
    sighting.atSeconds = values[rows.atSeconds];
    sighting.heapStartMiB = values[rows.heapStartMiB]!;
    sighting.heapLiveMiB = values[rows.heapLiveMiB]!;
    sighting.heapGoalMiB = values[rows.heapGoalMiB];
    sighting.source = source;
    sighting.identity = undefined;
    sighting.wallMs = undefined;
    sighting.shape = shape.index;
    return sighting;
  }

  /** The line is printed when its cycle has ended: `at` lies this much earlier, ms. */
  cycleMs(match: Match): number {
    let sum = 0;
    for (const hole of this.#holesOf(match.shape).clock) sum += this.#grammars.numberAt(match, hole) ?? 0;
    return sum;
  }

  #readDetails(): GcDetails {
    if (this.#details !== undefined) return this.#details;
    const match = this.#match as Match;
    const holes = this.#holesOf(match.shape);
    this.#details = {
      cycleMs: this.cycleMs(match),
      gcCpuPercent: this.#grammars.numberAt(match, holes.percent),
      stacksMiB: this.#grammars.numberAt(match, holes.stacks),
      globalsMiB: this.#grammars.numberAt(match, holes.globals),
      procs: this.#grammars.numberAt(match, holes.procs),
    };
    return this.#details;
  }

  #holesOf(shape: Shape): Holes {
    const known = this.#holes[shape.index];
    if (known !== undefined) return known;
    const hole = (path: string): number => this.#grammars.holeOf(shape, path);
    const clock = shape.fields.map((field) => field.path).filter((path) => path.startsWith('clockMs.'));
    const holes = {
      cycle: hole('cycle'),
      at: hole('at'),
      start: hole('heapMiB.start'),
      end: hole('heapMiB.end'),
      live: hole('heapMiB.live'),
      goal: hole('heapMiB.goal'),
      percent: hole('gcCpuPercent'),
      stacks: hole('stacksMiB'),
      globals: hole('globalsMiB'),
      procs: hole('procs'),
      clock: clock.map(hole),
    };
    this.#holes[shape.index] = holes;
    return holes;
  }
}
