// In: the tables of the profile views. Out: the lines that `go tool pprof` prints for them, names shortened to the width.
// Follows github.com/google/pprof internal/report (printText, printTree, printTraces, printSource).

import type { ListTable, PeekTable, TopTable, TracesView, ViewHead } from '../series/profile-table.ts';
import { formatPercent, formatScaled } from '../series/profile-units.ts';
import { displayText, fitText, padStart } from './sanitize.ts';
import { paint, type Style } from './style.ts';

/** `width` absent: names in full, as into a file. */
export interface ProfileViewOptions {
  style: Style;
  width?: number;
}

const NUMBER = 10;
const PLAIN: Style = { color: false, ascii: false };

function formatter(head: ViewHead, unit: string): (value: number) => string {
  return (value) => formatScaled(value, head.sampleType.unit, unit);
}

/** A name, and what follows it, in what is left of the line. */
function fitName(name: string, suffix: string, used: number, options: ProfileViewOptions): string {
  const clean = displayText(name, options.style.ascii);
  if (options.width === undefined) return clean + suffix;
  return fitText(clean, Math.max(20, options.width - used - suffix.length), options.style.ascii, 'middle') + suffix;
}

function headLines(head: ViewHead): string[] {
  return [`Type: ${head.sampleType.type}`];
}

/** `-top`: one line a function. */
export function renderTop(table: TopTable, options: ProfileViewOptions = { style: PLAIN }): string[] {
  const { style } = options;
  const format = formatter(table, table.unit);
  const lines = headLines(table);
  const share = formatPercent(table.shown, table.total).trim();
  lines.push(`Showing nodes accounting for ${format(table.shown)}, ${share} of ${format(table.total)} total`);
  if (table.total !== 0 && table.droppedNodes > 0) {
    const noun = table.droppedNodes > 1 ? 'nodes' : 'node';
    lines.push(`Dropped ${table.droppedNodes} ${noun} (cum <= ${format(table.dropCutoff)})`);
  }
  if (table.moreRows > 0) {
    lines.push(`Showing top ${table.rows.length} nodes out of ${table.rows.length + table.moreRows}`);
  }
  lines.push(paint(style, 'title', '      flat  flat%   sum%        cum   cum%'));
  let sum = 0;
  for (const row of table.rows) {
    sum += row.flat;
    const flat = padStart(format(row.flat), NUMBER);
    const cum = padStart(format(row.cum), NUMBER);
    const shares = `${formatPercent(row.flat, table.total)} ${formatPercent(sum, table.total)}`;
    const numbers = `${flat} ${shares} ${cum} ${formatPercent(row.cum, table.total)}  `;
    const suffix = row.inline === undefined ? '' : ` (${row.inline})`;
    lines.push(numbers + paint(style, 'strong', fitName(row.function, suffix, numbers.length, options)));
  }
  return lines;
}

const PEEK_SEPARATOR = '----------------------------------------------------------+-------------';

/** `-peek`: callers above, callees below each function. */
export function renderPeek(table: PeekTable, options: ProfileViewOptions = { style: PLAIN }): string[] {
  const { style } = options;
  const format = formatter(table, table.unit);
  const lines = headLines(table);
  const share = formatPercent(table.shown, table.total).trim();
  lines.push(`Showing nodes accounting for ${format(table.shown)}, ${share} of ${format(table.total)} total`);
  lines.push(PEEK_SEPARATOR);
  lines.push(paint(style, 'title', '      flat  flat%   sum%        cum   cum%   calls calls% + context'));
  let sum = 0;
  for (const entry of table.entries) {
    const call = (weight: number, name: string, inline: boolean): string => {
      const numbers = `${padStart(format(weight), 50)} ${formatPercent(weight, entry.cum)} |   `;
      return numbers + fitName(name, inline ? ' (inline)' : '', numbers.length, options);
    };
    lines.push(PEEK_SEPARATOR);
    for (const c of entry.callers) lines.push(call(c.weight, c.function, c.inline));
    sum += entry.flat;
    const flat = `${padStart(format(entry.flat), NUMBER)} ${formatPercent(entry.flat, table.total)}`;
    const cum = `${padStart(format(entry.cum), NUMBER)} ${formatPercent(entry.cum, table.total)}`;
    const numbers = `${flat} ${formatPercent(sum, table.total)} ${cum}                | `;
    lines.push(numbers + paint(style, 'strong', fitName(entry.function, '', numbers.length, options)));
    for (const c of entry.callees) lines.push(call(c.weight, c.function, c.inline));
  }
  if (table.entries.length > 0) lines.push(PEEK_SEPARATOR);
  return lines;
}

const TRACE_SEPARATOR = '-----------+-------------------------------------------------------';

/** `-traces`: every sample with its stack. */
export function renderTraces(view: TracesView, options: ProfileViewOptions = { style: PLAIN }): string[] {
  const format = formatter(view, view.unit);
  const lines = headLines(view);
  for (const trace of view.traces) {
    lines.push(TRACE_SEPARATOR);
    if (trace.objectBytes !== undefined) lines.push(`     bytes:  ${formatScaled(trace.objectBytes, 'bytes', 'auto')}`);
    trace.stack.forEach((frame, i) => {
      const value = padStart(i === 0 ? format(trace.value) : '', NUMBER);
      lines.push(
        `${value}   ${fitName(frame.function, frame.inlined === true ? ' (inline)' : '', NUMBER + 3, options)}`,
      );
    });
  }
  lines.push(TRACE_SEPARATOR);
  return lines;
}

/** `-list`: source lines with their values; the sampled lines alone where the source is not at hand. */
export function renderList(table: ListTable, options: ProfileViewOptions = { style: PLAIN }): string[] {
  const { style } = options;
  const format = formatter(table, table.unit);
  const dot = (value: number): string => padStart(value === 0 ? '.' : format(value), NUMBER);
  const lines = [`Total: ${format(table.total)}`];
  for (const routine of table.routines) {
    const name = displayText(routine.function, style.ascii);
    if (routine.file === undefined) {
      lines.push(`No source information for ${name}`);
      continue;
    }
    const file = displayText(routine.file, style.ascii);
    lines.push(`ROUTINE ======================== ${paint(style, 'strong', name)} in ${file}`);
    const values = `${padStart(format(routine.flat), NUMBER)} ${padStart(format(routine.cum), NUMBER)}`;
    lines.push(`${values} (flat, cum) ${formatPercent(routine.cum, table.total)} of Total`);
    if (!routine.sourceFound) {
      lines.push(' The source is not at hand; the sampled lines are:');
    }
    for (const line of routine.lines) {
      const text = displayText((line.text ?? '').replaceAll('\t', '    '), style.ascii);
      const numbers = `${dot(line.flat)} ${dot(line.cum)} ${padStart(String(line.number), 6)}:`;
      const fitted = options.width === undefined ? text : fitText(text, options.width - numbers.length, style.ascii);
      lines.push(numbers + (line.cum === 0 ? paint(style, 'dim', fitted) : fitted));
    }
  }
  return lines;
}
