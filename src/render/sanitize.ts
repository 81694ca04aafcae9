// In: any text, from input or our own. Out: text that is safe in a terminal, its width in columns, and pieces that fit.
// Everything that reaches a screen goes through `displayText`.
import { eastAsianWidth } from 'get-east-asian-width';
import { cleanText } from '../events/clean-text.ts';

const printableAscii = /^[\x20-\x7e]*$/;
const mark = /\p{M}/u;

/** What pure 7-bit output writes instead of the characters that we draw and the commonest typographic ones. */
const asciiFor: Record<string, string> = {
  '─': '-',
  '╌': '-',
  '━': '=',
  '│': '|',
  '┊': ':',
  '┤': '|',
  '├': '|',
  '┼': '+',
  '└': '+',
  '┴': '+',
  '┬': '+',
  '┘': '+',
  '┌': '+',
  '┐': '+',
  '╭': '.',
  '╮': '.',
  '╰': "'",
  '╯': "'",
  '╵': "'",
  '╷': '.',
  '╶': '-',
  '╴': '-',
  '▁': '_',
  '▂': '.',
  '▃': '-',
  '▄': '=',
  '▅': '+',
  '▆': '*',
  '▇': '%',
  '█': '#',
  '░': ':',
  '▏': '|',
  '▌': '|',
  '■': '#',
  '●': 'o',
  '○': 'o',
  '▲': '^',
  '▼': 'v',
  '▶': '>',
  '◀': '<',
  '✔': 'ok',
  '✖': 'x',
  '⚠': '!',
  '→': '->',
  '←': '<-',
  '↑': '^',
  '↓': 'v',
  '…': '~',
  '·': '-',
  '•': '*',
  '×': 'x',
  '–': '-',
  '—': '-',
  '−': '-',
  '≥': '>=',
  '≤': '<=',
  '≈': '~',
  '±': '+-',
  µ: 'u',
  μ: 'u',
  '∞': 'inf',
  '“': '"',
  '”': '"',
  '„': '"',
  '‘': "'",
  '’': "'",
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  Ø: 'O',
  '\ufffd': '?',
};

/** The name of Go's method values and closures holds `·` and `…` in old releases: folded, never dropped. */
function foldToAscii(text: string): string {
  let folded = '';
  for (const character of text.normalize('NFC')) {
    if (character <= '~') folded += character;
    else {
      const known = asciiFor[character];
      if (known !== undefined) folded += known;
      else {
        const base = character.normalize('NFKD').replace(/\p{M}/gu, '');
        folded += base !== '' && printableAscii.test(base) ? base : mark.test(character) ? '' : '?';
      }
    }
  }
  return folded;
}

/** Text without control bytes, in 7 bits when `ascii`. */
export function displayText(text: string, ascii: boolean): string {
  if (printableAscii.test(text)) return text;
  const clean = cleanText(text);
  return ascii ? foldToAscii(clean) : clean;
}

/** Columns that one code point takes, as wcwidth counts them. */
function columnsOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  return mark.test(character) ? 0 : eastAsianWidth(code);
}

/** Columns of a displayed text. */
export function textWidth(text: string): number {
  if (printableAscii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** The longest head of `text` that takes at most `width` columns. */
function takeColumns(text: string, width: number): string {
  if (printableAscii.test(text)) return text.slice(0, Math.max(0, width));
  let used = 0;
  let head = '';
  for (const character of text) {
    used += columnsOf(character);
    if (used > width) break;
    head += character;
  }
  return head;
}

/** The longest tail of `text` that takes at most `width` columns. */
function takeLastColumns(text: string, width: number): string {
  const characters = [...text];
  let used = 0;
  let from = characters.length;
  while (from > 0) {
    used += columnsOf(characters[from - 1]!);
    if (used > width) break;
    from--;
  }
  return characters.slice(from).join('');
}

/** Where a text that is too long is shortened: a path keeps its end, a sentence its beginning, a function both. */
export type Shorten = 'end' | 'start' | 'middle';

/** `text` in at most `width` columns; `…` (`~` in 7 bits) stands for what was cut. */
export function fitText(text: string, width: number, ascii: boolean, shorten: Shorten = 'end'): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  const ellipsis = ascii ? '~' : '…';
  if (width === 1) return ellipsis;
  if (shorten === 'end') return takeColumns(text, width - 1) + ellipsis;
  if (shorten === 'start') {
    const tail = takeLastColumns(text, width - 1);
    // A path is cut between its names where that leaves one whole.
    const slash = tail.indexOf('/');
    return ellipsis + (slash > 0 ? tail.slice(slash) : tail);
  }
  const head = Math.floor((width - 1) / 3);
  return takeColumns(text, head) + ellipsis + takeLastColumns(text, width - 1 - head);
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

/** Lines of at most `width` columns, broken at spaces; a word longer than a line is broken where the line ends. */
export function wrapText(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ')) {
    let rest = word;
    let columns = textWidth(rest);
    if (line !== '' && used + 1 + columns > room) {
      lines.push(line);
      line = '';
      used = 0;
    }
    while (columns > room) {
      const head = takeColumns(rest, room) || rest.slice(0, String.fromCodePoint(rest.codePointAt(0)!).length);
      lines.push(head);
      rest = rest.slice(head.length);
      columns = textWidth(rest);
    }
    line = line === '' ? rest : `${line} ${rest}`;
    used = textWidth(line);
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}
