// In: records in fields, documents and blocks that no list of known ones has. Out: proof that they come back as they were printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unwrapper } from '../../src/envelope/index.ts';

const ANCHORS = ['gc ', 'goroutine '].map((text) => Buffer.from(text));
const GC =
  'gc 12 @0.254s 3%: 0.035+0.51+0.004 ms clock, 0.28+0.10/0.44/0.11+0.039 ms cpu, 4->4->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 8 P';
const TIME = '2026-11-21T09:00:00.123Z';
const json = JSON.stringify;

interface Seen {
  text: string;
  kinds: string;
  loggedAt: string | undefined;
  identity: string | undefined;
}

function read(lines: readonly (string | Buffer)[]): Seen[] {
  const unwrapper = new Unwrapper({
    anchors: ANCHORS,
    looksLikeRecord: (bytes, start, end) =>
      /^(?:gc \d+ @.* P|goroutine \d+ \[.*\]:)$/.test(bytes.toString('latin1', start, end)),
    year: 2026,
  });
  const seen: Seen[] = [];
  const show = (it: ReturnType<Unwrapper['end']>): void => {
    if (it === undefined) return;
    const { identity } = it;
    const text = it.bytes.toString('utf8', it.start, it.end);
    seen.push({ text, kinds: it.kinds.join(' '), loggedAt: it.loggedAt(), identity });
  };
  for (const [index, content] of lines.entries()) {
    const bytes = Buffer.from(content);
    const anchored = ANCHORS.some((anchor) => bytes.includes(anchor));
    const line = { bytes, start: 0, end: bytes.length, number: index + 1, terminated: true, anchored };
    for (let it = unwrapper.unwrap(line); it !== undefined; it = unwrapper.next()) show(it);
  }
  for (let it = unwrapper.end(); it !== undefined; it = unwrapper.end()) show(it);
  return seen;
}

const textsOf = (lines: readonly (string | Buffer)[]): string[] => read(lines).map((it) => it.text);

const FIELDS: Readonly<Record<string, (text: string) => string>> = {
  'event.original': (text) =>
    json({ '@timestamp': TIME, event: { original: text, kind: 'event' }, log: { offset: 7 } }),
  'any field': (text) => json({ time: TIME, data: { text } }),
  'an object in a field that is a message elsewhere': (text) => json({ message: { message: text, timestamp: TIME } }),
  'beside another message': (text) => json({ time: TIME, level: 'INFO', msg: 'child printed', stderr: text }),
  'a field with the beginning beside it': (text) =>
    json({ timestamp: TIME, short_message: text.slice(0, 9), full_message: text }),
  'a list of texts that is a row': (text) => json([TIME, 'web-1', text]),
  'a logfmt field': (text) => `time=${TIME} level=INFO msg="child printed" stderr=${json(text)}`,
  'a later quoted cell': (text) => `"${TIME}","web-1","stderr","${text}","x"`,
  'a cell behind semicolons': (text) => `${TIME};web-1;${text}`,
};

for (const [name, wrap] of Object.entries(FIELDS)) {
  test(`found: ${name}, and what it holds in lines without a record`, () => {
    const dump = ['goroutine 7 [chan send]:', 'main.leak()'];
    const seen = read([GC, ...dump].map(wrap));
    assert.deepEqual(
      seen.map((it) => it.text),
      [GC, ...dump],
    );
    assert.equal(seen[0]!.loggedAt, TIME);
  });
}

test('a known message goes before another field with the same text', () => {
  const [seen] = read([json({ '@timestamp': TIME, event: { original: `${GC} ` }, message: GC })]);
  assert.deepEqual(seen, { text: GC, kinds: 'json', loggedAt: TIME, identity: undefined });
});

test('a record inside a longer text is left to those who mend torn lines', () => {
  for (const line of [json({ data: { text: `GET /${GC}` } }), `a;GET /;${GC}`, `x, y,${GC}`]) {
    assert.deepEqual(read([line]), [{ text: line, kinds: '', loggedAt: undefined, identity: undefined }]);
  }
});

test('wrapped in turn inside a field', () => {
  const [seen] = read([json({ ts: TIME, data: { text: `2026-11-21 09:00:01 INFO ${GC}` } })]);
  assert.deepEqual(seen, { text: GC, kinds: 'json timestamp', loggedAt: TIME, identity: undefined });
});

test('members of objects over several lines, in JSON and in YAML', () => {
  const inJson = (text: string): string[] => ['  {', '    "_id": "1",', `    "original": ${json(text)}`, '  },'];
  const texts = [GC, 'goroutine 7 [running]:', 'main.main()'];
  assert.deepEqual(textsOf(texts.flatMap(inJson)).slice(2, -1), texts);
  const inYaml = (text: string): string[] => ['---', 'insertId: k1', `textPayload: '${text.replaceAll("'", "''")}'`];
  assert.deepEqual(textsOf(["goroutine 7 [it's]:", 'main.main()'].flatMap(inYaml)).slice(2), [
    "goroutine 7 [it's]:",
    'main.main()',
  ]);
});

