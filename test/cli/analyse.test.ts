// In: the built command on real samples. Out: statuses, streams and formats as CONTRACT says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventsOf, gcbend, samples } from '../support/gcbend.ts';
import { assertSchema } from '../support/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-cli-'));
after(() => rmSync(folder, { recursive: true }));
const leak = join(samples, 'leak/stderr.log');
const trace = readFileSync(leak, 'utf8');

test('a file, the same on standard input, and gzipped give the same events', async () => {
  const named = await gcbend([leak, '--format', 'ndjson']);
  assert.equal(named.status, 0);
  assert.equal(named.stderr, '');
  const piped = await gcbend(['--format', 'ndjson'], { input: trace });
  const packed = join(folder, 'leak.log.gz');
  writeFileSync(packed, gzipSync(trace));
  const unpacked = await gcbend([packed, '--format', 'ndjson']);
  const plain = named.stdout.replaceAll(leak, 'X');
  assert.equal(
    piped.stdout.replaceAll('"source":"-"', '"source":"X"'),
    plain.replaceAll('"source":"-"', '"source":"X"'),
  );
  assert.equal(unpacked.stdout.replaceAll(packed, 'X'), plain);
  assertSchema(eventsOf(named));
});

test('a log whose newest line comes first: a note, and what to do, on stderr and in every format that has a place for it', async () => {
  const input = trace.trimEnd().split('\n').toReversed().join('\n');
  const note =
    'the newest line of standard input comes first: each cycle looks like a process of its own; `… | tac | gcbend` reads it in order';
  const reported = await gcbend([], { input });
  assert.equal(reported.stderr, `gcbend: ${note}\n`);
  const paragraph = /^gcbend {2}standard input\n\n {2}! (Note: [\s\S]*?)\n\n/.exec(reported.stdout)?.[1];
  assert.equal(paragraph?.replace(/\s+/g, ' '), `Note: ${note}.`);
  for (const format of ['ndjson', 'csv', 'openmetrics']) {
    const ran = await gcbend(['--format', format], { input });
    assert.equal(ran.stderr, `gcbend: ${note}\n`);
    assert.ok(!ran.stdout.includes('newest line'));
  }
  const files = ['note.txt', 'note.md', 'note.html', 'note.json', 'note.xml'].map((name) => join(folder, name));
  const quiet = await gcbend(['--quiet', ...files.flatMap((file) => ['-o', file])], { input });
  assert.equal(quiet.stderr, '');
  const [text, markdown, html, json, junit] = files.map((file) => readFileSync(file, 'utf8'));
  assert.ok(text!.replace(/\s+/g, ' ').includes(`! Note: ${note}.`));
  assert.ok(markdown!.includes(`\n> **Note:** ${note}.\n`));
  assert.ok(html!.includes(`<p class="note warning">Note: ${note.replace(/`(.*)`/, '<code>$1</code>')}.</p>`));
  assert.deepEqual(JSON.parse(json!).notes, [note]);
  assert.ok(junit!.includes(`<system-err>${note}</system-err>`));
});

test('bytes to bytes and through objects the NDJSON says the same', async () => {
  const direct = await gcbend([leak, '--format', 'ndjson']);
  const file = join(folder, 'through.ndjson');
  await gcbend([leak, '--quiet', '-o', file]);
  const through = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    eventsOf(direct),
    through.map((line) => JSON.parse(line)),
  );
});

test('gcbend reads its own NDJSON back and gives the same report', async () => {
  for (const sample of ['leak/stderr.log', 'torn/stderr.log', 'go-build/stderr.log']) {
    const first = await gcbend([sample, '--width', '80']);
    const ndjson = await gcbend([sample, '--format', 'ndjson']);
    const again = await gcbend(['--width', '80'], { input: ndjson.stdout });
    assert.equal(again.status, 0);
    assert.equal(again.stdout, first.stdout, sample);
  }
});

test('a filtered NDJSON without facts keeps what a filter left', async () => {
  const ndjson = await gcbend([leak, '--format', 'ndjson']);
  const bends = eventsOf(ndjson).filter((event) => event.type === 'inflection');
  const again = await gcbend(['--format', 'ndjson'], {
    input: bends.map((event) => `${JSON.stringify(event)}\n`).join(''),
  });
  assert.deepEqual(eventsOf(again).slice(0, -1), bends);
});

