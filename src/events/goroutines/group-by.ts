// In: a goroutines event and a key. Out: the same event with its groups put together by that key; totals and states stay.
import { GcbendError } from '../../errors.ts';
import type { GoroutineGroup, GoroutinesEvent } from '../types.ts';
import { groupId } from './describe.ts';
import { mixId, SAMPLE_IDS } from './goroutine-ids.ts';
import { frameKey, siteOf } from './site.ts';

/** `label:KEY` splits groups by the value of one label; `function` is the one that waits, without runtime and library frames. */
export type GroupKey = 'stack' | 'function' | 'creator' | 'state' | `label:${string}`;

/** Members without the label, or without a creator or state. */
const NONE = '(none)';

/** Throws GcbendError USAGE for anything that is no key. */
export function parseGroupKey(text: string): GroupKey {
  if (text === 'stack' || text === 'function' || text === 'creator' || text === 'state') return text;
  if (/^label:./.test(text)) return text as GroupKey;
  throw new GcbendError('USAGE', `--group-by ${text}: no such key`, {
    hint: 'Keys are stack, function, creator, state and label:KEY.',
  });
}

export function groupBy(event: GoroutinesEvent, key: GroupKey): GoroutinesEvent {
  if (key === 'stack') return event;
  const merged = new Map<string, GoroutineGroup[]>();
  const put = (name: string, group: GoroutineGroup): void => {
    const list = merged.get(name);
    if (list === undefined) merged.set(name, [group]);
    else list.push(group);
  };
  for (const group of event.groups) {
    if (key.startsWith('label:'))
      for (const [name, part] of splitByLabel(group, key.slice('label:'.length))) put(name, part);
    else put(nameOf(group, key), group);
  }
  const groups = [...merged].map(([name, members]) => mergeGroups(name, members)).sort((a, b) => b.count - a.count);
  return { ...event, groups };
}

function nameOf(group: GoroutineGroup, key: GroupKey): string {
  if (key === 'state') return group.state ?? NONE;
  if (key === 'creator') return group.createdBy === undefined ? NONE : frameKey(group.createdBy);
  return siteOf(group).blocking.function;
}

/** One part per value of the label; ids and waits cannot be told apart and stay with the part of most goroutines. */
function splitByLabel(group: GoroutineGroup, label: string): [string, GoroutineGroup][] {
  const prefix = `${label}=`;
  const values = Object.entries(group.labels ?? {}).filter(([text]) => text.startsWith(prefix));
  const labelled = values.reduce((sum, [, count]) => sum + count, 0);
  if (labelled < group.count) values.push([`${prefix}${NONE}`, group.count - labelled]);
  if (values.length === 1) return [[values[0]![0], group]];
  const largest = values.reduce((best, value) => (value[1] > best[1] ? value : best));
  return values.map((value) => {
    const [name, count] = value;
    const { sampleIds, waitMinutes, lockedToThread, leaked, labels: _labels, ...rest } = group;
    const own = value === largest;
    return [
      name,
      {
        ...rest,
        count,
        ...(name.endsWith(NONE) ? {} : { labels: { [name]: count } }),
        ...(own && sampleIds !== undefined ? { sampleIds } : {}),
        ...(own && waitMinutes !== undefined ? { waitMinutes } : {}),
        ...(own && lockedToThread !== undefined ? { lockedToThread: Math.min(lockedToThread, count) } : {}),
        ...(own && leaked !== undefined ? { leaked: Math.min(leaked, count) } : {}),
      },
    ];
  });
}

/** Stack, state and creator are those of all members where they agree; the stack is that of the largest member. */
function mergeGroups(name: string, members: readonly GoroutineGroup[]): GoroutineGroup {
  const largest = members.reduce((best, group) => (group.count > best.count ? group : best));
  const merged: GoroutineGroup = {
    id: groupId(`by ${name}`, [], undefined),
    key: name,
    count: sum(members, (group) => group.count),
    stack: largest.stack,
  };
  const [first] = members;
  if (first?.state !== undefined && members.every((group) => group.state === first.state)) merged.state = first.state;
  const creator = first?.createdBy;
  if (
    creator !== undefined &&
    members.every((group) => group.createdBy && frameKey(group.createdBy) === frameKey(creator))
  ) {
    merged.createdBy = creator;
  }
  const waits = members.flatMap((group) => (group.waitMinutes === undefined ? [] : [group.waitMinutes]));
  if (waits.length > 0) {
    const min = waits.length < members.length ? 0 : Math.min(...waits.map((wait) => wait.min));
    merged.waitMinutes = { min, max: Math.max(...waits.map((wait) => wait.max)) };
  }
  const locked = sum(members, (group) => group.lockedToThread ?? 0);
  const leaked = sum(members, (group) => group.leaked ?? 0);
  if (locked > 0) merged.lockedToThread = locked;
  if (leaked > 0) merged.leaked = leaked;
  if (largest.framesElided !== undefined) merged.framesElided = largest.framesElided;
  const labels: Record<string, number> = {};
  for (const group of members) {
    for (const [text, count] of Object.entries(group.labels ?? {})) labels[text] = (labels[text] ?? 0) + count;
  }
  if (Object.keys(labels).length > 0) merged.labels = labels;
  const ids = members.flatMap((group) => group.sampleIds ?? []);
  if (ids.length > 0) {
    const sampled = [...new Set(ids)].sort((a, b) => mixId(a) - mixId(b)).slice(0, SAMPLE_IDS);
    merged.sampleIds = sampled.sort((a, b) => a - b);
  }
  if (members.every((group) => group.infrastructure === true)) merged.infrastructure = true;
  return merged;
}

function sum(groups: readonly GoroutineGroup[], value: (group: GoroutineGroup) => number): number {
  return groups.reduce((total, group) => total + value(group), 0);
}