const DOCUMENTS: Readonly<Record<string, (entries: readonly { ms: number; text: string }[]) => unknown>> = {
  CloudWatch: (entries) => ({
    events: entries.map(({ ms, text }) => ({ logStreamName: 'pod', timestamp: ms, message: text })),
    searchedLogStreams: [],
  }),
  'Cloud Logging': (entries) =>
    entries.map(({ ms, text }) => ({
      textPayload: text,
      resource: { labels: { pod_name: 'pod' } },
      timestamp: new Date(ms).toISOString(),
    })),
  Elasticsearch: (entries) => ({
    hits: {
      hits: entries.map(({ ms, text }) => ({
        _source: { '@timestamp': ms, event: { original: text }, kubernetes: { pod: { name: 'pod' } } },
      })),
    },
  }),
  OpenTelemetry: (entries) => ({
    resourceLogs: [
      {
        resource: { labels: { pod: 'pod' } },
        scopeLogs: [
          {
            logRecords: entries.map(({ ms, text }) => ({ timeUnixNano: `${ms}000000`, body: { stringValue: text } })),
          },
        ],
      },
    ],
  }),
  'rows of a table': (entries) => ({
    tables: [{ rows: entries.map(({ ms, text }) => [new Date(ms).toISOString(), text]) }],
  }),
};

for (const [name, make] of Object.entries(DOCUMENTS)) {
  test(`a document of many messages, newest or oldest first: ${name}`, () => {
    const texts = ['started', GC, 'goroutine 7 [running]:', 'main.main()', json({ msg: GC })];
    const entries = texts.map((text, index) => ({ ms: Date.parse(TIME) + index * 1000, text }));
    for (const ordered of [entries, [...entries].reverse()]) {
      const seen = read([json(make(ordered)), json(make([{ ms: Date.parse(TIME) + 60_000, text: 'main.main()' }]))]);
      assert.deepEqual(
        seen.map((it) => it.text),
        ['started', GC, 'goroutine 7 [running]:', 'main.main()', GC, 'main.main()'],
      );
      assert.ok(seen[1]!.loggedAt!.startsWith('2026-11-21T09:00:01.123'), seen[1]!.loggedAt);
      if (name !== 'rows of a table') assert.equal(seen[1]!.identity, 'pod');
    }
  });
}

test('supervisord: a newline behind each read is its own, and a line goes on in the next read', () => {
  const head = (name: string, stream = 'stderr'): string => `2026-11-21 09:00:00,123 DEBG '${name}' ${stream} output:`;
  const seen = read([
    "2026-11-21 09:00:00,001 INFO spawned: 'api' with pid 12",
    head('api'),
    GC,
    'goroutine 7 [running]:',
    '',
    head('api'),
    'main.main()',
    '\t/x/ma',
    head('job', 'stdout'),
    'other',
    '',
    head('api'),
    'in.go:12 +0x1d',
    '',
    '',
    '2026-11-21 09:00:01,000 INFO exited: api (exit status 2; not expected)',
  ]);
  assert.deepEqual(
    seen.slice(1).map((it) => `${it.identity}: ${it.text}`),
    [
      `api: ${GC}`,
      'api: goroutine 7 [running]:',
      'api: main.main()',
      'job: other',
      'api: \t/x/main.go:12 +0x1d',
      'api: ',
    ],
  );
  assert.deepEqual(seen[1], { text: GC, kinds: 'supervisor', loggedAt: TIME, identity: 'api' });
});

test('supervisord: where blank lines were taken out, reads end with their lines', () => {
  const head = "2026-11-21 09:00:00,123 DEBG 'api' stderr output:";
  assert.deepEqual(textsOf([head, GC, head, json({ msg: GC }), head, 'last']), [GC, GC, 'last']);
});

test("journald's export: a value behind its length", () => {
  const field = (text: string): Buffer => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const coloured = field(`\x1b[1m${GC}\x1b[0m`);
  const [dump, ...rest] = field('goroutine 7 [running]:\nmain.main()').toString('latin1').split('\n');
  const lines = ['MESSAGE', coloured, '_PID=7', '', 'MESSAGE', Buffer.from(dump!, 'latin1'), ...rest];
  assert.deepEqual(textsOf(lines).slice(1), [GC, 'goroutine 7 [running]:', 'main.main()']);
});

test('prefixes that hold for the lines of a dump, too', () => {
  for (const prefix of [
    'web-7d9f6c5b8-x2k4q › api ',
    '          web │ ',
    '              +test | ',
    '[Build/test]   | ',
    '#12 0.137 ',
    'error\t21-Nov-2026 09:00:00\t',
    `${TIME} app[3d8d9014c32d89] ams [info]`,
    'ab12cd34ef56 ',
    '+0.137s ',
    'info: ',
    `   ${TIME} [APP/PROC/WEB/0] ERR `,
    `153 <14>1 ${TIME} web3 api 1234 - - `,
  ]) {
    const texts = [GC, 'goroutine 7 [running]:', 'main.main()'];
    assert.deepEqual(textsOf(texts.map((text) => prefix + text)), texts, prefix);
  }
});
