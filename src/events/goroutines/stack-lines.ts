// In: one line of a stack, as text. Out: what it is. Source: runtime/traceback.go (traceback2, printcreatedby),
// runtime/signal_unix.go (sighandler, dumpregs); `	example.com/app/main.go:80 +0x28 fp=0xc00 sp=0xc08 pc=0x4e0b28`

const FILE_LINE = /^(\S.*?:\d+)(?: \+0x[0-9a-f]+)?(?: fp=0x[0-9a-f]+)?(?: sp=0x[0-9a-f]+)?(?: pc=0x[0-9a-f]+)?$/;
const CGO_PLACE = /^(?:(\S.*:\d+) )?pc=0x[0-9a-f]+$/;
const ARGUMENTS = /^[0-9a-fx?{}, ._+-]*$/;
const CREATED_BY = /^created by (\S.*?)(?: in goroutine (\d+))?$/;
const ELIDED = /^\.\.\.(?:additional|(\d+)) frames elided\.\.\.$/;
const REGISTER = /^[a-z][a-z0-9_]* +0x[0-9a-f]+$/;
const UNWINDER = /^(?:runtime: |stack: frame=|(?:0x)?[0-9a-f]{8,16}: |\s+0x[0-9a-f]+: )/;
const CUT_HEADER = /^(?:g|go|goroutine \d*(?: \[[^\]]*\]?)?)$|^gorouti?n?e?$/;
const CUT_STACK_LINE = /^(?:\t|create?d?(?: b|$)|[\w%-]+(?:[./][\w./%*()[\]{}-]*)?(?:\([^)]*)?$)/;
const BARE_SYMBOL = /^(?:non-Go function|[A-Za-z_][\w.:~@]*)$/;

/** `FILE:LINE` of a frame's second line (white space taken off), or `undefined`. */
export function parsePlace(text: string): string | undefined {
  return FILE_LINE.exec(text)?.[1];
}

/** Second line of a C frame that a symbolizer named: `''` when it gave no file. */
export function parseCgoPlace(text: string): string | undefined {
  const match = CGO_PLACE.exec(text);
  return match === null ? undefined : (match[1] ?? '');
}

/**
 * `NAME(ARGS)`: the name, and whether ARGS is the `...` of an inlined call. Arguments are hex words, braces and `?` only,
 * and names hold blanks only inside brackets: log lines that end in `)` are told apart by that.
 */
export function parseCall(text: string): { name: string; inlined: boolean } | undefined {
  if (!text.endsWith(')')) return undefined;
  const open = text.lastIndexOf('(');
  if (open <= 0) return undefined;
  const args = text.slice(open + 1, -1);
  if (!ARGUMENTS.test(args)) return undefined;
  const name = text.slice(0, open);
  return isSymbol(name) ? { name, inlined: args === '...' } : undefined;
}

/** Could this be a function of a Go program? Blanks, commas and the like only inside brackets. */
export function isSymbol(name: string): boolean {
  const first = name.charCodeAt(0);
  const letter = (first >= 65 && first <= 90) || (first >= 97 && first <= 122) || first === 95 || first > 127;
  // Module paths may begin with a digit (`9fans.net/go`), and escapes with `%`.
  if (!letter && !/^(?:%|\d[\w.-]*\/)/.test(name)) return false;
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 91 || code === 40 || code === 123) depth++;
    else if (code === 93 || code === 41 || code === 125) depth--;
    else if (depth === 0 && (code <= 32 || code === 34 || code === 39 || code === 44 || code === 58 || code === 61)) {
      // `type:.eq.main.T` is the one colon of the linker's own names.
      if (!(code === 58 && /^(?:type|go):/.test(name) && i <= 4)) return false;
    }
    if (depth < 0) return false;
  }
  return depth === 0;
}

export function parseCreatedBy(text: string): { name: string; goroutine: number } | undefined {
  const match = CREATED_BY.exec(text);
  if (match === null || !isSymbol(match[1]!)) return undefined;
  return { name: match[1]!, goroutine: match[2] === undefined ? 0 : Number(match[2]) };
}

/** Number of frames left out; 0 where the text does not say (up to Go 1.20). */
export function parseElided(text: string): number | undefined {
  const match = ELIDED.exec(text);
  if (match === null) return undefined;
  return match[1] === undefined ? 0 : Number(match[1]);
}

/** Registers, the unwinder's complaints and its hex rows, segment boundaries: part of a dump, no part of a stack. */
export function isDumpNoise(text: string): boolean {
  return (
    REGISTER.test(text) ||
    UNWINDER.test(text) ||
    text === '----- stack segment boundary -----' ||
    text === 'stack trace unavailable' ||
    text === 'panic during panic'
  );
}

/** A C function's name alone on its line (it counts only when a `pc=` line follows). */
export function isBareSymbol(text: string): boolean {
  return BARE_SYMBOL.test(text);
}

/** The beginning of a header, or within a goroutine of a line of its stack, cut off. */
export function looksCut(text: string, inGoroutine: boolean): boolean {
  return CUT_HEADER.test(text) || (inGoroutine && CUT_STACK_LINE.test(text));
}
