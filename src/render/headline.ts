// In: the report of one process. Out: one sentence: when memory began to grow, how fast, how sure that is.
import type { InflectionEvent } from '../events/types.ts';
import {
  formatBytes,
  formatConfidence,
  formatCount,
  formatDuration,
  formatGrowth,
  formatMiB,
  formatMoment,
  formatPrintedMiB,
} from './format.ts';
import type { Role } from './style.ts';
import type { ProcessReport } from './traced-process.ts';

export interface Headline {
  text: string;
  role: Role;
}

/** A moment as the process counts: `48.0 s (cycle 61)`, `cycle 61` where the trace has no times. */
export function whenOf(inflection: InflectionEvent): string {
  if (inflection.at === undefined) {
    return inflection.cycle === undefined ? `snapshot ${inflection.index + 1}` : `cycle ${inflection.cycle}`;
  }
  return `${formatMoment(inflection.at)}${inflection.cycle === undefined ? '' : ` (cycle ${inflection.cycle})`}`;
}

const GROWING = new Set(['growth-onset', 'growth-up', 'growth-down']);
/** With fewer collections no detector can say anything. */
const FEWEST_CYCLES = 10;
const ENDS_GROWTH = new Set(['plateau', 'decline']);

/** The sentence that stands first. A flat heap is called flat, never healthy. */
export function headlineOf(report: ProcessReport): Headline {
  const bends = report.inflections.filter((bend) => bend.signal === 'heapLive' && bend.kind !== 'peak');
  const live = report.stats.heapLiveMiB;
  if (live === undefined) return { text: 'No heap sizes were printed.', role: 'dim' };
  const span = spanWords(report);
  const turning = bends.filter((bend) => GROWING.has(bend.kind) || ENDS_GROWTH.has(bend.kind));
  const last = turning.at(-1);
  const growth = report.findings.find((finding) => finding.rule === 'heap-growth' && finding.status !== 'withdrawn');
  if (last !== undefined && GROWING.has(last.kind)) {
    const onset = turning.findLast((bend) => bend.kind === 'growth-onset') ?? last;
    const rate = formatGrowth(last.slopeAfter, 'MiB');
    const speed = report.timeBase === 'index' ? `by ${formatMiB(last.slopeAfter)} a cycle` : `at ${rate}`;
    const began =
      onset.kind === 'growth-onset'
        ? `The live heap began to grow at ${whenOf(onset)} and was still growing at the end, ${speed}`
        : `The live heap was growing at the end, ${speed}, since ${whenOf(last)}`;
    const sure = `${formatConfidence(Math.min(onset.confidence, last.confidence))} sure`;
    return {
      text: `${began}: from ${formatMiB(onset.value)} to ${formatPrintedMiB(live.last)} (${sure}).${limitWords(growth?.projection)}`,
      role: growth === undefined || growth.severity === 'info' ? 'slower' : 'growth',
    };
  }
  // A slow leak behind a steep start bends there, too: what goes on counts.
  const goesOn = growth?.ongoing === true && growth.severity !== 'info';
  if (last !== undefined && !goesOn) {
    const onset = turning.findLast((bend) => GROWING.has(bend.kind));
    const sure = `(${formatConfidence(last.confidence)} sure)`;
    const stopped = last.kind === 'plateau' ? 'stopped growing' : 'began to shrink';
    const text =
      onset !== undefined
        ? `The live heap grew from ${whenOf(onset)} on; it ${stopped} at ${whenOf(last)} and ended at ${formatPrintedMiB(live.last)} ${sure}.`
        : last.kind === 'plateau'
          ? `The live heap settled at ${whenOf(last)} and has not kept growing since: ${formatPrintedMiB(live.last)} at the end ${sure}.`
          : `The live heap began to shrink at ${whenOf(last)} and ended at ${formatPrintedMiB(live.last)} ${sure}.`;
    return { text, role: 'calm' };
  }
  if (growth !== undefined) return { text: `${growth.title}.`.replace(/\.\.$/, '.'), role: 'growth' };
  const level =
    live.min === live.max
      ? `${formatPrintedMiB(live.mean)} all the time`
      : `${formatMiB(live.mean)} on average, between ${formatPrintedMiB(live.min)} and ${formatPrintedMiB(live.max)}`;
  if (bends.length > 0) {
    const steps = `${formatCount(bends.length, 'change')} of level, the last at ${whenOf(bends.at(-1)!)}`;
    return { text: `The live heap does not keep growing: ${steps}; ${level}, over ${span}.`, role: 'calm' };
  }
  if (report.stats.cycles < FEWEST_CYCLES) {
    return { text: `Only ${span}: too few to find a bend. Live heap ${level}.`, role: 'dim' };
  }
  const peaks = report.inflections.filter((bend) => bend.signal === 'heapLive' && bend.kind === 'peak').length;
  const but = peaks > 0 ? `, but ${formatCount(peaks, 'peak')}` : '';
  return { text: `No bend in the live heap${but}: ${level}, over ${span}.`, role: 'calm' };
}

/** A second sentence: the worst finding that is about something else than the growth of the heap. */
export function besidesOf(report: ProcessReport): string | undefined {
  const other = report.findings.find((finding) => finding.severity !== 'info' && finding.rule !== 'heap-growth');
  return other === undefined ? undefined : `${other.title.replace(/[.!]$/, '')}.`;
}

/** `93 GCs in 2 min 0 s`. */
export function spanWords(report: ProcessReport): string {
  const cycles = formatCount(report.stats.cycles, 'GC');
  return !report.stats.seconds ? cycles : `${cycles} in ${formatDuration(report.stats.seconds)}`;
}

/** When a limit is met, with both ends of the interval; empty without a projection. */
export function limitWords(
  projection: NonNullable<ProcessReport['findings'][number]['projection']> | undefined,
): string {
  if (projection === undefined) return '';
  const { limitBytes, secondsLeft, secondsLeftInterval } = projection;
  if (!Number.isFinite(secondsLeft)) return '';
  const limit = formatBytes(limitBytes);
  if (secondsLeft <= 0) return ` The limit of ${limit} is reached.`;
  const between =
    secondsLeftInterval === undefined
      ? ''
      : secondsLeftInterval.latest === undefined
        ? ` (at the earliest ${formatDuration(secondsLeftInterval.earliest)})`
        : ` (between ${formatDuration(secondsLeftInterval.earliest)} and ${formatDuration(secondsLeftInterval.latest)})`;
  return ` At this rate the limit of ${limit} is met in ${formatDuration(secondsLeft)}${between}.`;
}
