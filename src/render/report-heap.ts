// In: heap texts, MemStats, contention profiles. Out: sites that hold memory, where Sys goes, who waits for locks.
import { pausesOf } from '../events/profiles/memstats.ts';
import type { ContentionEvent, FindingEvent, HeapEvent, MemStatsEvent } from '../events/types.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';
import type { Column, Page, Span } from './page.ts';
import { placeOf } from './report-findings.ts';
import { baseName, siteWords } from './report-goroutines.ts';
import { siteKey } from './report-model.ts';
import type { NamedCourse, SnapshotSeries } from './snapshot-series.ts';
import { drawBars, drawShare } from './sparkline.ts';

const MOST_SITES = 15;
const MOST_GROWING = 6;

interface SiteSum {
  key: string;
  function: string;
  file?: string;
  line?: number;
  inUseBytes: number;
  inUseObjects: number;
  allocatedBytes: number;
}

/** Adds the heap texts to the page: estimates, scaled for the sampling rate. */
export function addHeap(page: Page, heaps: SnapshotSeries<HeapEvent>, findings: readonly FindingEvent[]): void {
  const { last, count } = heaps;
  const what = count > 1 ? `the last of ${count} heap texts; ` : '';
  page.heading(
    `Heap: ${formatBytes(last.inUse.bytes)} in use, ${formatBytes(last.allocated.bytes)} allocated`,
    `${what}estimated from samples, one per ${formatBytes(last.sampleRate)}`,
  );
  if (last.truncated) page.paragraph('The text is cut off: records are missing.', ['warning', '  ⚠ '], 'warning');
  const sites = sumBySite(last);
  const columns: Column[] = [
    { header: 'in use', align: 'right' },
    { header: '', align: 'right' },
    { header: 'objects', align: 'right' },
    { header: 'allocated', align: 'right' },
    { header: 'site', flexible: 'middle' },
    { header: 'at', flexible: 'start' },
  ];
  page.table(
    columns,
    sites
      .slice(0, MOST_SITES)
      .map((site): Span[] => [
        formatBytes(site.inUseBytes),
        last.inUse.bytes > 0 ? formatPercent(site.inUseBytes / last.inUse.bytes) : '',
        String(site.inUseObjects),
        formatBytes(site.allocatedBytes),
        ['strong', baseName(site.function)],
        placeOf(site),
      ]),
  );
  if (sites.length > MOST_SITES) page.line(['dim', `  … and ${formatCount(sites.length - MOST_SITES, 'more site')}`]);
  if (count > 1) addCourses(page, heaps, findings);
}

/** Of all sizes of object of a place, the largest places first. */
export function sumBySite(heap: HeapEvent): SiteSum[] {
  const sums = new Map<string, SiteSum>();
  for (const site of heap.sites) {
    const key = siteKey(site);
    const sum = sums.get(key);
    if (sum !== undefined) {
      sum.inUseBytes += site.inUse.bytes;
      sum.inUseObjects += site.inUse.objects;
      sum.allocatedBytes += site.allocated.bytes;
      continue;
    }
    sums.set(key, {
      key,
      function: site.function,
      ...(site.file === undefined ? {} : { file: site.file }),
      ...(site.line === undefined ? {} : { line: site.line }),
      inUseBytes: site.inUse.bytes,
      inUseObjects: site.inUse.objects,
      allocatedBytes: site.allocated.bytes,
    });
  }
  return [...sums.values()].sort(
    (a, b) => b.inUseBytes - a.inUseBytes || b.allocatedBytes - a.allocatedBytes || (a.key < b.key ? -1 : 1),
  );
}

/** The whole, then the places that grew most. */
export function coursesOfHeaps(heaps: SnapshotSeries<HeapEvent>, findings: readonly FindingEvent[]): NamedCourse[] {
  const blamed = new Set(
    findings.flatMap(({ site, severity }) => (site === undefined || severity === 'info' ? [] : [siteKey(site)])),
  );
  const byKey = new Map(sumBySite(heaps.last).map((site) => [site.key, site]));
  return [
    { name: 'in use', values: heaps.totals, blamed: false },
    ...heaps
      .growing()
      .slice(0, MOST_GROWING)
      .map(({ key, values }) => {
        const site = byKey.get(key);
        return { name: site === undefined ? key : siteWords(site), values, blamed: blamed.has(key) };
      }),
  ];
}

function addCourses(page: Page, heaps: SnapshotSeries<HeapEvent>, findings: readonly FindingEvent[]): void {
  const width = Math.max(12, Math.min(60, page.width - 52, heaps.totals.length));
  page.blank();
  page.table(
    [{ header: 'over the heap texts', flexible: 'middle' }, { header: '' }, { header: 'first → last', align: 'right' }],
    coursesOfHeaps(heaps, findings).map(({ name, values, blamed }): Span[] => [
      blamed ? ['growth', name] : name,
      ['curve', drawBars(values, width, 0)],
      `${formatBytes(values[0]!)} → ${formatBytes(values.at(-1)!)}`,
    ]),
  );
}

