// In: servers on loopback that answer as net/http/pprof does, with real texts. Out: findings, saved snapshots, statuses; never a secret.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventsOf, gcbend, samples } from '../support/gcbend.ts';
import { assertSchema } from '../support/schema.ts';
import { startGcbend } from '../support/started.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-watch-'));
const servers = new Set<Server>();
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const read = (name: string): string => readFileSync(join(samples, name), 'utf8');
const goroutineTexts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => read(`goroutine-leak/dumps/goroutine-debug1-00${n}.txt`));
const heapTexts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => read(`heap-leak/dumps/heap-debug1-00${n}.txt`));

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the program would print `polls` polls after its last real text: 160 blocked goroutines more each time. */
function later(text: string, polls: number): string {
  return text.replace(/(?<=total )\d+|^\d{3,}(?= @)/gm, (count) => String(Number(count) + 160 * polls));
}

/** A leaking program: each poll sees the next of the real texts, then more goroutines and the last heap again and again. */
function leaking(): RequestListener {
  const polls = { goroutine: 0, heap: 0 };
  return (request, response) => {
    const path = request.url ?? '';
    const texts = path.includes('/goroutine?') ? goroutineTexts : path.includes('/heap?') ? heapTexts : undefined;
    if (texts === undefined) {
      response.statusCode = 404;
      response.end('404 page not found\n');
      return;
    }
    const which = texts === heapTexts ? 'heap' : 'goroutine';
    const poll = polls[which]++;
    const last = texts.length - 1;
    response.end(poll <= last ? texts[poll] : which === 'heap' ? texts[last] : later(texts[last]!, poll - last));
  };
}

test('the leak of a program that is polled is named; --count ends it; what was saved reads back the same', async () => {
  const url = await serve(leaking());
  const saved = join(folder, 'saved');
  const watched = await gcbend([
    'watch',
    `${url}/debug/pprof/`,
    '--interval',
    '30ms',
    '--count',
    '8',
    '--save',
    saved,
    '--format',
    'ndjson',
  ]);
  assert.equal(watched.status, 0, watched.stderr);
  const events = eventsOf(watched);
  assertSchema(events);
  assert.equal(events.filter((event) => event.type === 'goroutines').length, 8);
  assert.equal(events.filter((event) => event.type === 'heap').length, 8);
  assert.ok(events.every((event) => event.type !== 'goroutines' || event.atTime !== undefined));
  const finals = (all: typeof events): string[] =>
    all
      .flatMap((event) => (event.type === 'finding' && event.status === 'final' ? [event] : []))
      .map((event) => `${event.rule} ${event.site?.function}`)
      .filter((text) => /-growth/.test(text))
      .sort();
  assert.deepEqual(finals(events), ['goroutine-growth main.waitForReply', 'site-growth main.retainOrder']);
  assert.ok(readdirSync(saved).length >= 8);
  const again = await gcbend([saved, '--format', 'ndjson']);
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(finals(eventsOf(again)), finals(events));
});

test('a place for snapshots that is lost later does not end the watching', async () => {
  const saved = join(folder, 'lost');
  const answer = leaking();
  let polls = 0;
  const url = await serve((request, response) => {
    polls += 1;
    if (polls === 5) renameSync(saved, `${saved}.away`);
    if (polls === 9) renameSync(`${saved}.away`, saved);
    answer(request, response);
  });
  const args = ['watch', url, '--interval', '30ms', '--count', '8', '--save', saved, '--format', 'ndjson'];
  const watched = await gcbend(args);
  assert.equal(watched.status, 0, watched.stderr);
  assert.equal(eventsOf(watched).filter((event) => event.type === 'heap').length, 8);
  assert.equal(watched.stderr.match(/cannot save .*; the watching goes on, saving is tried again/g)?.length, 1);
  assert.match(watched.stderr, /snapshots are saved again/);
  const again = await gcbend([saved, '--format', 'ndjson']);
  assert.equal(again.status, 0);
  assert.doesNotMatch(again.stderr, /left out/);
});

