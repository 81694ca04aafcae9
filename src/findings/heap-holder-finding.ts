// In: one heap text and the goroutine dump of its moment. Out: memory that stands beside blocked goroutines, said as a suspicion.
import type { FindingBody } from './finding-log.ts';
import { CAUSE_ADVICE, heaviestFrame } from './heap-causes.ts';
import { holderEvidence, plainFrame } from './heap-growth-finding.ts';
import type { Holder } from './heap-holders.ts';
import type { HeapSnapshots, SiteSeries } from './heap-snapshots.ts';
import { evidence, mib, number } from './words.ts';

const MiB = 1048576;

/** One heap text and one goroutine dump: memory that stands beside blocked goroutines, as a suspicion. */
export function holderFindings(
  snapshots: HeapSnapshots,
  holderOf: (site: SiteSeries) => Holder | undefined,
): [string, FindingBody][] {
  const total = Math.max(1, snapshots.totals[0]!);
  const out: [string, FindingBody][] = [];
  for (const site of snapshots.sites.values()) {
    const bytes = site.inUseBytes[0]!;
    if (bytes < 0.05 * total || site.inUseSampled[0]! < 4) continue;
    const holder = holderOf(site);
    if (holder === undefined || holder.objectsPerGoroutine < 0.2 || holder.objectsPerGoroutine > 64) continue;
    const frame = heaviestFrame(site);
    out.push([
      `holders:${site.function}`,
      {
        ongoing: true,
        rule: 'blocked-goroutines',
        severity: 'info',
        title: `${site.function}: ${mib(bytes / MiB)} stand beside ${holder.goroutines} goroutines${holder.state === undefined ? '' : ` in "${holder.state}"`}`,
        detail:
          `${number(holder.objectsPerGoroutine)} objects and ${number(holder.kibPerGoroutine)} KiB for each goroutine that began in the same function. ` +
          'A suspicion: one moment cannot show that they grow together; take both texts again in a minute.',
        confidence: 0.5,
        evidence: evidence({ function: site.function, inUseBytes: bytes, heldBy: holderEvidence(holder) }),
        ...(frame === undefined ? {} : { site: plainFrame(frame) }),
        ...(holder.createdBy === undefined ? {} : { createdBy: holder.createdBy }),
        advice: [CAUSE_ADVICE['goroutine-leak']],
      },
    ]);
  }
  return out.slice(0, 3);
}