test('a note that --fail-on names fails its JUnit case, as it fails the command', async () => {
  const file = join(folder, 'bill.xml');
  const asked = await gcbend(['heap-leak/dumps', '--quiet', '--fail-on', 'memory-bill,heap-growth', '-o', file]);
  assert.equal(asked.status, 1);
  assert.match(readFileSync(file, 'utf8'), /classname="gcbend\.memory-bill"[^>]*>\s*<failure type="info"/);
  await gcbend(['heap-leak/dumps', '--quiet', '-o', file]);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /<failure type="info"/);
});

test('the status says what --fail-on names, what is misused, what is empty', async () => {
  assert.equal((await gcbend([leak, '--fail-on', 'heap-growth', '--quiet'])).status, 1);
  assert.equal((await gcbend([leak, '--fail-on', 'gc-pressure,long-pause', '--quiet'])).status, 0);
  assert.equal((await gcbend([leak, '--fail-on', 'any', '--quiet'])).status, 1);
  for (const args of [
    ['--fail-on', 'no-such-rule', leak],
    ['--no-such-option', leak],
    ['--format', 'yaml', leak],
    ['--detector', 'magic', leak],
    ['--detector', 'none,peaks', leak],
    ['--width', '12', leak],
    ['--limit', 'much', leak],
    ['--limit', '0', leak],
    ['--signal', 'heaplive', leak],
    ['--since', '10m', leak],
    ['-o', 'result.unknown', leak],
    [join(folder, 'not-there.log')],
    [folder, '--grammar', leak],
  ]) {
    const ran = await gcbend(args);
    assert.equal(ran.status, 2, args.join(' '));
    assert.match(ran.stderr, /^gcbend: \S/, args.join(' '));
    assert.doesNotMatch(ran.stderr, /internal error|at .*\.js:\d/, args.join(' '));
    assert.equal(ran.stdout, '');
  }
});

test('--fail-on fires for rules that only ever inform', async () => {
  const dumps = join(samples, 'pool/dumps');
  for (const rule of ['alloc-churn', 'memory-bill']) {
    assert.equal((await gcbend([dumps, '--fail-on', rule, '--quiet'])).status, 1, rule);
  }
});

test('an input without a record: status 3, what was seen, what to try', async () => {
  const nothing = await gcbend(['-'], { input: 'gc 3 reasons to love a small heap\nhello\n' });
  assert.equal(nothing.status, 3);
  assert.equal(nothing.stdout, '');
  assert.match(nothing.stderr, /2 lines, 40 bytes; the first line: gc 3 reasons/);
  assert.match(nothing.stderr, /GODEBUG=gctrace=1/);
  const empty = await gcbend(['-'], { input: '' });
  assert.equal(empty.status, 3);
  assert.match(empty.stderr, /no bytes at all/);
});

test('--passthrough: what the application wrote, to the byte, then the report on a line of its own', async () => {
  const lines = trace.split('\n');
  const at = lines[1]!.indexOf(' @');
  const own = ['2026/11/21 10:00:00 up\r\n', '2026/11/21 10:00:01 inside\n', 'fatal error: no route to host\n', 'bye'];
  const input = [
    `${own[0]}${lines[0]}\n${lines[1]!.slice(0, at)}${own[1]}${lines[1]!.slice(at)}\n${own[2]}`,
    `${lines.slice(2).join('\n')}${own[3]}`,
  ].join('');
  const ran = await gcbend(['--passthrough'], { input });
  assert.equal(ran.status, 0);
  const text = own.join('');
  assert.equal(ran.stdout.slice(0, text.length), text);
  assert.match(ran.stdout.slice(text.length), /^\ngcbend {2}standard input/);
  const silent = await gcbend(['--no-passthrough'], { input });
  assert.match(silent.stdout, /^gcbend {2}standard input/);
});

test('a malformed record is an event and a count, and never changes the status', async () => {
  const cut = trace.slice(0, trace.lastIndexOf(' MB stacks'));
  const ran = await gcbend(['--format', 'ndjson'], { input: cut });
  assert.equal(ran.status, 0);
  const events = eventsOf(ran);
  const malformed = events.filter((event) => event.type === 'malformed');
  assert.equal(malformed.length, 1);
  assert.equal(malformed[0]?.line, 222);
  assert.equal(malformed[0]?.grammar, 'gctrace');
  assert.match(malformed[0]?.reason ?? '', /input/);
  const summary = events.at(-1);
  assert.ok(summary?.type === 'summary' && summary.malformed === 1 && summary.counts['gc'] === 221);
});

