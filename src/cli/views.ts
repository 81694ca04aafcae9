// In: profile texts. Out: the tables of `go tool pprof` (top, list, traces, peek), from the texts' own symbols.
import { GcbendError } from '../errors.ts';
import { renderList, renderPeek, renderTop, renderTraces } from '../render/profile-view.ts';
import {
  addProfiles,
  compileGoPattern,
  isProfileEvent,
  type ProfileData,
  profileOf,
  sameSampleTypes,
  subtractProfile,
} from '../series/profile-samples.ts';
import {
  findSampleType,
  listTable,
  peekTable,
  topTable,
  tracesView,
  type ViewOptions,
} from '../series/profile-table.ts';
import { isKnownUnit } from '../series/profile-units.ts';
import { exitStatus } from './exit-status.ts';
import type { OutputArgs } from './options.ts';
import { holdNothing, readEvents } from './read-events.ts';
import { loadGrammarSet, reportSize } from './settings.ts';
import { sourceReader } from './source-reader.ts';

export interface ViewArgs extends Pick<OutputArgs, 'width' | 'height' | 'color' | 'ascii'> {
  files: string[];
  function?: string | undefined;
  base?: string[] | undefined;
  focus?: string | undefined;
  ignore?: string | undefined;
  hide?: string | undefined;
  unit?: string | undefined;
  sampleIndex?: string | undefined;
  cum?: boolean | undefined;
  nodeCount?: number | undefined;
  sourcePath?: string[] | undefined;
  trimPath?: string | undefined;
}

export type View = 'top' | 'list' | 'traces' | 'peek';

export async function viewCommand(view: View, args: ViewArgs): Promise<number> {
  const profile = await readProfile(args.files);
  const base = args.base === undefined || args.base.length === 0 ? undefined : await readProfile(args.base);
  if (base !== undefined && !sameSampleTypes(profile, base)) {
    throw new GcbendError('USAGE', `--base ${args.base?.join(' ')} is a profile of another kind`, {
      hint: 'two texts of one kind can be subtracted',
    });
  }
  const shown = base === undefined ? profile : subtractProfile(profile, base);
  const lines = renderView(view, shown, args);
  process.stdout.write(`${lines.join('\n')}\n`);
  return exitStatus.done;
}

/** All profiles of one kind in the files, added up as `go tool pprof` does with several files. */
async function readProfile(files: readonly string[]): Promise<ProfileData> {
  const read = await readEvents(files, await loadGrammarSet(undefined));
  const events = read.filter(isProfileEvent);
  const profiles = events.map(profileOf);
  const [first] = profiles;
  if (first === undefined) {
    const broken = read.find((event) => event.type === 'malformed');
    const seen = broken === undefined ? '' : `: line ${broken.line}: ${broken.reason}`;
    const code = holdNothing(read) ? 'NOTHING_RECOGNISED' : 'INPUT_UNSUPPORTED';
    throw new GcbendError(code, `no profile text in ${files.join(', ')}${seen}`, {
      hint: "curl -s 'http://HOST:PORT/debug/pprof/heap?debug=1' > heap.txt (also goroutine, block, mutex, threadcreate, .pb.gz)",
    });
  }
  const alien = profiles.find((profile) => !sameSampleTypes(profile, first));
  if (alien !== undefined) {
    const kinds = [...new Set(events.map((event) => event.type))].join(' and ');
    throw new GcbendError('USAGE', `the files hold profiles of different kinds (${kinds})`, {
      hint: 'give files of one kind',
    });
  }
  return addProfiles(profiles);
}

function renderView(view: View, profile: ProfileData, args: ViewArgs): string[] {
  const size = reportSize({ ...args, format: undefined, output: undefined, quiet: false }, process.stdout);
  const style = { style: { color: size.color, ascii: size.ascii }, width: size.width };
  const options = viewOptions(profile, args);
  switch (view) {
    case 'top':
      return renderTop(
        topTable(profile, {
          ...options,
          sort: args.cum ? 'cum' : 'flat',
          ...(args.nodeCount === undefined ? {} : { count: args.nodeCount }),
        }),
        style,
      );
    case 'traces':
      return renderTraces(tracesView(profile, options), style);
    case 'peek':
      return renderPeek(peekTable(profile, pattern(args.function ?? args.focus ?? '.', '--function'), options), style);
    case 'list':
      return renderList(
        listTable(
          profile,
          pattern(args.function ?? args.focus ?? '.', '--function'),
          sourceReader(args.sourcePath, args.trimPath),
          options,
        ),
        style,
      );
  }
}

function viewOptions(profile: ProfileData, args: ViewArgs): ViewOptions {
  if (findSampleType(profile, args.sampleIndex) === undefined) {
    const known = profile.sampleTypes.map(({ type }) => type).join(', ');
    throw new GcbendError('USAGE', `--sample-index ${args.sampleIndex}: this profile has none of that name`, {
      hint: known,
    });
  }
  if (args.unit !== undefined && !isKnownUnit(args.unit)) {
    throw new GcbendError('USAGE', `--unit ${args.unit} is unknown`, { hint: 'B, kB, MB, GB … or ns, us, ms, s …' });
  }
  return {
    ...(args.sampleIndex === undefined ? {} : { sampleIndex: args.sampleIndex }),
    ...(args.unit === undefined ? {} : { unit: args.unit }),
    ...(args.focus === undefined ? {} : { focus: pattern(args.focus, '--focus') }),
    ...(args.ignore === undefined ? {} : { ignore: pattern(args.ignore, '--ignore') }),
    ...(args.hide === undefined ? {} : { hide: pattern(args.hide, '--hide') }),
  };
}

function pattern(source: string, option: string): RegExp {
  try {
    return compileGoPattern(source);
  } catch (cause) {
    throw new GcbendError(
      'USAGE',
      `${option} ${source} is no regular expression: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}
