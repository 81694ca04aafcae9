// In: points of a series. Out: its bends. The detector's one door.

import { makeDetector, restoreDetector, segmentWhole } from './stream.ts';
import type { DetectorOptions, DetectorResult, Point, StreamDetector } from './types.ts';

export { detectPeaks } from './peaks.ts';
export type * from './types.ts';

/** A detector for one series of one process; see `SeriesModel` for the two models. */
export function createSegmentsDetector(options: DetectorOptions): StreamDetector {
  return makeDetector(options);
}

/** The detector whose `state()` this is; what it says from here on is what the saved one would have said. */
export function restoreSegmentsDetector(state: unknown): StreamDetector {
  return restoreDetector(state);
}

/** A whole series at once: the result of `finish()` without the streaming before it. */
export function detectSegments(points: Iterable<Point>, options: DetectorOptions): DetectorResult {
  return segmentWhole(points, options);
}
