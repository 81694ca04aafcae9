// In: goroutine dumps (the last one whole, of the others numbers). Out: states, groups by stack, what grew over the series.
import type { FindingEvent, Frame, GoroutineGroup, GoroutinesEvent, ThreadsEvent } from '../events/types.ts';
import { formatCount } from './format.ts';
import type { Column, Page, Span } from './page.ts';
import { frameWords, placeOf } from './report-findings.ts';
import type { Report } from './report-model.ts';
import type { NamedCourse, SnapshotSeries } from './snapshot-series.ts';
import { drawBars, drawShare } from './sparkline.ts';

const MOST_GROUPS = 15;
const MOST_STATES = 12;
const MOST_GROWING = 6;
/** Goroutines by which a group that no finding names must have grown to be drawn. */
const LEAST_GROWTH = 3;
/** From this width on the creator has a column of its own. */
const WIDE = 110;

const CAUSE_WORDS: Record<GoroutinesEvent['cause'], string> = {
  debug: 'goroutine profile',
  panic: 'panic',
  sigquit: 'SIGQUIT',
  fatal: 'fatal error',
  race: 'race report',
};

/** Adds the dumps to the page. */
export function addGoroutines(
  page: Page,
  dumps: SnapshotSeries<GoroutinesEvent>,
  findings: readonly FindingEvent[],
): void {
  const { last, count } = dumps;
  const what = count > 1 ? `the last of ${count} dumps` : CAUSE_WORDS[last.cause];
  page.heading(`Goroutines: ${last.total} in ${formatCount(last.groups.length, 'group')}`, what);
  // `panic: a [recovered]` and the panic that followed it are lines of their own.
  for (const line of (last.message ?? '').split('\n')) if (line !== '') page.paragraph(line, ['critical', '  ']);
  if (last.truncated) page.paragraph('The dump is cut off: goroutines are missing.', ['warning', '  ⚠ '], 'warning');
  if (count > 1) addCourses(page, dumps, findings);
  addStates(page, last);
  addGroups(page, last);
}

function addStates(page: Page, dump: GoroutinesEvent): void {
  const states = Object.entries(dump.states).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (states.length === 0) return;
  page.blank();
  const most = states[0]![1];
  const barWidth = Math.max(8, Math.min(40, page.width - 50));
  const rows = states
    .slice(0, MOST_STATES)
    .map(([state, count]): Span[] => [String(count), state, ['curve', drawShare(count / most, barWidth)]]);
  page.table([{ header: 'count', align: 'right' }, { header: 'state', flexible: 'end' }, { header: '' }], rows);
  if (states.length > MOST_STATES) page.line(['dim', `  … and ${states.length - MOST_STATES} more states`]);
}

function addGroups(page: Page, dump: GoroutinesEvent): void {
  const working = dump.groups.filter((group) => !group.infrastructure);
  const idle = dump.groups.filter((group) => group.infrastructure);
  const bySize = [...working].sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
  if (bySize.length > 0) {
    page.blank();
    const wide = page.width >= WIDE;
    const columns: Column[] = [
      { header: 'count', align: 'right' },
      { header: 'state', flexible: 'end' },
      { header: 'wait', align: 'right' },
      { header: wide ? 'at' : 'at, created by', flexible: 'middle' },
    ];
    if (wide) columns.push({ header: 'created by', flexible: 'middle' });
    const rows = bySize.slice(0, MOST_GROUPS).flatMap((group): Span[][] => {
      const state: Span = group.leaked ? ['growth', `${group.state ?? ''} (leaked)`.trim()] : (group.state ?? '');
      const creator = group.createdBy === undefined ? '' : siteWords(group.createdBy);
      const row: Span[] = [String(group.count), state, waitWords(group), ['strong', siteWords(blockingFrame(group))]];
      if (wide) return [[...row, creator]];
      return creator === '' ? [row] : [row, ['', '', '', ['dim', `← ${creator}`]]];
    });
    page.table(columns, rows);
  }
  const left = bySize.slice(MOST_GROUPS);
  const goroutines = (groups: readonly GoroutineGroup[]) => groups.reduce((sum, group) => sum + group.count, 0);
  if (left.length > 0)
    page.line(['dim', `  … and ${goroutines(left)} goroutines in ${formatCount(left.length, 'more group')}`]);
  if (idle.length > 0) {
    const few = formatCount(goroutines(idle), 'goroutine');
    page.paragraph(
      `set aside: ${few} of the runtime and of idle connections, in ${formatCount(idle.length, 'group')}`,
      '  ',
      'dim',
    );
  }
}

