// In: what yargs finds wrong with a command line. Out: GcbendError('USAGE') in gcbend's words: what was seen, and what to try.
import { existsSync } from 'node:fs';
import { GcbendError } from '../errors.ts';

/** The options of the command that was called, as yargs keeps them. */
export interface KnownOptions {
  key: Readonly<Record<string, unknown>>;
  array: readonly string[];
  boolean: readonly string[];
}

/** What a command cannot do without. */
const needs: Readonly<Record<string, { what: string; hint: string }>> = {
  top: profileFor('top'),
  traces: profileFor('traces'),
  peek: profileFor('peek'),
  list: profileFor('list'),
  diff: { what: 'two files, the older one first', hint: 'gcbend diff before.txt after.txt' },
  watch: { what: 'the address of the program', hint: 'gcbend watch http://localhost:6060/debug/pprof/' },
};

function profileFor(command: string): { what: string; hint: string } {
  return {
    what: 'a file that holds a profile',
    hint: `gcbend ${command} heap.txt, or curl -s 'http://HOST:PORT/debug/pprof/heap?debug=1' | gcbend ${command} -`,
  };
}

const commands: ReadonlySet<string> = new Set(['run', ...Object.keys(needs), 'grammars', 'schema', 'completion']);
/** From this length on a word may have two slips and still be meant. */
const LONG_WORD = 7;

/** `message` is a sentence of yargs', always an English one; `argv` is without the program of `run`. */
export function explainUsage(message: string, argv: readonly string[], { key: known }: KnownOptions): GcbendError {
  const options = Object.keys(known);
  const command = commands.has(argv[0] ?? '') ? argv[0]! : '';
  const help = `gcbend ${command === '' ? '' : `${command} `}--help`;
  const unknown = /^Unknown arguments?: (.*)/s.exec(message)?.[1]?.split(', ');
  const needed = needs[command];
  const isMissing = message.startsWith('Not enough non-option arguments') && needed !== undefined;
  if (unknown !== undefined || isMissing) {
    // An option that does not exist may have swallowed the word that is missing.
    const option = argv.find((arg) => isOption(arg) && !options.includes(nameOf(arg)));
    if (option !== undefined) return unknownOption(option, options, help);
  }
  if (isMissing) return new GcbendError('USAGE', `${command} needs ${needed.what}`, { hint: needed.hint });
  if (unknown !== undefined) return unknownWord(unknown[0]!, argv, command, help);
  const withoutValue = /^Not enough arguments following: (.*)/.exec(message)?.[1];
  if (withoutValue !== undefined) return lacksValue(withoutValue, argv, `${help} says which`);
  const choice = /Argument: (.*), Given: (.*), Choices: (.*)/.exec(message);
  if (choice !== null) return wrongChoice(choice[1]!, choice[2]!, choice[3]!.replaceAll('"', ''), argv);
  return new GcbendError('USAGE', message, { hint: `${help} lists commands and options` });
}

/** What yargs takes for the name of a file may be that of a command, with a slip. */
export function checkFiles(files: readonly string[]): void {
  const [word] = files;
  if (word === undefined || /[./]/.test(word) || existsSync(word)) return;
  const near = [...commands].find((command) => isSlipOf(word, command));
  if (near === undefined) return;
  throw new GcbendError('USAGE', `there is no file ${word}, and no such command`, {
    hint: ['gcbend', near, ...files.slice(1)].join(' '),
  });
}

/** What yargs lets pass: a word where a number or a truth value must stand, and an option that was given twice where it can have one value only. */
export function checkValues(args: object, argv: readonly string[], { array, boolean }: KnownOptions): void {
  const odd = argv.find(
    (arg) => isOption(arg) && boolean.includes(nameOf(arg)) && !/^[^=]*(?:=(?:true|false))?$/.test(arg),
  );
  if (odd !== undefined) {
    const [option, ...value] = odd.split('=');
    throw new GcbendError('USAGE', `${option} ${value.join('=')} is neither true nor false`, { hint: option! });
  }
  for (const [key, value] of Object.entries(args)) {
    const name = withDashes(key);
    if (Number.isNaN(value)) {
      throw new GcbendError('USAGE', `${shownOption(name, argv)} ${valueIn(argv, name)} is no number`);
    }
    const times = argv.filter((arg) => isOption(arg) && nameOf(arg) === name).length;
    if (times > 1 && Array.isArray(value) && !array.includes(name)) {
      throw new GcbendError('USAGE', `${shownOption(name, argv)} can be given once only, not ${times} times`);
    }
  }
}

