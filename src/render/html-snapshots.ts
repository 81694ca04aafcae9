// In: the dumps, heap texts and profiles of a Report. Out: their sections of the HTML page.
import type { ContentionEvent, FindingEvent } from '../events/types.ts';
import { formatBytes, formatConfidence, formatCount, formatDuration, formatPercent } from './format.ts';
import { whenOf } from './headline.ts';
import { drawFlame } from './html-flame.ts';
import { colored, left, mono, right, table, text } from './html-parts.ts';
import { frameWords, placeOf } from './report-findings.ts';
import { blockingFrame, coursesOfDumps, groupNames } from './report-goroutines.ts';
import { CONTENTION_WORDS, coursesOfHeaps, memoryBill, sumBySite } from './report-heap.ts';
import type { Report } from './report-model.ts';
import { otherKindWords } from './report-trace.ts';
import type { NamedCourse } from './snapshot-series.ts';
import type { Role } from './style.ts';
import { KIND_ROLES, signalWords } from './words.ts';

const MOST_GROUPS = 30;
const MOST_SITES = 30;

/** Who holds the heap, who waits: side by side below the timeline. */
export function flameGraphs(report: Report): string {
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

export function groupsSection(report: Report, findings: readonly FindingEvent[]): string {
  const dumps = report.goroutines;
  if (dumps === undefined) return '';
  const groups = [...dumps.last.groups].sort((a, b) => b.count - a.count);
  const of = dumps.count > 1 ? `, the last of ${dumps.count} dumps` : '';
  return `<section><h2>${dumps.last.total} goroutines in ${formatCount(groups.length, 'group')}${of}</h2>${
    dumps.last.message === undefined ? '' : `<p>${text(dumps.last.message)}</p>`
  }${dumps.count > 1 ? coursesTable('over the dumps', coursesOfDumps(dumps, findings), String) : ''}${table(
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

export function sitesSection(report: Report, findings: readonly FindingEvent[]): string {
  if (report.heap === undefined) return '';
  const { last } = report.heap;
  const sites = sumBySite(last);
  const more = sites.length - MOST_SITES;
  const of = report.heap.count > 1 ? `The last of ${report.heap.count} heap texts; estimated` : 'Estimated';
  return `<section><h2>Heap: ${formatBytes(last.inUse.bytes)} in use</h2>
<p class="dim">${of} from samples, one per ${formatBytes(last.sampleRate)}.</p>${
    report.heap.count > 1 ? coursesTable('over the heap texts', coursesOfHeaps(report.heap, findings), formatBytes) : ''
  }${table(
    [right('in use'), right(''), right('objects'), right('allocated'), left('site'), left('at')],
    sites.slice(0, MOST_SITES).map((site) => ({
      cells: [
        right(formatBytes(site.inUseBytes)),
        right(last.inUse.bytes > 0 ? formatPercent(site.inUseBytes / last.inUse.bytes) : ''),
        right(String(site.inUseObjects)),
        right(formatBytes(site.allocatedBytes)),
        mono(site.function),
        mono(placeOf(site)),
      ],
    })),
  )}${more > 0 ? `<p class="dim">… and ${formatCount(more, 'more site')}</p>` : ''}</section>`;
}

export function billSection(report: Report): string {
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

/** One row a course: a small chart from 0 to its most, the first value and the last. */
function coursesTable(title: string, courses: readonly NamedCourse[], format: (value: number) => string): string {
  return `${table(
    [left(title), left(''), right('first → last')],
    courses.map(({ name, values, blamed }) => ({
      cells: [
        mono(name),
        { html: drawCourse(values, blamed ? 'growth' : 'curve') },
        right(`${format(values[0] ?? 0)} → ${format(values.at(-1) ?? 0)}`),
      ],
    })),
  )}<p></p>`;
}

function drawCourse(values: readonly number[], role: Role): string {
  const most = Math.max(1e-9, ...values);
  const points = values.map((value, index) => {
    const x = values.length < 2 ? 0 : (index / (values.length - 1)) * 160;
    return `${index === 0 ? 'M' : 'L'}${Number(x.toFixed(1))} ${Number((21 - (value / most) * 20).toFixed(1))}`;
  });
  return `<svg class="course" viewBox="0 0 160 22" aria-hidden="true"><path class="live ${role}" d="${points.join('')}"/></svg>`;
}

/** A block or mutex profile. */
export function contentionSection(profile: ContentionEvent): string {
  const sites = [...profile.sites].sort((a, b) => b.delayNs - a.delayNs);
  const delay = sites.reduce((sum, site) => sum + site.delayNs, 0);
  return `<section><h2>${CONTENTION_WORDS[profile.profile]}: ${formatDuration(delay / 1e9)} waited</h2>${table(
    [right('waited'), right(''), right('times'), left('site'), left('at')],
    sites.slice(0, MOST_SITES).map((site) => ({
      cells: [
        right(formatDuration(site.delayNs / 1e9)),
        right(delay > 0 ? formatPercent(site.delayNs / delay) : ''),
        right(String(site.count)),
        mono(site.function),
        mono(placeOf(site)),
      ],
    })),
  )}</section>`;
}

/** The threadcreate profile. */
export function threadsSection({ threads }: Report): string {
  if (threads === undefined) return '';
  const groups = [...threads.groups].sort((a, b) => b.count - a.count).slice(0, MOST_GROUPS);
  return `<section><h2>Threads: ${threads.total}</h2>${table(
    [right('count'), left('created at')],
    groups.map((group) => ({
      cells: [right(String(group.count)), mono(frameWords(blockingFrame(group) ?? { function: 'no stack' }))],
    })),
  )}</section>`;
}

/** Bends of signals that belong to no trace. */
export function bendsSection(report: Report): string {
  if (report.inflections.length === 0) return '';
  const names = groupNames(report);
  return `<section><h2>Bends over the snapshots</h2>${table(
    [left('time'), left('signal'), left('what happens'), right('sure')],
    report.inflections.slice(0, MOST_GROUPS).map((bend) => ({
      cells: [
        left(whenOf(bend)),
        mono(names.get(bend.signal) ?? signalWords(bend.signal)),
        colored(otherKindWords(bend), KIND_ROLES[bend.kind]),
        right(formatConfidence(bend.confidence)),
      ],
    })),
  )}</section>`;
}
