// In: events. Out: Markdown for a pull request's comment: findings, bends, pauses as tables; text from input cannot break out of a cell.
import { cleanText } from '../events/clean-text.ts';
import { siteOf } from '../events/goroutines/site.ts';
import type { FindingEvent, Frame, InflectionEvent } from '../events/types.ts';
import type { Percentiles } from '../series/process-stats.ts';
import { frameWords } from './frame-words.ts';
import { type ProcessResult, Results } from './results.ts';
import type { EventSink } from './types.ts';

const MOST_BENDS = 20;
const MOST_FINDINGS = 20;
const SEVERITY_MARKS = { critical: '🔴', warning: '🟡', info: '🔵' };

/** Text that Markdown and HTML leave alone. Nothing is put into it that would be copied along: a comment parts a mention, an entity a link. */
export function escapeMarkdown(text: string): string {
  return cleanText(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]|~#!]/g, '\\$&')
    .replace(/@(?=\w)/g, '@<!-- -->')
    .replace(/(https?):\/\//g, '$1&#58;//')
    .replace(/\bwww\./g, 'www&#46;');
}

/** Advice and notes keep their commands as code, to be copied as they are: they stand in no table, where a `|` would have to be escaped. */
function adviceMarkdown(text: string): string {
  return cleanText(text)
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `\`${part}\`` : escapeMarkdown(part)))
    .join('');
}

