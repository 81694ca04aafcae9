// In: symbol names and wait reasons as the runtime prints them. Out: the same unescaped, normalised, taken apart.
// Source: cmd/internal/objabi/path.go (PathToPrefix), runtime/traceback.go; `example.com/app/sub%2edot.(*T).Wait` is `.../sub.dot.(*T).Wait`.

/** `%2e` and its like back to the byte they stand for; a lone `%` stays. */
export function unescapeName(name: string): string {
  if (!name.includes('%')) return name;
  return name.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
}

/**
 * Import path of a function name: up to the first dot after the last slash, type arguments apart.
 * Takes the unescaped or the escaped name; an unescaped last element that holds a dot (`yaml.v3.Unmarshal`)
 * cannot be told from a package with a method, so pass the escaped one where there is one.
 */
export function packageOf(name: string): string {
  let end = name.length;
  for (const stop of ['[', '(', '{']) {
    const at = name.indexOf(stop);
    if (at >= 0 && at < end) end = at;
  }
  const head = name.slice(0, end);
  const slash = head.lastIndexOf('/');
  const versioned = /^[^./]+\.v\d+(?=\.)/.exec(head.slice(slash + 1));
  if (versioned !== null && slash >= 0) return head.slice(0, slash + 1 + versioned[0].length);
  const dot = head.indexOf('.', slash + 1);
  return dot < 0 ? '' : head.slice(0, dot);
}

/** Type lists collapse to `[...]`, as debug=2 prints them, so that debug=1 and debug=2 name one function alike. */
export function collapseTypeArguments(name: string): string {
  const open = name.indexOf('[');
  if (open < 0) return name;
  let out = '';
  let depth = 0;
  for (const char of name) {
    if (char === '[') {
      if (depth === 0) out += '[...';
      depth++;
    } else if (char === ']' && depth > 0) {
      depth--;
      if (depth === 0) out += ']';
    } else if (depth === 0) out += char;
  }
  return depth > 0 ? name : out;
}

const DROPPED_SUFFIXES = [' (durable)', ' (synctest)', ' (leaked)', ' (scan)'];

/** The wait reason without the suffixes that say how, not why (` (nil chan)`, ` (no cases)`, ` (idle)` stay). */
export function stripStateSuffixes(state: string): { state: string; leaked: boolean } {
  let rest = state;
  let leaked = false;
  for (let found = true; found; ) {
    found = false;
    for (const suffix of DROPPED_SUFFIXES) {
      if (rest.endsWith(suffix)) {
        if (suffix === ' (leaked)') leaked = true;
        rest = rest.slice(0, -suffix.length);
        found = true;
      }
    }
  }
  return { state: rest, leaked };
}

/**
 * Is this frame left out by the runtime at traceback level 1 (debug=2, runtime.Stack)? Unexported runtime functions are;
 * they show again in SIGQUIT and fatal dumps. Source: runtime/traceback.go showfuncinfo.
 */
export function isHiddenRuntimeFrame(name: string): boolean {
  if (!name.startsWith('runtime.')) return false;
  const rest = name.slice('runtime.'.length);
  const first = rest.charCodeAt(0);
  const exported = first >= 65 && first <= 90;
  const exportedMethod = /^\(\*?[A-Z][A-Za-z0-9_]*\)\.[A-Z]/.test(rest);
  return !(exported || exportedMethod || rest === 'gopanic');
}

/** First path elements of Go's standard library (Go 1.0–1.26). */
const STANDARD = new Set(
  (
    'archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash ' +
    'html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings structs ' +
    'sync syscall testing text time unicode unique unsafe vendor weak'
  ).split(' '),
);

/** Is this a function of the standard library (or C code behind it)? */
export function isStandard(name: string): boolean {
  if (name === 'panic' || name.startsWith('_cgo') || name === 'crosscall2' || name === 'non-Go function') return true;
  // As `packageOf` would say; asked of every frame of every group, so without taking the name apart.
  let first = -1;
  let dot = -1;
  let dotInFirst = false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 46 /* . */) {
      if (dot < 0) dot = i;
    } else if (code === 47 /* / */) {
      if (first < 0) {
        first = i;
        dotInFirst = dot >= 0;
      }
      dot = -1;
    } else if (code === 91 /* [ */ || code === 40 /* ( */ || code === 123 /* { */) break;
  }
  if (dot < 0) return true;
  return !dotInFirst && STANDARD.has(name.slice(0, first < 0 ? dot : first));
}
