// In: the tables of a comparison. Out: them as JSON, as one JSON object on a line, as CSV or as Markdown.
import type { DiffResult, DiffRow, DiffTable } from '../series/profile-diff-table.ts';
import { csvRow } from './csv.ts';
import { digits, escapeMarkdown, signed, table } from './markdown.ts';

/** Formats of a comparison besides the report: it has no events, so it has none of their other formats. */
export const diffFormats = ['ndjson', 'json', 'csv', 'markdown'] as const;
export type DiffFormat = (typeof diffFormats)[number];

const COLUMNS: readonly (readonly [
  name: string,
  value: (row: DiffRow, table: DiffTable) => string | number | undefined,
])[] = [
  ['table', (_, { kind }) => kind],
  ['name', (row) => row.name],
  ['where', (row, { unit }) => (unit === 'mixed' ? undefined : row.where)],
  ['unit', (row, { unit }) => (unit === 'mixed' ? row.where : unit)],
  ['before', (row) => row.base],
  ['after', (row) => row.next],
  ['change', (row) => row.change],
  ['ratio', (row) => row.ratio],
  ['error', (row) => row.error],
];

/** The comparison as text, with its newline. */
export function exportDiff(result: DiffResult, format: DiffFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(result, undefined, 2)}\n`;
    case 'ndjson':
      return `${JSON.stringify(result)}\n`;
    case 'csv':
      return [
        csvRow(COLUMNS.map(([name]) => name)),
        ...result.tables.flatMap((of) => of.rows.map((row) => csvRow(COLUMNS.map(([, value]) => value(row, of))))),
      ].join('');
    case 'markdown':
      return [
        '## What changed\n',
        ...result.notes.map((note) => `> ${escapeMarkdown(note)}\n`),
        ...result.tables.map(markdownOf),
      ].join('\n');
  }
}

function markdownOf({ kind, title, unit, rows, unchanged }: DiffTable): string {
  const head = `### ${escapeMarkdown(title)}\n\n`;
  if (rows.length === 0) return `${head}nothing; the same in both: ${unchanged}\n`;
  if (kind === 'findings') {
    const found = rows.map((row) => [
      row.change > 0 ? 'new' : 'gone',
      `\`${row.name}\``,
      escapeMarkdown(row.where ?? ''),
    ]);
    return head + table(['', 'rule', 'finding'], 'lll', found);
  }
  const cells = rows.map((row) => [
    escapeMarkdown(row.where === undefined || unit === 'mixed' ? row.name : `${row.name} ${row.where}`),
    escapeMarkdown(unit === 'mixed' ? (row.where ?? '') : unit),
    digits(row.base),
    digits(row.next),
    signed(row.change),
    row.ratio === undefined ? 'new' : `×${digits(row.ratio)}`,
  ]);
  return head + table(['what', 'unit', 'before', 'after', 'change', 'ratio'], 'llrrrr', cells);
}
