// In: buckets of one signal, its bends, a size. Out: rows of a chart drawn by asciichart, with a time axis and numbered marks.
// asciichart has no x axis and no marks, draws one column a point, and throws on [] and NaN: all of that is seen to here.
import { plot } from 'asciichart';
import { countTicks, tickLabels, timeTicks, valueAxis } from './axis.ts';
import { type BucketedSeries, resample } from './bucketed-series.ts';
import { formatNumber } from './format.ts';
import type { Span } from './page.ts';
import type { Role } from './style.ts';

export interface ChartMark {
  x: number;
  /** What stands on the curve: the bend's number in the table. */
  label: string;
  role: Role;
}

export interface LineChart {
  series: BucketedSeries;
  /** Drawn faint behind the curve, on the same axis. */
  behind?: BucketedSeries;
  from: number;
  to: number;
  /** Columns of the whole chart, labels and all. */
  width: number;
  /** Rows of the whole chart, the two of the time axis included. */
  height: number;
  marks: readonly ChartMark[];
  /** Colour of the curve from a place on. */
  stretches: readonly { from: number; role: Role }[];
  /** What the x axis counts when it is not seconds. */
  counts?: string;
  /** What values are multiplied by before they are shown: 100 for shares. */
  scale?: number;
  indent?: number;
}

interface Cell {
  character: string;
  role: Role;
}

const MOST_DROP_LINES = 9;

/** What was drawn: rows of spans, top first, and where the curve lies in them, so that other lines can stand on the same time axis. */
export interface DrawnChart {
  rows: Span[][];
  /** Columns left of the curve, and of the curve. */
  left: number;
  width: number;
  /** True when a column holds more than its curve shows: `░`. */
  shaded: boolean;
}

