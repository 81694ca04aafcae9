// In: the report of one process' trace. Out: its headline, charts, tables of bends and pauses, totals.
import type { InflectionEvent } from '../events/types.ts';
import type { Percentiles } from '../series/process-stats.ts';
import type { BucketedSeries } from './bucketed-series.ts';
import {
  formatConfidence,
  formatCount,
  formatDuration,
  formatGrowth,
  formatMiB,
  formatMoment,
  formatNumber,
  formatPercent,
  formatPrintedMiB,
  formatSigned,
  formatWallTime,
} from './format.ts';
import { besidesOf, headlineOf, spanWords, whenOf } from './headline.ts';
import { type DrawnChart, drawLineChart } from './line-chart.ts';
import type { Column, Page, Span } from './page.ts';
import { NARROW } from './report-findings.ts';
import { drawSparkline } from './sparkline.ts';
import type { ChartedSignal, ProcessReport } from './traced-process.ts';
import { formatWords, KIND_ROLES, KIND_WORDS, rulesOfSignal, signalWords, stretchRole } from './words.ts';

/** Rows of a table of bends; more are counted, not shown. */
export const MOST_ROWS = 20;
const MOST_OTHER_ROWS = 12;

/** Adds one process to the page. `findingNumbers` maps a finding's id to its number in the list of findings. */
export function addProcess(
  page: Page,
  report: ProcessReport,
  height: number,
  findingNumbers: Map<string, number>,
): void {
  const headline = headlineOf(report);
  const besides = besidesOf(report);
  page.blank();
  page.paragraph(
    besides === undefined ? headline.text : `${headline.text} ${besides}`,
    [headline.role, '  ▶ '],
    'strong',
  );
  const bends = report.inflections.filter((bend) => bend.signal === 'heapLive');
  const shown = mostSure(bends, MOST_ROWS);
  // One collection has no course, and nothing to be counted in percentiles.
  if (report.stats.cycles < 2) return;
  const chart = addHeapChart(page, report, shown, height);
  if (chart !== undefined) addSparklines(page, report, chart);
  addBends(page, report, shown, bends.length - shown.length + report.inflectionsDropped);
  addOtherBends(page, report, findingNumbers);
  addPauses(page, report);
  addTotals(page, report);
}

/**
 * `process 2, restarted · gctrace 1.19+ · 93 GCs in 2 min · GOMAXPROCS 2`.
 * @param named with the input that it comes from
 */
export function processTitle(report: ProcessReport, named = false): string {
  // Another file is another process: nobody restarted it.
  const reason =
    report.reason === 'restart'
      ? named
        ? ''
        : ' (restarted)'
      : report.reason === 'interleaved'
        ? ' (interleaved)'
        : '';
  // Another line may have come first (package init, SCHED): that it did says nothing of the trace.
  const format = report.format?.startsWith('gctrace') ? ` · ${formatWords(report.format)}` : '';
  const source = named ? ` · ${report.source === '-' ? 'standard input' : report.source}` : '';
  return `process ${report.process}${reason}${source}${format} · ${spanWords(report)} · GOMAXPROCS ${report.stats.procs}`;
}

/** The most certain `most` of the bends, in their order. */
export function mostSure(bends: readonly InflectionEvent[], most: number): InflectionEvent[] {
  if (bends.length <= most) return [...bends];
  const kept = new Set([...bends].sort((a, b) => b.confidence - a.confidence).slice(0, most));
  return bends.filter((bend) => kept.has(bend));
}

export function xOf(report: ProcessReport, bend: InflectionEvent): number {
  return report.timeBase === 'index' ? (bend.cycle ?? bend.index) : (bend.at ?? bend.index);
}

/** The x range of all charts of a process: from its start when that is near. */
export function rangeOf(report: ProcessReport): { from: number; to: number } {
  const buckets = report.series.heapLive?.buckets ?? [];
  const first = buckets[0]?.from ?? 0;
  const to = buckets.at(-1)?.to ?? first;
  return { from: first > 0 && first < 0.1 * to ? 0 : first, to };
}

