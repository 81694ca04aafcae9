// In: files and patterns. Out: what is in them and what is being added, as chunks of sources; what happens to the files as notes.

import type { SourceChunk } from '../core/parsing.ts';
import { GcbendError } from '../errors.ts';
import { followFiles } from '../input/follow.ts';
import { durationOf } from './watch.ts';

const notes: Readonly<Record<string, string>> = {
  waiting: 'is not there yet; waiting for it',
  unmatched: 'matches no file yet; waiting for one',
  appeared: 'has appeared',
  rotated: 'was rotated; going on with the new file',
  truncated: 'was truncated; reading it from its start',
  gone: 'is gone; waiting for a new one',
  unreadable: 'cannot be read',
};

/** Ends only by `signal`. What is read later than at the start was printed just now. */
export async function* followed(
  patterns: readonly string[],
  options: { since: string | undefined; quiet: boolean; signal: AbortSignal },
): AsyncGenerator<SourceChunk> {
  const { signal, since } = options;
  const started = Date.now();
  const from = since === undefined ? {} : { since: parseSince(since) };
  for await (const { source, bytes, event, detail } of followFiles(patterns, { signal, ...from })) {
    if (event !== undefined) {
      if (!options.quiet)
        process.stderr.write(
          `gcbend: ${source} ${notes[event] ?? event}${detail === undefined ? '' : `: ${detail}`}\n`,
        );
      continue;
    }
    yield { source, bytes, ...(Date.now() - started > liveAfterMs ? { at: new Date() } : {}) };
  }
}

/** What was in the files when following began is read in this time: its wall time is not known. */
const liveAfterMs = 2000;

/** `10m`, `2h` ago, or a time. */
function parseSince(text: string): Date {
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : Date.now() - (durationOf(text) ?? Number.NaN);
  if (Number.isNaN(time))
    throw new GcbendError('USAGE', `--since ${text} is no time`, {
      hint: '--since 10m or --since 2026-11-20T09:30:00Z',
    });
  return new Date(time);
}
