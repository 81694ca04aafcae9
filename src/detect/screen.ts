// In: the newest points and the last piece of the last segmentation. Out: is it time to segment again? Constant cost.
// An exponentially weighted moving average chart (Roberts 1959) on the residuals from that piece.

import {
  CREDIT_FAST,
  CREDIT_MAX,
  CREDIT_SHARE,
  CREDIT_SLOW,
  RERUN_BACKOFF,
  RERUN_FIRST,
  RERUN_LONGEST,
  RERUN_POINTS,
  RERUN_SECONDS,
  RERUN_SHARE,
  SCREEN_BAND,
  SCREEN_LAMBDA,
  SCREEN_NEWEST,
  SCREEN_RECORD,
} from './constants.ts';
import { type CellMeans, chart } from './kernel/index.ts';
import type { WholeFit } from './segments.ts';

/** Plain JSON. `slope` per second, from `level` at `t0`. */
export interface Screen {
  firstT: number;
  /** Points seen, and at the last segmentation; time of the last segmentation. */
  points: number;
  lookedAt: number;
  lookedT: number;
  t0: number;
  level: number;
  slope: number;
  average: number;
  band: number;
  /** Points to wait while nothing comes of it. */
  gap: number;
  /** Looks in store: what bounds the mean cost of a point whatever the series does. */
  credit: number;
  /** A bend waits for its second look. */
  pending: boolean;
}

export function makeScreen(): Screen {
  return {
    firstT: 0,
    points: 0,
    lookedAt: 0,
    lookedT: 0,
    t0: 0,
    level: 0,
    slope: 0,
    average: 0,
    band: 0,
    gap: RERUN_POINTS,
    credit: CREDIT_MAX,
    pending: false,
  };
}

/** True when the series should be segmented again. @param growth of the series since the last look that forces one */
export function screenPoint(s: Screen, t: number, y: number, growth: number): boolean {
  if (s.points === 0) s.firstT = t;
  s.points++;
  s.credit = Math.min(
    CREDIT_MAX,
    s.credit + Math.max(CREDIT_SLOW, Math.min(CREDIT_FAST, 1 / (s.points * CREDIT_SHARE))),
  );
  s.average += SCREEN_LAMBDA * (y - s.level - s.slope * (t - s.t0) - s.average);
  if (s.points < RERUN_FIRST) return false;
  if (s.lookedAt === 0 || s.points >= s.lookedAt * growth) return true;
  // A second look is always paid for.
  if (!s.pending && (s.credit < 1 || Math.abs(s.average) <= s.band)) return false;
  const since = t - s.lookedT;
  // The gap makes the store last; while that is half full, points as far apart as this are each worth a look.
  if (since >= RERUN_SECONDS && s.credit > CREDIT_MAX / 2) return true;
  return s.points - s.lookedAt >= s.gap && since >= Math.min(RERUN_SECONDS, (t - s.firstT) * RERUN_SHARE);
}

/** Takes over the last piece of a fresh segmentation. */
export function resetScreen(s: Screen, means: CellMeans, fit: WholeFit | undefined, pending: boolean): void {
  const n = means.t.length;
  const t = means.t[n - 1]!;
  s.lookedAt = s.points;
  s.lookedT = t;
  s.pending = pending;
  s.credit = Math.max(0, s.credit - 1);
  if (!fit) {
    s.t0 = t;
    s.level = means.y[n - 1]!;
    s.slope = 0;
    s.average = 0;
    s.band = Number.MAX_VALUE;
    return;
  }
  const { tail, scale } = fit;
  s.t0 = means.t[0]!;
  s.level = tail.intercept;
  s.slope = tail.slope / scale;
  const sd = fit.sigma * Math.sqrt((fit.kappa * SCREEN_LAMBDA) / (2 - SCREEN_LAMBDA));
  const { average, record } = chart(means, tail.from, s.level, s.slope);
  s.average = average;
  s.band = Math.max(SCREEN_BAND * sd, SCREEN_RECORD * record);
  const quiet = Math.abs(s.average) <= s.band;
  s.gap = quiet || pending ? RERUN_POINTS : Math.min(RERUN_LONGEST, s.gap * RERUN_BACKOFF);
  // To go on along a line that young is as much news as to leave it.
  if (n - tail.from < SCREEN_NEWEST) s.band = 0;
}