function addHeapChart(
  page: Page,
  report: ProcessReport,
  bends: readonly InflectionEvent[],
  height: number,
): DrawnChart | undefined {
  const series = report.series.heapLive;
  if (series === undefined) return undefined;
  const chart = drawLineChart({
    series,
    ...rangeOf(report),
    width: page.width,
    height,
    marks: bends.map((bend, index) => ({
      x: xOf(report, bend),
      label: String(index + 1),
      role: KIND_ROLES[bend.kind],
    })),
    stretches: bends.flatMap((bend) => {
      const role = stretchRole(bend);
      return role === undefined ? [] : [{ from: xOf(report, bend), role }];
    }),
    ...(report.timeBase === 'index' ? { counts: 'cycle' } : {}),
  });
  const notes = [
    ...(report.timeBase === 'index' ? ['this Go version prints no times: x is the cycle'] : []),
    ...(chart?.shaded ? ['░ from the least to the most of a column'] : []),
  ];
  page.heading('Live heap after each GC, MiB', notes.join('; '));
  for (const row of chart?.rows ?? []) page.line(...row);
  return chart;
}

interface SparkRow {
  signal: ChartedSignal;
  words: (series: BucketedSeries) => string;
}

const share = (value: number) => formatPercent(value);
const SPARK_ROWS: SparkRow[] = [
  { signal: 'heapGoal', words: (s) => `last ${formatPrintedMiB(s.last ?? 0)}, max ${formatPrintedMiB(s.max)}` },
  { signal: 'pause', words: (s) => `mean ${formatNumber(s.mean)} ms, max ${formatNumber(s.max)} ms` },
  { signal: 'gcCpu', words: (s) => `mean ${share(s.mean)}, max ${share(s.max)}` },
  { signal: 'allocRate', words: (s) => `mean ${formatNumber(s.mean)} MiB/s, max ${formatNumber(s.max)}` },
  { signal: 'goroutines', words: (s) => `last ${s.last ?? 0}, max ${s.max}` },
  { signal: 'blocked', words: (s) => `last ${s.last ?? 0}, max ${s.max}` },
  { signal: 'assistShare', words: (s) => `mean ${share(s.mean)}, max ${share(s.max)}` },
];

/** The other signals on the time axis of the heap chart: what happens at one time stands in one column. */
function addSparklines(page: Page, report: ProcessReport, chart: DrawnChart): void {
  const { from, to } = rangeOf(report);
  for (const { signal, words } of SPARK_ROWS) {
    const series = report.series[signal];
    if (series === undefined || series.buckets.length < 2 || !(series.max > 0)) continue;
    page.line(' '.repeat(chart.left), signalWords(signal), ['dim', `  ${words(series)}`]);
    page.line(' '.repeat(chart.left), ['curve', drawSparkline(series, from, to, chart.width)]);
  }
}

/** A number of growth before and after a bend, per second, with the same decimals on both sides. */
export function slopeCell(bend: InflectionEvent): string {
  return `${formatSigned(tiny(bend.slopeBefore))} → ${formatSigned(tiny(bend.slopeAfter))}`;
}

/** What is below a hundred-thousandth is rounding. */
function tiny(value: number): number {
  return Math.abs(value) < 1e-5 ? 0 : value;
}

