// In: the tables of a comparison. Out: lines of at most the width given: what grew, by how much, how sure.
import type { DiffResult, DiffRow, DiffTable } from '../series/profile-diff-table.ts';
import { formatScaled } from '../series/profile-units.ts';
import { formatNumber } from './format.ts';
import { displayText, fitText, padEnd, padStart, wrapText } from './sanitize.ts';
import { paint, type Style } from './style.ts';

export interface DiffViewOptions {
  style: Style;
  /** Columns; 80 when absent. */
  width?: number;
  /** Rows of each table; 20 when absent. */
  rows?: number;
}

const COLUMN = 10;

/** The comparison as text; notes come first, they may make the tables void. */
export function renderDiff(result: DiffResult, options: DiffViewOptions): string[] {
  const lines: string[] = result.notes.flatMap((note) =>
    wrapText(displayText(note, options.style.ascii), options.width ?? 80).map((line) =>
      paint(options.style, 'warning', line),
    ),
  );
  for (const table of result.tables) {
    if (lines.length > 0) lines.push('');
    lines.push(...(table.kind === 'findings' ? renderFindings(table, options) : renderTable(table, options)));
  }
  return lines;
}

function renderTable(table: DiffTable, options: DiffViewOptions): string[] {
  const { style } = options;
  const width = options.width ?? 80;
  const format = (value: number, row?: DiffRow): string =>
    formatValue(value, table.unit === 'mixed' ? row?.where : table.unit);
  const lines: string[] = [];
  const total = table.total;
  const sum =
    total === undefined
      ? ''
      : `: ${format(total.base)} to ${format(total.next)} (${signed(total.next - total.base, format)})`;
  for (const line of wrapText(displayText(`What changed: ${table.title}${sum}`, style.ascii), width))
    lines.push(paint(style, 'title', line));
  if (table.rows.length === 0) {
    lines.push('nothing');
    return lines;
  }
  const head = ['change', 'before', 'after', 'ratio'].map((name) => padStart(name, COLUMN)).join(' ');
  lines.push(paint(style, 'dim', `${head}  ${table.unit === 'mixed' ? 'figure' : 'where'}`));
  const most = options.rows ?? 20;
  for (const row of table.rows.slice(0, most)) {
    const change = padStart(
      signed(row.change, (value) => format(value, row)),
      COLUMN,
    );
    const numbers = [format(row.base, row), format(row.next, row), ratioText(row)].map((text) =>
      padStart(text, COLUMN),
    );
    const doubt = row.error !== undefined && Math.abs(row.change) < row.error ? '?' : ' ';
    const room = width - 4 * (COLUMN + 1) - 1;
    const name = displayText(row.name, style.ascii);
    const role = doubt === '?' ? 'dim' : row.change > 0 ? 'growth' : 'calm';
    lines.push(
      `${paint(style, role, change)} ${numbers.join(' ')} ${doubt}${fitText(name, room, style.ascii, 'middle')}`,
    );
    if (row.where !== undefined && table.unit !== 'mixed') {
      const indent = ' '.repeat(4 * (COLUMN + 1) + 2);
      lines.push(
        indent + paint(style, 'dim', fitText(displayText(row.where, style.ascii), room - 2, style.ascii, 'start')),
      );
    }
  }
  if (table.rows.length > most) lines.push(padEnd(`... and ${table.rows.length - most} more`, 0));
  if (table.rows.slice(0, most).some((row) => row.error !== undefined && Math.abs(row.change) < row.error)) {
    lines.push(paint(style, 'dim', '? less than two standard errors of sampling: may be chance'));
  }
  return lines;
}

function renderFindings(table: DiffTable, options: DiffViewOptions): string[] {
  const { style } = options;
  const width = options.width ?? 80;
  const lines = [paint(style, 'title', 'What changed: findings')];
  if (table.rows.length === 0)
    lines.push(`nothing: ${table.unchanged} ${table.unchanged === 1 ? 'stands' : 'stand'} in both`);
  for (const row of table.rows) {
    const mark = row.change > 0 ? paint(style, 'growth', 'new ') : paint(style, 'calm', 'gone');
    const text = displayText(`${row.name}: ${row.where ?? ''}`, style.ascii);
    lines.push(`${mark}  ${fitText(text, width - 6, style.ascii)}`);
  }
  return lines;
}

function formatValue(value: number, unit: string | undefined): string {
  if (unit === 'bytes' || unit === 'nanoseconds') return formatScaled(value, unit, 'auto');
  if (unit === 'count' && Number.isInteger(value)) return String(value);
  if (unit === 'share') return `${formatNumber(value * 100)}%`;
  return formatNumber(value);
}

function signed(value: number, format: (value: number) => string): string {
  return value > 0 ? `+${format(value)}` : value < 0 ? `-${format(-value)}` : '0';
}

function ratioText(row: DiffRow): string {
  if (row.ratio === undefined) return 'new';
  if (row.next === 0) return 'gone';
  return `x${formatNumber(row.ratio)}`;
}
