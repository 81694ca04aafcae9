// In: an expression. Out: a predicate on groups of goroutines: `state == "chan send" && wait > 5 && function ~ "main."`
//
//   expr    = and { "||" and }            and  = not { "&&" not }        not = [ "!" ] ( "(" expr ")" | test )
//   test    = field [ op value ]          op   = == != ~ !~ < <= > >=    value = number | "text" | 'text' | word | /regexp/
//   field   = function | file | state | creator | wait | count | leaked | locked | infrastructure | label.KEY | label."KEY"
//
// `function` and `file` look at every frame (a group passes when one does; with != and !~ when none does). `~` finds a part of a text, or a
// regular expression between slashes. `wait` is the longest wait of the group in minutes. A field alone asks whether it is there.
import { GcbendError } from '../../errors.ts';
import type { GoroutineGroup, GoroutinesEvent } from '../types.ts';

export type GroupPredicate = (group: GoroutineGroup) => boolean;

/** Totals and states stay as they were printed; only the list of groups shrinks. */
export function filterGroups(event: GoroutinesEvent, predicate: GroupPredicate): GoroutinesEvent {
  return { ...event, groups: event.groups.filter(predicate) };
}

const FIELDS: Record<string, (group: GoroutineGroup) => readonly (string | number)[]> = {
  function: (group) => group.stack.map((frame) => frame.function),
  file: (group) => group.stack.flatMap((frame) => (frame.file === undefined ? [] : [frame.file])),
  state: (group) => (group.state === undefined ? [] : [group.state]),
  creator: (group) => (group.createdBy === undefined ? [] : [group.createdBy.function]),
  wait: (group) => [group.waitMinutes?.max ?? 0],
  count: (group) => [group.count],
  leaked: (group) => [group.leaked ?? 0],
  locked: (group) => [group.lockedToThread ?? 0],
  infrastructure: (group) => [group.infrastructure === true ? 1 : 0],
};

type Token = { at: number } & (
  | { kind: 'word' | 'text' | 'symbol'; text: string }
  | { kind: 'number'; value: number; text: string }
  | { kind: 'pattern'; pattern: RegExp; text: string }
);

