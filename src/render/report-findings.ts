// In: findings. Out: what each says, how sure it is, the numbers behind it, and what to do next.
import type { FindingEvent, Frame } from '../events/types.ts';
import { formatBytes, formatConfidence, formatDuration, formatMoment, formatNumber, formatWallTime } from './format.ts';
import { limitWords } from './headline.ts';
import type { Page } from './page.ts';
import { SEVERITY_ROLES } from './words.ts';

/** Below this many columns tables and lists do with less room. */
export const NARROW = 76;
const MOST_FINDINGS = 20;
const MOST_EVIDENCE = 14;

/** Adds the findings, worst first, numbered as `numberFindings` does. */
export function addFindings(page: Page, findings: readonly FindingEvent[], severalProcesses: boolean): void {
  if (findings.length === 0) return;
  const left = findings.length - MOST_FINDINGS;
  page.heading('Findings', left > 0 ? `the ${MOST_FINDINGS} worst of ${findings.length}` : '');
  const adviceGiven = new Map<string, number>();
  findings.slice(0, MOST_FINDINGS).forEach((finding, index) => {
    if (index > 0) page.blank();
    addFinding(page, finding, index + 1, severalProcesses);
    addAdvice(page, finding, index + 1, adviceGiven);
  });
}

/** Number of every finding in the list, by id. */
export function numberFindings(findings: readonly FindingEvent[]): Map<string, number> {
  return new Map(findings.map((finding, index) => [finding.id, index + 1]));
}

function addFinding(page: Page, finding: FindingEvent, number: number, severalProcesses: boolean): void {
  const role = SEVERITY_ROLES[finding.severity];
  page.paragraph(finding.title, [role, `  ${number}. ${finding.severity.toUpperCase()}  `], 'strong');
  const indent = '     ';
  page.paragraph(aboutWords(finding, severalProcesses), indent, 'dim');
  page.paragraph(finding.detail, indent);
  if (finding.site !== undefined) page.paragraph(frameWords(finding.site), ['dim', `${indent}where       `], 'strong');
  if (finding.createdBy !== undefined)
    page.paragraph(frameWords(finding.createdBy), ['dim', `${indent}created by  `], 'strong');
  const limit = limitWords(finding.projection).trim();
  if (limit !== '' && !finding.detail.includes(limit)) page.paragraph(limit, indent, role);
  const evidence = evidenceWords(finding);
  if (evidence.length > 0) page.paragraph(evidence.join(' · '), ['dim', `${indent}evidence    `], 'dim');
}

/** The line below a title: the rule, where and since when, how sure, whether it goes on. */
export function aboutWords(finding: FindingEvent, severalProcesses: boolean): string {
  const about: string[] = [finding.rule];
  if (severalProcesses && finding.process !== undefined) about.push(`process ${finding.process}`);
  if (finding.at !== undefined) about.push(`since ${formatMoment(finding.at)}`);
  if (finding.atTime !== undefined) about.push(formatWallTime(finding.atTime));
  about.push(`${formatConfidence(finding.confidence)} sure`);
  // A bill and a habit have no end that anybody waits for.
  if (finding.rule !== 'memory-bill' && finding.rule !== 'alloc-churn') {
    about.push(finding.ongoing ? 'still going on' : 'has stopped');
  }
  if (finding.status === 'open') about.push('not final');
  return about.join(' · ');
}

/** What to do next. Advice that an earlier finding gave is not said twice. */
function addAdvice(page: Page, finding: FindingEvent, number: number, given: Map<string, number>): void {
  const lines = (finding.advice ?? []).filter((advice) => !given.has(advice));
  const before = new Set(
    (finding.advice ?? []).map((advice) => given.get(advice)).filter((each) => each !== undefined),
  );
  if (before.size > 0) lines.push(`as for finding ${[...before].join(', ')}`);
  lines.forEach((advice, index) => {
    // A narrow page keeps its columns for the commands.
    const lead = (index === 0 ? 'next' : '').padEnd(page.width < NARROW ? 5 : 10);
    page.paragraph(advice, ['calm', `     ${lead}→ `]);
  });
  for (const advice of finding.advice ?? []) if (!given.has(advice)) given.set(advice, number);
}

/** `main.retain (app/store.go:41)`. */
export function frameWords(frame: Frame): string {
  const place = placeOf(frame);
  return place === '' ? frame.function : `${frame.function} (${place})`;
}

/** `app/store.go:41`; empty when the text names no file. */
export function placeOf(frame: { file?: string; line?: number }): string {
  if (frame.file === undefined) return '';
  return frame.line === undefined ? frame.file : `${frame.file}:${frame.line}`;
}

/** Ids join events; they tell a person nothing. */
const ID_NAMES = new Set(['signal', 'group', 'groups', 'ids', 'inflection', 'inflections']);

