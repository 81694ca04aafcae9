// In: spans of text, each with a meaning. Out: lines that fit the width, safe for a terminal.
// The only place where colours are written and where text from input meets the screen.
import { displayText, fitText, padEnd, padStart, type Shorten, textWidth, wrapText } from './sanitize.ts';
import { paint, type Role, type Style } from './style.ts';

export type Span = string | readonly [role: Role, text: string];

export interface Column {
  header: string;
  align?: 'left' | 'right';
  /** Takes what is left of the width and is shortened when there is too little. */
  flexible?: Shorten;
}

/** A longer title is cut. */
const MOST_TITLE_LINES = 3;

/** Lines of at most `width` columns. */
export class Page {
  readonly style: Style;
  readonly width: number;
  readonly lines: string[] = [];

  constructor(style: Style, width: number) {
    this.style = style;
    this.width = width;
  }

  /** Text as this page shows it: clean, and in 7 bits where that is asked. */
  show(text: string): string {
    return displayText(text, this.style.ascii);
  }

  /** One line; what does not fit is cut with a `…`. */
  line(...spans: Span[]): void {
    let used = 0;
    let line = '';
    let isEmpty = true;
    for (const span of spans) {
      const role = typeof span === 'string' ? 'plain' : span[0];
      const text = this.show(typeof span === 'string' ? span : span[1]);
      const room = this.width - used;
      const columns = textWidth(text);
      if (text.trim() !== '') isEmpty = false;
      if (columns > room) {
        line += paint(this.style, role, fitText(text, room, this.style.ascii));
        used = this.width;
        break;
      }
      line += paint(this.style, role, text);
      used += columns;
    }
    this.lines.push(!this.style.color ? line.trimEnd() : isEmpty ? '' : line);
  }

  /** An empty line, never two in a row. */
  blank(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('');
  }

  /** A section's title; the note stands beside it, or below where there is no room. */
  heading(text: string, note = ''): void {
    this.blank();
    const fits = textWidth(this.show(text)) + 2 + textWidth(this.show(note)) <= this.width;
    if (note !== '' && fits) {
      this.line(['title', text], ['dim', `  ${note}`]);
      return;
    }
    const lines = wrapText(this.show(text), this.width);
    for (const line of lines.length <= MOST_TITLE_LINES ? lines : [text]) this.line(['title', line]);
    if (note !== '') this.paragraph(note, '  ', 'dim');
  }

  /** Wrapped text; `first` stands before its first line, the others are indented as far. what is in backticks is a command. */
  paragraph(text: string, first: Span = '', role: Role = 'plain'): void {
    const lead = this.show(typeof first === 'string' ? first : first[1]);
    const indent = textWidth(lead);
    const leadRole = typeof first === 'string' ? 'plain' : first[0];
    let inCode = false;
    wrapText(this.show(text), this.width - indent).forEach((line, index) => {
      const spans: Span[] = [index === 0 ? [leadRole, lead] : ' '.repeat(indent)];
      // Without colours the backticks stay: they are then the only sign of where a command ends.
      if (!this.style.color) spans.push(line);
      else {
        line.split('`').forEach((part, number) => {
          if (number > 0) inCode = !inCode;
          spans.push([inCode ? 'command' : role, part]);
        });
      }
      this.line(...spans);
    });
  }

  /**
   * A table with a header line. Columns keep the width of their widest cell; the flexible ones share what is left.
   * Columns at the end that do not fit are cut by the line.
   */
  table(columns: Column[], rows: Span[][], gap = 2): void {
    const text = (span: Span | undefined) =>
      this.show(span === undefined ? '' : typeof span === 'string' ? span : span[1]);
    const widths = columns.map((column, index) =>
      Math.max(textWidth(this.show(column.header)), ...rows.map((row) => textWidth(text(row[index])))),
    );
    const indent = 2;
    const total = () => indent + widths.reduce((sum, width) => sum + width, 0) + gap * (columns.length - 1);
    const flexible = columns.flatMap((column, index) => (column.flexible ? [index] : []));
    while (total() > this.width && flexible.length > 0) {
      const widest = flexible.reduce((a, b) => (widths[a]! >= widths[b]! ? a : b));
      if (widths[widest]! <= 8) break;
      const second = Math.max(8, ...flexible.filter((index) => index !== widest).map((index) => widths[index]!));
      const over = total() - this.width;
      widths[widest] = Math.max(
        8,
        widths[widest]! - (widths[widest]! > second ? Math.min(over, widths[widest]! - second) : 1),
      );
    }
    const cell = (span: Span | undefined, index: number): Span => {
      const column = columns[index]!;
      const fitted = fitText(text(span), widths[index]!, this.style.ascii, column.flexible ?? 'end');
      const padded = column.align === 'right' ? padStart(fitted, widths[index]!) : padEnd(fitted, widths[index]!);
      return [span === undefined || typeof span === 'string' ? 'plain' : span[0], padded];
    };
    const put = (cells: Span[]) => {
      const spans: Span[] = [' '.repeat(indent)];
      cells.forEach((span, index) => {
        if (index > 0) spans.push(' '.repeat(gap));
        spans.push(span);
      });
      this.line(...spans);
    };
    put(columns.map((column, index) => cell(['dim', column.header], index)));
    for (const row of rows) put(columns.map((_, index) => cell(row[index], index)));
  }

  text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}