const TOKEN =
  /\s*(?:(&&|\|\||==|!=|!~|<=|>=|[~<>!()])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\/((?:[^/\\]|\\.)+)\/|(-?\d+(?:\.\d+)?)(?![\w.])|([\w./*-]+))/y;

/** Throws GcbendError USAGE, with the place of the mistake. */
export function compileFilter(expression: string): GroupPredicate {
  const parser = new FilterParser(expression, tokenize(expression));
  return parser.parse();
}

function fail(expression: string, at: number, what: string): never {
  throw new GcbendError('USAGE', `--filter: ${what} at position ${at + 1} of ${expression}`, {
    hint: 'Example: --filter \'state == "chan send" && wait > 5 && function ~ "main."\'; fields are function, file, state, creator, wait, count, leaked, locked, infrastructure, label.KEY.',
  });
}

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (/\S/.test(expression.slice(TOKEN.lastIndex))) {
    const before = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    const at = before + (/^\s*/.exec(expression.slice(before))?.[0].length ?? 0);
    if (match === null) fail(expression, at, 'unexpected character');
    const [text, symbol, double, single, pattern, number, word] = match;
    const quoted = double ?? single;
    if (symbol !== undefined) tokens.push({ at, kind: 'symbol', text: symbol });
    else if (quoted !== undefined) tokens.push({ at, kind: 'text', text: quoted.replace(/\\(.)/g, '$1') });
    else if (pattern !== undefined) {
      try {
        tokens.push({ at, kind: 'pattern', pattern: new RegExp(pattern.replaceAll('\\/', '/')), text });
      } catch {
        fail(expression, at, 'a regular expression that is none');
      }
    } else if (number !== undefined) tokens.push({ at, kind: 'number', value: Number(number), text: number });
    else tokens.push({ at, kind: 'word', text: word! });
  }
  return tokens;
}

class FilterParser {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(expression: string, tokens: readonly Token[]) {
    this.#expression = expression;
    this.#tokens = tokens;
  }

  parse(): GroupPredicate {
    const predicate = this.#or();
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) this.#fail(`unexpected ${rest.text}`);
    return predicate;
  }

  #or(): GroupPredicate {
    const parts = [this.#and()];
    while (this.#takeSymbol('||')) parts.push(this.#and());
    return (group) => parts.some((part) => part(group));
  }

  #and(): GroupPredicate {
    const parts = [this.#not()];
    while (this.#takeSymbol('&&')) parts.push(this.#not());
    return (group) => parts.every((part) => part(group));
  }

  #not(): GroupPredicate {
    if (++this.#depth > 100) this.#fail('too deeply nested');
    try {
      if (this.#takeSymbol('!')) {
        const inner = this.#not();
        return (group) => !inner(group);
      }
      if (!this.#takeSymbol('(')) return this.#test();
      const inner = this.#or();
      if (!this.#takeSymbol(')')) this.#fail('a missing )');
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #test(): GroupPredicate {
    const read = this.#field();
    const operator = this.#tokens[this.#next];
    const known = operator?.kind === 'symbol' && /^(?:[=!]=|!?~|[<>]=?)$/.test(operator.text);
    if (!known) return (group) => read(group).some((value) => value !== 0 && value !== '');
    this.#next++;
    const value = this.#tokens[this.#next++];
    if (value === undefined || value.kind === 'symbol') {
      this.#next--;
      this.#fail(`no value after ${operator.text}`);
    }
    const negated = operator.text.startsWith('!');
    const matches = this.#matcher(negated ? (operator.text === '!=' ? '==' : '~') : operator.text, value);
    return negated ? (group) => !read(group).some(matches) : (group) => read(group).some(matches);
  }

  #matcher(operator: string, value: Token): (actual: string | number) => boolean {
    if (operator === '~') {
      if (value.kind === 'pattern') return (actual) => value.pattern.test(String(actual));
      return (actual) => String(actual).includes(value.text);
    }
    if (value.kind === 'pattern') {
      this.#next--;
      this.#fail('a regular expression (only ~ and !~ take one)');
    }
    if (operator === '==') {
      if (value.text === 'true' || value.text === 'false') {
        const wanted = value.text === 'true';
        return (actual) => (typeof actual === 'number' ? actual > 0 === wanted : actual === value.text);
      }
      return (actual) => (typeof actual === 'number' ? actual === Number(value.text) : actual === value.text);
    }
    const limit = Number(value.text);
    if (Number.isNaN(limit)) {
      this.#next--;
      this.#fail(`${operator} needs a number, not ${value.text}`);
    }
    if (operator === '<') return (actual) => Number(actual) < limit;
    if (operator === '<=') return (actual) => Number(actual) <= limit;
    if (operator === '>') return (actual) => Number(actual) > limit;
    return (actual) => Number(actual) >= limit;
  }

  #field(): (group: GoroutineGroup) => readonly (string | number)[] {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind !== 'word')
      this.#fail(token === undefined ? 'the end' : `no field: ${token.text}`);
    this.#next++;
    if (token.text.startsWith('label.')) {
      let key = token.text.slice('label.'.length);
      if (key === '') {
        const quoted = this.#tokens[this.#next];
        if (quoted?.kind !== 'text') this.#fail('a label without its key');
        key = quoted.text;
        this.#next++;
      }
      const prefix = `${key}=`;
      return (group) =>
        Object.keys(group.labels ?? {}).flatMap((text) => (text.startsWith(prefix) ? [text.slice(prefix.length)] : []));
    }
    const field = Object.hasOwn(FIELDS, token.text) ? FIELDS[token.text] : undefined;
    if (field === undefined) {
      this.#next--;
      this.#fail(`no field is called ${token.text}`);
    }
    return field;
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#next++;
    return true;
  }

  #fail(what: string): never {
    fail(this.#expression, this.#tokens[this.#next]?.at ?? this.#expression.length, what);
  }
}
