// In: totals and counts of groups over a series of dumps. Out: `inflection` events of the signals `goroutines` and `group:ID`.
// The segment detector finds the bends of long series; of short ones (a dozen dumps) the onset of a growth that was judged already is told.
import { type Bend, detectSegments, type Point, type Sensitivity } from '../detect/index.ts';
import type { InflectionEvent } from '../events/types.ts';
import { type DumpStream, rateOf } from './goroutines-body.ts';
import type { Cause } from './goroutines-related.ts';
import { tidy } from './words.ts';

/** Shorter series are left to the small-sample rules. */
const FEWEST_POINTS = 20;

export function totalInflections(stream: DumpStream, sensitivity: Sensitivity): InflectionEvent[] {
  return inflectionsOf(
    stream,
    'goroutines',
    stream.places.map((place) => place.total),
    sensitivity,
  );
}

export function groupInflections(stream: DumpStream, cause: Cause, sensitivity: Sensitivity): InflectionEvent[] {
  const signal = `group:${cause.named.id}`;
  const { counts, onset, confidence } = cause.growth;
  const found = inflectionsOf(stream, signal, counts, sensitivity);
  if (found.length > 0 || onset === 0) return found;
  const before = meanStep(counts, 0, onset);
  const rate = rateOf(stream, counts, onset).value;
  const bend = {
    kind: 'growth-onset' as const,
    index: onset,
    value: counts[onset]!,
    slopeBefore: before / stepSeconds(stream, onset),
    slopeAfter: rate,
    confidence,
  };
  return [inflection(stream, signal, 1, bend)];
}

function inflectionsOf(
  stream: DumpStream,
  signal: string,
  counts: readonly number[],
  sensitivity: Sensitivity,
): InflectionEvent[] {
  if (counts.length < FEWEST_POINTS) return [];
  const timed = stream.places.every((place) => place.seconds !== undefined);
  const points: Point[] = counts.map((y, index) => ({
    t: timed ? stream.places[index]!.seconds! : index * stream.tracker.stride,
    y,
    index,
  }));
  const { final } = detectSegments(points, { model: 'line', sensitivity, quantum: 1, minEffect: 3 });
  return final.map(({ bend }, i) => inflection(stream, signal, i + 1, bend));
}

type Told = Pick<Bend, 'kind' | 'index' | 'value' | 'slopeBefore' | 'slopeAfter' | 'confidence'> &
  Partial<Pick<Bend, 'stepBy' | 'slopeAfterInterval' | 'tInterval'>>;

function inflection(stream: DumpStream, signal: string, number: number, bend: Told): InflectionEvent {
  const place = stream.places[bend.index] ?? { source: '-', line: 1, total: 0 };
  return {
    type: 'inflection',
    schema: 1,
    source: place.source,
    line: place.line,
    ...(place.seconds === undefined ? {} : { at: Math.round(place.seconds * 1000) / 1000 }),
    ...(place.atTime === undefined ? {} : { atTime: place.atTime }),
    id: `${signal}:${number}`,
    status: 'final',
    signal,
    kind: bend.kind,
    index: bend.index * stream.tracker.stride,
    value: tidy(bend.value),
    unit: 'goroutines',
    slopeBefore: tidy(bend.slopeBefore),
    slopeAfter: tidy(bend.slopeAfter),
    growthChange: tidy(bend.slopeAfter - bend.slopeBefore),
    ...(bend.stepBy === undefined ? {} : { stepBy: tidy(bend.stepBy) }),
    confidence: tidy(bend.confidence),
    ...(bend.tInterval === undefined || place.seconds === undefined ? {} : { atInterval: bend.tInterval }),
    ...(bend.slopeAfterInterval === undefined ? {} : { slopeAfterInterval: bend.slopeAfterInterval }),
  };
}

/** Mean change from one kept dump to the next in `counts[from .. to]`. */
function meanStep(counts: readonly number[], from: number, to: number): number {
  return to > from ? (counts[to]! - counts[from]!) / (to - from) : 0;
}

/** Seconds between two kept dumps up to `index`; dumps where there is no time. */
function stepSeconds(stream: DumpStream, index: number): number {
  const from = stream.places[0]?.seconds;
  const to = stream.places[index]?.seconds;
  return from !== undefined && to !== undefined && to > from ? (to - from) / index : stream.tracker.stride;
}
