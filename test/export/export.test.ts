import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { GcbendEvent } from '../../src/events/types.ts';
import {
  type CsvTable,
  createCsvSink,
  createJsonSink,
  createJunitSink,
  createMarkdownSink,
  createOpenMetricsSink,
  type EventSink,
  isResultDocument,
} from '../../src/export/index.ts';
import { finding, gcEventsAlong, inflection, leakEvents } from '../render/gc-events.ts';
import { contention, dump, heapText, memStats } from '../render/snapshot-events.ts';

function written(sink: EventSink, events: readonly GcbendEvent[]): string {
  return events.map((event) => sink.push(event) ?? '').join('') + sink.finish();
}

const hostileText = 'a "b", <c> & ]]>\r\n\x1b[31mred\x00\u202e | `d` \\ @team https://x.example \ud800';

test('CSV: a header, a row a cycle as it comes, what is not printed is empty', () => {
  const sink = createCsvSink();
  const [first] = gcEventsAlong(() => 20, 1);
  const { at: _, ...untimed } = first!;
  assert.equal(
    sink.push({ type: 'process', schema: 1, source: '-', line: 1, process: 1, reason: 'first', format: 'x' }),
    undefined,
  );
  assert.equal(
    sink.push(first!),
    'process,cycle,atSeconds,time,heapStartMiB,heapEndMiB,heapLiveMiB,heapGoalMiB,stacksMiB,globalsMiB,gcCpuPercent,sweepTerminationMs,markMs,markTerminationMs,sweepTerminationCpuMs,assistCpuMs,backgroundCpuMs,idleCpuMs,markTerminationCpuMs,procs,forced,repaired,source,line\r\n' +
      '1,1,0.5,,40,41,20,40,1,0,1,0.02,0.5,0.01,0.04,0.1,0.8,0.1,0.02,2,false,false,service.log,1\r\n',
  );
  assert.equal(
    sink.push({ ...untimed, repaired: true, source: '=cmd|"x",y' }),
    `1,1,,,40,41,20,40,1,0,1,0.02,0.5,0.01,0.04,0.1,0.8,0.1,0.02,2,false,true,"'=cmd|""x"",y",1\r\n`,
  );
  assert.equal(sink.finish(), '');
});

test('CSV: the table of bends, revised ones once', () => {
  const bends = [
    inflection({ id: 'p', status: 'provisional', at: 31 }),
    inflection({ id: 'b', revises: 'p', at: 30, cycle: 60, index: 59 }),
  ];
  assert.equal(
    written(createCsvSink('inflections'), bends),
    'no,process,signal,kind,atSeconds,time,cycle,index,value,unit,slopeBeforePerSecond,slopeAfterPerSecond,growthChangePerSecond,stepBy,confidence,status\r\n' +
      '1,1,heapLive,growth-onset,30,,60,59,20,MiB,0,1,1,,0.98,final\r\n',
  );
});

test('CSV: dumps, heap texts and profiles decide the table when they come first', () => {
  const rows = written(createCsvSink(), [dump(5), memStats(), dump(9), heapText(3)]).split('\r\n');
  assert.match(rows[0]!, /^snapshot,group,count,state,/);
  assert.equal(rows[1]!.startsWith('1,g-send,5,chan send,3,12,,runtime.gopark '), true);
  assert.equal(rows.length, 1 + 4 + 4 + 1);
  assert.match(
    written(createCsvSink(), [heapText(3)]),
    /\r\n1,main.retainOrder,\/home\/ci\/shop\/store.go,41,3072,3145728,/,
  );
  assert.match(
    written(createCsvSink(), [contention()]),
    /\r\n1,mutex,main.flush,\/home\/ci\/shop\/flush.go,9,3,2500000\r\n$/,
  );
});

test('CSV: nothing at all is a header', () => {
  assert.match(written(createCsvSink(), []), /^process,cycle,[^\n]*\r\n$/);
});

