// In: a Report. Out: one self-contained HTML page: nothing is loaded, all text from input is escaped, light and dark.
import { createHash } from 'node:crypto';
import { cleanText } from '../events/clean-text.ts';
import type { FindingEvent, InflectionEvent } from '../events/types.ts';
import {
  formatBytes,
  formatConfidence,
  formatCount,
  formatMoment,
  formatNumber,
  formatPercent,
  formatSigned,
  formatWallTime,
} from './format.ts';
import { besidesOf, headlineOf, limitWords, whenOf } from './headline.ts';
import { drawFlame } from './html-flame.ts';
import { escapeHtml, SCRIPT, STYLE } from './html-page.ts';
import { drawTimeline } from './html-timeline.ts';
import { allFindings, sourceWords } from './report.ts';
import { evidenceWords, frameWords, numberFindings, placeOf } from './report-findings.ts';
import { blockingFrame } from './report-goroutines.ts';
import { memoryBill } from './report-heap.ts';
import type { Report } from './report-model.ts';
import { kindWords, MOST_ROWS, mostSure, otherKindWords, processTitle, slopeCell } from './report-trace.ts';
import type { Role } from './style.ts';
import type { ProcessReport } from './traced-process.ts';
import { KIND_ROLES, SEVERITY_ROLES, signalWords } from './words.ts';

const MOST_PROCESSES = 8;
const MOST_GROUPS = 30;
const MOST_SITES = 30;

/** Text from anywhere, safe in an element and in a quoted attribute. */
function text(value: string): string {
  return escapeHtml(cleanText(value));
}

/** Advice: what stands in backticks is code. */
function advice(value: string): string {
  return cleanText(value)
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join('');
}

interface Cell {
  html: string;
  class?: string;
}

const right = (value: string): Cell => ({ html: text(value), class: 'r' });
const left = (value: string): Cell => ({ html: text(value) });
const mono = (value: string): Cell => ({ html: text(value), class: 'mono' });
const colored = (value: string, role: Role): Cell => ({ html: text(value), class: `kind ${role}` });