/** The value of an option as it was typed; empty when it has none. */
function valueIn(argv: readonly string[], name: string): string {
  const at = argv.findIndex((arg) => isOption(arg) && nameOf(arg) === name);
  const [, typed] = argv[at]?.split('=') ?? [];
  return typed ?? argv[at + 1] ?? '';
}

function unknownOption(typed: string, options: readonly string[], help: string): GcbendError {
  const shown = typed.split('=')[0]!;
  const near = options.find((name) => name.length > 1 && isSlipOf(nameOf(shown), name));
  return new GcbendError('USAGE', `there is no option ${shown}`, {
    hint: near === undefined ? `${help} lists the options` : `--${near}`,
  });
}

function unknownWord(word: string, argv: readonly string[], command: string, help: string): GcbendError {
  // What nobody typed comes from the configuration file.
  if (!argv.includes(word.replace(/^"(\s*)"$/, '$1'))) {
    return new GcbendError('USAGE', `the configuration sets ${word}, and there is no such option`, {
      hint: `${help} lists the options`,
    });
  }
  const words = argv.slice(1).filter((arg) => !isOption(arg));
  const hint = command === 'run' ? `gcbend run -- ${words.join(' ')}` : `${help} says what it takes`;
  return new GcbendError('USAGE', `${command} does not take ${JSON.stringify(word)}`, { hint });
}

function lacksValue(name: string, argv: readonly string[], hint: string): GcbendError {
  return new GcbendError('USAGE', `${shownOption(name, argv)} needs a value`, { hint });
}

function wrongChoice(name: string, given: string, choices: string, argv: readonly string[]): GcbendError {
  if (given === 'true') return lacksValue(name, argv, `one of ${choices}`);
  if (given === 'false') {
    return new GcbendError('USAGE', `there is no option --no-${name}`, { hint: `--${name} with one of ${choices}` });
  }
  const value = given.replaceAll('"', '');
  return new GcbendError('USAGE', `${shownOption(name, argv)} ${value}: there is no such value`, {
    hint: `one of ${choices}`,
  });
}

/** As it was typed (`-o`), else with its long name. */
function shownOption(name: string, argv: readonly string[]): string {
  const typed = argv.find((arg) => isOption(arg) && nameOf(arg) === name);
  return typed?.split('=')[0] ?? `${name.length === 1 ? '-' : '--'}${name}`;
}

const isOption = (arg: string): boolean => /^--?[a-z]/i.test(arg);

const nameOf = (arg: string): string => withDashes(arg.replace(/^--?(no-)?/, '').split('=')[0]!);

/** yargs takes `--eachGoroutine`, too. */
const withDashes = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Whether few letters must be put in, left out, changed or swapped with their neighbour to make one word of the other. */
function isSlipOf(typed: string, meant: string): boolean {
  const rows = [Array.from({ length: meant.length + 1 }, (_, index) => index)];
  for (let at = 1; at <= typed.length; at++) {
    const [above, row] = [rows[at - 1]!, [at]];
    for (let index = 1; index <= meant.length; index++) {
      const changed = above[index - 1]! + (typed[at - 1] === meant[index - 1] ? 0 : 1);
      const isSwapped = typed[at - 1] === meant[index - 2] && typed[at - 2] === meant[index - 1];
      const swapped = isSwapped ? rows[at - 2]![index - 2]! + 1 : changed;
      row.push(Math.min(changed, swapped, above[index]! + 1, row[index - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[typed.length]![meant.length]! <= (meant.length < LONG_WORD ? 1 : 2);
}
