// In: texts and cells. Out: HTML of paragraphs and tables, every text from input escaped.
import { cleanText } from '../events/clean-text.ts';
import { escapeHtml } from './html-page.ts';
import type { Role } from './style.ts';

/** Text from anywhere, safe in an element and in a quoted attribute. */
export function text(value: string): string {
  return escapeHtml(cleanText(value));
}

/** Advice: what stands in backticks is code. */
export function advice(value: string): string {
  return cleanText(value)
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join('');
}

export interface Cell {
  html: string;
  class?: string;
}

export const right = (value: string): Cell => ({ html: text(value), class: 'r' });
export const left = (value: string): Cell => ({ html: text(value) });
export const mono = (value: string): Cell => ({ html: text(value), class: 'mono' });
export const colored = (value: string, role: Role): Cell => ({ html: text(value), class: `kind ${role}` });

export function table(headers: readonly Cell[], rows: readonly { id?: string; cells: readonly Cell[] }[]): string {
  const cell = (tag: 'th' | 'td', { html, class: name }: Cell) =>
    `<${tag}${name === undefined ? '' : ` class="${name}"`}>${html}</${tag}>`;
  const body = rows.map(
    ({ id, cells }) =>
      `<tr${id === undefined ? '' : ` id="${id}"`}>${cells.map((each) => cell('td', each)).join('')}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${headers.map((each) => cell('th', each)).join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}
