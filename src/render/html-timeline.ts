// In: the report of one process. Out: heap, pauses, GC CPU, allocation and blocking over one time axis, as inline SVG.
import type { FindingEvent, InflectionEvent } from '../events/types.ts';
import { countTicks, timeTicks, valueAxis } from './axis.ts';
import { type BucketedSeries, type ChartColumn, resample } from './bucketed-series.ts';
import { formatMoment, formatNumber } from './format.ts';
import { escapeHtml, escapeJson } from './html-page.ts';
import { rangeOf, xOf } from './report-trace.ts';
import type { Role } from './style.ts';
import type { ChartedSignal, ProcessReport } from './traced-process.ts';
import { KIND_ROLES, SEVERITY_ROLES, stretchRole } from './words.ts';

const COLUMNS = 600;
const HEAP_HEIGHT = 240;
const PANEL_HEIGHT = 74;

interface PanelSpec {
  signal: ChartedSignal;
  name: string;
  unit: string;
  scale: number;
  height: number;
  behind?: ChartedSignal;
}

const PANELS: PanelSpec[] = [
  {
    signal: 'heapLive',
    name: 'live heap, MiB',
    unit: 'MiB',
    scale: 1,
    height: HEAP_HEIGHT,
    behind: 'heapGoal',
  },
  { signal: 'pause', name: 'stop-the-world pause, ms', unit: 'ms', scale: 1, height: PANEL_HEIGHT },
  { signal: 'gcCpu', name: 'GC CPU, %', unit: '%', scale: 100, height: PANEL_HEIGHT },
  { signal: 'allocRate', name: 'allocation rate, MiB/s', unit: 'MiB/s', scale: 1, height: PANEL_HEIGHT },
  { signal: 'assistShare', name: 'assist share, %', unit: '%', scale: 100, height: PANEL_HEIGHT },
  { signal: 'goroutines', name: 'goroutines', unit: '', scale: 1, height: PANEL_HEIGHT },
  { signal: 'blocked', name: 'blocked goroutines', unit: '', scale: 1, height: PANEL_HEIGHT },
];

/** A figure element; empty for a process without a heap. `findingNumbers` numbers the marks of findings. */
export function drawTimeline(
  report: ProcessReport,
  bends: readonly InflectionEvent[],
  findings: readonly FindingEvent[],
  findingNumbers: ReadonlyMap<string, number>,
): string {
  const { from, to } = rangeOf(report);
  const shareOf = (x: number) => (to > from ? Math.min(1, Math.max(0, (x - from) / (to - from))) : 0);
  const stretches = bends.flatMap((bend) => {
    const role = stretchRole(bend);
    return role === undefined ? [] : [{ share: shareOf(xOf(report, bend)), role }];
  });
  const panels: string[] = [];
  const signals: { name: string; unit: string; values: (number | null)[] }[] = [];
  for (const spec of PANELS) {
    const series = report.series[spec.signal];
    if (series === undefined || series.buckets.length === 0) continue;
    const columns = resample(series.buckets, from, to, COLUMNS);
    const behindSeries = spec.behind === undefined ? undefined : report.series[spec.behind];
    const behind = behindSeries === undefined ? [] : resample(behindSeries.buckets, from, to, COLUMNS);
    panels.push(drawPanel(spec, series, columns, behind, spec.signal === 'heapLive' ? stretches : []));
    signals.push(hoverValues(spec.name.replace(/,.*/, ''), spec, columns));
    if (behind.length > 0) signals.push(hoverValues('heap goal', spec, behind));
  }
  if (panels.length === 0) return '';
  const timed = report.timeBase !== 'index';
  const ticks = timed ? timeTicks(from, to, 90) : countTicks(from, to, 90, 'cycle');
  const labels = Array.from({ length: COLUMNS }, (_, column) => {
    const x = from + ((to - from) * column) / (COLUMNS - 1);
    return timed ? formatMoment(x) : `cycle ${Math.round(x)}`;
  });
  const marks = [
    ...bends.map((bend, index) =>
      mark(
        shareOf(xOf(report, bend)),
        KIND_ROLES[bend.kind],
        String(index + 1),
        `#bend-${report.process}-${index + 1}`,
        '',
      ),
    ),
    ...findings.flatMap((finding) => {
      const number = findingNumbers.get(finding.id);
      if (finding.at === undefined || number === undefined || !timed) return [];
      return [
        mark(shareOf(finding.at), SEVERITY_ROLES[finding.severity], `F${number}`, `#finding-${number}`, ' found'),
      ];
    }),
  ];
  const ticksHtml = ticks.map(
    ({ column, label }) => `<span style="left:${percent(column / 89)}">${escapeHtml(label)}</span>`,
  );
  return `<figure class="timeline">
<script type="application/json">${escapeJson({ columns: COLUMNS, labels, signals })}</script>
${panels.join('\n')}
<div class="x">${ticksHtml.join('')}</div>
<div class="marks">${marks.join('')}</div><div class="cross"></div><div class="tip"></div>
</figure>`;
}