/** `3–12 min`, `5 min`; empty when none was printed. */
function waitWords(group: GoroutineGroup): string {
  if (group.waitMinutes === undefined) return '';
  const { min, max } = group.waitMinutes;
  return min === max ? `${max} min` : `${min}–${max} min`;
}

/** The standard library's and the runtime's own waiting: the line that blocks is the first one that is neither. */
const PLUMBING = /^(runtime|sync|internal|time|syscall|os\/signal)[./]/;

/** The frame that a person looks for: the first that is not plumbing, else the leaf. */
export function blockingFrame(group: { stack: readonly Frame[] }): Frame | undefined {
  return group.stack.find((frame) => !PLUMBING.test(frame.function)) ?? group.stack[0];
}

/** `main.worker pool.go:41`: function without its package path, file without its directories. */
export function siteWords(frame: Frame | undefined): string {
  if (frame === undefined) return '';
  const place = placeOf({ ...frame, ...(frame.file === undefined ? {} : { file: baseName(frame.file) }) });
  return `${baseName(frame.function)} ${place}`.trim();
}

/** What follows the last slash outside of brackets: type arguments hold slashes too. */
export function baseName(path: string): string {
  const bracket = path.indexOf('[');
  const head = bracket < 0 ? path : path.slice(0, bracket);
  return path.slice(head.lastIndexOf('/') + 1);
}

/** All goroutines, then the groups that a finding names, then others that grew. */
export function coursesOfDumps(
  dumps: SnapshotSeries<GoroutinesEvent>,
  findings: readonly FindingEvent[],
): NamedCourse[] {
  const named = new Set(
    findings.flatMap((finding) => {
      const signal = finding.evidence['signal'];
      return typeof signal === 'string' && signal.startsWith('group:') ? [signal.slice('group:'.length)] : [];
    }),
  );
  const growing = dumps.growing();
  const courses = [
    ...growing.filter((course) => named.has(course.key)),
    ...growing.filter((course) => !named.has(course.key) && course.values.at(-1)! - course.values[0]! >= LEAST_GROWTH),
  ].slice(0, MOST_GROWING);
  const groups = new Map(dumps.last.groups.map((group) => [group.id, group]));
  return [
    { name: 'all goroutines', values: dumps.totals, blamed: false },
    ...courses.map(({ key, values }) => {
      const group = groups.get(key);
      return { name: group === undefined ? key : siteWords(blockingFrame(group)), values, blamed: named.has(key) };
    }),
  ];
}

function addCourses(page: Page, dumps: SnapshotSeries<GoroutinesEvent>, findings: readonly FindingEvent[]): void {
  const width = Math.max(12, Math.min(60, page.width - 52, dumps.totals.length));
  page.blank();
  page.table(
    [{ header: 'over the dumps', flexible: 'middle' }, { header: '' }, { header: 'first → last', align: 'right' }],
    coursesOfDumps(dumps, findings).map(({ name, values, blamed }): Span[] => [
      blamed ? ['growth', name] : name,
      ['curve', drawBars(values, width, 0)],
      `${values[0]} → ${values.at(-1)}`,
    ]),
  );
}

/** What stands for `group:ID`: the line where the group waits. */
export function groupNames({ goroutines }: Pick<Report, 'goroutines'>): Map<string, string> {
  const groups = goroutines?.last.groups ?? [];
  return new Map(groups.map((group) => [`group:${group.id}`, siteWords(blockingFrame(group))]));
}

/** The threadcreate profile: who made threads. */
export function addThreads(page: Page, threads: ThreadsEvent): void {
  page.heading(`Threads: ${threads.total}`, 'threadcreate profile');
  const rows = [...threads.groups]
    .sort((a, b) => b.count - a.count)
    .slice(0, 5)
    .map((group): Span[] => [String(group.count), frameWords(blockingFrame(group) ?? { function: 'no stack' })]);
  page.table(
    [
      { header: 'count', align: 'right' },
      { header: 'created at', flexible: 'middle' },
    ],
    rows,
  );
}