test('the report and --fail-on', async () => {
  const url = await serve(leaking());
  const ran = await gcbend(['watch', url, '--interval', '20ms', '--count', '8', '--fail-on', 'goroutine-growth']);
  assert.equal(ran.status, 1, ran.stderr);
  assert.match(ran.stdout, /pile up in main\.waitForReply/);
  assert.match(ran.stderr, /^gcbend: (?:warning|critical).*main\.waitForReply/m, 'told while it went on');
});

test('a token is sent and never shown or saved', async () => {
  const secret = 'tok-5f2c1ac9-never-shown';
  let refused = 0;
  const inner = leaking();
  const url = await serve((request, response) => {
    if (request.headers.authorization === `Bearer ${secret}`) return inner(request, response);
    refused++;
    response.statusCode = 401;
    response.end(`who are you? ${request.headers.authorization}\n`);
  });
  const saved = join(folder, 'with-token');
  const file = join(folder, 'token.txt');
  writeFileSync(file, `${secret}\n`);
  const polls = ['--interval', '20ms', '--count', '2', '--format', 'ndjson'];
  const good = await gcbend(['watch', url, '--token-env', 'PPROF_TOKEN', '--save', saved, ...polls], {
    env: { PPROF_TOKEN: secret },
  });
  assert.equal(good.status, 0, good.stderr);
  const fromFile = await gcbend(['watch', url, '--token-file', file, ...polls]);
  assert.equal(fromFile.status, 0, fromFile.stderr);
  assert.equal(refused, 0);
  const wrong = await gcbend(['watch', url, '--token-env', 'PPROF_TOKEN', ...polls], {
    env: { PPROF_TOKEN: `${secret}-wrong` },
  });
  assert.equal(wrong.status, 2, wrong.stderr);
  assert.match(wrong.stderr, /401|token/);
  const files = readdirSync(saved).map((name) => readFileSync(join(saved, name)).toString('latin1'));
  for (const text of [good, fromFile, wrong].flatMap(({ stdout, stderr }) => [stdout, stderr]).concat(files)) {
    assert.ok(!text.includes(secret));
  }
});

test('nobody there, not pprof, misuse: status 2 or 3 and what to try', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const nobody = await gcbend(['watch', `http://127.0.0.1:${port}`, '--count', '1']);
  assert.equal(nobody.status, 2);
  assert.match(nobody.stderr, /^gcbend: .*\n {2}try: /m);
  const url = await serve((_request, response) => response.end('<html>hello</html>'));
  const other = await gcbend(['watch', url, '--count', '1']);
  assert.ok(other.status === 2 || other.status === 3, `status ${other.status}`);
  assert.match(other.stderr, /try: /);
  for (const args of [
    ['not a url'],
    [url, '--profiles', 'cpu'],
    [url, '--interval', 'soon'],
    [url, '--header', 'no colon'],
    [url, '--token-env', 'A', '--token-file', 'b'],
    [url, '--cacert', join(folder, 'no-such.pem')],
  ]) {
    const ran = await gcbend(['watch', ...args]);
    assert.equal(ran.status, 2, args.join(' '));
    assert.match(ran.stderr, /^gcbend: \S/, args.join(' '));
    assert.doesNotMatch(ran.stderr, /internal error|at .*\.js:\d/, args.join(' '));
  }
});

test('Ctrl-C ends it with 130 and the report', async () => {
  const url = await serve(leaking());
  const watch = startGcbend(['watch', url, '--interval', '20ms']);
  await watch.until(/main\.waitForReply/);
  watch.child.kill('SIGINT');
  const { status, stdout } = await watch.ended;
  assert.equal(status, 130);
  assert.match(stdout, /pile up in main\.waitForReply/);
});

test('a trace beside the polls is on the same timeline', async () => {
  const url = await serve(leaking());
  const watch = startGcbend([
    'watch',
    url,
    '--interval',
    '20ms',
    '--trace',
    join(samples, 'leak/stderr.log'),
    '--format',
    'ndjson',
  ]);
  await watch.until(/"type":"gc"[\s\S]*"type":"goroutines"|"type":"goroutines"[\s\S]*"type":"gc"/);
  watch.child.kill('SIGTERM');
  const ended = await watch.ended;
  assert.equal(ended.status, 143);
  const events = eventsOf(ended);
  assert.equal(events.filter((event) => event.type === 'gc').length, 222);
  assert.equal(events.at(-1)?.type, 'summary');
});
