// In: lines as collectors and loggers write them. Out: proof that the text inside comes back, with its time and identity.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Unwrapped, Unwrapper } from '../../src/envelope/index.ts';

const GC =
  'gc 12 @0.254s 3%: 0.035+0.51+0.004 ms clock, 0.28+0.10/0.44/0.11+0.039 ms cpu, 4->4->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 8 P';
const DOCKER_GC = GC.replaceAll('>', '\\u003e');

interface Seen {
  text: string;
  kinds: string[];
  loggedAt: string | undefined;
  identity: string | undefined;
  stream: string | undefined;
}

const looksLikeRecord = (bytes: Buffer, start: number, end: number): boolean =>
  /^(?:gc \d+ @.* P(?: \(forced\))?|goroutine \d+ \[.*\]:)$/.test(bytes.toString('latin1', start, end));

const show = (it: Unwrapped): Seen => ({
  text: it.bytes.toString('utf8', it.start, it.end),
  kinds: [...it.kinds],
  loggedAt: it.loggedAt(),
  identity: it.identity,
  stream: it.stream,
});

function makeUnwrapper(): { unwrapper: Unwrapper; take: (text: string | Buffer) => Seen[] } {
  const unwrapper = new Unwrapper({ looksLikeRecord, year: 2026 });
  let number = 0;
  const take = (text: string | Buffer): Seen[] => {
    const content = Buffer.isBuffer(text) ? text : Buffer.from(text);
    const bytes = Buffer.concat([Buffer.from('before\n'), content, Buffer.from('\nbehind')]);
    const line = { bytes, start: 7, end: 7 + content.length, number: ++number, terminated: true, anchored: true };
    const seen: Seen[] = [];
    for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next()) seen.push(show(it));
    return seen;
  };
  return { unwrapper, take };
}

const takeOne = (text: string | Buffer): Seen => {
  const [seen, ...rest] = makeUnwrapper().take(text);
  assert.ok(seen && rest.length === 0);
  return seen;
};

interface Golden {
  name: string;
  line: string;
  kinds: string[];
  loggedAt?: string;
  identity?: string;
  stream?: string;
}

