// In: the anchors of gcbend's own grammars and parsers. Out: src/framing/known-fingerprints.ts: where each stands so that chance hits are rare.
// Run `npx tsx scripts/choose-fingerprints.ts` (it takes a while) after a change of anchors; one that is not in the file is placed at each start.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchors as wrapperAnchors } from '../src/envelope/index.ts';
import { anchors as dumpAnchors } from '../src/events/goroutines/index.ts';
import { anchors as profileAnchors } from '../src/events/profiles/index.ts';
import { withoutImplied } from '../src/framing/anchor-scanner.ts';
import {
  assignGreedily,
  BUCKETS,
  Bucket,
  FINGERPRINT_BYTES,
  type Fingerprint,
  fingerprintsOf,
} from '../src/framing/fingerprints.ts';
import { builtinGrammars } from '../src/index.ts';

const VARIANTS = 8;

/** What services log: a digit stands for any digit. */
const LINES = [
  '2026-01-02T03:04:05.678Z INFO  server listening addr=0.0.0.0:8080 version=1.24.3 commit=0f3a9be',
  '2026-01-02T03:04:05.678+01:00 WARN  retrying request attempt=2 backoff=250ms error="dial tcp 10.1.2.3:5432: connect: connection refused"',
  '2026/01/02 03:04:05 main.go:123: worker 17 finished job 884213 in 41.3ms (12 rows, 3 MB)',
  '2026/01/02 03:04:05.678901 [ERROR] context deadline exceeded while reading from upstream payments-7d9f6c5b8-x2k4q',
  '10.0.12.34 - - [02/Jan/2026:03:04:05 +0000] "GET /api/v2/users/4711?page=3&limit=50 HTTP/1.1" 200 5316 "-" "curl/8.5.0"',
  '192.168.1.20 - alice [02/Jan/2026:03:04:05 +0000] "POST /login HTTP/2.0" 302 0 "https://www.example.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"',
  '{"level":"info","ts":1767323045.678,"caller":"handler/orders.go:88","msg":"request completed","method":"GET","path":"/orders/12345","status":200,"duration_ms":12.7,"trace_id":"4bf92f3577b34da6"}',
  '{"time":"2026-01-02T03:04:05.678901234Z","level":"ERROR","source":{"function":"main.run","file":"main.go","line":42},"msg":"failed to commit transaction","err":"pq: deadlock detected"}',
  '{"severity":"warning","timestamp":"2026-01-02T03:04:05Z","component":"cache","message":"evicted 512 entries, 64 MB of 256 MB in use","labels":{"pod":"web-0","zone":"eu-west-1b"}}',
  'time="2026-01-02T03:04:05Z" level=debug msg="container started" id=9f86d081884c image=registry.example.com/team/app:1.9.2 elapsed=1.204s',
  'I0102 03:04:05.678901       1 controller.go:219] "Reconciling object" namespace="default" name="nginx-deployment" resourceVersion="1048576"',
  'Jan  2 03:04:05 host-3 myservice[1234]: session opened for user bob, 3 active, total memory 128 KB, load 0.42 0.35 0.30',
  '[GIN] 2026/01/02 - 03:04:05 | 200 |     1.234567ms |       127.0.0.1 | GET      "/ping"',
  '03:04:05.678 [pool-1-thread-4] DEBUG o.s.web.client.RestTemplate - HTTP GET https://inventory.internal:8443/items/99 took 38 ms',
  'level=info ts=2026-01-02T03:04:05.678Z caller=compact.go:519 component=tsdb msg="write block" mint=1767312000000 maxt=1767319200000 duration=2.31s',
];

/** A generator of its own: the file comes out the same every time. */
let state = 1;
const below = (count: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
};

const anchors = withoutImplied([...builtinGrammars().anchors, ...dumpAnchors, ...profileAnchors, ...wrapperAnchors]);
const text = Array.from({ length: VARIANTS }, () => LINES.join('\n').replace(/\d/g, () => `${below(10)}`)).join('\n');
const windows = countWindows(text);
const buckets: Fingerprint[][] = Array.from({ length: BUCKETS }, () => []);
assignGreedily(anchors, buckets);
for (let moved = true; moved; ) {
  moved = false;
  for (const anchor of anchors) moved = moveOne(anchor) || moved;
}
writeFileSync(join(import.meta.dirname, '../src/framing/known-fingerprints.ts'), toSource());
const hits = buckets.reduce((sum, bucket) => sum + costOfBucket(bucket), 0);
process.stdout.write(`chance hits a MiB of log: ${Math.round(hits * 2 ** 20)}\n`);

/** All that a fingerprint may meet, and how often. */
function countWindows(log: string): [window: Buffer, count: number][] {
  const counts = new Map<string, number>();
  for (let at = 0; at + FINGERPRINT_BYTES <= log.length; at++) {
    const window = log.slice(at, at + FINGERPRINT_BYTES);
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return [...counts].map(([window, count]) => [Buffer.from(window, 'latin1'), count]);
}

/** To where it makes the fewest chance hits; false: it is there. */
function moveOne(anchor: Buffer): boolean {
  const from = buckets.findIndex((bucket) => bucket.some((it) => it.anchor === anchor));
  const was = buckets[from]!.find((it) => it.anchor === anchor)!;
  const lowest = { index: from, fingerprint: was, added: costOfBucket(buckets[from]!) };
  buckets[from] = buckets[from]!.filter((it) => it !== was);
  const costs = buckets.map(costOfBucket);
  lowest.added -= costs[from]!;
  for (const fingerprint of fingerprintsOf(anchor)) {
    for (const [index, bucket] of buckets.entries()) {
      const added = costOfBucket([...bucket, fingerprint]) - costs[index]!;
      if (added < lowest.added - 1e-12) Object.assign(lowest, { index, fingerprint, added });
    }
  }
  buckets[lowest.index]!.push(lowest.fingerprint);
  return lowest.fingerprint !== was;
}

/** Chance hits a byte of text: in these lines, and in text of which nothing is known. */
function costOfBucket(fingerprints: readonly Fingerprint[]): number {
  const bucket = new Bucket(fingerprints);
  const hits = windows.reduce((sum, [window, count]) => (bucket.accepts(window) ? sum + count : sum), 0);
  return hits / text.length + bucket.cost;
}

function toSource(): string {
  const lines = buckets.flatMap((bucket, index) =>
    bucket.map(({ anchor, last }) => {
      const name = anchor.toString('latin1');
      return `  ${/^[a-z_]+$/i.test(name) ? name : `'${name}'`}: [${index}, ${last}],\n`;
    }),
  );
  return (
    "// In: gcbend's own anchors. Out: bucket and last byte of the fingerprint of each, as scripts/choose-fingerprints.ts found them. Not written by hand.\n" +
    `export const KNOWN_FINGERPRINTS: Readonly<Record<string, readonly [bucket: number, last: number]>> = {\n${lines.join('')}};\n`
  );
}
