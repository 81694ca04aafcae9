// In: one dump. Out: `blocked-goroutines`: many that wait at one line for long, those that the runtime marks as leaked, those that cannot wake.
// One dump cannot show growth: what is said of it is a suspicion, and says why; marks of the runtime and nil channels are proof.

import { frameKey, type GroupSite, siteOf } from '../events/goroutines/index.ts';
import type { GoroutineGroup, GoroutinesEvent, Severity } from '../events/types.ts';
import type { FindingBody } from './finding-log.ts';
import { describeOperation, fixFor, type Operation, operationOf, shortPlace } from './goroutines-words.ts';
import { percent } from './words.ts';

export const BLOCKED_THRESHOLDS = {
  /** Goroutines at one line, or so many together with a share of all, ... */
  minCount: 100,
  minCountWithShare: 10,
  minShare: 0.25,
  /** ... of which one has waited so long, minutes. */
  minMinutes: 5,
  /** A lock is not held for long: so many at one lock for so many minutes are worth a word, also in a series. */
  minAtLock: 2,
  minLockMinutes: 1,
  /** Waiting for ever, by the state's own word (nil channel, empty select). */
  minForever: 10,
  /** Without waits and states (debug=1), only such a crowd is told. */
  minCountAlone: 1000,
  minShareAlone: 0.5,
};

export type BlockedThresholds = typeof BLOCKED_THRESHOLDS;

interface Line {
  site: GroupSite;
  /** The largest group at this line. */
  group: GoroutineGroup;
  ids: string[];
  count: number;
  leaked: number;
  /** Longest wait, minutes. */
  longest: number | undefined;
  operation: Operation;
}

/** @param told groups (ids) and lines (`frameKey`) that a growth finding names already */
export function judgeBlocked(
  event: GoroutinesEvent,
  isSeries: boolean,
  told: ReadonlySet<string>,
  thresholds: BlockedThresholds = BLOCKED_THRESHOLDS,
): { key: string; body: FindingBody }[] {
  const found: { key: string; body: FindingBody }[] = [];
  for (const line of linesOf(event)) {
    const reason = reasonFor(line, event, isSeries, thresholds);
    if (reason === undefined) continue;
    if (told.has(frameKey(line.site.blocking)) || line.ids.some((id) => told.has(id))) continue;
    found.push({ key: `blocked ${frameKey(line.site.blocking)}`, body: bodyOf(line, event, reason) });
  }
  return found;
}

function linesOf(event: GoroutinesEvent): Line[] {
  const lines = new Map<string, Line>();
  for (const group of event.groups) {
    if (group.infrastructure === true && group.leaked === undefined) continue;
    const site = siteOf(group);
    const operation = operationOf(group);
    const key = `${frameKey(site.blocking)} ${operation}`;
    const line = lines.get(key);
    if (line === undefined) {
      const longest = group.waitMinutes?.max;
      lines.set(key, {
        site,
        group,
        ids: [group.id],
        count: group.count,
        leaked: group.leaked ?? 0,
        longest,
        operation,
      });
      continue;
    }
    line.ids.push(group.id);
    line.count += group.count;
    line.leaked += group.leaked ?? 0;
    if (group.waitMinutes !== undefined) line.longest = Math.max(line.longest ?? 0, group.waitMinutes.max);
  }
  return [...lines.values()].sort((a, b) => b.count - a.count);
}

interface Reason {
  severity: Severity;
  confidence: number;
  text: string;
}

/** Working, sleeping and idle connections in any number are no sign of trouble by themselves. */
const UNSUSPICIOUS: ReadonlySet<Operation> = new Set(['running', 'network', 'sleep', 'system-call']);

function reasonFor(
  line: Line,
  event: GoroutinesEvent,
  isSeries: boolean,
  thresholds: BlockedThresholds,
): Reason | undefined {
  const { count, leaked, longest, operation } = line;
  if (leaked > 0) {
    const text = `The runtime marks ${leaked} of them as leaked: nothing that lives can wake them. That is proof, not suspicion.`;
    return { severity: 'critical', confidence: 1, text };
  }
  if ((operation === 'nil-channel' || operation === 'select-forever') && count >= thresholds.minForever) {
    const text = 'What they wait for can never happen; whether they were meant to stay, the program must know.';
    return { severity: 'warning', confidence: 0.8, text };
  }
  const atLock = operation === 'lock' || operation === 'read-lock';
  if (atLock && count >= thresholds.minAtLock && (longest ?? 0) >= thresholds.minLockMinutes) {
    const text = `They have waited for a lock for up to ${longest} min; locks are held for moments. It may be a deadlock, or a holder that is stuck itself.`;
    return { severity: 'warning', confidence: 0.8, text };
  }
  if (isSeries || UNSUSPICIOUS.has(operation)) return undefined;
  const share = event.total > 0 ? count / event.total : 0;
  if (event.debug === 1) {
    if (count < thresholds.minCountAlone || share < thresholds.minShareAlone) return undefined;
    const text =
      'A suspicion only: a single debug=1 dump shows neither waits nor growth. Take two more, or one with debug=2.';
    return { severity: 'info', confidence: 0.3, text };
  }
  const many = count >= thresholds.minCount || (count >= thresholds.minCountWithShare && share >= thresholds.minShare);
  if (!many || longest === undefined || longest < thresholds.minMinutes) return undefined;
  const text =
    `A suspicion: they have waited for up to ${longest} min. A pool of idle workers looks the same in one dump; ` +
    'two more dumps, a minute apart, show whether they grow and whether the same ones stay.';
  return { severity: count >= 10 * thresholds.minCount ? 'warning' : 'info', confidence: 0.5, text };
}

function bodyOf(line: Line, event: GoroutinesEvent, reason: Reason): FindingBody {
  const { site, group, count, operation, longest } = line;
  const place = shortPlace(site.blocking);
  const where = `${site.blocking.function}${place === '' ? '' : ` (${place})`}`;
  const share = event.total > 0 ? count / event.total : 0;
  const created = site.createdBy === undefined ? '' : ` Created by ${site.createdBy.function}.`;
  const evidence: Record<string, unknown> = {
    count,
    total: event.total,
    share: Math.round(share * 1000) / 1000,
    operation,
    groups: line.ids.slice(0, 20),
  };
  if (group.state !== undefined) evidence['state'] = group.state;
  if (longest !== undefined) evidence['longestWaitMinutes'] = longest;
  if (line.leaked > 0) evidence['leaked'] = line.leaked;
  const body: FindingBody = {
    rule: 'blocked-goroutines',
    severity: reason.severity,
    ongoing: true,
    title: `${count} goroutines are blocked in ${where}`,
    detail: `${count} goroutines (${percent(share)} of all) ${describeOperation(operation)}. ${reason.text}${created}`,
    confidence: reason.confidence,
    evidence,
    site: site.blocking,
    advice: fixFor(operation, group),
  };
  if (site.createdBy !== undefined) body.createdBy = site.createdBy;
  if (event.at !== undefined) body.at = event.at;
  if (event.atTime !== undefined) body.atTime = event.atTime;
  return body;
}