/** Evidence as `name value` with the unit of the name; objects are opened one level, lists of objects counted. */
export function evidenceWords({ at, evidence }: Pick<FindingEvent, 'at' | 'evidence'>): string[] {
  const words: string[] = [];
  const perSecond = Object.keys(evidence).some((name) => name.endsWith('PerSecond'));
  const withUnit = (name: string, value: number): string => {
    if (MOMENTS.has(name)) return at === undefined ? `point ${plainNumber(value)}` : formatMoment(value);
    if (name === 'slopeInterval') return `${formatNumber(value)} MiB${perSecond ? '/s' : ' a cycle'}`;
    if (name === 'slopeError') return `${formatBytes(value)}${perSecond ? '/s' : ' a snapshot'}`;
    for (const [ending, format] of UNITS) if (ending.test(name)) return format(value);
    return plainNumber(value);
  };
  const add = (name: string, value: unknown, depth: number) => {
    if (words.length >= MOST_EVIDENCE) return;
    if (typeof value === 'number') words.push(`${plainName(name)} ${withUnit(name, value)}`);
    else if (typeof value === 'string' || typeof value === 'boolean') words.push(`${plainName(name)} ${value}`);
    else if (Array.isArray(value)) {
      const flat = value.filter((item) => typeof item === 'number' || typeof item === 'string');
      if (flat.length > 0 && flat.length === value.length) {
        const shown = flat.slice(0, 12).map((item) => (typeof item === 'number' ? withUnit(name, item) : item));
        words.push(`${plainName(name)} ${shown.join(', ')}${flat.length > 12 ? ', …' : ''}`);
      }
    } else if (isInterval(value)) {
      words.push(`${plainName(name)} ${range(withUnit(name, value.from), ' to ', withUnit(name, value.to))}`);
    } else if (isChange(value)) {
      // Elsewhere `stacks` counts them.
      const signal = name === 'stacks' ? 'stacksMiB' : name;
      words.push(`${plainName(name)} ${range(withUnit(signal, value.before), ' → ', withUnit(signal, value.after))}`);
    } else if (value !== null && typeof value === 'object' && depth < 1) {
      for (const [key, inner] of Object.entries(value)) add(`${name} ${key}`, inner, depth + 1);
    }
  };
  for (const [name, value] of Object.entries(evidence)) if (!ID_NAMES.has(name)) add(name, value, 0);
  return words;
}

function isInterval(value: unknown): value is { from: number; to: number } {
  const { from, to } = (value ?? {}) as { from?: unknown; to?: unknown };
  return typeof from === 'number' && typeof to === 'number';
}

function isChange(value: unknown): value is { before: number; after: number } {
  const { before, after, ...more } = (value ?? {}) as { before?: unknown; after?: unknown };
  return typeof before === 'number' && typeof after === 'number' && Object.keys(more).length === 0;
}

/** Two values; a unit that they share is said once. */
function range(from: string, between: string, to: string): string {
  const unit = / .*/.exec(to)?.[0] ?? '';
  return `${from.endsWith(unit) ? from.slice(0, from.length - unit.length) : from}${between}${to}`;
}

/** Moments of the trace; points where it has no times. */
const MOMENTS = new Set(['from', 'until', 'fromInterval']);

/** Units by what a name ends in, and those of the signals. */
const UNITS: [RegExp, (value: number) => string][] = [
  [/MiBPerSecond$/, (value) => `${formatNumber(value)} MiB/s`],
  [/(Bytes|bytes)PerSecond$/, (value) => `${formatBytes(value)}/s`],
  [/PerSecond$/, (value) => `${formatNumber(value)}/s`],
  [/PerMinute$/, (value) => `${formatNumber(value)}/min`],
  [/PerSnapshot$/, (value) => `${formatNumber(value)} a snapshot`],
  [/MiB$/, (value) => `${formatNumber(value)} MiB`],
  [/[Bb]ytes$/, formatBytes],
  [/Ms$/, (value) => `${formatNumber(value)} ms`],
  [/Ns$/, (value) => `${formatNumber(value)} ns`],
  [/[Ss]econds$/, (value) => `${formatNumber(value)} s`],
  [/[Mm]inutes$/, (value) => `${formatNumber(value)} min`],
  [
    /([Ss]hare|Share(Of|In)[A-Z]\w*)$|^share(Of|In)[A-Z]\w*$|^gcCpu|^relativeError$/,
    (value) => `${formatNumber(value * 100)} %`,
  ],
  [/^allocRate/, (value) => `${formatNumber(value)} MiB/s`],
  [/^gcInterval/, formatDuration],
  [/^(heapGoal|heapLive)$/, (value) => `${formatNumber(value)} MiB`],
  [/^pause$/, (value) => `${formatNumber(value)} ms`],
  [/[Pp]ercent$/, (value) => `${formatNumber(value)} %`],
];

/** Counts stay whole. */
function plainNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e12 ? String(value) : formatNumber(value);
}

/** `slopeMiBPerSecond` → `slope`, `heapLiveMiB` → `heap live`. */
function plainName(name: string): string {
  const bare = name.replace(
    /(MiB|[Bb]ytes)?Per(Second|Minute|Snapshot)$|MiB$|(?<=[a-z])(Bytes|Ms|Ns|Seconds|Minutes|Percent)$/,
    '',
  );
  return (bare === '' ? name : bare)
    .replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .replace(/\b(gc|gogc|cpu)\b/g, (word) => word.toUpperCase())
    .trim();
}