/** A table; the cells are Markdown already. */
export function table(headers: readonly string[], alignments: string, rows: readonly (readonly string[])[]): string {
  const rule = [...alignments].map((side) => (side === 'r' ? '--:' : ':--'));
  return [headers, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Three significant digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size === 0 ? '0' : size >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export const signed = (value: number) => (value > 0 ? `+${digits(value)}` : digits(value));
const percent = (share: number) => (share >= 0.995 ? '&gt;99 %' : `${Math.floor(share * 100 + 1e-9)} %`);

const frameMarkdown = (frame: Frame | undefined) => (frame === undefined ? '' : escapeMarkdown(frameWords(frame)));

function findingRow(finding: FindingEvent): string[] {
  const site = frameMarkdown(finding.site);
  return [
    `${SEVERITY_MARKS[finding.severity]} ${finding.severity}`,
    `\`${finding.rule}\``,
    `**${escapeMarkdown(finding.title)}**${site === '' ? '' : `<br>${site}`}<br>${escapeMarkdown(finding.detail)}`,
    finding.at === undefined ? '' : digits(finding.at),
    percent(finding.confidence),
  ];
}

/** What a level that moves at once moved by; how much faster it grows otherwise. */
function changeCell(bend: InflectionEvent): string {
  return bend.stepBy === undefined ? signed(bend.growthChange) : `${signed(bend.stepBy)} ${escapeMarkdown(bend.unit)}`;
}

function bendRow(bend: InflectionEvent, index: number): string[] {
  return [
    String(index + 1),
    bend.at === undefined ? '' : bend.at.toFixed(1),
    bend.cycle === undefined ? '' : String(bend.cycle),
    escapeMarkdown(bend.signal),
    `${digits(bend.value)} ${escapeMarkdown(bend.unit)}`,
    // What has a level has no growth to speak of.
    bend.kind === 'regime' ? '' : `${signed(bend.slopeBefore)} → ${signed(bend.slopeAfter)}`,
    changeCell(bend),
    bend.kind,
    percent(bend.confidence),
  ];
}

function pauseRow(name: string, values: Percentiles | undefined): string[][] {
  if (values === undefined) return [];
  return [[name, ...[values.p50, values.p90, values.p99, values.p999, values.max].map(digits)]];
}

function processMarkdown(result: ProcessResult, several: boolean): string {
  const { stats } = result;
  if (stats === undefined) return '';
  const parts: string[] = [];
  if (several) parts.push(`### Process ${result.process} (${escapeMarkdown(result.source)})\n`);
  const live = stats.heapLiveMiB;
  const facts = [`${stats.cycles} GCs`];
  if (stats.seconds !== undefined) facts.push(`${digits(stats.seconds)} s`);
  if (live !== undefined)
    facts.push(`live heap ${digits(live.first)} → ${digits(live.last)} MiB (max ${digits(live.max)})`);
  if (stats.gcCpuShare !== undefined) facts.push(`GC took ${digits(stats.gcCpuShare * 100)} % of the CPU`);
  if (stats.allocatedMiBPerSecond !== undefined) facts.push(`${digits(stats.allocatedMiBPerSecond)} MiB/s allocated`);
  parts.push(`${facts.join(' · ')}\n`);
  if (result.inflections.length > 0) {
    const left = result.inflections.length - MOST_BENDS;
    const per = result.inflections.some((bend) => bend.at !== undefined) ? 's' : 'cycle';
    const headers = ['no.', 'time s', 'cycle', 'signal', 'value', `growth /${per}`, 'change', 'kind', 'sure'];
    parts.push(table(headers, 'rrrlrrrlr', result.inflections.slice(0, MOST_BENDS).map(bendRow)));
    if (left > 0) parts.push(`${left} more bends\n`);
  } else parts.push('No bends.\n');
  if (stats.pausesMs !== undefined) {
    parts.push(
      table(['pause, ms', 'p50', 'p90', 'p99', 'p99.9', 'max'], 'lrrrrr', [
        ...pauseRow('sweep termination', stats.pausesMs.sweepTermination),
        ...pauseRow('mark termination', stats.pausesMs.markTermination),
        ...pauseRow('both together', stats.pausesMs.total),
      ]),
    );
  }
  return parts.join('\n');
}

/** One comment, written at the end. */
export function createMarkdownSink(): EventSink {
  const results = new Results();
  return {
    push(event) {
      results.push(event);
      return undefined;
    },
    finish(notes = []) {
      const more = results.sources.size > 3 ? ` and ${results.sources.size - 3} more` : '';
      const parts = [`## gcbend: ${[...results.sources].slice(0, 3).map(escapeMarkdown).join(', ')}${more}\n`];
      for (const note of notes) parts.push(`> **Note:** ${adviceMarkdown(note)}.\n`);
      const findings = results.findings();
      if (findings.length === 0) parts.push('No findings.\n');
      else {
        parts.push(
          table(
            ['severity', 'rule', 'finding', 'since s', 'sure'],
            'lllrr',
            findings.slice(0, MOST_FINDINGS).map(findingRow),
          ),
        );
        if (findings.length > MOST_FINDINGS) parts.push(`${findings.length - MOST_FINDINGS} more findings\n`);
        const advice = [...new Set(findings.slice(0, MOST_FINDINGS).flatMap((finding) => finding.advice ?? []))];
        if (advice.length > 0)
          parts.push(`**Next:**\n\n${advice.map((line) => `- ${adviceMarkdown(line)}\n`).join('')}`);
      }
      const processes = results.processes().filter((result) => result.stats !== undefined);
      processes.sort((a, b) => (b.stats?.seconds ?? 0) - (a.stats?.seconds ?? 0));
      for (const result of processes.slice(0, 5)) parts.push(processMarkdown(result, processes.length > 1));
      if (processes.length > 5) parts.push(`${processes.length - 5} shorter processes are left out.\n`);
      if (results.goroutines !== undefined) {
        const { total, groups } = results.goroutines;
        const largest = [...groups].sort((a, b) => b.count - a.count).slice(0, 10);
        const rows = largest.map((group) => [
          String(group.count),
          escapeMarkdown(group.state ?? ''),
          frameMarkdown(siteOf(group).blocking),
          frameMarkdown(group.createdBy),
        ]);
        parts.push(
          `### ${total} goroutines in ${groups.length} groups\n`,
          table(['count', 'state', 'at', 'created by'], 'rlll', rows),
        );
      }
      const malformed = results.counts['malformed'];
      if (malformed !== undefined) parts.push(`${malformed} malformed records were set aside.\n`);
      return parts.join('\n');
    },
  };
}
