// In: a Report, a size. Out: the report as text: headline, charts, bends, pauses, findings, dumps; no line wider than asked.
import type { FindingEvent } from '../events/types.ts';
import { formatBytes, formatCount, formatDuration, formatPrintedMiB } from './format.ts';
import type { Headline } from './headline.ts';
import { Page } from './page.ts';
import { addFindings, numberFindings } from './report-findings.ts';
import { addGoroutines, addThreads, blockingFrame, groupNames, siteWords } from './report-goroutines.ts';
import { addContention, addHeap, addMemoryBill } from './report-heap.ts';
import type { Report } from './report-model.ts';
import { addBendList, addProcess, processTitle } from './report-trace.ts';
import { drawBars } from './sparkline.ts';
import { SEVERITY_ROLES } from './words.ts';

export interface ReportOptions {
  /** Columns, at least 60. */
  width: number;
  /** Rows of the heap chart with its axis; chosen for the width when absent. */
  height?: number;
  color: boolean;
  /** Pure 7-bit output. */
  ascii: boolean;
}

const NARROWEST = 60;
const DUMP_COMMAND = "curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=1'";
const MOST_PROCESSES = 8;
/** States of goroutines that wait for nothing. */
const STATUS = /^(?:running|runnable|finished|idle|preempted)\b/;

/** A wide chart is a little higher: 16 rows at 80 columns, 22 at 160. */
function chartRows(width: number): number {
  return Math.max(16, Math.min(24, Math.round(width / 7)));
}

/** The whole report, ending in a newline. */
export function renderReport(report: Report, options: ReportOptions): string {
  const page = new Page({ color: options.color, ascii: options.ascii }, Math.max(NARROWEST, Math.floor(options.width)));
  const findings = allFindings(report);
  const numbers = numberFindings(findings);
  const several = report.processes.length > 1;
  addTitle(page, report);
  for (const process of report.processes.slice(0, MOST_PROCESSES)) {
    if (several) page.heading(processTitle(process, report.sources.length > 1));
    addProcess(page, process, options.height ?? chartRows(page.width), numbers);
  }
  addSmallProcesses(page, report);
  if (report.processes.length === 0) addSnapshotHeadline(page, report, findings);
  addFindings(page, findings, several);
  addReservation(page, report, findings);
  if (report.goroutines !== undefined) addGoroutines(page, report.goroutines, findings);
  if (report.heap !== undefined) addHeap(page, report.heap, findings);
  if (report.memstats !== undefined) addMemoryBill(page, report.memstats.last, report.memstats.count);
  for (const profile of report.contention) addContention(page, profile);
  if (report.threads !== undefined) addThreads(page, report.threads);
  if (report.inflections.length > 0) {
    page.heading('Bends over the snapshots');
    addBendList(page, report.inflections.slice(0, 20), undefined, numbers, groupNames(report));
  }
  addHealth(page, report);
  addInput(page, report);
  page.blank();
  return page.text().replace(/\n+$/, '\n');
}