const goldens: Golden[] = [
  {
    name: 'docker json-file',
    line: `{"log":"${DOCKER_GC}\\n","stream":"stderr","time":"2026-11-21T09:00:00.123456789Z"}`,
    kinds: ['docker-json'],
    loggedAt: '2026-11-21T09:00:00.123456789Z',
    stream: 'stderr',
  },
  {
    name: 'CRI',
    line: `2026-11-21T09:00:00.123456789+01:00 stderr F ${GC}`,
    kinds: ['cri'],
    loggedAt: '2026-11-21T09:00:00.123456789+01:00',
    stream: 'stderr',
  },
  {
    name: 'CRI around JSON',
    line: `2026-11-21T09:00:00.1Z stdout F {"level":"info","ts":1795251601.5,"msg":"${GC}"}`,
    kinds: ['cri', 'json'],
    loggedAt: '2026-11-21T09:00:00.1Z',
    stream: 'stdout',
  },
  {
    name: 'journald short',
    line: `Nov 21 09:00:00 web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald short-precise',
    line: `Nov  1 09:00:00.123456 web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-01T09:00:00.123456Z',
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald short-iso',
    line: `2026-11-21T09:00:00+0200 web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-21T09:00:00+02:00',
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald short-full',
    line: `Sat 2026-11-21 09:00:00 UTC web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald short-unix',
    line: `1795251600.123456 web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald short-monotonic',
    line: `[ 1234.123456] web3 server[1234]: ${GC}`,
    kinds: ['syslog-3164'],
    identity: 'web3 server[1234]',
  },
  {
    name: 'journald json',
    line: `{"_PID":"1234","__REALTIME_TIMESTAMP":"1795251600123456","_HOSTNAME":"web3","SYSLOG_IDENTIFIER":"server","MESSAGE":"${GC}"}`,
    kinds: ['journald-json'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
    identity: 'web3 server 1234',
  },
  {
    name: 'journald json, bytes',
    line: `{"__REALTIME_TIMESTAMP":"1795251600123456","MESSAGE":[${[...Buffer.from(GC)].join(',')}]}`,
    kinds: ['journald-json'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
  },
  {
    name: 'journald json, coloured bytes that are no UTF-8 before others',
    line: `{"__REALTIME_TIMESTAMP":"1795251600123456","OTHER":[255,1],"MESSAGE":[${[...Buffer.from(`\x1b[1;31m${GC}\x1b[0m`)].join(',')}]}`,
    kinds: ['journald-json'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
  },
  {
    name: 'journald json of old systemd, bytes',
    line: `{ "__REALTIME_TIMESTAMP" : "1795251600123456", "MESSAGE" : [ ${[...Buffer.from(GC)].join(', ')} ] }`,
    kinds: ['journald-json'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
  },
  {
    name: 'colours inside JSON',
    line: JSON.stringify({ log: `\x1b[31m${GC}\x1b[0m\n`, stream: 'stderr', time: '2026-11-21T09:00:00Z' }),
    kinds: ['docker-json'],
    loggedAt: '2026-11-21T09:00:00Z',
    stream: 'stderr',
  },
  {
    name: 'syslog RFC 3164',
    line: `<11>Nov 21 09:00:00 web3 server[77]: ${GC}`,
    kinds: ['syslog-3164'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: 'web3 server[77]',
  },
  {
    name: 'syslog RFC 5424',
    line: `<11>1 2026-11-21T09:00:00.003Z web3 server 77 ID47 [ex@32473 a="b]\\"c" d="e"][x y="z"] \ufeff${GC}`,
    kinds: ['syslog-5424'],
    loggedAt: '2026-11-21T09:00:00.003Z',
    identity: 'web3 server 77',
  },
  {
    name: 'syslog RFC 5424 without structured data',
    line: `1 2026-11-21T09:00:00.003+02:00 web3 server 77 - - ${GC}`,
    kinds: ['syslog-5424'],
    loggedAt: '2026-11-21T09:00:00.003+02:00',
    identity: 'web3 server 77',
  },
  { name: 'compose', line: `web-1  | ${GC}`, kinds: ['compose'], identity: 'web-1' },
  { name: 'pm2', line: `0|server   | ${GC}`, kinds: ['pm2'], identity: '0|server' },
  {
    name: 'pm2 with times',
    line: `12|api | 2026-11-21T09:00:00: ${GC}`,
    kinds: ['pm2', 'timestamp'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: '12|api',
  },
  {
    name: 'fluentd file',
    line: `2026-11-21T09:00:00+00:00\tkube.app\t${JSON.stringify({ log: `${GC}\n`, stream: 'stderr' })}`,
    kinds: ['fluentd', 'json'],
    loggedAt: '2026-11-21T09:00:00+00:00',
    identity: 'kube.app',
    stream: 'stderr',
  },
  {
    name: 'fluentd on standard output',
    line: `2026-11-21 09:00:00.000000000 +0000 docker.web: ${JSON.stringify({ container_name: '/web', log: GC })}`,
    kinds: ['fluentd', 'json'],
    loggedAt: '2026-11-21T09:00:00.000000000+00:00',
    identity: 'docker.web /web',
  },
  {
    name: 'one of a list of JSON objects',
    line: `[{"timestamp":"2026-11-21T09:00:00Z","textPayload":"${GC}"},`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00Z',
  },
  {
    name: 'JSON with the message inside',
    line: `{"id":"A","attributes":{"message":"${GC}","timestamp":"2026-11-21T09:00:00.5Z","host":"h"}}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.5Z',
  },
  {
    name: 'OpenTelemetry',
    line: `{"timeUnixNano":"1795251600123456789","body":{"stringValue":"${GC}"}}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.123456789Z',
  },
  { name: 'a member of JSON over several lines', line: `    "textPayload": "${DOCKER_GC}",`, kinds: ['json'] },
  { name: 'one of a list of strings', line: `  "${DOCKER_GC}",`.trimStart(), kinds: ['quoted'] },
  {
    name: 'CSV',
    line: `2026-11-21 09:00:00.000,"${GC}"`,
    kinds: ['quoted'],
    loggedAt: '2026-11-21T09:00:00.000Z',
  },
  {
    name: 'CSV with a date in words, labels and more cells',
    line: `"Nov 21, 2026 @ 09:00:00.000","{app=""x""}","${GC}",web-1,`,
    kinds: ['quoted'],
  },
  { name: 'TAI64N', line: `@400000006a1234560000abcd ${GC}`, kinds: ['tai64n'] },
  {
    name: 'svlogd',
    line: `2026-11-21_09:00:00.12345 ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00.12345Z',
  },
  { name: 'a date whose month may be its day', line: `11/12/2026 9:00:00 AM ${GC}`, kinds: ['timestamp'] },
  { name: 'a task runner', line: `api:dev: ${GC}`, kinds: ['task'], identity: 'api:dev' },
  { name: 'a bar of box characters', line: `web-server  │ ${GC}`, kinds: ['compose'], identity: 'web-server' },
  { name: 'quoted in a mail', line: `> ${GC}`, kinds: ['mark'] },
  { name: 'grep -n', line: `app.log:12:${GC}`, kinds: ['numbered'] },
  { name: 'cat -n', line: `    12\t${GC}`, kinds: ['numbered'] },
  { name: 'Buildkite', line: `\x1b_bk;t=1795251600123\x07${GC}`, kinds: [] },
  { name: 'padded to the width of a screen', line: `${GC}     `, kinds: [] },
  {
    name: "Go's log package with a name, microseconds and the file",
    line: `app: 2026/11/21 09:00:00.000001 main.go:33: ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00.000001Z',
  },
  {
    name: 'compose with colours',
    line: `\x1b[36mweb-1  | \x1b[0m${GC}`,
    kinds: ['compose'],
    identity: 'web-1',
  },
  {
    name: 'compose with times',
    line: `web-1  | 2026-11-21T09:00:00.123456789Z ${GC}`,
    kinds: ['compose', 'timestamp'],
    loggedAt: '2026-11-21T09:00:00.123456789Z',
    identity: 'web-1',
  },
  {
    name: 'swarm',
    line: `web.1.x2k9@node-4    | ${GC}`,
    kinds: ['compose'],
    identity: 'web.1.x2k9@node-4',
  },
  {
    name: 'kubectl --prefix --timestamps',
    line: `[pod/web-5d9c/server] 2026-11-21T09:00:00.123456789Z ${GC}`,
    kinds: ['kubectl', 'timestamp'],
    loggedAt: '2026-11-21T09:00:00.123456789Z',
    identity: 'pod/web-5d9c/server',
  },
  {
    name: 'stern',
    line: `web-5d9cf7b9d-x2k9p server ${GC}`,
    kinds: ['stern'],
    identity: 'web-5d9cf7b9d-x2k9p server',
  },
  { name: 'go test, indented', line: `    ${GC}`, kinds: ['indent'] },
  { name: 'go test, t.Log', line: `    leak_test.go:12: ${GC}`, kinds: ['go-test'] },
  {
    name: 'go test -json',
    line: `{"Time":"2026-11-21T09:00:00.5+01:00","Action":"output","Package":"x/leak","Test":"TestLeak","Output":"${DOCKER_GC}\\n"}`,
    kinds: ['go-test-json'],
    loggedAt: '2026-11-21T09:00:00.5+01:00',
    identity: 'x/leak',
  },
  {
    name: 'zap',
    line: `{"level":"info","ts":1795251600.123,"caller":"x/main.go:3","msg":"${GC}"}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.123000Z',
  },
  {
    name: 'zerolog',
    line: `{"level":"info","time":1795251600,"message":"${GC}"}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.000000Z',
  },
  {
    name: 'slog JSON',
    line: `{"time":"2026-11-21T09:00:00.123456789+01:00","level":"INFO","msg":"${GC}"}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.123456789+01:00',
  },
  {
    name: 'logrus JSON',
    line: `{"level":"info","msg":"${DOCKER_GC}","time":"2026-11-21T09:00:00Z"}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00Z',
  },
  {
    name: 'bunyan',
    line: `{"name":"x","hostname":"web3","pid":77,"level":30,"msg":"${GC}","time":"2026-11-21T09:00:00.001Z","v":0}`,
    kinds: ['json'],
    loggedAt: '2026-11-21T09:00:00.001Z',
    identity: 'web3 77',
  },
  {
    name: 'slog text',
    line: `time=2026-11-21T09:00:00.123+01:00 level=INFO msg="${GC}"`,
    kinds: ['logfmt'],
    loggedAt: '2026-11-21T09:00:00.123+01:00',
  },
  {
    name: 'logrus text, fields behind',
    line: `time="2026-11-21T09:00:00Z" level=info msg="${GC}" source=child pid=77`,
    kinds: ['logfmt'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: '77',
  },
  {
    name: 'journald around logrus',
    line: `Nov 21 09:00:00 web3 server[77]: time="2026-11-21T09:00:00.5Z" level=info msg="${GC}"`,
    kinds: ['syslog-3164', 'logfmt'],
    loggedAt: '2026-11-21T09:00:00Z',
    identity: 'web3 server[77]',
  },
  {
    name: "Go's log",
    line: `2026/11/21 09:00:00.123456 ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
  },
  {
    name: 'time with comma, level and thread',
    line: `2026-11-21 09:00:00,123 INFO [main] stderr: ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00.123Z',
  },
  {
    name: 'time in brackets',
    line: `[2026-11-21T09:00:00Z] ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00Z',
  },
  {
    name: "Apache's time",
    line: `[21/Nov/2026:09:00:00 +0200] ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00+02:00',
  },
  { name: 'epoch', line: `1795251600 ${GC}`, kinds: ['timestamp'], loggedAt: '2026-11-21T09:00:00Z' },
  { name: 'epoch in ms', line: `1795251600123 ${GC}`, kinds: ['timestamp'], loggedAt: '2026-11-21T09:00:00.123Z' },
  { name: 'a clock alone', line: `09:00:00.123 ${GC}`, kinds: ['timestamp'] },
  {
    name: 'GitHub Actions',
    line: `2026-11-21T09:00:00.1234567Z ${GC}`,
    kinds: ['timestamp'],
    loggedAt: '2026-11-21T09:00:00.1234567Z',
  },
  {
    name: 'GitHub Actions through gh',
    line: `build\tRun tests\t2026-11-21T09:00:00.1234567Z ${GC}`,
    kinds: ['github'],
    loggedAt: '2026-11-21T09:00:00.1234567Z',
    identity: 'build\tRun tests',
  },
  {
    name: 'GitLab CI',
    line: `2026-11-21T09:00:00.123456Z 01E ${GC}`,
    kinds: ['gitlab'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
    stream: 'stderr',
  },
  {
    name: 'Android logcat, threadtime',
    line: `11-21 09:00:00.123  1234  1240 E GoLog   : ${GC}`,
    kinds: ['logcat'],
    loggedAt: '2026-11-21T09:00:00.123Z',
    identity: '1234',
  },
  { name: 'Android logcat, brief', line: `E/GoLog   ( 1234): ${GC}`, kinds: ['logcat'], identity: '1234' },
  {
    name: 'klog',
    line: `I1121 09:00:00.123456    1234 main.go:12] ${GC}`,
    kinds: ['klog'],
    loggedAt: '2026-11-21T09:00:00.123456Z',
    identity: '1234',
  },
  { name: 'logrus on a terminal', line: `\x1b[36mINFO\x1b[0m[0003] ${GC}`, kinds: ['logrus-terminal'] },
  { name: 'brackets', line: `[app] [stderr] ${GC}`, kinds: ['brackets'] },
];

for (const { name, line, kinds, loggedAt, identity, stream } of goldens) {
  test(`taken off: ${name}`, () => {
    assert.deepEqual(takeOne(line), { text: GC, kinds, loggedAt, identity, stream });
  });
}

test('journald: a message given twice is two lines; one that is left out, or no text, is none', () => {
  const journal = (message: string): string => `{"__REALTIME_TIMESTAMP":"1795251600123456","MESSAGE":${message}}`;
  const { take } = makeUnwrapper();
  const texts = (message: string): string[] => take(journal(message)).map(({ text }) => text);
  assert.deepEqual(texts(`["first",[${[...Buffer.from(GC)].join(',')}]]`), ['first', GC]);
  assert.deepEqual(texts('[]'), ['']);
  for (const none of ['null', '[300]', '[1.5]', '[-1]', '["a",1]', '[[[1]]]', '[null]', '{}', '7']) {
    assert.deepEqual(texts(none), [journal(none)]);
  }
});

test('a text written in numbers is searched for anchors, whatever its line holds', () => {
  const unwrapper = new Unwrapper({ looksLikeRecord, anchors: [Buffer.from('ms clock')] });
  for (const [text, anchored] of [
    [GC, true],
    ['\x1b[32mready\x1b[0m', false],
  ] as const) {
    const bytes = Buffer.from(`{"__REALTIME_TIMESTAMP":"1","MESSAGE":[${[...Buffer.from(text)].join(',')}]}`);
    const line = { bytes, start: 0, end: bytes.length, number: 1, terminated: true, anchored: true };
    assert.equal(unwrapper.unwrap(line)?.anchored, anchored);
  }
});

test('nothing is copied where nothing is wrapped', () => {
  const unwrapper = new Unwrapper({ looksLikeRecord });
  for (const text of [GC, '+0.10/0.44/0.11+0.039 ms cpu, 4->4->0 MB', 'pacer: sweep done', '']) {
    const bytes = Buffer.from(text);
    const found = unwrapper.unwrap({
      bytes,
      start: 0,
      end: bytes.length,
      number: 2,
      terminated: false,
      anchored: true,
    });
    assert.ok(found && found.bytes === bytes && found.start === 0 && found.end === bytes.length);
    assert.equal(found.terminated, false);
    assert.equal(found.kinds.length, 0);
  }
});

test('lines that are not wrapped come back as they are', () => {
  const { unwrapper, take } = makeUnwrapper();
  const lines = [
    '2026/11/21 09:00:00 http.go:12: GET /api from 10.0.0.1:80',
    '{"level":"info","ts":1795251600.1,"msg":"cache refreshed"}',
    '{"log": not json}',
    'time=2026-11-21T09:00:00Z level=INFO msg="gc 3 reasons to sleep"',
    'web-1 is up | gc 3 reasons',
    '[worker-3] gc 3 reasons',
    '\tmain.go:12 +0x1d',
    'main.leak(0xc000012345, {0x1, 0x2})',
    'scvg: 1 MB released',
  ];
  for (const line of lines) assert.deepEqual(take(line), [{ ...EMPTY, text: line }]);
  assert.equal(unwrapper.isWrapped, false);
});

const EMPTY = { kinds: [], loggedAt: undefined, identity: undefined, stream: undefined };

test('a known wrapper is taken off every line, so that torn records meet', () => {
  const { unwrapper, take } = makeUnwrapper();
  take(`2026/11/21 09:00:00 INFO ${GC}`);
  assert.ok(unwrapper.isWrapped);
  assert.equal(take('2026/11/21 09:00:01 WARN slow request')[0]!.text, 'slow request');
  assert.equal(take('2026/11/21 09:00:02 INFO gc 13 @0.3s 3')[0]!.text, 'gc 13 @0.3s 3');
  assert.equal(take('2026/11/21 09:00:02 INFO %: 0.1+0.2+0.3 ms clock')[0]!.text, '%: 0.1+0.2+0.3 ms clock');
});

test('nothing new is looked for in a line without an anchor', () => {
  const unwrapper = new Unwrapper({ looksLikeRecord });
  const bytes = Buffer.from(`2026/11/21 09:00:00 ${GC}`);
  const line = { bytes, start: 0, end: bytes.length, number: 1, terminated: true, anchored: false };
  assert.deepEqual(unwrapper.unwrap(line)!.kinds, []);
  assert.deepEqual(unwrapper.unwrap({ ...line, anchored: true })!.kinds, ['timestamp']);
  assert.deepEqual(unwrapper.unwrap(line)!.kinds, ['timestamp']);
});

test('services in different wrappers share a file', () => {
  const { take } = makeUnwrapper();
  const json = `{"level":"info","msg":"${GC}"}`;
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(take(`web-1  | ${GC}`)[0]!.kinds, ['compose']);
    assert.deepEqual(take(`job-1  | ${json}`)[0], {
      ...EMPTY,
      text: GC,
      kinds: ['compose', 'json'],
      identity: 'job-1',
    });
  }
});

test('with and without a level in one source', () => {
  const { take } = makeUnwrapper();
  for (const prefix of [
    '2026/11/21 09:00:00 INFO ',
    '2026/11/21 09:00:00 ',
    '[pod/a/b] 2026/11/21 09:00:00 INFO main ',
    '',
  ]) {
    for (let round = 0; round < 2; round++) assert.equal(take(prefix + GC)[0]!.text, GC);
  }
});

test('a wrapper that stops fitting is forgotten after three lines', () => {
  const { unwrapper, take } = makeUnwrapper();
  take(`2026/11/21 09:00:00 ${GC}`);
  for (const line of ['one', '%: two', 'three']) {
    assert.ok(unwrapper.isWrapped);
    take(line);
  }
  assert.equal(unwrapper.isWrapped, false);
  const line = '2026/11/21 09:00:00 an application line';
  assert.equal(take(line)[0]!.text, line);
});

test('pieces of a line are joined', () => {
  const { unwrapper, take } = makeUnwrapper();
  const head = '2026-11-21T09:00:00.1Z stderr';
  assert.deepEqual(take(`${head} P gc 12 @0.254s 3`), []);
  assert.ok(unwrapper.needsEveryLine);
  assert.equal(take('2026-11-21T09:00:00.2Z stdout F another stream')[0]!.text, 'another stream');
  assert.deepEqual(take(`${head} P ${GC.slice(15, 60)}`), []);
  assert.equal(take(`${head} F ${GC.slice(60)}`)[0]!.text, GC);
  assert.equal(unwrapper.needsEveryLine, false);
  assert.equal(unwrapper.end(), undefined);
  take(`${head} P the last`);
  const last = unwrapper.end()!;
  assert.equal(last.bytes.toString('utf8', last.start, last.end), 'the last');
  assert.equal(last.terminated, false);
  assert.equal(unwrapper.end(), undefined);
});

test('docker pieces are joined, but short texts without a newline are lines', () => {
  const { take } = makeUnwrapper();
  const wrap = (log: string): string => JSON.stringify({ log, stream: 'stderr', time: '2026-11-21T09:00:00Z' });
  assert.equal(take(wrap(GC))[0]!.text, GC);
  assert.deepEqual(take(wrap('x'.repeat(16384))), []);
  assert.equal(take(wrap('yz\n'))[0]!.text, `${'x'.repeat(16384)}yz`);
});

test('docker pieces of any length are joined where docker is known to keep the newlines', () => {
  const { take } = makeUnwrapper();
  const wrap = (log: string): string => JSON.stringify({ log, stream: 'stderr', time: '2026-11-21T09:00:00Z' });
  assert.equal(take(wrap(`${GC}\n`))[0]!.text, GC);
  assert.deepEqual(take(wrap(GC.slice(0, 25))), []);
  assert.equal(take(wrap(`${GC.slice(25)}\n`))[0]!.text, GC);
});

test('colours and padding in the lines between those with an anchor', () => {
  const { unwrapper } = makeUnwrapper();
  const read = (text: string, anchored: boolean): string => {
    const bytes = Buffer.from(text);
    const it = unwrapper.unwrap({ bytes, start: 0, end: bytes.length, number: 1, terminated: true, anchored })!;
    return it.bytes.toString('utf8', it.start, it.end);
  };
  assert.equal(read('\x1b[1mmain.f()\x1b[0m', false), '\x1b[1mmain.f()\x1b[0m');
  assert.equal(read('\x1b[1mgoroutine 1 [running]:\x1b[0m', true), 'goroutine 1 [running]:');
  assert.equal(read('\x1b[1mmain.f()\x1b[0m', false), 'main.f()');
  assert.ok(unwrapper.isWrapped);
  assert.equal(read('main.f()  ', false), 'main.f()  ');
  assert.equal(read('goroutine 1 [running]:   ', true), 'goroutine 1 [running]:');
  assert.equal(read('main.f()  ', false), 'main.f()');
  for (let i = 0; i < 65; i++) read('main.f()', false);
  assert.ok(!unwrapper.isWrapped);
  // What may be a piece of a torn line stays as it is.
  assert.equal(read('gc 3 @0.5s 1%: 0.1+0.2+0.3 ms clock, ', true), 'gc 3 @0.5s 1%: 0.1+0.2+0.3 ms clock, ');
});

test('the other lines of JSON over several lines are no lines of their own', () => {
  const { take } = makeUnwrapper();
  assert.equal(take('    "message": "goroutine 1 [running]:"')[0]!.text, 'goroutine 1 [running]:');
  for (const line of ['  },', '  {', '    "timestamp": "2026-11-21T09:00:00Z",', '    "labels": {']) {
    assert.deepEqual(take(line), [], line);
  }
  assert.equal(take('    "message": "main.main()",')[0]!.text, 'main.main()');
});

test('a dump in one message comes out line by line', () => {
  const { take } = makeUnwrapper();
  const dump = 'goroutine 7 [chan send]:\r\nmain.leak()\n\t/x/main.go:12 +0x1d\n\ngoroutine 8 [running]:';
  const seen = take(JSON.stringify({ level: 'error', msg: `${dump}\n`, ts: 1795251600 }));
  assert.deepEqual(
    seen.map((it) => it.text),
    dump.split(/\r?\n/),
  );
  assert.ok(seen.every((it) => it.loggedAt === '2026-11-21T09:00:00.000000Z'));
});

test('byte order mark, NULs and colours', () => {
  assert.equal(takeOne(`\ufeff${GC}`).text, GC);
  assert.equal(takeOne(`\x00\x00\x00${GC}\x00`).text, GC);
  assert.equal(takeOne(`${GC}\x00`).text, GC);
  assert.equal(takeOne(`\x1b[2K\x1b[1;31m${GC}\x1b[0m`).text, GC);
  const invalid = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('name')]);
  assert.equal(takeOne(invalid).text, invalid.toString('utf8'));
});

test('any bytes: never throws, and what nothing fits stays as it is', () => {
  const pieces = fc.constantFrom(
    ...goldens.map((golden) => golden.line.slice(0, -GC.length)),
    GC,
    '{"msg":"',
    '"}',
    '\\u00',
    '\\',
    'time=',
    '\x1b[',
    '\x00',
  );
  const line = fc
    .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 6 })
    .map((parts) => parts.join('').replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const { take, unwrapper } = makeUnwrapper();
      for (const text of lines) {
        for (const seen of take(text)) {
          if (seen.kinds.length === 0 && !/[\x00\x1b\ufeff]/.test(text)) {
            assert.equal(seen.text.trimEnd(), text.trimEnd());
          }
        }
      }
      while (unwrapper.end() !== undefined);
    }),
    { numRuns: 300 },
  );
});
