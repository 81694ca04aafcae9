// In: the live model, the state that keys have made, a size. Out: the lines of the panel: never more, never wider than asked.
import type { GcEvent, InflectionEvent } from '../events/types.ts';
import {
  formatBytes,
  formatConfidence,
  formatDuration,
  formatMiB,
  formatMoment,
  formatNumber,
  formatPercent,
  formatPrintedMiB,
} from './format.ts';
import { whenOf } from './headline.ts';
import { drawLineChart } from './line-chart.ts';
import { PANEL_SIGNALS, type PanelState, ZOOM_SECONDS } from './live-keys.ts';
import type { LiveModel } from './live-model.ts';
import { Page, type Span } from './page.ts';
import { allFindings } from './report.ts';
import { addGoroutines } from './report-goroutines.ts';
import { addHeap } from './report-heap.ts';
import type { Report } from './report-model.ts';
import { rangeOf, slopeCell, xOf } from './report-trace.ts';
import { drawSparkline } from './sparkline.ts';
import type { Style } from './style.ts';
import type { ChartedSignal, ProcessReport } from './traced-process.ts';
import { KIND_ROLES, KIND_WORDS, SEVERITY_ROLES, signalWords, stretchRole } from './words.ts';

export interface PanelSize {
  rows: number;
  columns: number;
}

const MOST_MARKS = 20;
const GOAL_ROWS = 13;

/** What is watched, in the title: a command, a file, an address. */
export interface PanelOptions {
  title: string;
  style: Style;
}

const UNITS: Partial<Record<ChartedSignal, { unit: string; scale: number }>> = {
  heapLive: { unit: 'MiB', scale: 1 },
  heapGoal: { unit: 'MiB', scale: 1 },
  stacks: { unit: 'MiB', scale: 1 },
  pause: { unit: 'ms', scale: 1 },
  gcCpu: { unit: '%', scale: 100 },
  allocRate: { unit: 'MiB/s', scale: 1 },
  assistShare: { unit: '%', scale: 100 },
};

/** The panel as lines: at most `size.rows` of them, none wider than `size.columns`. Made for 20 rows and 60 columns or more; a smaller terminal sees its upper part. */
export function drawPanel(model: LiveModel, state: PanelState, size: PanelSize, options: PanelOptions): string[] {
  const page = new Page(options.style, Math.max(20, size.columns));
  const report = model.report();
  const process = shownProcess(model, report, state);
  addTitle(page, model, state, options.title);
  if (state.help) {
    addHelp(page);
    return finish(page, size);
  }
  if (process === undefined) {
    page.blank();
    if (report.goroutines === undefined && report.heap === undefined) {
      page.line(['dim', '  waiting for the first collection …']);
    }
    addFindings(page, report, size.rows - 6);
    if (report.goroutines !== undefined) addGoroutines(page, report.goroutines, report.findings);
    if (report.heap !== undefined) addHeap(page, report.heap, report.findings);
    return finish(page, size);
  }
  addNumbers(page, model, process, report);
  const below = new Page(options.style, page.width);
  const selected = state.cursor === undefined ? undefined : model.cycle(state.cursor);
  const room = size.rows - page.lines.length - 1;
  if (selected !== undefined) addCycle(below, selected.gc);
  else {
    if (room >= 26) addSparklines(below, process, state);
    addBends(below, process, room >= 30 ? 6 : room >= 15 ? 3 : 1);
    addFindings(below, report, room >= 30 ? 8 : room >= 15 ? 4 : 1);
  }
  const chartRows = Math.max(7, Math.min(24, room - below.lines.length));
  addChart(page, model, process, state, chartRows);
  page.lines.push(...below.lines);
  return finish(page, size);
}

/** Cuts or fills to the rows there are; the last one names the keys. */
function finish(page: Page, size: PanelSize): string[] {
  const keys = new Page(page.style, page.width);
  keys.line(['dim', 'q quit  space pause  ←→ scroll  +− zoom  tab signal  s save  ? help']);
  const rows = Math.max(0, size.rows - 1);
  const lines = page.lines.slice(0, rows);
  const gap = Array.from({ length: rows - lines.length }, () => '');
  return [...lines, ...gap, ...keys.lines].slice(0, Math.max(0, size.rows));
}