/** Every finding once, in the order in which the report numbers them: worst first. */
export function allFindings(report: Report): FindingEvent[] {
  const rank = { critical: 0, warning: 1, info: 2 };
  return [...report.processes.flatMap((process) => process.findings), ...report.findings]
    .filter((finding) => finding.status !== 'withdrawn')
    .sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/** Up to three inputs by name; more as a number, with the directory that they share. */
export function sourceWords({ sources }: Report): string {
  const names = sources.map((source) => (source === '-' ? 'standard input' : source));
  if (names.length <= 3) return names.join(', ');
  const [first, ...others] = names.map((name) => name.split('/').slice(0, -1));
  const differs = first!.findIndex((part, depth) => others.some((parts) => parts[depth] !== part));
  const shared = (differs < 0 ? first! : first!.slice(0, differs)).join('/');
  return shared === ''
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
    : `${names.length} inputs in ${shared}/`;
}

function addTitle(page: Page, report: Report): void {
  const only = report.processes.length === 1 ? report.processes[0] : undefined;
  page.heading(
    `gcbend  ${sourceWords(report)}`.trim(),
    only === undefined ? '' : processTitle(only, report.sources.length > 1),
  );
  if (report.notes.length > 0) page.blank();
  for (const note of report.notes) page.paragraph(`Note: ${note}.`, ['warning', '  ! ']);
}

/** One sentence for dumps and heap texts without a trace; undefined where there are none. */
export function snapshotHeadline(report: Report, findings: readonly FindingEvent[]): Headline | undefined {
  const worst = findings.find((finding) => finding.severity !== 'info');
  if (worst !== undefined)
    return { text: `${worst.title.replace(/[.!]$/, '')}.`, role: SEVERITY_ROLES[worst.severity] };
  const text = snapshotWords(report);
  return text === '' ? undefined : { text, role: 'calm' };
}

function addSnapshotHeadline(page: Page, report: Report, findings: readonly FindingEvent[]): void {
  const headline = snapshotHeadline(report, findings);
  if (headline === undefined) return;
  page.blank();
  page.paragraph(headline.text, [headline.role, '  ▶ '], 'strong');
}

function snapshotWords(report: Report): string {
  const { goroutines, heap } = report;
  if (goroutines !== undefined) {
    const { last, first, count } = goroutines;
    if (count > 1 && first !== undefined) {
      return `${first.total} goroutines in the first of ${count} dumps, ${last.total} in the last; no group was found to grow without end.`;
    }
    const working = last.groups.filter((group) => group.infrastructure !== true);
    const groups = working.length > 0 ? working : last.groups;
    const largest = groups.reduce((a, b) => (b.count > a.count ? b : a), groups[0]!);
    if (last.groups.length === 0) return `${formatCount(last.total, 'goroutine')}.`;
    const { state } = largest;
    const waits = state === undefined ? 'stands' : STATUS.test(state) ? `is ${state}` : `is in ${state}`;
    const frame = blockingFrame(largest);
    const place = frame === undefined ? 'at a place that cannot be read' : `at ${siteWords(frame)}`;
    return `${formatCount(last.total, 'goroutine')}; the largest group (${largest.count}) ${waits} ${place}.`;
  }
  if (heap === undefined) return '';
  // A text has a record for each size of object that a place allocates.
  const byPlace = new Map<string, number>();
  for (const site of heap.last.sites) {
    const place = siteWords(blockingFrame(site) ?? site);
    byPlace.set(place, (byPlace.get(place) ?? 0) + site.inUse.bytes);
  }
  const [largest] = [...byPlace].sort((a, b) => b[1] - a[1]);
  const total = heap.last.inUse.bytes;
  const held = `${formatBytes(total)} in use`;
  if (largest === undefined || largest[1] <= 0) return `${held}.`;
  const [place, bytes] = largest;
  return `${held}; ${place} holds ${bytes * 2 > total ? 'most of it' : 'the largest part'}, ${formatBytes(bytes)}.`;
}

function addSmallProcesses(page: Page, report: Report): void {
  const rest = report.processes.slice(MOST_PROCESSES);
  if (rest.length > 0) {
    page.heading('Further processes', 'shorter than those above');
    for (const process of rest.slice(0, 20))
      page.line(['dim', `  ${processTitle(process, report.sources.length > 1)}`]);
    if (rest.length > 20) page.line(['dim', `  … and ${rest.length - 20} more`]);
  }
  const { short } = report;
  if (short === undefined) return;
  page.blank();
  const longest = short.longestSeconds > 0 ? `, none longer than ${formatDuration(short.longestSeconds)}` : '';
  page.paragraph(
    `${formatCount(short.count, 'short process', 'short processes')} besides${report.sources.length > 1 ? '' : ' (compilers and the like)'}: ${formatCount(short.cycles, 'GC')}${longest}, live heap up to ${formatPrintedMiB(short.largestHeapMiB)}.`,
    '  ',
    'dim',
  );
}

/** What a trace cannot show: a healthy heap curve is no proof that no goroutine leaks. */
function addReservation(page: Page, report: Report, findings: readonly FindingEvent[]): void {
  if (report.processes.length === 0 || report.goroutines !== undefined) return;
  const blamed = findings.some((finding) => finding.rule === 'heap-growth' || finding.rule === 'goroutine-growth');
  if (blamed) return;
  page.heading('What a trace alone cannot show');
  page.paragraph(
    `Goroutines that block for ever and hold little heap leave no mark in these numbers. To rule such a leak out, take three dumps some minutes apart and give them to gcbend: \`${DUMP_COMMAND}\` (cheap for the program).`,
    '  ',
  );
}

function addHealth(page: Page, report: Report): void {
  if (report.health === undefined) return;
  const { last, scores } = report.health;
  const role = last.score >= 80 ? 'calm' : last.score >= 50 ? 'slower' : 'growth';
  page.heading('Health', '0–100, 100 is healthy; windows of 10 s');
  const worst = scores.buckets.map((bucket) => bucket.min);
  const line = worst.length < 2 ? '' : drawBars(worst, Math.max(8, page.width - 30), 0);
  page.line('  now ', [role, String(Math.round(last.score))], `, worst ${Math.round(scores.min)}  `, ['curve', line]);
}

const SIBLINGS = ['pacer', 'scavenger', 'scheduler', 'init', 'gcForced', 'runtime'];

/** What was read, and what was wrong with it. */
function addInput(page: Page, report: Report): void {
  const { summary, malformed } = report;
  const parts: string[] = [];
  if (summary !== undefined) {
    parts.push(`${formatCount(summary.lines, 'line')}, ${formatBytes(summary.bytes)} read`);
    if (summary.repaired > 0) parts.push(`${formatCount(summary.repaired, 'torn line')} put together`);
  }
  for (const type of SIBLINGS) {
    const count = report.counts[type];
    if (count !== undefined) parts.push(formatCount(count, `${type} line`));
  }
  if (malformed.count > 0) parts.push(`${formatCount(malformed.count, 'malformed record')}`);
  if (parts.length === 0) return;
  page.heading('Input');
  page.paragraph(parts.join(' · '), '  ');
  for (const { reason, count, firstLine, text } of malformed.reasons.slice(0, 5)) {
    page.line(['warning', `  ${count} × ${reason}`], ['dim', `, first in line ${firstLine}: ${text}`]);
  }
}
