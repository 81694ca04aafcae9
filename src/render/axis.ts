// In: the range of an axis and the room there is. Out: round places for its ticks and their labels.
import { formatNumber } from './format.ts';

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5, 10]) if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

export interface ValueAxis {
  min: number;
  max: number;
  step: number;
  /** Chart rows between two ticks. */
  rowsPerStep: number;
}

/**
 * The value axis of a chart with about `rows` rows. Starts at zero unless the values move by less than a quarter of their level, so that
 * a small change on a large heap is still seen; the labels say so.
 */
export function valueAxis(low: number, high: number, rows: number): ValueAxis {
  const flat = high - low < 1e-9;
  const fromZero = low >= 0 && (flat || high - low > 0.25 * high);
  const bottom = fromZero ? 0 : low;
  const isLevel = high - bottom <= 1e-9 * Math.max(1e-3, Math.abs(high));
  const span = isLevel ? Math.max(1, Math.abs(high) * 1e-3) : high - bottom;
  let best: ValueAxis | undefined;
  for (let ticks = 2; ticks <= Math.max(2, Math.floor(rows / 2)); ticks++) {
    const rowsPerStep = Math.floor(rows / ticks);
    let step = niceStep(span / ticks);
    let min = Math.floor(bottom / step + 1e-9) * step;
    while (min + ticks * step < high - step * 1e-9) {
      step = niceStep(step * 1.01);
      min = Math.floor(bottom / step + 1e-9) * step;
    }
    const axis = { min, max: min + ticks * step, step, rowsPerStep };
    const used = (candidate: ValueAxis) =>
      (span / (candidate.max - candidate.min)) *
      (((candidate.max - candidate.min) / candidate.step) * candidate.rowsPerStep);
    if (best === undefined || used(axis) > used(best) + 1e-9) best = axis;
  }
  return best!;
}

export interface Tick {
  column: number;
  label: string;
}

const SECOND_STEPS = [1, 2, 5, 10, 15, 30].map((seconds) => ({ step: seconds, unit: 1, name: 's' }));
const MINUTE_STEPS = [1, 2, 5, 10, 15, 30].map((minutes) => ({ step: minutes * 60, unit: 60, name: 'min' }));
const HOUR_STEPS = [1, 2, 3, 6, 12].map((hours) => ({ step: hours * 3600, unit: 3600, name: 'h' }));
const DAY_STEPS = [1, 2, 7, 14, 30, 90, 365].map((days) => ({ step: days * 86400, unit: 86400, name: 'd' }));
const TIME_STEPS = [...SECOND_STEPS, ...MINUTE_STEPS, ...HOUR_STEPS, ...DAY_STEPS];

/** Ticks of a time axis from `from` to `to` seconds over `width` columns: `0 s`, `20 s`, `40 s`; `1 h`, `2 h`. */
export function timeTicks(from: number, to: number, width: number): Tick[] {
  const span = to - from;
  const room = Math.max(1, Math.floor(width / 10));
  if (span / room < 1) return ticks(from, to, width, niceStep(span / room), (at) => `${formatNumber(round(at))} s`);
  const chosen = TIME_STEPS.find(({ step }) => span / step <= room) ?? TIME_STEPS.at(-1)!;
  const step = span / chosen.step <= room ? chosen.step : niceStep(span / room / 86400) * 86400;
  return ticks(from, to, width, step, (at) => `${Math.round(at / chosen.unit)} ${chosen.name}`);
}

/** Ticks of an axis that counts: cycles, snapshots. */
export function countTicks(from: number, to: number, width: number, noun: string): Tick[] {
  const step = Math.max(1, niceStep((to - from) / Math.max(1, Math.floor(width / 10))));
  const placed = ticks(from, to, width, step, (at) => String(Math.round(at)));
  if (placed[0] !== undefined) placed[0] = { ...placed[0], label: `${noun} ${placed[0].label}` };
  return placed;
}

function ticks(from: number, to: number, width: number, step: number, label: (at: number) => string): Tick[] {
  const span = to - from;
  if (!(span > 0)) return [{ column: 0, label: label(from) }];
  const placed: Tick[] = [];
  for (let number = Math.ceil(from / step - 1e-9); number * step <= to + step * 1e-9; number++) {
    placed.push({ column: Math.round(((number * step - from) / span) * (width - 1)), label: label(number * step) });
  }
  return placed;
}

/** Ten significant digits: takes off what floating point adds. */
function round(value: number): number {
  return Number(value.toPrecision(10));
}

/** The labels of ticks as one line of `width` columns; labels that would touch are left out. */
export function tickLabels(placed: readonly Tick[], width: number): string {
  let line = '';
  for (const { column, label } of placed) {
    const centred = Math.max(0, Math.min(width - label.length, column - Math.floor(label.length / 2)));
    if (centred < line.length + (line === '' ? 0 : 2)) continue;
    line = line.padEnd(centred) + label;
  }
  return line;
}
