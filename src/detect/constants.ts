// In: nothing. Out: every number the detector depends on, named, with its reason or its source.
// Nothing here knows about Go; units are standard deviations, shares, cells or points.

import type { Sensitivity } from './types.ts';

/** Standard deviation of rounding to a step of 1: sqrt(1/12). */
export const ROUNDING_SD = Math.sqrt(1 / 12);

/** Share of the smallest |second differences| whose rms estimates the noise; the rest may be bends and bursts. */
export const TRIM_SHARE = 0.9;
/** rms of the central 90 % of a standard normal. */
export const TRIM_RMS = 0.7866;
/** 1 / Phi^-1(3/4): turns a MAD into a standard deviation of normal noise. */
export const MAD_TO_SD = 1.4826;

/** Running median that finds bursts: points, and at most this share of the series. */
export const BURST_WINDOW = 19;
export const BURST_WINDOW_SHARE = 1 / 6;
/** A burst starts beyond this many sigma and goes on while beyond the second number. */
export const BURST_START_SIGMA = 5;
export const BURST_STAY_SIGMA = 3;
/** When more than a quarter would be masked, it is no burst but the series. */
export const BURST_MIN_KEPT = 0.75;

/** Parameters a bend costs: place, slope, level. */
export const BEND_PARAMETERS = 3;
/** And a kink: place, slope. */
export const KINK_PARAMETERS = 2;
/** c in the penalty 3 c ln N sigma^2 kappa. c = 1 is BIC (Schwarz 1978); 2 pays for searching the place. */
export const PENALTY: Readonly<Record<Sensitivity, number>> = { low: 3, normal: 2, high: 1.4 };
/** What a sensitivity asks of evidence, as a share of what `normal` asks; sizes in sigma go with its root, as evidence is a square. */
export function strictness(sensitivity: Sensitivity): number {
  return PENALTY[sensitivity] / PENALTY.normal;
}
/** Shortest segment PELT may use, in cells. */
export const MIN_SEGMENT = 6;
/** Shortest side of a bend that is kept, in cells; in a start-up, unless the evidence for it exceeds the second number. */
export const MIN_SIDE = 8;
export const SHORT_SIDE_EVIDENCE = 300;
/** Cuts among so many first cells may be part of a start-up. */
export const START_CELLS = 24;
/** PELT visits at most this many places; each bend is then refined cell by cell. */
export const PELT_NODES = 400;
/** Share of the penalty in the coarse pass over longer series: it must propose every cut that the exact pass may want. */
export const COARSE_PENALTY = 0.4;
/** The same for levels, which are not refined. */
export const LEVEL_NODES = 700;
/** Cells that must lie on each side of a hinge. */
export const HINGE_MARGIN = 4;
/** Weights and sums of squares below this are none. */
export const TINY = 1e-9;
/** Series shorter than this say nothing. */
export const MIN_POINTS = 16;

/** Long-run variance ratio kappa (Bartlett kernel, Newey & West 1987): bounds and number of lags 2 n^(1/3), at most 40. */
export const KAPPA_FIRST = 2;
export const KAPPA_MIN = 1.5;
export const KAPPA_MAX = 8;
/** With the residuals' own variance in place of sigma^2, the ratio may reach this. */
export const KAPPA_TOTAL_MAX = 64;
export const KAPPA_ROUNDS = 3;
/** The measured ratio holds while the next one is less than this many times it. */
export const KAPPA_GROWTH = 1.15;
export const KAPPA_LAGS = 40;

/** Smallest effect: this many sigma and this share of the level (and the caller's minEffect). */
export const EFFECT_SIGMA = 4;
export const EFFECT_SHARE = 0.02;
/** A slope is growth when its t value exceeds this and it moved the series by the smallest effect. */
export const GROWTH_T = 4;
/** A kink may cost so many ln N sigma^2 kappa more than a jump in the same place: heaps bend more often than they leap. */
export const KINK_SLACK = 2.5;
/** A change of pace is worth a word when the slower slope is at most this share of the faster. */
export const PACE_SHARE = 0.67;
/** A growing series has stopped when less than this share of its slope is left. */
export const STOPPED_SHARE = 0.35;

