// In: a stretch of growth of the live heap. Out: `heap-growth`: what grows still, what stopped, what only follows the load; time to a limit.
import type { Projection } from '../events/types.ts';
import { ADVICE } from './advice.ts';
import { changeAt, type RuleContext, timesOf } from './context.ts';
import type { FindingBody } from './finding-log.ts';
import type { GrowthEpisode } from './growth-episode.ts';
import { heapLimitOf, type LimitState } from './memory-limit.ts';
import { duration, evidence, mib, moment, percent, tidy } from './words.ts';

const LOAD_SIGNALS = ['allocRate', 'gcInterval', 'heapGoal', 'gcCpu'] as const;

export function describeGrowth(found: GrowthEpisode, context: RuleContext, limit: LimitState): FindingBody {
  // A line through small levels may begin below nothing; a heap does not.
  const episode = { ...found, levelFrom: Math.max(0, found.levelFrom) };
  const { from, levelFrom, levelTo, slope, slopeInterval, until } = episode;
  const ongoing = until === undefined;
  const grown = levelTo - levelFrom;
  const to = until ?? context.latest.t;
  const projection = ongoing && !episode.followsLoad ? projectGrowth(episode, context, limit) : undefined;
  const atLimit = ongoing && !episode.followsLoad && limit.found?.ongoing === true;
  const near = projection !== undefined && projection.secondsLeft < context.thresholds.heapGrowth.criticalSecondsLeft;
  const when = moment(from, context.hasTime);
  const rate = rateText(slope, context.hasTime);
  const changes: Record<string, unknown> = {};
  for (const signal of LOAD_SIGNALS) changes[signal] = changeAt(context, signal, from, from - (to - from), to);
  const since = episode.hasOnset ? `since ${when}` : 'since the trace begins';
  const title = ongoing
    ? episode.followsLoad
      ? `The live heap has grown by ${mib(grown)} ${since}: it follows the allocation rate`
      : `The live heap has grown by ${mib(grown)} ${since} and still grows, ${rate}`
    : `The live heap grew by ${mib(grown)} from ${when} to ${moment(to, context.hasTime)}, then stopped`;
  return {
    rule: 'heap-growth',
    severity: !ongoing || episode.followsLoad ? 'info' : near || atLimit ? 'critical' : 'warning',
    ongoing,
    ...timesOf(context, from),
    title,
    detail: detailOf(episode, context, projection, atLimit),
    confidence: tidy(episode.confidence),
    evidence: evidence({
      from,
      until,
      fromInterval: episode.onsetInterval,
      levelFromMiB: levelFrom,
      levelToMiB: levelTo,
      grownMiB: grown,
      grownShareOfHeap: grown / Math.max(levelTo, 1),
      slopeMiBPerSecond: context.hasTime ? slope : undefined,
      slopePerCycleMiB: context.hasTime ? undefined : slope,
      slopeInterval: { from: tidy(slopeInterval.from), to: tidy(slopeInterval.to) },
      followsLoad: episode.followsLoad,
      gogcPercent: gogcOf(context),
      ...changes,
    }),
    ...(projection === undefined ? {} : { projection }),
    advice: [...(!ongoing ? ADVICE.stopped : episode.followsLoad ? ADVICE.followsLoad : ADVICE.heapGrowth)],
  };
}

function rateText(slope: number, hasTime: boolean): string {
  return hasTime ? `${mib(slope)} a second` : `${mib(slope)} a cycle`;
}