/** Undefined when the series has no point in the range. */
export function drawLineChart(chart: LineChart): DrawnChart | undefined {
  const indent = chart.indent ?? 2;
  const rows = Math.max(4, chart.height - 2);
  const scale = chart.scale ?? 1;
  const shown = [chart.series, ...(chart.behind === undefined ? [] : [chart.behind])]
    .flatMap((series) => series.buckets)
    .filter((bucket) => bucket.to >= chart.from && bucket.from <= chart.to);
  if (shown.length === 0) return undefined;
  const low = shown.reduce((least, bucket) => Math.min(least, bucket.min), Number.POSITIVE_INFINITY) * scale;
  const high = shown.reduce((most, bucket) => Math.max(most, bucket.max), Number.NEGATIVE_INFINITY) * scale;
  const axis = valueAxis(low, high, rows - 1);
  const steps = Math.round((axis.max - axis.min) / axis.step);
  const height = steps * axis.rowsPerStep;
  const labelWidth = Math.max(
    ...Array.from({ length: steps + 1 }, (_, step) => tickValue(axis.min + step * axis.step).length),
  );
  const plotWidth = Math.max(8, chart.width - indent - labelWidth - 2);
  const columns = resample(chart.series.buckets, chart.from, chart.to, plotWidth);
  if (columns.length === 0) return undefined;
  const rowOf = (value: number) =>
    Math.max(0, Math.min(height, Math.round(((axis.max - value * scale) / (axis.max - axis.min)) * height)));

  const grid: Cell[][] = Array.from({ length: height + 1 }, () =>
    Array.from({ length: plotWidth }, () => ({ character: ' ', role: 'plain' as Role })),
  );
  const put = (row: number, column: number, character: string, role: Role) => {
    if (row < 0 || row > height || column < 0 || column >= plotWidth) return;
    grid[row]![column] = { character, role };
  };
  const isFree = (row: number, column: number) => {
    const character = grid[row]?.[column]?.character;
    return character === ' ' || character === '░' || character === '·';
  };

  columns.forEach(({ min, max, gap }, column) => {
    if (gap || rowOf(min) - rowOf(max) < 2) return;
    for (let row = rowOf(max); row <= rowOf(min); row++) put(row, column, '░', 'dim');
  });
  if (chart.behind !== undefined) {
    resample(chart.behind.buckets, chart.from, chart.to, plotWidth).forEach(({ y, far }, column) => {
      if (!far && column % 2 === 0) put(rowOf(y), column, '·', 'dim');
    });
  }

  // asciichart draws n points over n - 1 columns and the first one onto the axis: the first column is given twice.
  const points = [columns[0]!, ...columns].map((column) => column.y * scale);
  const drawn = plot(points, { height, min: axis.min, max: axis.max, offset: 1, format: () => '' });
  const curve = drawn.split('\n').map((row) => [...row].slice(1));
  const roles = rolesOf(chart, plotWidth);
  curve.forEach((row, rowNumber) => {
    row.forEach((character, column) => {
      if (character !== ' ') put(rowNumber, column, character, columns[column]?.far ? 'dim' : roles[column]!);
    });
  });

  const ticks =
    chart.counts === undefined
      ? timeTicks(chart.from, chart.to, plotWidth)
      : countTicks(chart.from, chart.to, plotWidth, chart.counts);
  const base: Cell[] = Array.from({ length: plotWidth }, () => ({ character: '─', role: 'dim' as Role }));
  for (const { column } of ticks) if (base[column] !== undefined) base[column] = { character: '┬', role: 'dim' };

  const span = chart.to - chart.from;
  for (const mark of chart.marks) {
    const column = span <= 0 ? 0 : Math.round(((mark.x - chart.from) / span) * (plotWidth - 1));
    if (column < 0 || column >= plotWidth) continue;
    const onCurve = rowOf(columns[column]!.y);
    put(onCurve, column, '●', mark.role);
    if (chart.marks.length <= MOST_DROP_LINES) {
      for (let row = onCurve + 1; row <= height; row++) if (isFree(row, column)) put(row, column, '┊', 'dim');
      base[column] = { character: '┴', role: mark.role };
    }
    placeLabel(mark, onCurve, column);
  }

  /** The number goes where it hides nothing: above the mark, else below it, a little to the side if need be. */
  function placeLabel(mark: ChartMark, onCurve: number, column: number): void {
    const length = mark.label.length;
    const fits = (row: number, start: number) =>
      start >= 0 &&
      start + length <= plotWidth &&
      row >= 0 &&
      row <= height &&
      Array.from({ length }, (_, offset) => isFree(row, start + offset)).every(Boolean);
    for (const distance of [1, 2, 3, -1, -2, -3]) {
      for (const shift of [0, -length, 1]) {
        const row = onCurve - distance;
        const start = Math.max(0, Math.min(plotWidth - length, column + shift));
        if (!fits(row, start)) continue;
        [...mark.label].forEach((character, offset) => {
          put(row, start + offset, character, mark.role);
        });
        return;
      }
    }
  }

  const lead = ' '.repeat(indent);
  const lines: Span[][] = grid.map((cells, row) => {
    const isTick = (height - row) % axis.rowsPerStep === 0;
    const label = isTick ? tickValue(axis.min + ((height - row) / axis.rowsPerStep) * axis.step) : '';
    return [lead, ['dim', `${label.padStart(labelWidth)} ${isTick ? '┤' : '│'}`], ...runs(cells)];
  });
  lines.push([lead, ['dim', `${' '.repeat(labelWidth)} └`], ...runs(base)]);
  lines.push([lead, ['dim', `${' '.repeat(labelWidth + 2)}${tickLabels(ticks, plotWidth)}`]]);
  const shaded = grid.some((cells) => cells.some(({ character }) => character === '░'));
  return { rows: lines, left: indent + labelWidth + 2, width: plotWidth, shaded };
}

function tickValue(value: number): string {
  const rounded = Number(value.toPrecision(10));
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e7 ? String(rounded) : formatNumber(rounded);
}

/** The colour of every column. */
function rolesOf(chart: LineChart, width: number): Role[] {
  const span = chart.to - chart.from;
  const roles = new Array<Role>(width).fill('curve');
  for (const { from, role } of chart.stretches) {
    const first = span <= 0 ? 0 : Math.round(((from - chart.from) / span) * (width - 1));
    for (let column = Math.max(0, first); column < width; column++) roles[column] = role;
  }
  return roles;
}

/** Neighbouring cells of one colour as one span. */
function runs(cells: readonly Cell[]): Span[] {
  const spans: Span[] = [];
  let text = '';
  let role: Role = 'plain';
  for (const cell of cells) {
    if (cell.role !== role && text !== '') {
      spans.push([role, text]);
      text = '';
    }
    role = cell.role;
    text += cell.character;
  }
  if (text !== '') spans.push([role, text]);
  return spans;
}