test('--detector none derives nothing; peaks and segments may run together', async () => {
  const none = eventsOf(await gcbend([leak, '--format', 'ndjson', '--detector', 'none']));
  assert.deepEqual([...new Set(none.map((event) => event.type))], ['process', 'gc', 'summary']);
  const both = eventsOf(await gcbend([leak, '--format', 'ndjson', '--detector', 'segments,peaks']));
  assert.ok(both.some((event) => event.type === 'inflection' && event.kind === 'growth-onset'));
});

test('every format is written to its file, whole, and nothing is left beside it', async () => {
  const names = ['a.ndjson', 'a.json', 'a.csv', 'a.md', 'a.html', 'a.xml', 'a.prom', 'a.txt'];
  const ran = await gcbend([leak, '--quiet', ...names.flatMap((name) => ['-o', join(folder, 'out', name)])]);
  assert.equal(ran.status, 2, 'the folder is not there');
  assert.match(ran.stderr, /cannot write/);
  const good = await gcbend([leak, '--quiet', ...names.flatMap((name) => ['-o', join(folder, name)])]);
  assert.equal(good.status, 0, good.stderr);
  assert.equal(good.stdout, '');
  for (const name of names) assert.ok(readFileSync(join(folder, name), 'utf8').length > 200, name);
});

test('a reader that goes away ends the command quietly with 0', async () => {
  const command = resolve(samples, '../bin/gcbend.js');
  const child = spawn(
    'sh',
    [
      '-c',
      `"${process.execPath}" "${command}" "$0" "$0" "$0" "$0" --format ndjson 2>err.txt; echo $? >status.txt`,
      leak,
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  child.stdout.once('data', () => child.stdout.destroy());
  await new Promise((done) => child.on('close', done));
  assert.equal(readFileSync(join(folder, 'status.txt'), 'utf8').trim(), '0');
  assert.equal(readFileSync(join(folder, 'err.txt'), 'utf8'), '');
});

test('no colour when piped, colour when asked for, 7 bits with --ascii', async () => {
  const escapeByte = String.fromCharCode(27);
  assert.ok(!(await gcbend([leak])).stdout.includes(escapeByte));
  assert.ok((await gcbend([leak, '--color', 'always'])).stdout.includes(escapeByte));
  assert.ok((await gcbend([leak], { env: { NO_COLOR: undefined, FORCE_COLOR: '1' } })).stdout.includes(escapeByte));
  assert.ok(!(await gcbend([leak], { env: { NO_COLOR: '1', FORCE_COLOR: '1' } })).stdout.includes(escapeByte));
  assert.match((await gcbend([leak, '--ascii'])).stdout, /^[\n\x20-\x7e]*$/);
});

test('several trace files are several processes, rotated ones are one', async () => {
  const lines = trace.trimEnd().split('\n');
  writeFileSync(join(folder, 'app.log'), `${lines.slice(120).join('\n')}\n`);
  writeFileSync(join(folder, 'app.log.1'), `${lines.slice(0, 120).join('\n')}\n`);
  const rotated = eventsOf(await gcbend([join(folder, 'app.log'), join(folder, 'app.log.1'), '--format', 'ndjson']));
  assert.equal(rotated.filter((event) => event.type === 'process').length, 1);
  const cycles = rotated.filter((event) => event.type === 'gc').map((event) => event.cycle);
  assert.deepEqual(
    cycles,
    [...cycles].sort((a, b) => Number(a) - Number(b)),
  );
  const two = eventsOf(await gcbend([leak, 'healthy/stderr.log', '--format', 'ndjson']));
  assert.equal(two.filter((event) => event.type === 'process').length, 2);
});

test('a trace that comes slowly gives its bends while it comes', async () => {
  const command = resolve(samples, '../bin/gcbend.js');
  const child = spawn(process.execPath, [command, '--format', 'ndjson'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  child.stdin.write(trace);
  // The input stays open: what comes out now was known while streaming.
  for (
    let waited = 0;
    !/"status":"provisional".*growth-onset|growth-onset.*"status":"provisional"/.test(seen) && waited < 200;
    waited++
  ) {
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.match(seen, /"status":"provisional"/);
  child.kill('SIGINT');
  const status = await new Promise((done) => child.on('close', (code) => done(code)));
  assert.equal(status, 130);
  assert.match(seen, /"exitReason":"SIGINT"/);
});
