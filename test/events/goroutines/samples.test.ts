// In: 217 real texts of Go 1.9–1.26 (fixtures/). Out: proof that every goroutine in them is recognised, with cause, message and states.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { GoroutinesEvent, ThreadsEvent } from '../../../src/events/types.ts';
import { drive } from './drive.ts';

const folder = join(import.meta.dirname, 'fixtures');
const goldenFile = join(folder, 'samples.expected.json');

interface Summary {
  type: string;
  line: number;
  total: number;
  cause?: string;
  message?: string;
  profile?: string;
  truncated?: boolean;
  states?: Record<string, number>;
  groups: string[];
}

/** What a reader of the event would see of it, small enough to be read as a golden. */
function summarise(event: GoroutinesEvent | ThreadsEvent): Summary {
  if (event.type === 'threads') {
    return {
      type: event.type,
      line: event.line,
      total: event.total,
      groups: event.groups.map((g) => `${g.count} ${g.stack.length}`),
    };
  }
  const { type, line, total, cause, message, profile, truncated, states } = event;
  const groups = event.groups.map((group) => {
    const leaf = group.stack[0];
    const marks = [
      group.waitMinutes === undefined ? '' : `wait=${group.waitMinutes.min}-${group.waitMinutes.max}`,
      group.lockedToThread === undefined ? '' : `locked=${group.lockedToThread}`,
      group.leaked === undefined ? '' : `leaked=${group.leaked}`,
      group.framesElided === undefined ? '' : `elided=${group.framesElided}`,
      group.labels === undefined ? '' : `labels=${JSON.stringify(group.labels)}`,
      group.ancestors === undefined ? '' : `ancestors=${group.ancestors.length}`,
      group.infrastructure === undefined ? '' : 'infrastructure',
      group.createdBy === undefined
        ? ''
        : `by=${group.createdBy.function}:${group.createdBy.line}@${group.createdBy.goroutine ?? '-'}`,
    ];
    const head = `${group.count} [${group.state ?? ''}] ${leaf?.function ?? '-'}:${leaf?.line ?? '-'} frames=${group.stack.length}`;
    return [head, ...marks.filter((mark) => mark !== '')].join(' ');
  });
  return {
    type,
    line,
    total,
    cause,
    ...(message === undefined ? {} : { message }),
    ...(profile === undefined ? {} : { profile }),
    ...(truncated === undefined ? {} : { truncated }),
    states,
    groups,
  };
}

const names = readdirSync(folder)
  .filter((version) => version.startsWith('go'))
  .sort()
  .flatMap((version) => readdirSync(join(folder, version)).map((file) => `${version}/${file}`));

/** UPDATE_GOLDENS=1 writes what the parser says now; look at the difference before committing it. */
if (process.env['UPDATE_GOLDENS'] === '1') {
  const golden = Object.fromEntries(
    names.map((name) => [name, drive(readFileSync(join(folder, name))).events.map(summarise)]),
  );
  writeFileSync(goldenFile, `${JSON.stringify(golden, null, 1)}\n`);
}
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, Summary[]>;

describe('samples of every Go version', () => {
  for (const name of names) {
    test(name, () => {
      const bytes = readFileSync(join(folder, name));
      const { events } = drive(bytes);
      // Counted without the parser: headers at the start of a line, or the total that a profile states.
      const text = bytes.toString('latin1');
      const headers = text.match(/^goroutine \d+[^\n]*\]:$/gm)?.length ?? 0;
      const stated = Number(/ profile: total (\d+)/.exec(text)?.[1] ?? 0);
      const forged = name.endsWith('fatal_panicint.txt') && /^go1\.(?:19|2[0-2])\//.test(name) ? 0 : headers;
      const expected = forged + stated + (name.endsWith('/race.txt') ? 2 : 0);
      assert.equal(
        events.reduce((sum, event) => sum + event.total, 0),
        Math.max(expected, headers),
      );
      for (const event of events) {
        assert.equal(
          event.groups.reduce((sum, group) => sum + group.count, 0),
          event.total,
        );
      }
      assert.deepEqual(events.map(summarise), golden[name]);
    });
  }
});