/** The process of the cycle that is looked at, else the one that printed last, else the longest-lived. */
function shownProcess(model: LiveModel, report: Report, state: PanelState): ProcessReport | undefined {
  const range = model.range();
  const place = state.cursor ?? state.pausedAt ?? range?.newest;
  const gc = place === undefined ? undefined : model.cycle(place)?.gc;
  return report.processes.find((process) => process.process === (gc?.process ?? 1)) ?? report.processes[0];
}

function addTitle(page: Page, model: LiveModel, state: PanelState, title: string): void {
  const range = model.range();
  const selected = state.cursor === undefined ? undefined : model.cycle(state.cursor);
  const mode: Span =
    selected !== undefined
      ? ['shift', ` ◀ cycle ${selected.gc.cycle} (${selected.place + 1} of ${(range?.newest ?? 0) + 1})`]
      : state.paused
        ? ['warning', ' ■ paused']
        : model.behindSeconds > 0
          ? ['warning', ` ● live, ${model.behindSeconds} s behind: the processors are busy`]
          : ['calm', ' ● live'];
  page.line(['title', 'gcbend'], mode, `  ${title}`);
}

function addNumbers(page: Page, model: LiveModel, process: ProcessReport, report: Report): void {
  const { stats, series } = process;
  const parts: string[] = [];
  if (stats.heapLiveMiB !== undefined) parts.push(`live ${formatPrintedMiB(stats.heapLiveMiB.last)}`);
  if (stats.heapGoalMiB !== undefined) parts.push(`goal ${formatPrintedMiB(stats.heapGoalMiB.last)}`);
  const perMinute = model.cyclesPerMinute();
  parts.push(perMinute === undefined ? `${stats.cycles} GCs` : `${formatNumber(perMinute)} GCs a minute`);
  if (series.gcCpu?.last !== undefined) parts.push(`GC CPU ${formatPercent(series.gcCpu.last)}`);
  if (series.allocRate?.last !== undefined) parts.push(`alloc ${formatNumber(series.allocRate.last)} MiB/s`);
  if (series.assistShare?.last !== undefined) parts.push(`assist ${formatPercent(series.assistShare.last)}`);
  if (report.goroutines !== undefined) parts.push(`${report.goroutines.last.total} goroutines`);
  if (report.health !== undefined) parts.push(`health ${Math.round(report.health.last.score)}`);
  page.paragraph(parts.join(' · '), '  ');
  const pauses = stats.pausesMs?.total;
  if (pauses === undefined) return;
  const list = (['p50', 'p90', 'p99', 'p999', 'max'] as const).map(
    (key) => `${key === 'p999' ? 'p99.9' : key} ${formatNumber(pauses[key])}`,
  );
  page.line(['dim', '  pauses, ms  '], list.join('  '));
}

/** What the chart shows: up to the newest cycle or where it was paused, as far back as the zoom says. */
function windowOf(model: LiveModel, process: ProcessReport, state: PanelState): { from: number; to: number } {
  const range = rangeOf(process);
  const end = state.pausedAt === undefined ? undefined : model.cycle(state.pausedAt)?.gc;
  let to = Math.min(range.to, (end === undefined ? undefined : cycleX(process, end)) ?? range.to);
  const span = process.timeBase === 'index' ? Number.POSITIVE_INFINITY : (ZOOM_SECONDS[state.zoom] ?? range.to);
  if (!Number.isFinite(span) || span >= to - range.from) return { from: range.from, to };
  const selected = state.cursor === undefined ? undefined : model.cycle(state.cursor)?.gc;
  const at = selected === undefined ? undefined : cycleX(process, selected);
  // The cycle that is looked at stays in sight.
  if (at !== undefined && at < to - span) to = Math.max(at + span / 2, range.from + span);
  return { from: to - span, to };
}

function cycleX(process: ProcessReport, gc: GcEvent): number | undefined {
  if (process.timeBase === 'index') return gc.cycle;
  return process.timeBase === 'process' ? gc.at : undefined;
}