function table(headers: readonly Cell[], rows: readonly { id?: string; cells: readonly Cell[] }[]): string {
  const cell = (tag: 'th' | 'td', { html, class: name }: Cell) =>
    `<${tag}${name === undefined ? '' : ` class="${name}"`}>${html}</${tag}>`;
  const body = rows.map(
    ({ id, cells }) =>
      `<tr${id === undefined ? '' : ` id="${id}"`}>${cells.map((each) => cell('td', each)).join('')}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${headers.map((each) => cell('th', each)).join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** The whole document. */
export function renderHtml(report: Report): string {
  const findings = allFindings(report);
  const numbers = numberFindings(findings);
  const sources = sourceWords(report);
  const flames = flameGraphs(report);
  const processes = report.processes
    .slice(0, MOST_PROCESSES)
    .map((process, index) => processSection(process, index === 0, report, numbers));
  const scriptHash = createHash('sha256').update(SCRIPT).digest('base64');
  const body = [
    `<h1>gcbend</h1><p class="dim">${text(sources)}</p>`,
    ...report.notes.map((note) => `<p class="note warning">Note: ${advice(note)}.</p>`),
    processes[0] ?? '',
    findingsSection(findings, numbers),
    flames,
    ...processes.slice(1),
    report.short === undefined
      ? ''
      : `<p class="dim">${formatCount(report.short.count, 'short process', 'short processes')} besides, ${formatCount(report.short.cycles, 'GC')}.</p>`,
    groupsSection(report),
    sitesSection(report),
    billSection(report),
    inputSection(report),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'">
<title>gcbend: ${text(sources)}</title><style>${STYLE}</style></head><body>
${body.filter((part) => part !== '').join('\n')}
<script>${SCRIPT}</script></body></html>
`;
}

function processSection(process: ProcessReport, first: boolean, report: Report, numbers: Map<string, number>): string {
  const headline = headlineOf(process);
  const heapBends = mostSure(
    process.inflections.filter((bend) => bend.signal === 'heapLive'),
    MOST_ROWS,
  );
  const others = process.inflections.filter((bend) => bend.signal !== 'heapLive').slice(0, MOST_ROWS);
  const findings = [...process.findings, ...(first ? report.findings : [])];
  const bendTable = heapBends.length === 0 ? '' : `<h3>Bends of the live heap</h3>${bendsTable(process, heapBends)}`;
  const otherTable =
    others.length === 0
      ? ''
      : `<h3>Bends of other signals</h3>${table(
          [left('time'), left('signal'), left('what happens'), right('sure')],
          others.map((bend) => ({
            cells: [
              left(whenOf(bend)),
              left(signalWords(bend.signal)),
              colored(otherKindWords(bend), KIND_ROLES[bend.kind]),
              right(formatConfidence(bend.confidence)),
            ],
          })),
        )}`;
  return `<section><h2>${text(processTitle(process))}</h2><p class="headline ${headline.role}">${text(`${headline.text} ${besidesOf(process) ?? ''}`)}</p>
${drawTimeline(process, heapBends, findings, numbers)}
${bendTable}<div class="beside two"><div>${pausesTable(process)}</div><div>${otherTable}</div></div></section>`;
}

function bendsTable(process: ProcessReport, bends: readonly InflectionEvent[]): string {
  const wall = bends.some((bend) => bend.atTime !== undefined);
  const per = process.timeBase === 'index' ? 'MiB/cycle' : 'MiB/s';
  return table(
    [
      right('no.'),
      right('time'),
      ...(wall ? [left('wall time')] : []),
      ...['cycle', 'heap MiB', `growth ${per}`, 'change'].map(right),
      left('what happens'),
      right('sure'),
    ],
    bends.map((bend, index) => ({
      id: `bend-${process.process}-${index + 1}`,
      cells: [
        right(String(index + 1)),
        right(bend.at === undefined ? '' : formatMoment(bend.at)),
        ...(wall ? [left(bend.atTime === undefined ? '' : formatWallTime(bend.atTime))] : []),
        right(bend.cycle === undefined ? '' : String(bend.cycle)),
        right(formatNumber(bend.value)),
        right(slopeCell(bend)),
        right(formatSigned(bend.growthChange)),
        colored(kindWords(bend), KIND_ROLES[bend.kind]),
        right(formatConfidence(bend.confidence)),
      ],
    })),
  );
}

function pausesTable(process: ProcessReport): string {
  const pauses = process.stats.pausesMs;
  if (pauses === undefined) return '';
  const rows = [
    ['sweep termination', pauses.sweepTermination],
    ['mark termination', pauses.markTermination],
    ['both together', pauses.total],
  ] as const;
  return `<h3>Stop-the-world pauses, ms</h3>${table(
    [left(''), ...['p50', 'p90', 'p99', 'p99.9', 'max'].map(right)],
    rows.flatMap(([name, values]) =>
      values === undefined
        ? []
        : [
            {
              cells: [
                left(name),
                ...[values.p50, values.p90, values.p99, values.p999, values.max].map((value) =>
                  right(formatNumber(value)),
                ),
              ],
            },
          ],
    ),
  )}`;
}

function findingsSection(findings: readonly FindingEvent[], numbers: Map<string, number>): string {
  if (findings.length === 0) return '';
  const cards = findings.slice(0, 50).map((finding) => {
    const number = numbers.get(finding.id);
    const facts: [string, string][] = [];
    if (finding.site !== undefined) facts.push(['where', `<code>${text(frameWords(finding.site))}</code>`]);
    if (finding.createdBy !== undefined)
      facts.push(['created by', `<code>${text(frameWords(finding.createdBy))}</code>`]);
    const limit = limitWords(finding.projection).trim();
    if (limit !== '') facts.push(['projection', text(limit)]);
    const evidence = evidenceWords(finding.evidence);
    if (evidence.length > 0) facts.push(['evidence', text(evidence.join(' · '))]);
    for (const [index, line] of (finding.advice ?? []).entries()) facts.push([index === 0 ? 'next' : '', advice(line)]);
    const about = [finding.rule];
    const moment = finding.at === undefined ? '' : ` · since ${formatMoment(finding.at)}`;
    return `<article class="finding ${SEVERITY_ROLES[finding.severity]}" id="finding-${number}">
<h3><span class="tag">F${number} ${finding.severity}</span>${text(finding.title)}</h3>
<p class="dim">${text(about.join(' '))}${moment} · ${formatConfidence(finding.confidence)} sure · ${finding.ongoing ? 'still going on' : 'has stopped'}</p>
<p>${text(finding.detail)}</p><dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl></article>`;
  });
  return `<section><h2>Findings</h2>${cards.join('\n')}</section>`;
}

/** Who holds the heap, who waits: side by side below the timeline. */
function flameGraphs(report: Report): string {
  const graphs: string[] = [];
  if (report.heap !== undefined) {
    const stacks = report.heap.last.sites.map((site) => ({ stack: site.stack, weight: site.inUse.bytes }));
    const flame = drawFlame(stacks, formatBytes);
    if (flame !== '') graphs.push(`<div><h3>Heap in use, by stack</h3>${flame}</div>`);
  }
  if (report.goroutines !== undefined) {
    const stacks = report.goroutines.last.groups.map((group) => ({ stack: group.stack, weight: group.count }));
    const flame = drawFlame(stacks, (count) => formatCount(count, 'goroutine'));
    if (flame !== '') graphs.push(`<div><h3>Goroutines, by stack</h3>${flame}</div>`);
  }
  if (graphs.length === 0) return '';
  return `<section><p class="dim">Click a box to widen it, the top one to go back.</p><div class="beside${graphs.length > 1 ? ' two' : ''}">${graphs.join('\n')}</div></section>`;
}

function groupsSection(report: Report): string {
  const dumps = report.goroutines;
  if (dumps === undefined) return '';
  const groups = [...dumps.last.groups].sort((a, b) => b.count - a.count);
  const of = dumps.count > 1 ? `, the last of ${dumps.count} dumps` : '';
  return `<section><h2>${dumps.last.total} goroutines in ${formatCount(groups.length, 'group')}${of}</h2>${
    dumps.last.message === undefined ? '' : `<p>${text(dumps.last.message)}</p>`
  }${table(
    [right('count'), left('state'), left('wait, min'), left('at'), left('created by')],
    groups.slice(0, MOST_GROUPS).map((group) => ({
      cells: [
        right(String(group.count)),
        left(`${group.state ?? ''}${group.leaked ? ' (leaked)' : ''}`),
        left(group.waitMinutes === undefined ? '' : `${group.waitMinutes.min}–${group.waitMinutes.max}`),
        mono(frameWords(blockingFrame(group) ?? { function: '' })),
        mono(group.createdBy === undefined ? '' : frameWords(group.createdBy)),
      ],
    })),
  )}${groups.length > MOST_GROUPS ? `<p class="dim">… and ${groups.length - MOST_GROUPS} more groups</p>` : ''}</section>`;
}

function sitesSection(report: Report): string {
  if (report.heap === undefined) return '';
  const { last } = report.heap;
  const sites = [...last.sites].sort((a, b) => b.inUse.bytes - a.inUse.bytes);
  return `<section><h2>Heap: ${formatBytes(last.inUse.bytes)} in use</h2>
<p class="dim">Estimated from samples, one per ${formatBytes(last.sampleRate)}.</p>${table(
    [right('in use'), right(''), right('objects'), right('allocated'), left('site'), left('at')],
    sites.slice(0, MOST_SITES).map((site) => ({
      cells: [
        right(formatBytes(site.inUse.bytes)),
        right(last.inUse.bytes > 0 ? formatPercent(site.inUse.bytes / last.inUse.bytes) : ''),
        right(String(site.inUse.objects)),
        right(formatBytes(site.allocated.bytes)),
        mono(site.function),
        mono(placeOf(site)),
      ],
    })),
  )}</section>`;
}

function billSection(report: Report): string {
  if (report.memstats === undefined) return '';
  const parts = memoryBill(report.memstats.last);
  const whole = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (whole <= 0) return '';
  return `<section><h2>Memory bill: ${formatBytes(whole)} taken from the system</h2>${table(
    [right('bytes'), right(''), left('what'), left(''), left('')],
    parts.map((part) => ({
      cells: [
        right(formatBytes(part.bytes)),
        right(formatPercent(part.bytes / whole)),
        left(part.name),
        { html: `<span class="bar" style="width:${Math.round((part.bytes / whole) * 240)}px"></span>` },
        left(part.meaning),
      ],
    })),
  )}</section>`;
}

function inputSection(report: Report): string {
  const { malformed } = report;
  if (malformed.count === 0) return '';
  return `<section><h2>${formatCount(malformed.count, 'malformed record')}</h2>${table(
    [right('count'), left('reason'), right('first line'), left('text')],
    malformed.reasons.map((each) => ({
      cells: [right(String(each.count)), left(each.reason), right(String(each.firstLine)), mono(each.text)],
    })),
  )}</section>`;
}