/** Reads RFC 4180 back. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') rows.push(row.splice(0));
  }
  return rows;
}

test('CSV: any text keeps its cell', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom<CsvTable>('cycles', 'groups'), (text, table) => {
      const events: GcbendEvent[] = [
        { ...gcEventsAlong(() => 20, 1)[0]!, source: text },
        dump(1, { groups: [{ id: text, count: 1, state: text, stack: [{ function: text, file: text }] }] }),
      ];
      const rows = readCsv(written(createCsvSink(table), events));
      assert.equal(rows.length, 2);
      assert.equal(rows[1]!.length, rows[0]!.length);
    }),
    { numRuns: 200 },
  );
});

test('JSON: one document that can be told from others', () => {
  const document = JSON.parse(written(createJsonSink(), [...leakEvents(), dump(5), heapText(3), memStats()]));
  assert.ok(isResultDocument(document));
  assert.ok(!isResultDocument({ schema: 1 }) && !isResultDocument(null));
  assert.equal(document.processes.length, 1);
  const [process] = document.processes;
  assert.equal(process!.format, 'gctrace-1.19');
  assert.equal(process!.stats!.cycles, 180);
  assert.deepEqual(process!.stats!.heapLiveMiB, { first: 20, last: 110, min: 20, max: 110, mean: 50.3333333 });
  assert.deepEqual(
    process!.inflections.map((bend) => bend.signal),
    ['heapLive', 'allocRate'],
  );
  assert.deepEqual(
    process!.findings.map((each) => each.rule),
    ['heap-growth'],
  );
  assert.equal(document.goroutines!.total, 14);
  assert.equal(document.heap!.sites.length, 2);
});

test('JSON: withdrawn findings are gone, those of no process stand apart', () => {
  const { process: _, ...loose } = finding({ id: 'g', rule: 'goroutine-growth' });
  const events = [finding({ id: 'a', status: 'open' }), finding({ id: 'b', status: 'withdrawn', revises: 'a' }), loose];
  const document = JSON.parse(written(createJsonSink(), [...gcEventsAlong(() => 20, 2), ...events]));
  assert.deepEqual(document.processes[0].findings, []);
  assert.equal(document.findings.length, 1);
});

test('JUnit: a rule without a finding passes, a note is no failure unless it is asked for', () => {
  const events = [
    finding({ id: 'w', severity: 'warning' }),
    finding({ id: 'n', rule: 'alloc-churn', severity: 'info', title: 'Short-lived garbage' }),
  ];
  const read = (text: string) => new XMLParser({ ignoreAttributes: false }).parse(text).testsuites;
  const suites = read(written(createJunitSink(), events));
  assert.equal(suites['@_failures'], '1');
  assert.equal(suites['@_tests'], '11');
  const cases: Record<string, unknown>[] = suites.testsuite.testcase;
  assert.equal(cases.length, 11);
  assert.deepEqual(
    cases.filter((each) => 'failure' in each).map((each) => each['@_classname']),
    ['gcbend.heap-growth'],
  );
  assert.ok('system-out' in cases.find((each) => each['@_classname'] === 'gcbend.alloc-churn')!);
  assert.equal(read(written(createJunitSink(new Set(['alloc-churn'])), events))['@_failures'], '2');
  assert.equal(read(written(createJunitSink(), []))['@_failures'], '0');
});

test('JUnit: valid XML whatever the text', () => {
  const text = fc.oneof(fc.constant(hostileText), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(text, (content) => {
      const xml = written(createJunitSink(), [
        finding({
          title: content,
          detail: content,
          source: content,
          evidence: { [content]: content },
          advice: [content],
        }),
      ]);
      assert.equal(XMLValidator.validate(xml), true);
      assert.doesNotMatch(xml, /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]/);
      const parsed = new XMLParser({ ignoreAttributes: false }).parse(xml);
      assert.equal(parsed.testsuites.testsuite.testcase.length, 11);
    }),
    { numRuns: 200 },
  );
});

test('Markdown: tables stay tables, no text becomes markup, a mention or a link', () => {
  const text = written(createMarkdownSink(), [
    ...leakEvents(),
    finding({ id: 'h', rule: 'site-growth', title: hostileText, detail: hostileText, advice: [hostileText] }),
  ]);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) assert.match(row, / \|$/);
  const [header] = rows;
  for (const row of rows.slice(0, 4)) {
    assert.equal(row.replaceAll('\\|', '').split('|').length, header!.split('|').length);
  }
  assert.doesNotMatch(text, /<c>|https:\/\/x|@team|\x1b|\u202e/);
  assert.match(text, /\| 1 \| 30\.0 \| 60 \| heapLive \| 20\.4 MiB \| 0 → \+1\.5 \| \+1\.5 \| growth-onset \| 98 % \|/);
});

test('Markdown: a regime shows what its level moved by, cycles are no seconds, groups stand at their own code, inputs are counted', () => {
  const regime = inflection({ id: 'r', signal: 'pause', kind: 'regime', unit: 'ms', value: 0.0445, stepBy: -0.0835 });
  const text = written(createMarkdownSink(), [...leakEvents(), regime]);
  assert.match(text, /\| pause \| 0\.0445 ms \| {2}\| -0\.0835 ms \| regime \|/);
  assert.match(text, /growth \/s/);
  const { at: _, ...untimed } = inflection({ id: 'u' });
  assert.match(written(createMarkdownSink(), [...gcEventsAlong(() => 20, 2), untimed]), /growth \/cycle/);
  const dumps = ['a', 'b', 'c', 'd', 'e'].map((source) => ({ ...dump(9), source }));
  const series = written(createMarkdownSink(), dumps);
  assert.match(series, /^## gcbend: a, b, c and 2 more\n/);
  assert.match(series, /\| 9 \| chan send \| [^|]+\.go:\d+ \|/);
  assert.doesNotMatch(series, /runtime\.gopark/);
});

test('Markdown: commands are copied as they are', () => {
  const advice = ['`curl -s URL | gcbend` tells a | b'];
  const text = written(createMarkdownSink(), [...leakEvents(), finding({ id: 'c', advice })]);
  assert.ok(text.includes('- `curl -s URL | gcbend` tells a \\| b\n'));
});

test('OpenMetrics: the grammar of an exposition', () => {
  const text = written(createOpenMetricsSink(), [
    ...leakEvents().map((event) => ({ ...event, source: 'a"b\\c\nd' })),
    dump(5),
    heapText(3),
    finding({ id: 'x', severity: 'info', rule: 'memory-bill' }),
  ]);
  assert.ok(text.endsWith('# EOF\n'));
  const families = new Set<string>();
  let family = '';
  const seen = new Set<string>();
  for (const line of text.trimEnd().split('\n').slice(0, -1)) {
    const type = /^# TYPE (\S+) (counter|gauge|summary)$/.exec(line);
    if (type !== null) {
      family = type[1]!;
      assert.ok(!families.has(family), `${family} stands twice`);
      families.add(family);
    } else if (line.startsWith('# ')) {
      assert.match(line, /^# (HELP|UNIT) \S+ \S/);
      const unit = /^# UNIT (\S+) (\S+)$/.exec(line);
      if (unit !== null) assert.ok(unit[1]!.endsWith(`_${unit[2]}`));
    } else {
      assert.match(line, /^[a-z_]+(\{([a-z]+="(\\[\\"n]|[^\\"\n])*",?)+\})? (NaN|[+-]Inf|-?[\d.]+(e[+-]?\d+)?)$/);
      assert.ok(line.startsWith(family));
      const sample = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!seen.has(sample), sample);
      seen.add(sample);
    }
  }
  assert.match(text, /gcbend_heap_live_bytes\{process="1",source="a\\"b\\\\c d"\} 115343360\n/);
  assert.match(text, /gcbend_pause_seconds\{process="1",source="[^ ]* d",quantile="0.5"\} 0.00007\n/);
  assert.match(text, /gcbend_goroutines 14\n/);
  assert.equal(written(createOpenMetricsSink(), []).endsWith('gcbend_malformed_records_total 0\n# EOF\n'), true);
});