/** Periods are looked for between these numbers of turns, on at most so many cells. */
export const PERIOD_MIN_TURNS = 2.2;
export const PERIOD_MAX_TURNS = 70;
export const PERIOD_CELLS = 512;
export const PERIOD_MIN_POINTS = 40;
/** A period must explain this share of what the trend leaves, and move by this many sigma (rms). */
export const PERIOD_MIN_SHARE = 0.4;
export const PERIOD_MIN_SIGMA = 1.2;
/** Harmonics tried for a period, each at least 3 cells long. */
export const HARMONICS: readonly number[] = [1, 2, 4, 8];

/** Turning points that make a zigzag a cycle, and how far its troughs may drift (share of its amplitude). */
export const CYCLE_TURNS = 5;
export const CYCLE_DRIFT = 0.4;
/** A cycle's whole range may be this many of its swings. */
export const CYCLE_RANGE = 2.5;
export const TROUGH_TURNS = 8;
/** Swings of this many sigma that return to one floor so many times, the last time no longer ago than this many of the longest swing. */
export const FLOOR_SIGMA = 8;
export const FLOOR_VISITS = 3;
export const FLOOR_LONGEST = 1.5;

/** Cells kept for ever (means over time). */
export const MAX_CELLS = 1500;
/** Compaction goes down to this many. */
export const COMPACT_TO = 1200;

/** A mean of m points has variance sigma^2 (1/m + this): slow wander does not average out. */
export const MEAN_FLOOR = 0.25;
/** While streaming the newest cells are looked at one by one, the older ones joined into so many groups. */
export const STREAM_FINE = 160;
export const STREAM_COARSE = 120;

/** Screen: forgetting factor of the residuals' moving average, and its band in standard deviations. */
export const SCREEN_LAMBDA = 0.25;
export const SCREEN_BAND = 3;
/** The band also covers what the last piece showed before, by this factor, but for its newest points. */
export const SCREEN_RECORD = 1.15;
export const SCREEN_NEWEST = 12;
/** Reruns: the first, the growth of the series that forces one, and the least points and seconds between two. */
export const RERUN_FIRST = 16;
export const RERUN_GROWTH = { line: 1.12, level: 1.3 };
export const RERUN_POINTS = 2;
export const RERUN_SECONDS = 1;
export const RERUN_SHARE = 1 / 300;
/** Reruns in store at most; a point earns 1 / (points so far x the share), between the two bounds. */
export const CREDIT_MAX = 30;
export const CREDIT_SHARE = 1 / 20;
export const CREDIT_FAST = 1 / 4;
export const CREDIT_SLOW = 1 / 2000;
/** Fruitless reruns in a row stretch the gap by this factor, up to so many points. */
export const RERUN_BACKOFF = 1.4;
export const RERUN_LONGEST = 400;

/** Alarm: evidence of the last segment, this many reruns in a row. */
export const ALARM_EVIDENCE = 25;
export const ALARM_STREAK = 2;
/** Growth is raised when it has at least so many cells: fewer may be a step. */
export const ALARM_GROWTH_CELLS = 7;
/** Growth no higher than this many times an earlier rise of so many cells that fell back by itself may do the same. */
export const SWING_FACTOR = 1.5;
export const SWING_CELLS = 12;
/** A bend that is not growth is raised when it is at least so many cells old. */
export const ALARM_CELLS = 8;
/** What so many looks in a row do not see is taken back. */
export const WITHDRAW_STREAK = 4;
/** Growth waits for the load while the load has risen by more than this share of its mean before the bend. */
export const LOAD_RISE = 0.25;
/** Load is steady when it moves by at most this share of its rise, over so many points and that share of the growth. */
export const LOAD_STEADY = 0.15;
export const LOAD_STEADY_POINTS = 8;
export const LOAD_STEADY_SHARE = 0.2;

/** Level model: smallest ratio of two levels. */
export const LEVEL_RATIO = 1.25;
/** Parameters a regime costs (place, level) and the factor for heavy tails. */
export const LEVEL_PENALTY = 2 * 2;
export const LEVEL_MIN_SIDE = 8;
/** Least noise of a log: 1 %. */
export const LEVEL_LEAST_SIGMA = 0.01;
/** A regime's jump between slanted lines must be this share of that between means: a drift has none. */
export const LEVEL_JUMP_SHARE = 0.5;
export const LEVEL_T = 6;
export const LEVEL_EVIDENCE = 30;
/** Offset of the log as a share of the median of the positive values. */
export const LEVEL_OFFSET = 0.1;