function addChart(page: Page, model: LiveModel, process: ProcessReport, state: PanelState, rows: number): void {
  const wanted = process.series[state.signal];
  const signal: ChartedSignal = wanted === undefined ? 'heapLive' : state.signal;
  const series = wanted ?? process.series.heapLive;
  if (series === undefined) return;
  const { from, to } = windowOf(model, process, state);
  const { unit, scale } = UNITS[signal] ?? { unit: '', scale: 1 };
  // In a low chart the goal, twice as high as the heap, would press the curve flat.
  const goal = signal === 'heapLive' && rows >= GOAL_ROWS ? process.series.heapGoal : undefined;
  const bends = bendsOf(process, signal).filter((bend) => xOf(process, bend) <= to);
  const marks = bends.map((bend, index) => ({
    x: xOf(process, bend),
    label: String(index + 1),
    role: KIND_ROLES[bend.kind],
  }));
  const selected = state.cursor === undefined ? undefined : model.cycle(state.cursor)?.gc;
  const at = selected === undefined ? undefined : cycleX(process, selected);
  if (at !== undefined) marks.push({ x: at, label: '▼', role: 'strong' });
  const zoomed = to - from < rangeOf(process).to - rangeOf(process).from;
  const words = signalWords(signal);
  page.line(
    ['title', `${words.charAt(0).toUpperCase()}${words.slice(1)}${unit === '' ? '' : `, ${unit}`}`],
    ['dim', goal === undefined ? '' : '  dots: goal'],
    ['dim', zoomed ? `  the last ${formatDuration(to - from)}` : ''],
    ['dim', wanted === undefined ? `  (no ${signalWords(state.signal)} in this trace)` : ''],
  );
  const chart = drawLineChart({
    series,
    ...(goal === undefined ? {} : { behind: goal }),
    from,
    to,
    width: page.width,
    height: rows - 1,
    marks,
    stretches: bends.flatMap((bend) => {
      const role = stretchRole(bend);
      return role === undefined ? [] : [{ from: xOf(process, bend), role }];
    }),
    scale,
    ...(process.timeBase === 'index' ? { counts: 'cycle' } : {}),
  });
  for (const row of chart?.rows ?? []) page.line(...row);
}

/** The bends that are numbered in the chart: the surest of the signal, in time. */
function bendsOf(process: ProcessReport, signal: string): InflectionEvent[] {
  const own = process.inflections.filter((bend) => bend.signal === signal);
  const kept = new Set([...own].sort((a, b) => b.confidence - a.confidence).slice(0, MOST_MARKS));
  return own.filter((bend) => kept.has(bend));
}

const SPARKS: ChartedSignal[] = ['pause', 'gcCpu', 'allocRate', 'assistShare', 'goroutines'];

function addSparklines(page: Page, process: ProcessReport, state: PanelState): void {
  const { from, to } = rangeOf(process);
  for (const signal of SPARKS) {
    const series = process.series[signal];
    if (series === undefined || signal === state.signal || !(series.max > 0)) continue;
    const { unit, scale } = UNITS[signal] ?? { unit: '', scale: 1 };
    const note = `max ${formatNumber(series.max * scale)} ${unit}`.trimEnd();
    const width = Math.max(8, page.width - 38);
    const line = drawSparkline(series, from, to, width).padEnd(width);
    page.line(['dim', `  ${signalWords(signal).padEnd(16)}`], ['curve', line], `  ${note}`);
  }
}

/** The newest bends of the live heap, numbered as in the chart; a single line does without a title. */
function addBends(page: Page, process: ProcessReport, most: number): void {
  const bends = bendsOf(process, 'heapLive');
  if (bends.length === 0) return;
  if (most > 1) page.line(['title', 'Bends']);
  bends.slice(-most).forEach((bend, index) => {
    const number = Math.max(0, bends.length - most) + index + 1;
    const rate = process.timeBase === 'index' ? 'MiB/cycle' : 'MiB/s';
    page.line(
      [KIND_ROLES[bend.kind], `  ${number} ${KIND_WORDS[bend.kind].padEnd(14)}`],
      ` ${whenOf(bend)}, ${formatMiB(bend.value)}, ${slopeCell(bend)} ${rate}`,
      ['dim', `, ${formatConfidence(bend.confidence)} sure${bend.status === 'provisional' ? ', so far' : ''}`],
    );
  });
}

