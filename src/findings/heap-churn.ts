// In: the history of all places. Out: `alloc-churn`: those that allocate much and keep nothing, which look like leaks and are none.
import type { FindingBody } from './finding-log.ts';
import { heaviestFrame } from './heap-causes.ts';
import { plainFrame } from './heap-growth-finding.ts';
import type { HeapSnapshots, SiteSeries } from './heap-snapshots.ts';
import { evidence, mib, tidy } from './words.ts';

const MiB = 1048576;

/** Much allocated, nothing kept: reuse or short-lived garbage. At most two places are worth a word. */
export function churnFindings(snapshots: HeapSnapshots): [string, FindingBody][] {
  const last = snapshots.length - 1;
  let allAllocated = 0;
  for (const site of snapshots.sites.values()) allAllocated += site.allocatedBytes[last]! - site.allocatedBytes[0]!;
  const candidates: { site: SiteSeries; allocated: number; pool: boolean }[] = [];
  for (const site of snapshots.sites.values()) {
    const allocated = site.allocatedBytes[last]! - site.allocatedBytes[0]!;
    const births = site.allocatedSampled[last]! - site.allocatedSampled[0]!;
    const net = site.inUseSampled[last]! - site.inUseSampled[0]!;
    const pool = site.pooled;
    if (births < (pool ? 5 : 20) || net > births * 0.1 || allocated < 8 * Math.max(...site.inUseBytes, 1)) {
      if (!pool || births < 5 || net > births * 0.25) continue;
    }
    if (!pool && allocated < 0.3 * allAllocated) continue;
    candidates.push({ site, allocated, pool });
  }
  candidates.sort((a, b) => Number(b.pool) - Number(a.pool) || b.allocated - a.allocated);
  return candidates.slice(0, 2).map(({ site, allocated, pool }) => {
    const frame = heaviestFrame(site);
    const inUse = site.inUseBytes[last]!;
    return [
      `churn:${site.function}${pool ? ':pool' : ''}`,
      {
        ongoing: true,
        rule: 'alloc-churn',
        severity: 'info',
        title: `${site.function} allocates much and keeps little: no leak`,
        detail:
          `${mib(allocated / MiB)} allocated since the first snapshot, ${mib(inUse / MiB)} in use now (${mib(site.inUseBytes[0]! / MiB)} then). ` +
          (pool
            ? 'The objects come from a sync.Pool (sync.(*Pool).Get is in the stack): high allocation with flat use is how a pool looks that the collector empties now and then.'
            : 'Allocation rises and use does not: short-lived garbage or reuse. It costs collector time, not memory.'),
        confidence: 0.9,
        evidence: evidence({
          function: site.function,
          allocatedBytes: allocated,
          inUseBytes: site.inUseBytes.map(tidy),
          shareOfAllocation: allAllocated > 0 ? Math.min(1, allocated / allAllocated) : undefined,
          syncPool: pool,
        }),
        ...(frame === undefined ? {} : { site: plainFrame(frame) }),
        advice: [
          pool
            ? 'Nothing to do for memory. If collections are too frequent, larger GOGC keeps pooled objects longer.'
            : 'If the collector costs too much CPU: reuse buffers here (a sync.Pool, a slice kept and cut to zero length).',
        ],
      },
    ];
  });
}
