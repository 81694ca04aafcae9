import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import type { GcbendEvent } from '../../src/events/types.ts';
import { renderHtml } from '../../src/render/html.ts';
import { ReportModel } from '../../src/render/report-model.ts';
import { finding, gcEventsAlong, inflection, leakEvents } from './gc-events.ts';
import { contention, dump, heapText, memStats, threads } from './snapshot-events.ts';

function pageOf(events: readonly GcbendEvent[]): string {
  const model = new ReportModel();
  for (const event of events) model.push(event);
  return renderHtml(model.finish());
}

const everything = (text = 'x'): GcbendEvent[] => [
  ...leakEvents(),
  inflection({ id: 'h', signal: text, unit: text, at: 40 }),
  finding({
    id: 'f9',
    title: text,
    detail: text,
    evidence: { [text]: text },
    advice: [text, `\`${text}\``],
    site: { function: text, file: text },
  }),
  dump(20, { process: 1, at: 10 }),
  dump(70, {
    process: 1,
    at: 80,
    message: text,
    states: { [text]: 1, 'chan send': 70 },
    groups: [
      { id: text, count: 71, state: text, stack: [{ function: text, file: text }], createdBy: { function: text } },
    ],
  }),
  {
    ...heapText(9),
    source: text,
    sites: [{ ...heapText(9).sites[0]!, function: text, file: text, stack: [{ function: text }] }],
  },
  memStats(),
  { type: 'malformed', schema: 1, source: text, line: 3, grammar: 'g', reason: text, text },
];

test('one page that loads nothing: heap, GC and blocking over one time axis, marks, findings, flame graphs', () => {
  const page = pageOf(everything());
  assert.doesNotMatch(page, /(src|href)="(?!#)|url\(|@import|<link|<img|<iframe|http-equiv="refresh"/);
  for (const panel of ['live heap', 'stop-the-world pause', 'GC CPU', 'allocation rate', 'blocked goroutines']) {
    assert.ok(page.includes(`<span class="name">${panel}`), panel);
  }
  assert.match(page, /<a href="#bend-1-1">1<\/a>/);
  assert.match(page, /<tr id="bend-1-1">/);
  assert.match(page, /<a href="#finding-1">F1<\/a>/);
  assert.match(page, /Heap in use, by stack/);
  assert.match(page, /Goroutines, by stack/);
  assert.match(page, /prefers-color-scheme:dark/);
});

test('only the script that the policy names may run', () => {
  const page = pageOf(everything());
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  const hash = createHash('sha256').update(script).digest('base64');
  assert.ok(page.includes(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`));
  assert.equal(page.match(/<script>/g)!.length, 1);
});

test('no text from input becomes markup', () => {
  const text = fc.oneof(
    fc.constantFrom(
      '</script><script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "'-->&<!--",
      '\x1b[31m\u202ex\x00',
    ),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (hostile) => {
      const page = pageOf(everything(hostile));
      assert.doesNotMatch(page, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      assert.equal(page.match(/<script/g)!.length, 2);
      assert.doesNotMatch(page, /<img|onerror=(?!alert\(1\)&gt;)/);
      const body = page
        .slice(page.indexOf('<body>'), page.lastIndexOf('<script>'))
        .replace(/<script[\s\S]*?<\/script>/g, '');
      assert.equal(XMLValidator.validate(`${body.replaceAll('<br>', '<br/>')}</body>`), true);
    }),
    { numRuns: 100 },
  );
});

test('an empty report is a page too', () => {
  assert.match(pageOf([]), /<h1>gcbend<\/h1>/);
});

test('snapshots without a trace: a first sentence, courses over the series, places added up, locks, threads, bends', () => {
  const bend = inflection({ id: 's', signal: 'group:g-send', kind: 'growth-onset', unit: 'goroutines', slopeAfter: 3 });
  const { process: _, at: __, cycle: ___, ...loose } = bend;
  const page = pageOf([dump(3), dump(9), heapText(3), heapText(9), contention(), threads(), loose]);
  assert.match(
    page,
    /<p class="headline calm">12 goroutines in the first of 2 dumps, 18 in the last; no group was found to grow without end\.<\/p>/,
  );
  assert.match(page, /over the dumps[\s\S]*?all goroutines[\s\S]*?<svg class="course"/);
  assert.match(page, /over the heap texts/);
  assert.match(page, /<h2>(Blocking|Lock contention): /);
  assert.match(page, /<h2>Threads: /);
  assert.match(page, /<h2>Bends over the snapshots<\/h2>[\s\S]*?starts to grow, \+3\.00 a dump/);
  const [site] = heapText(9).sites;
  const sizes = pageOf([{ ...heapText(9), sites: [site!, site!] }]);
  const rows = sizes.slice(sizes.indexOf('<h2>Heap: ')).match(/<td class="r">/g)!;
  assert.equal(rows.length, 4, 'one row for the two sizes of object of a place');
});

test('what has no end is not called going on; notes stand first', () => {
  const model = new ReportModel();
  model.push(finding({ id: 'b', rule: 'memory-bill', severity: 'info' }));
  const page = renderHtml(model.finish(['use `tac a.log | gcbend`']));
  assert.doesNotMatch(page, /still going on|has stopped/);
  assert.ok(page.includes('<p class="note warning">Note: use <code>tac a.log | gcbend</code>.</p>'));
});

test('one collection has no chart; without times there is no column for them, without a goal no word of it', () => {
  const [only] = gcEventsAlong(() => 20, 1);
  assert.doesNotMatch(pageOf([only!]), /<figure|p99/);
  const untimed = leakEvents().map((event): GcbendEvent => {
    if (event.type === 'inflection') return { ...event, at: undefined } as unknown as GcbendEvent;
    if (event.type !== 'gc') return event;
    const { at: _, ...rest } = event;
    const { goal: __, ...heapMiB } = rest.heapMiB;
    return { ...rest, heapMiB } as GcbendEvent;
  });
  const page = pageOf(untimed);
  assert.match(page, /<span class="name">live heap, MiB<\/span>/);
  assert.match(page, /<th class="r">no\.<\/th><th class="r">cycle<\/th>/);
  assert.match(
    pageOf(leakEvents()),
    /live heap, MiB \(dashed: goal\)<\/span>[\s\S]*<th class="r">no\.<\/th><th class="r">time<\/th>/,
  );
});