/** The worst findings, one line each, and when the limit is met; a single line does without a title. */
function addFindings(page: Page, report: Report, most: number): void {
  const findings = allFindings(report).filter((finding) => finding.severity !== 'info');
  if (findings.length === 0 || most < 1) return;
  const shown = Math.max(1, most - 1);
  if (most > 1) page.line(['title', 'Findings'], ['dim', findings.length > shown ? `  ${findings.length} in all` : '']);
  for (const finding of findings.slice(0, shown)) {
    const left = finding.projection;
    const limit = left === undefined ? '' : `${formatBytes(left.limitBytes)} in ${formatDuration(left.secondsLeft)}`;
    page.line(
      [SEVERITY_ROLES[finding.severity], `  ${finding.severity} `],
      ['strong', finding.title],
      ['dim', limit === '' ? '' : `  ${limit}`],
    );
  }
}

/** Everything that one cycle printed. */
function addCycle(page: Page, gc: GcEvent): void {
  const { start, end, live, goal } = gc.heapMiB;
  const at = gc.at === undefined ? '' : ` at ${formatMoment(gc.at)}`;
  page.line(
    ['title', `Cycle ${gc.cycle}${at}`],
    ['warning', gc.forced ? '  forced' : ''],
    ['dim', gc.repaired ? '  put together from a torn line' : ''],
  );
  const heap = [`${start} → ${end}${live === undefined ? '' : ` → ${live}`} MiB`];
  if (goal !== undefined) heap.push(`goal ${goal} MiB`);
  if (gc.stacksMiB !== undefined) heap.push(`stacks ${gc.stacksMiB} MiB`);
  if (gc.globalsMiB !== undefined) heap.push(`globals ${gc.globalsMiB} MiB`);
  page.paragraph(heap.join(' · '), ['dim', '  heap       ']);
  const clock = Object.entries(gc.clockMs ?? {}).filter(([, ms]) => ms !== undefined);
  const pause = (gc.clockMs?.sweepTermination ?? 0) + (gc.clockMs?.markTermination ?? 0);
  if (clock.length > 0) {
    const parts = clock.map(([name, ms]) => `${phaseWords(name)} ${formatNumber(ms ?? 0)}`);
    page.paragraph(`${parts.join(' · ')} · pause ${formatNumber(pause)}`, ['dim', '  clock, ms  ']);
  }
  const cpu = Object.entries(gc.cpuMs ?? {}).filter(([, ms]) => ms !== undefined);
  if (cpu.length > 0) {
    const parts = cpu.map(([name, ms]) => `${phaseWords(name)} ${formatNumber(ms ?? 0)}`);
    page.paragraph(parts.join(' · '), ['dim', '  CPU, ms    ']);
  }
  const rest = [`GOMAXPROCS ${gc.procs}`];
  if (gc.gcCpuPercent !== undefined) rest.push(`GC took ${gc.gcCpuPercent} % of the CPU since the start`);
  if (gc.loggedAt !== undefined) rest.push(gc.loggedAt);
  page.paragraph(rest.join(' · '), ['dim', '  else       ']);
}

/** `sweepTermination` → `sweep termination`. */
function phaseWords(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

function addHelp(page: Page): void {
  const rows: [string, string][] = [
    ['space, p', 'pause and go on; the program is never held up'],
    ['← →', 'the cycle before, the next one, with all that it printed'],
    ['page up, down', '20 cycles back, forth; home: the oldest that is kept'],
    ['end, escape', 'back to live'],
    ['+ −, ↑ ↓', 'zoom in and out: all, 1 d, 6 h, 1 h, 15 min, 5 min, 1 min, 15 s'],
    ['tab, 1–8', `signal: ${PANEL_SIGNALS.map(signalWords).join(', ')}`],
    ['s', 'save a snapshot of the result as JSON'],
    ['q, Ctrl-C', 'quit; the report stays on the screen'],
    ['?, h', 'this help'],
  ];
  page.heading('Keys');
  for (const [keys, what] of rows) page.paragraph(what, ['command', `  ${keys.padEnd(15)}`]);
  page.blank();
  page.paragraph(
    'Live heap: what is in use after a collection. Goal: the size at which the next one ends. A bend is a place where the heap begins to grow, grows faster, or stops.',
    '  ',
    'dim',
  );
}
