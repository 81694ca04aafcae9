// In: parsed options. Out: what the stages need: grammars, detectors, limits, the size of the report. Misuse throws GcbendError('USAGE').
import { readFileSync } from 'node:fs';
import type { Detection, DetectOptions } from '../core/watching.ts';
import { GcbendError } from '../errors.ts';
import { findingRules, type GcbendEvent } from '../events/types.ts';
import type { DetectorName } from '../findings/index.ts';
import { readBuiltinGrammars } from '../grammar/builtin.ts';
import { type GrammarSet, loadGrammars } from '../grammar/index.ts';
import { TRACE_SIGNALS } from '../series/signals.ts';
import { type AnalysisArgs, type OutputArgs, splitList } from './options.ts';
import type { ReportSize } from './outputs.ts';
import { sourceReader } from './source-reader.ts';

const detectorNames: readonly string[] = ['segments', 'peaks', 'none'] satisfies DetectorName[];

const SIGNAL_NAME = new RegExp(`^(?:${TRACE_SIGNALS.join('|')}|goroutines|(?:group|site):.+)$`);

/** gcbend's own grammars and those of `--grammar`. The XML reader is loaded only for the latter. */
export async function loadGrammarSet(files: readonly string[] | undefined): Promise<GrammarSet> {
  const builtin = readBuiltinGrammars();
  if (files === undefined || files.length === 0) return loadGrammars(builtin);
  const { compileGrammars } = await import('../grammar/authoring.ts');
  const own = compileGrammars(splitList(files).map((path) => ({ path, xml: readText(path) })));
  const taken = new Set(own.grammars.map((grammar) => grammar.id));
  // A grammar of the user's with the id of a built-in one takes its place.
  const kept = builtin.grammars.filter((grammar) => !taken.has(grammar.id));
  return loadGrammars({ version: 1, grammars: [...own.grammars, ...kept] });
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GcbendError('INPUT_UNREADABLE', `cannot read ${path}: ${reason}`, { cause });
  }
}

/** The analysis, whose code is read only when it is asked for. */
export async function loadDetection(options: DetectOptions | undefined): Promise<Detection | undefined> {
  return options && (await import('../core/detection.ts')).createDetection(options);
}

/** Options of the analysis; undefined with `--detector none`: then nothing is derived. */
export function detectOptions(args: AnalysisArgs & OutputArgs): DetectOptions | undefined {
  const detectors = splitList(args.detector);
  for (const name of detectors) {
    if (!detectorNames.includes(name)) {
      throw new GcbendError('USAGE', `unknown detector "${name}"`, { hint: `one of ${detectorNames.join(', ')}` });
    }
  }
  if (detectors.includes('none')) {
    if (detectors.length > 1) throw new GcbendError('USAGE', '--detector none excludes other detectors');
    return undefined;
  }
  const signals = splitList(args.signal);
  for (const name of signals) {
    if (!SIGNAL_NAME.test(name)) {
      throw new GcbendError('USAGE', `--signal ${name}: there is no such signal`, {
        hint: `${TRACE_SIGNALS.join(', ')}, goroutines, group:ID, site:FUNCTION`,
      });
    }
  }
  const limitBytes = args.limit === undefined ? undefined : parseBytes(args.limit, '--limit');
  return {
    detectors: detectors as DetectorName[],
    ...(signals.length === 0 ? {} : { signals }),
    sensitivity: args.sensitivity,
    thresholds: args.configuration.thresholds,
    heap: { readSource: sourceReader() },
    note: args.quiet ? undefined : (text) => process.stderr.write(`gcbend: ${text}\n`),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `1073741824`, `512MiB`, `2G`, `1.5GiB`; decimal units (`MB`) as Kubernetes and Docker mean them are 10^6. */
export function parseBytes(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)(B?)$/i.exec(text.trim());
  const unit = match?.[2]?.toUpperCase() ?? '';
  const factor = byteUnits[unit];
  if (match === null || factor === undefined || Number(match[1]) === 0) {
    throw new GcbendError('USAGE', `${option} ${text} is no amount of memory`, {
      hint: `${option} 512MiB, ${option} 2GiB or plain bytes`,
    });
  }
  const decimal = unit !== '' && match[3] === '' && match[4] !== '';
  const power = decimal ? 1000 ** ('KMGT'.indexOf(unit) + 1) : factor;
  return Math.round(Number(match[1]) * power);
}

/** The rules of `--fail-on`. */
export function failRules(values: readonly string[] | undefined): ReadonlySet<string> {
  const rules = splitList(values);
  for (const rule of rules) {
    if (rule !== 'any' && !(findingRules as readonly string[]).includes(rule)) {
      throw new GcbendError('USAGE', `--fail-on ${rule}: there is no such rule`, {
        hint: `any, ${findingRules.join(', ')}`,
      });
    }
  }
  return new Set(rules.includes('any') ? findingRules : rules);
}

/** What the terminal (or its absence) and the options make of the report's size and colours. */
export function reportSize(args: OutputArgs, stream: { isTTY?: boolean; columns?: number }): ReportSize {
  const { width, height } = args;
  if (width !== undefined && !(Number.isInteger(width) && width >= 60 && width <= 1000)) {
    throw new GcbendError('USAGE', `--width ${width} must be a whole number from 60 to 1000`);
  }
  if (height !== undefined && !(Number.isInteger(height) && height >= 5 && height <= 200)) {
    throw new GcbendError('USAGE', `--height ${height} must be a whole number from 5 to 200`);
  }
  return {
    width: width ?? Math.max(60, Math.min(stream.columns ?? 80, 200)),
    height,
    color: wantsColor(args.color, stream.isTTY === true),
    ascii: args.ascii || isDumbTerminal(),
  };
}

/** `--color` first, then FORCE_COLOR and NO_COLOR (no-color.org: any non-empty value), then the terminal. */
function wantsColor(option: 'auto' | 'always' | 'never', isTerminal: boolean): boolean {
  if (option !== 'auto') return option === 'always';
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = process.env;
  if (no !== undefined && no !== '') return false;
  if (force !== undefined && force !== '') return force !== '0';
  return isTerminal && term !== 'dumb';
}

/** The Linux console and dumb terminals have no box characters; a C locale promises 7 bits only. */
function isDumbTerminal(): boolean {
  const { TERM: term, LC_ALL: all, LC_CTYPE: ctype, LANG: lang } = process.env;
  const locale = [all, ctype, lang].find((value) => value !== undefined && value !== '');
  return term === 'dumb' || locale === 'POSIX';
}

/** What `--filter` and `--group-by` make of an event that is shown; the analysis sees all of it. Undefined when neither is given. */
export async function parseRefinement(args: AnalysisArgs): Promise<((event: GcbendEvent) => GcbendEvent) | undefined> {
  const { filter, groupBy: by } = args;
  if (filter === undefined && by === 'stack') return undefined;
  const { compileFilter, filterGroups, groupBy, parseGroupKey } = await import('../events/goroutines/index.ts');
  const key = parseGroupKey(by);
  const passes = filter === undefined ? undefined : compileFilter(filter);
  return (event) => {
    if (event.type !== 'goroutines') return event;
    const kept = passes === undefined ? event : filterGroups(event, passes);
    return groupBy(kept, key);
  };
}
