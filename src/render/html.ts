// In: a Report. Out: one self-contained HTML page: nothing is loaded, all text from input is escaped, light and dark.
import { createHash } from 'node:crypto';
import type { FindingEvent, InflectionEvent } from '../events/types.ts';
import {
  formatBytes,
  formatConfidence,
  formatCount,
  formatMoment,
  formatNumber,
  formatSigned,
  formatWallTime,
} from './format.ts';
import { besidesOf, headlineOf, limitWords, whenOf } from './headline.ts';
import { SCRIPT, STYLE } from './html-page.ts';
import { advice, colored, left, mono, right, table, text } from './html-parts.ts';
import {
  bendsSection,
  billSection,
  contentionSection,
  flameGraphs,
  groupsSection,
  sitesSection,
  threadsSection,
} from './html-snapshots.ts';
import { drawTimeline } from './html-timeline.ts';
import { allFindings, snapshotHeadline, sourceWords } from './report.ts';
import { aboutWords, evidenceWords, frameWords, numberFindings } from './report-findings.ts';
import type { Report } from './report-model.ts';
import { kindWords, MOST_ROWS, mostSure, otherKindWords, processTitle, slopeCell } from './report-trace.ts';
import type { ProcessReport } from './traced-process.ts';
import { KIND_ROLES, SEVERITY_ROLES, signalWords } from './words.ts';

const MOST_PROCESSES = 8;

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
    processes[0] ?? snapshotSentence(report, findings),
    findingsSection(findings, numbers, report.processes.length > 1),
    flames,
    ...processes.slice(1),
    report.short === undefined
      ? ''
      : `<p class="dim">${formatCount(report.short.count, 'short process', 'short processes')} besides, ${formatCount(report.short.cycles, 'GC')}.</p>`,
    groupsSection(report, findings),
    sitesSection(report, findings),
    billSection(report),
    ...report.contention.map(contentionSection),
    threadsSection(report),
    bendsSection(report),
    healthSection(report),
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
  const title = `<h2>${text(processTitle(process, report.sources.length > 1))}</h2><p class="headline ${headline.role}">${text(`${headline.text} ${besidesOf(process) ?? ''}`)}</p>`;
  // One collection has no course, and nothing to be counted in percentiles.
  if (process.stats.cycles < 2) return `<section>${title}</section>`;
  return `<section>${title}
${drawTimeline(process, heapBends, findings, numbers)}
${bendTable}<div class="beside two"><div>${pausesTable(process)}</div><div>${otherTable}</div></div></section>`;
}

function bendsTable(process: ProcessReport, bends: readonly InflectionEvent[]): string {
  const wall = bends.some((bend) => bend.atTime !== undefined);
  const timed = process.timeBase !== 'index';
  const per = timed ? 'MiB/s' : 'MiB/cycle';
  return table(
    [
      right('no.'),
      ...(timed ? [right('time')] : []),
      ...(wall ? [left('wall time')] : []),
      ...['cycle', 'heap MiB', `growth ${per}`, 'change'].map(right),
      left('what happens'),
      right('sure'),
    ],
    bends.map((bend, index) => ({
      id: `bend-${process.process}-${index + 1}`,
      cells: [
        right(String(index + 1)),
        ...(timed ? [right(bend.at === undefined ? '' : formatMoment(bend.at))] : []),
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

function findingsSection(findings: readonly FindingEvent[], numbers: Map<string, number>, several: boolean): string {
  if (findings.length === 0) return '';
  const cards = findings.slice(0, 50).map((finding) => {
    const number = numbers.get(finding.id);
    const facts: [string, string][] = [];
    if (finding.site !== undefined) facts.push(['where', `<code>${text(frameWords(finding.site))}</code>`]);
    if (finding.createdBy !== undefined)
      facts.push(['created by', `<code>${text(frameWords(finding.createdBy))}</code>`]);
    const limit = limitWords(finding.projection).trim();
    if (limit !== '') facts.push(['projection', text(limit)]);
    const evidence = evidenceWords(finding);
    if (evidence.length > 0) facts.push(['evidence', text(evidence.join(' · '))]);
    for (const [index, line] of (finding.advice ?? []).entries()) facts.push([index === 0 ? 'next' : '', advice(line)]);
    return `<article class="finding ${SEVERITY_ROLES[finding.severity]}" id="finding-${number}">
<h3><span class="tag">F${number} ${finding.severity}</span>${text(finding.title)}</h3>
<p class="dim">${text(aboutWords(finding, several))}</p>
<p>${text(finding.detail)}</p><dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl></article>`;
  });
  return `<section><h2>Findings</h2>${cards.join('\n')}</section>`;
}

/** One sentence for dumps and heap texts without a trace. */
function snapshotSentence(report: Report, findings: readonly FindingEvent[]): string {
  const headline = snapshotHeadline(report, findings);
  return headline === undefined ? '' : `<p class="headline ${headline.role}">${text(headline.text)}</p>`;
}

function healthSection({ health }: Report): string {
  if (health === undefined) return '';
  const [now, worst] = [health.last.score, health.scores.min].map((score) => Math.round(score));
  return `<p class="dim">Health now ${now}, worst ${worst} (0–100, 100 is healthy; windows of 10 s).</p>`;
}

function inputSection({ malformed, summary }: Report): string {
  if (malformed.count === 0) {
    const read =
      summary === undefined ? '' : `${formatCount(summary.lines, 'line')}, ${formatBytes(summary.bytes)} read.`;
    return read === '' ? '' : `<p class="dim">${read}</p>`;
  }
  return `<section><h2>${formatCount(malformed.count, 'malformed record')}</h2>${table(
    [right('count'), left('reason'), right('first line'), left('text')],
    malformed.reasons.map((each) => ({
      cells: [right(String(each.count)), left(each.reason), right(String(each.firstLine)), mono(each.text)],
    })),
  )}</section>`;
}