function addBends(page: Page, report: ProcessReport, bends: readonly InflectionEvent[], left: number): void {
  if (bends.length === 0) return;
  const timed = report.timeBase !== 'index';
  const wall = page.width >= 100 && bends.some((bend) => bend.atTime !== undefined);
  const onlyPeaks = bends.every((bend) => bend.kind === 'peak');
  page.heading(
    `${onlyPeaks ? 'Peaks' : 'Bends'} of the live heap`,
    left > 0 ? `the ${bends.length} surest of ${bends.length + left}` : '',
  );
  const narrow = page.width < NARROW;
  const columns: Column[] = [{ header: 'no.', align: 'right' }];
  if (timed) columns.push({ header: 'time', align: 'right' });
  if (wall) columns.push({ header: 'wall time' });
  const per = timed ? 'MiB/s' : 'MiB/cycle';
  // Where there is no time, or room, the cycle tells where it is.
  const counted = !timed || !narrow;
  if (counted) columns.push({ header: 'cycle', align: 'right' });
  columns.push(
    { header: narrow ? 'MiB' : 'heap MiB', align: 'right' },
    { header: `growth ${per}`, align: 'right' },
    { header: 'change', align: 'right' },
    { header: 'what happens', flexible: 'end' },
    { header: 'sure', align: 'right' },
  );
  const rows = bends.map((bend, index) => {
    const role = KIND_ROLES[bend.kind];
    const row: Span[] = [[role, String(index + 1)]];
    if (timed) row.push(bend.at === undefined ? '' : formatMoment(bend.at));
    if (wall) row.push(['dim', bend.atTime === undefined ? '' : formatWallTime(bend.atTime)]);
    if (counted) row.push(bend.cycle === undefined ? '' : String(bend.cycle));
    row.push(formatNumber(bend.value), slopeCell(bend));
    row.push(formatSigned(tiny(bend.growthChange)), [role, kindWords(bend)], formatConfidence(bend.confidence));
    return row;
  });
  page.table(columns, rows, narrow ? 1 : 2);
}

/** `jumps up by 40 MiB`; a provisional bend says so. */
export function kindWords(bend: InflectionEvent): string {
  const by =
    bend.stepBy !== undefined && bend.kind.startsWith('step') ? ` by ${formatNumber(Math.abs(bend.stepBy))}` : '';
  return `${KIND_WORDS[bend.kind]}${by}${bend.status === 'provisional' ? ' (so far)' : ''}`;
}

function addOtherBends(page: Page, report: ProcessReport, findingNumbers: Map<string, number>): void {
  const others = report.inflections.filter((bend) => bend.signal !== 'heapLive');
  if (others.length === 0) return;
  const shown = mostSure(others, MOST_OTHER_ROWS);
  page.heading(
    'Bends of other signals',
    shown.length < others.length ? `the ${shown.length} surest of ${others.length}` : '',
  );
  addBendList(page, shown, report, findingNumbers);
}

/** One line a bend of any signal, joined with the finding that it belongs to. `groupNames`: what stands for `group:ID`. */
export function addBendList(
  page: Page,
  bends: readonly InflectionEvent[],
  report: ProcessReport | undefined,
  findingNumbers: Map<string, number>,
  groupNames?: ReadonlyMap<string, string>,
): void {
  const rows = bends.map((bend): Span[] => {
    const finding = findingOf(bend, report);
    return [
      page.width < NARROW && bend.at !== undefined ? formatMoment(bend.at) : whenOf(bend),
      groupNames?.get(bend.signal) ?? signalWords(bend.signal),
      [KIND_ROLES[bend.kind], otherKindWords(bend)],
      formatConfidence(bend.confidence),
      finding === undefined ? '' : ['dim', `finding ${findingNumbers.get(finding) ?? ''}`],
    ];
  });
  const columns: Column[] = [
    { header: 'time' },
    { header: 'signal', flexible: 'middle' },
    { header: 'what happens', flexible: 'end' },
    { header: 'sure', align: 'right' },
  ];
  // A column that nothing stands in would take room from the others.
  if (rows.some((row) => row.at(-1) !== '')) columns.push({ header: '' });
  page.table(columns, rows);
}

export function otherKindWords(bend: InflectionEvent): string {
  const scale = bend.unit === 'share' ? 100 : 1;
  const unit = bend.unit === 'share' ? '%' : bend.unit;
  const level = formatNumber(bend.value * scale);
  if (bend.stepBy !== undefined) {
    const from = (bend.value - bend.stepBy) * scale;
    if (bend.kind === 'regime' && from >= 0) return `${formatNumber(from)} → ${level} ${unit}`;
    return `${KIND_WORDS[bend.kind]} by ${formatNumber(Math.abs(bend.stepBy * scale))} to ${level} ${unit}`;
  }
  if (bend.kind === 'peak' || bend.kind === 'regime') return `${KIND_WORDS[bend.kind]}: ${level} ${unit}`;
  const slope = bend.slopeAfter * scale;
  if (bend.at !== undefined) return `${KIND_WORDS[bend.kind]}, ${formatGrowth(slope, unit)}`;
  const per = bend.cycle !== undefined ? 'cycle' : unit === 'goroutines' ? 'dump' : 'snapshot';
  // The signal says already what is counted.
  const counted = unit === 'goroutines' ? '' : ` ${unit}`;
  return `${KIND_WORDS[bend.kind]}, ${formatSigned(tiny(slope))}${counted} a ${per}`;
}