function hoverValues(name: string, spec: PanelSpec, columns: readonly ChartColumn[]) {
  // Between two measurements the last one holds; before the first and after the last one nothing is known.
  const end = columns.findLastIndex((column) => !column.gap);
  let last: number | null = null;
  const values = columns.map(({ y, gap }, index) => {
    if (!gap) last = Number((y * spec.scale).toPrecision(4));
    return index > end ? null : last;
  });
  return { name, unit: spec.unit, values };
}

function mark(share: number, role: Role, label: string, href: string, extra: string): string {
  return `<div class="mark ${role}${extra}" style="left:${percent(share)}"><a href="${href}">${label}</a></div>`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

/** One panel in a viewBox of 1000 x 100 that is stretched to the page. */
function drawPanel(
  spec: PanelSpec,
  series: BucketedSeries,
  columns: readonly ChartColumn[],
  behind: readonly ChartColumn[],
  stretches: readonly { share: number; role: Role }[],
): string {
  const low = Math.min(series.min, ...behind.map((column) => column.min)) * spec.scale;
  const high = Math.max(series.max, ...behind.map((column) => column.max)) * spec.scale;
  const axis = valueAxis(low, high, spec.height > PANEL_HEIGHT ? 12 : 4);
  const steps = Math.round((axis.max - axis.min) / axis.step);
  const y = (value: number) =>
    Number((100 - ((value * spec.scale - axis.min) / (axis.max - axis.min)) * 100).toFixed(2));
  const x = (column: number) => Number(((column / (COLUMNS - 1)) * 1000).toFixed(1));
  const grid: string[] = [];
  const labels: string[] = [];
  for (let step = 0; step <= steps; step++) {
    const place = 100 - (step / steps) * 100;
    const value = Number((axis.min + step * axis.step).toPrecision(10));
    grid.push(`<path class="grid" d="M0 ${place}H1000"/>`);
    labels.push(
      `<span class="y" style="top:${percent(place / 100)}">${Number.isInteger(value) ? value : formatNumber(value)}</span>`,
    );
  }
  const line = (points: readonly ChartColumn[], first: number, last: number) =>
    points
      .slice(first, last + 1)
      .map((column, index) => `${index === 0 ? 'M' : 'L'}${x(first + index)} ${y(column.y)}`)
      .join('');
  // Nothing is drawn before the first and after the last point: what a signal did there is not known.
  const begin = Math.max(
    0,
    columns.findIndex((column) => !column.gap),
  );
  const end = columns.findLastIndex((column) => !column.gap);
  const indexes = Array.from({ length: end - begin + 1 }, (_, offset) => begin + offset);
  const upper = indexes.map((index) => `${index === begin ? 'M' : 'L'}${x(index)} ${y(columns[index]!.max)}`).join('');
  const lower = [...indexes].reverse().map((index) => `L${x(index)} ${y(columns[index]!.min)}`);
  const ground = `M${x(begin)} 100${indexes.map((index) => `L${x(index)} ${y(columns[index]!.y)}`).join('')}L${x(end)} 100Z`;
  const pieces: string[] = [];
  let from = begin;
  let role: Role = 'curve';
  for (const stretch of [...stretches, { share: 1, role: 'curve' as Role }]) {
    const until = Math.min(end, Math.round(stretch.share * (COLUMNS - 1)));
    if (until > from) pieces.push(`<path class="live ${role}" d="${line(columns, from, until)}"/>`);
    from = Math.max(from, until);
    role = stretch.role;
  }
  const goal = behind.length === 0 ? '' : `<path class="goal" d="${line(behind, begin, end)}"/>`;
  return `<div class="panel" style="height:${spec.height}px"><span class="name">${escapeHtml(spec.name)}${behind.length > 0 ? ' (dashed: goal)' : ''}</span>${labels.join('')}
<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(spec.name)}">${grid.join('')}<path class="area" d="${ground}"/><path class="area" d="${upper}${lower.join('')}Z"/>${goal}${pieces.join('')}</svg></div>`;
}