function detailOf(
  episode: GrowthEpisode,
  context: RuleContext,
  projection: Projection | undefined,
  atLimit: boolean,
): string {
  const { from, levelFrom, levelTo, until, slopeInterval } = episode;
  const grown = levelTo - levelFrom;
  const sentences = [
    `After ${episode.hasOnset ? moment(from, context.hasTime) : 'the start of the trace'} each collection left more behind than the one before: ` +
      `${mib(levelFrom)} then, ${mib(levelTo)} ${until === undefined ? 'now' : `at ${moment(until, context.hasTime)}`}` +
      `${levelTo > 0 ? `; ${percent(grown / levelTo)} of that heap came in this time` : ''}.`,
  ];
  if (until !== undefined) {
    sentences.push('It has not grown since; what was added is still held.');
  } else if (episode.followsLoad) {
    sentences.push(
      'The program allocates correspondingly more, so this is load as long as the heap falls when the load does.',
    );
  } else {
    const unit = context.hasTime ? 'a second' : 'a cycle';
    const known = context.history.mean('allocRate', from, context.latest.t) !== undefined;
    sentences.push(
      `The growth lies between ${mib(slopeInterval.from)} and ${mib(slopeInterval.to)} ${unit}${
        known
          ? ', and the allocation rate does not explain it: objects are kept that used to be let go.'
          : '. The trace has no times, so it cannot tell whether the load grew too.'
      }`,
    );
  }
  if (atLimit) sentences.push('It has already reached the memory limit: see the finding about it.');
  if (projection !== undefined) {
    const { earliest, latest } = projection.secondsLeftInterval ?? { earliest: projection.secondsLeft };
    const limit = `the limit of ${mib(projection.limitBytes / 2 ** 20)}`;
    sentences.push(
      projection.secondsLeft === 0
        ? `What the heap reaches before its next collection has passed ${limit}.`
        : `At this pace ${limit} is met in ${duration(projection.secondsLeft)} ` +
            `(${duration(earliest)}${latest === undefined ? ' or more' : ` to ${duration(latest)}`}).`,
    );
  }
  return sentences.join(' ');
}

/** Seconds over which what hardly moves while the heap grows is averaged. */
const PRESENT_SECONDS = 10;

function present(context: RuleContext, signal: 'goalRatio' | 'stacks'): number | undefined {
  const to = context.latest.t;
  return context.history.mean(signal, to - PRESENT_SECONDS, to) ?? context.latest.values[signal];
}

/** GOGC as the goal over the live heap tells it, per cent. */
function gogcOf(context: RuleContext): number | undefined {
  const ratio = present(context, 'goalRatio');
  return ratio === undefined ? undefined : Math.round((ratio - 1) * 100);
}

/** The goal of the latest cycle: what the live heap of the cycle before, on the line of the growth, makes of GOGC. */
function goalOf(episode: Pick<GrowthEpisode, 'slope' | 'levelTo'>, context: RuleContext, ratio: number): number {
  const before = episode.levelTo - episode.slope * (context.latest.values.gcInterval ?? 0);
  return Math.max(before, 0) * ratio;
}

/**
 * Time until the limit. A process dies when the heap it reaches, the goal, meets what it may use:
 * (limit − non-heap − goal) / (slope · (1 + GOGC/100)). A GOMEMLIMIT holds the goal back, so there the live heap has to meet it.
 */
function projectGrowth(
  episode: Pick<GrowthEpisode, 'slope' | 'slopeInterval' | 'levelTo'>,
  context: RuleContext,
  limit: LimitState,
): Projection | undefined {
  const { limitBytes, goMemLimitBytes } = context.limits;
  if (!context.hasTime || !(episode.slope > 0)) return undefined;
  const heapLimitMiB = limit.found === undefined ? heapLimitOf(limit) : undefined;
  const nonHeap = (present(context, 'stacks') ?? 0) + (context.latest.globalsMiB ?? 0);
  const ratio = present(context, 'goalRatio');
  let limitMiB: number;
  let room: number;
  let pace = 1;
  if (goMemLimitBytes !== undefined) {
    limitMiB = goMemLimitBytes / 2 ** 20;
    room = limitMiB - nonHeap - episode.levelTo;
  } else if (heapLimitMiB !== undefined && limitBytes === undefined) {
    limitMiB = heapLimitMiB + nonHeap;
    room = heapLimitMiB - episode.levelTo;
  } else if (limitBytes !== undefined) {
    limitMiB = limitBytes / 2 ** 20;
    // Crowded at a GOMEMLIMIT that nobody named, the goal is the live heap and grows as fast as it does.
    pace = ratio ?? 1;
    room = limitMiB - nonHeap - (ratio === undefined ? episode.levelTo : goalOf(episode, context, ratio));
  } else {
    return undefined;
  }
  const left = (slope: number) => tidy(Math.max(0, room) / (slope * pace));
  const interval: { earliest: number; latest?: number } = {
    earliest: left(Math.max(episode.slopeInterval.to, episode.slope)),
  };
  if (episode.slopeInterval.from > 0) interval.latest = left(episode.slopeInterval.from);
  return {
    limitBytes: Math.round(limitMiB * 2 ** 20),
    secondsLeft: left(episode.slope),
    secondsLeftInterval: interval,
  };
}