/** The finding of a rule that watches this signal, near in time. */
function findingOf(bend: InflectionEvent, report: ProcessReport | undefined): string | undefined {
  if (report === undefined) return undefined;
  const rules = rulesOfSignal(bend.signal);
  const near = Math.max(5, 0.05 * (report.stats.seconds ?? 0));
  const match = report.findings.find(
    (finding) =>
      rules.includes(finding.rule) &&
      (finding.at === undefined || bend.at === undefined || Math.abs(finding.at - bend.at) <= near),
  );
  return match?.id;
}

function addPauses(page: Page, report: ProcessReport): void {
  const pauses = report.stats.pausesMs;
  if (pauses === undefined) return;
  page.heading(
    'Stop-the-world pauses, ms',
    `${pauses.sum < 1000 ? `${formatNumber(pauses.sum)} ms` : formatDuration(pauses.sum / 1000)} in all`,
  );
  const columns: Column[] = [{ header: '' }];
  for (const header of ['p50', 'p90', 'p99', 'p99.9', 'max']) columns.push({ header, align: 'right' });
  const row = (name: Span, values: Percentiles | undefined): Span[][] =>
    values === undefined
      ? []
      : [[name, ...[values.p50, values.p90, values.p99, values.p999, values.max].map((value) => formatNumber(value))]];
  page.table(columns, [
    ...row('sweep termination', pauses.sweepTermination),
    ...row('mark termination', pauses.markTermination),
    ...row(['strong', 'both together'], pauses.total),
  ]);
}

function addTotals(page: Page, report: ProcessReport): void {
  const { stats } = report;
  const parts: string[] = [`${formatCount(stats.cycles, 'GC cycle')} (${stats.firstCycle}–${stats.lastCycle})`];
  if (stats.seconds) parts.push(formatDuration(stats.seconds));
  // What comes in less than a second says nothing of a minute.
  if (stats.cyclesPerMinute !== undefined && stats.seconds !== undefined && stats.seconds >= 1)
    parts.push(`${formatNumber(stats.cyclesPerMinute)} GCs a minute`);
  if (stats.forcedCycles > 0) parts.push(`${stats.forcedCycles} forced`);
  if (stats.repairedCycles > 0) parts.push(`${formatCount(stats.repairedCycles, 'torn line')} put together`);
  if (stats.copiedCycles > 0) parts.push(`${formatCount(stats.copiedCycles, 'line')} printed again left out`);
  if (stats.allocatedMiB !== undefined) {
    const rate =
      stats.allocatedMiBPerSecond === undefined ? '' : `, ${formatNumber(stats.allocatedMiBPerSecond)} MiB/s`;
    parts.push(`${formatMiB(stats.allocatedMiB)} allocated${rate}`);
  }
  if (stats.gcCpuShare !== undefined) parts.push(`GC took ${formatPercent(stats.gcCpuShare)} of the CPU`);
  else if (stats.gcCpuPercentPrinted !== undefined) parts.push(`GC took ${stats.gcCpuPercentPrinted} % of the CPU`);
  if (stats.assistShare !== undefined) parts.push(`assists did ${formatPercent(stats.assistShare)} of the marking`);
  if (stats.stacksMiB !== undefined && stats.stacksMiB.max > 0)
    parts.push(`stacks up to ${formatPrintedMiB(stats.stacksMiB.max)}`);
  page.heading('Totals');
  page.paragraph(parts.join(' · '), '  ');
}
