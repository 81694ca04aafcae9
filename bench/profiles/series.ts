// In: nothing (`npx tsx bench/profiles/series.ts [MIB_A_SECOND] [TEXTS] [SECONDS_BETWEEN]`). Out: which leaks of small Go programs are named
// in 2, 3, 4, 6 and 12 heap texts, and which healthy programs are blamed. Needs the go command; texts come over loopback.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProfileTextParser } from '../../src/events/profiles/index.ts';
import type { FindingEvent, HeapEvent } from '../../src/events/types.ts';
import { HeapSeriesAnalysis } from '../../src/findings/heap.ts';

const mibASecond = Number(process.argv[2] ?? 8);
const texts = Number(process.argv[3] ?? 24);
const secondsBetween = Number(process.argv[4] ?? 0.5);
const WARM_SECONDS = 1;
const LENGTHS = [2, 3, 4, 6, 12];
const STRIDES = [1, 2, 3, 5];
const STARTS = [0, 4, 8, 12, 16];
const AT_ONCE = 9;

/** The function at fault; undefined for the healthy ones. */
const KINDS: Record<string, string | undefined> = {
  'leak-append-structs': 'main.appendStructs',
  'leak-append-bytes': 'main.appendBytes',
  'leak-buffer': 'main.bufferGrows',
  'leak-pointers': 'main.retainPointers',
  'leak-subslice': 'main.subSlice',
  'leak-queue': 'main.queueBehind',
  'leak-map': 'main.mapPointers',
  'leak-map-inline': 'main.mapInline',
  'leak-syncmap': 'main.syncMapLeak',
  'leak-goroutine': 'main.goroutineHeap.func1',
  'leak-timer': 'main.closureTimer',
  'leak-callback': 'main.callbackLeak',
  'leak-context': 'main.contextLeak',
  'leak-list': 'main.linkedList',
  'ok-pool': undefined,
  'ok-lru': undefined,
  'ok-warmup': undefined,
  'ok-batch': undefined,
  'ok-churn': undefined,
  'ok-ring': undefined,
  'ok-breathing': undefined,
  'ok-append-reset': undefined,
  'ok-append-reused': undefined,
  'ok-ttl': undefined,
  'ok-reload': undefined,
  'ok-sine': undefined,
  'ok-map-evicts': undefined,
};

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const chunk of child.stdout!) return String(chunk).trim();
  throw new Error('the program ended before it said its address');
}

/** The heap texts of one kind, without those between which no cycle ended. */
async function record(program: string, kind: string): Promise<HeapEvent[]> {
  const child = spawn(
    program,
    [
      ...['-kind', kind, '-mib', String(mibASecond), '-n', String(texts)],
      ...['-spacing', `${secondsBetween}s`, '-warm', `${WARM_SECONDS}s`],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const events: HeapEvent[] = [];
  try {
    const url = `${await addressOf(child)}/debug/pprof/heap?debug=1`;
    await sleep(WARM_SECONDS * 1000);
    for (let i = 0; i < texts; i++) {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      const parser = new ProfileTextParser('heap', { source: `${kind}-${i}` });
      parser.push(bytes, 0, bytes.length, 1);
      const heap = parser.finish().find((event): event is HeapEvent => event.type === 'heap');
      if (heap !== undefined && heap.numGC !== events.at(-1)?.numGC) events.push(heap);
      await sleep(secondsBetween * 1000);
    }
  } finally {
    child.kill();
  }
  return events;
}

function siteGrowths(events: readonly HeapEvent[]): FindingEvent[] {
  const analysis = new HeapSeriesAnalysis();
  for (const event of events) analysis.push(event);
  return analysis
    .finish()
    .filter((event): event is FindingEvent => event.type === 'finding' && event.rule === 'site-growth');
}

interface Score {
  series: number;
  named: { warning: number; info: number };
  blamed: { warning: number; info: number };
}

const scores = new Map<string, Score>();

function score(kind: string, length: number, filling: boolean, found: readonly FindingEvent[]): void {
  const guilty = KINDS[kind];
  const isGuilty = ({ site }: FindingEvent): boolean =>
    guilty !== undefined && site?.function.startsWith(guilty) === true;
  const groups = [kind, guilty === undefined ? (filling ? 'all healthy, from the start' : 'all healthy') : 'all leaks'];
  for (const group of groups) {
    const key = `${group}\t${length}`;
    const known = scores.get(key) ?? { series: 0, named: { warning: 0, info: 0 }, blamed: { warning: 0, info: 0 } };
    scores.set(key, known);
    known.series++;
    const worst = (list: readonly FindingEvent[]): 'warning' | 'info' =>
      list.some(({ severity }) => severity === 'warning') ? 'warning' : 'info';
    const named = found.filter(isGuilty);
    const blamed = found.filter((finding) => !isGuilty(finding));
    if (named.length > 0) known.named[worst(named)]++;
    if (blamed.length > 0) known.blamed[worst(blamed)]++;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'gcbend-bench-'));
const program = join(folder, 'series');
const built = spawnSync('go', ['build', '-o', program, '.'], {
  cwd: fileURLToPath(new URL('series', import.meta.url)),
});
if (built.status !== 0) throw new Error(String(built.stderr));
const kinds = Object.keys(KINDS);
for (let at = 0; at < kinds.length; at += AT_ONCE) {
  await Promise.all(
    kinds.slice(at, at + AT_ONCE).map(async (kind) => {
      const events = await record(program, kind);
      for (const length of LENGTHS)
        for (const stride of STRIDES)
          for (const start of STARTS) {
            const picked = Array.from({ length }, (_, i) => events[start + i * stride]).filter(
              (event) => event !== undefined,
            );
            if (picked.length === length) score(kind, length, start === 0, siteGrowths(picked));
          }
    }),
  );
}
rmSync(folder, { recursive: true });

console.log('of so many series: named as warning + as info, others blamed as warning + as info');
console.log(['', ...LENGTHS.map((length) => `${length} texts`)].map((text) => text.padEnd(28)).join(''));
for (const name of [...kinds, 'all leaks', 'all healthy', 'all healthy, from the start']) {
  const cells = LENGTHS.map((length) => {
    const found = scores.get(`${name}\t${length}`);
    if (found === undefined) return '-';
    const { series, named, blamed } = found;
    return `${series}: ${named.warning} + ${named.info}, ${blamed.warning} + ${blamed.info}`;
  });
  console.log([name, ...cells].map((text) => text.padEnd(28)).join(''));
}
