// In: the text of a line. Out: the pairs of logfmt, or the cells of a table.

const PAIR = /([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^ "]*))(?: +|$)/gy;
const FIRST_KEY = /^[A-Za-z_@][\w.@-]*=/;
/** Excel writes semicolons where the comma is the decimal point. */
const CELLS = {
  ',': /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y,
  ';': /(?:"((?:[^"]|"")*)"|([^";]*))(?:;|$)/y,
  '\t': /(?:"((?:[^"]|"")*)"|([^"\t]*))(?:\t|$)/y,
};
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** What stands between the cells of a line. */
export type Separator = keyof typeof CELLS;
export const SEPARATORS = Object.keys(CELLS) as readonly Separator[];

export interface Cell {
  text: string;
  isQuoted: boolean;
}

/** The pairs of a line that is nothing but `key=value key="a value"`. */
export function pairsOf(text: string): Readonly<Record<string, string>> | undefined {
  if (!FIRST_KEY.test(text)) return undefined;
  const fields: Record<string, string> = {};
  let at = 0;
  PAIR.lastIndex = 0;
  for (let pair = PAIR.exec(text); pair; pair = PAIR.exec(text)) {
    fields[pair[1]!] ??= pair[2] === undefined ? pair[3]! : unquote(pair[2]);
    at = PAIR.lastIndex;
  }
  return at >= text.trimEnd().length ? fields : undefined;
}

/** What Go's strconv.Quote quoted. */
function unquote(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gi, (_, x, u, long, letter) => {
    if (letter !== undefined) return ESCAPES[letter] ?? letter;
    const code = Number.parseInt(x ?? u ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

/** The cells of a line of CSV (RFC 4180); none when it is not one. */
export function cellsOf(line: string, separator: Separator = ','): Cell[] {
  const pattern = CELLS[separator];
  const cells: Cell[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < line.length) {
    const found = pattern.exec(line);
    if (!found) return [];
    const [, quoted, plain] = found;
    cells.push({ text: quoted?.replaceAll('""', '"') ?? plain!, isQuoted: quoted !== undefined });
  }
  return cells;
}