/** A MemStats field as a number: bytes above 2^53 come as strings. */
function field(stats: MemStatsEvent, name: string): number | undefined {
  const value = stats[name];
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The parts of Sys (runtime.MemStats), each with what it means. */
export function memoryBill(stats: MemStatsEvent): { name: string; bytes: number; meaning: string }[] {
  const of = (name: string) => field(stats, name);
  const [alloc, inUse, idle, released] = [of('HeapAlloc'), of('HeapInuse'), of('HeapIdle'), of('HeapReleased')];
  const parts: { name: string; bytes: number; meaning: string }[] = [];
  const add = (name: string, bytes: number | undefined, meaning: string) => {
    if (bytes !== undefined && bytes > 0) parts.push({ name, bytes, meaning });
  };
  add('objects', alloc, 'in use, and garbage until the next GC');
  if (inUse !== undefined && alloc !== undefined)
    add('fragmentation', inUse - alloc, 'unused room in pages with objects');
  if (idle !== undefined && released !== undefined) add('idle', idle - released, 'free pages kept, not yet given back');
  add('stacks', of('StackSys'), 'of goroutines and threads');
  add('GC', of('GCSys'), "the collector's own tables");
  add('spans', (of('MSpanSys') ?? 0) + (of('MCacheSys') ?? 0), "the allocator's own tables");
  add('profiling', of('BuckHashSys'), 'tables of the profiles');
  add('other', of('OtherSys'), 'the rest of the runtime');
  add('given back', released, 'back with the system: Sys, not RSS');
  return parts;
}

/** Adds where the memory that the runtime took from the system is. */
export function addMemoryBill(page: Page, stats: MemStatsEvent, count: number): void {
  const sys = field(stats, 'Sys');
  const parts = memoryBill(stats);
  if (parts.length === 0) return;
  const whole = sys ?? parts.reduce((sum, part) => sum + part.bytes, 0);
  const released = field(stats, 'HeapReleased');
  const resident = released === undefined ? '' : `, about ${formatBytes(whole - released)} of it resident`;
  page.heading(
    `Memory bill: ${formatBytes(whole)} taken from the system${resident}`,
    count > 1 ? `the last of ${count} MemStats` : 'MemStats',
  );
  const barWidth = Math.max(6, Math.min(24, page.width - 72));
  page.table(
    [
      { header: 'bytes', align: 'right' },
      { header: '', align: 'right' },
      { header: 'what' },
      { header: '' },
      { header: '', flexible: 'end' },
    ],
    parts.map((part): Span[] => [
      formatBytes(part.bytes),
      formatPercent(whole > 0 ? part.bytes / whole : 0),
      part.name,
      ['curve', drawShare(whole > 0 ? part.bytes / whole : 0, barWidth)],
      ['dim', part.meaning],
    ]),
  );
  const [next, alloc, fraction] = [field(stats, 'NextGC'), field(stats, 'HeapAlloc'), field(stats, 'GCCPUFraction')];
  const facts: string[] = [];
  if (next !== undefined && alloc !== undefined && next > 0) {
    facts.push(`next GC at ${formatBytes(next)}, ${formatBytes(Math.max(0, next - alloc))} from now`);
  }
  if (fraction !== undefined) facts.push(`GC took ${formatPercent(fraction)} of the CPU since the start`);
  facts.push(...pauseWords(stats));
  if (facts.length > 0) page.paragraph(facts.join(' · '), '  ', 'dim');
}

/** The pauses that the text's ring still holds. Nearest rank: with at most 256 values nothing has to be estimated. */
function pauseWords(stats: MemStatsEvent): string[] {
  const sorted = pausesOf(stats)
    .map((pause) => pause.pauseNs)
    .sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  const rank = (share: number): string => `${formatNumber(sorted[Math.ceil(share * sorted.length) - 1]! / 1e6)} ms`;
  return [`the last ${formatCount(sorted.length, 'pause')}: p50 ${rank(0.5)}, p90 ${rank(0.9)}, max ${rank(1)}`];
}

export const CONTENTION_WORDS = { block: 'Blocking', mutex: 'Lock contention' };

/** Adds a block or mutex profile. */
export function addContention(page: Page, profile: ContentionEvent): void {
  const sites = [...profile.sites].sort((a, b) => b.delayNs - a.delayNs);
  const delay = sites.reduce((sum, site) => sum + site.delayNs, 0);
  page.heading(
    `${CONTENTION_WORDS[profile.profile]}: ${formatDuration(delay / 1e9)} waited`,
    `${profile.profile} profile`,
  );
  page.table(
    [
      { header: 'waited', align: 'right' },
      { header: '', align: 'right' },
      { header: 'times', align: 'right' },
      { header: 'site', flexible: 'middle' },
      { header: 'at', flexible: 'start' },
    ],
    sites
      .slice(0, MOST_SITES)
      .map((site): Span[] => [
        formatDuration(site.delayNs / 1e9),
        delay > 0 ? formatPercent(site.delayNs / delay) : '',
        String(site.count),
        ['strong', baseName(site.function)],
        placeOf(site),
      ]),
  );
  if (sites.length > MOST_SITES) page.line(['dim', `  … and ${formatCount(sites.length - MOST_SITES, 'more site')}`]);
}
