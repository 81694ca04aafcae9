// In: random mixtures of traces and whatever else stands in a log. Out: proof that runs give what the lines give one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventParser } from '../../src/events/event-parser.ts';
import { RecordEncoder, toEvent } from '../../src/events/line-record.ts';
import type { ParserSink } from '../../src/events/source-parser.ts';
import type { GcbendEvent } from '../../src/events/types.ts';
import { readBuiltinGrammars } from '../../src/grammar/builtin.ts';
import { loadGrammars } from '../../src/grammar/index.ts';

const compiled = readBuiltinGrammars();
const gcSamples = compiled.grammars.filter(({ event }) => event === 'gc').flatMap(({ samples }) => samples);
const otherSamples = compiled.grammars.filter(({ event }) => event !== 'gc').flatMap(({ samples }) => samples);

interface Reading {
  ndjson: string;
  events: GcbendEvent[];
  /** Records that came in runs. */
  inRuns: number;
  totals: object;
}

/** Reads sources one after the other, cut into chunks; `lines`: one by one; `runs`: many at once, with or without their events. */
function read(sources: readonly Buffer[], sizes: readonly number[], mode: 'lines' | 'runs' | 'events'): Reading {
  const grammars = loadGrammars(compiled);
  const encoder = new RecordEncoder(grammars);
  const reading: Reading = { ndjson: '', events: [], inRuns: 0, totals: {} };
  const sink: ParserSink = {
    record(record) {
      const out = Buffer.alloc(encoder.maxBytes(record));
      reading.ndjson += out.toString('utf8', 0, encoder.encode(record, out, 0));
      reading.events.push(toEvent(grammars, record));
    },
    event(event) {
      reading.ndjson += `${JSON.stringify(event)}\n`;
      reading.events.push(event);
    },
    processEnded(process) {
      reading.ndjson += `ended ${process}\n`;
    },
  };
  if (mode !== 'lines') {
    sink.run = (run) => {
      reading.inRuns += run.records;
      reading.ndjson += run.bytes.toString('utf8', 0, run.end(run.records - 1));
      if (mode === 'runs') return;
      for (let index = 0; index < run.records; index++) reading.events.push(run.event(index));
      assert.equal(run.at, (reading.events.at(-1) as { at?: number }).at);
    };
  }
  const parser = new EventParser({ grammars }, { ...sink, asksForEvents: mode === 'events' });
  for (const [index, bytes] of sources.entries()) {
    const name = `source "${index}".log`;
    for (let at = 0, n = 0; at < bytes.length; n++) {
      const next = at + (sizes[n % sizes.length] ?? bytes.length);
      parser.push(name, bytes.subarray(at, next));
      at = next;
    }
    parser.endSource(name);
  }
  reading.totals = parser.totals();
  return reading;
}

function assertSame(sources: readonly Buffer[], sizes: readonly number[]): Reading {
  const alone = read(sources, sizes, 'lines');
  const withEvents = read(sources, sizes, 'events');
  const inRuns = read(sources, sizes, 'runs');
  assert.equal(inRuns.ndjson, alone.ndjson);
  assert.equal(withEvents.ndjson, alone.ndjson);
  assert.deepEqual(withEvents.events, alone.events);
  assert.equal(JSON.stringify(withEvents.events), JSON.stringify(alone.events));
  assert.deepEqual(inRuns.totals, alone.totals);
  return inRuns;
}

/** The next cycles of one process, its lines like those of a sample. */
class Printer {
  cycle = 0;
  #atMs = 12;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  line(stepMs: number): string {
    this.#atMs += stepMs;
    const at = `${Math.floor(this.#atMs / 1000)}.${String(this.#atMs % 1000).padStart(3, '0')}`;
    this.cycle++;
    return this.#text
      .replace(/^gc ?\d+/, (head) => head.replace(/\d+/, `${this.cycle}`))
      .replace(/@[\d.]+s/, `@${at}s`)
      .replace(/, (\d+)->(\d+)->\d+ MB/, (_, start, end) => `, ${start}->${end}->${start} MB`);
  }
}

/** One piece of a log, by the two processes that print it. */
type Piece = (printers: readonly [Printer, Printer]) => string;

const step = fc.integer({ min: 0, max: 2000 });
const lines = (count: fc.Arbitrary<number>, which: 0 | 1 = 0): fc.Arbitrary<Piece> =>
  fc.tuple(count, step).map(([n, ms]) => (printers) => {
    let text = '';
    for (let i = 0; i < n; i++) text += `${printers[which].line(ms)}\n`;
    return text;
  });
const changed = (change: (line: string, random: number) => string): fc.Arbitrary<Piece> =>
  fc.tuple(step, fc.nat(10_000)).map(
    ([ms, random]) =>
      (printers) =>
        change(printers[0].line(ms), random),
  );
const constant = (text: fc.Arbitrary<string>): fc.Arbitrary<Piece> => text.map((it) => () => it);

const ownPiece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 6, arbitrary: lines(fc.integer({ min: 1, max: 40 })) },
  {
    weight: 2,
    arbitrary: constant(fc.constantFrom('2026/11/21 05:01:02 INFO gc=off\n', 'words\n', '\n', 'gc 7 @\n', '+ 1\n')),
  },
  { weight: 1, arbitrary: constant(fc.constantFrom(...otherSamples).map(({ text }) => `${text}\n`)) },
  { weight: 1, arbitrary: changed((line) => `${line}\r\n`) },
  // Torn by a line of the application, glued to the next one, without its end, behind a wrapper, cut short.
  {
    weight: 1,
    arbitrary: changed((line, at) => `${line.slice(0, at % line.length)}app line\n${line.slice(at % line.length)}\n`),
  },
  { weight: 1, arbitrary: changed((line) => line) },
  { weight: 1, arbitrary: changed((line) => `2026-11-21T05:40:14.123456789Z stderr F ${line}\n`) },
  { weight: 1, arbitrary: changed((line, at) => `${line.slice(0, at % line.length)}\n`) },
  // Any one byte is another.
  {
    weight: 2,
    arbitrary: changed((line, random) => {
      const at = random % line.length;
      return `${line.slice(0, at)}${'0.9 x\0-+'[random % 8]}${line.slice(at + 1)}\n`;
    }),
  },
  // Numbers of any length where one stands.
  {
    weight: 2,
    arbitrary: changed((line, random) => {
      const numbers = [...line.matchAll(/\d+(\.\d+)?/g)];
      const { index, 0: text } = numbers[random % numbers.length]!;
      const long = ['00', '0', '12345678', '123456789', '1234567.12345678', '12345.678901234', '123456789012345'][
        random % 7
      ]!;
      return `${line.slice(0, index)}${long}${line.slice(index + text.length)}\n`;
    }),
  },
  { weight: 1, arbitrary: changed((line) => `${line} (forced)\n`) },
  { weight: 1, arbitrary: changed((line) => `${line.replace('%:', '% (checking for goroutine leaks):')}\n`) },
);

/** What another process prints: where it stands, there are no runs for long. */
const strangersPiece: fc.Arbitrary<Piece> = fc.oneof(
  lines(fc.integer({ min: 1, max: 3 }), 1),
  constant(fc.constantFrom(...gcSamples).map(({ text }) => `${text}\n`)),
);

const log = fc
  .tuple(
    fc.constantFrom(...gcSamples.filter(({ text }) => text.includes('@'))),
    fc.constantFrom(...gcSamples),
    fc.array(ownPiece, { maxLength: 20 }),
    fc.oneof(fc.constant([]), fc.array(strangersPiece, { minLength: 1, maxLength: 2 })),
    fc.array(ownPiece, { maxLength: 5 }),
  )
  .map(([first, second, ...pieces]) => {
    const printers = [new Printer(first.text), new Printer(second.text)] as const;
    let text = '';
    for (let i = 0; i < 66; i++) text += `${printers[0].line(500)}\n`;
    return Buffer.from(text + pieces.flatMap((group) => group.map((it) => it(printers))).join(''));
  });

test('runs give what the lines give one by one', () => {
  fc.assert(
    fc.property(
      fc.array(log, { minLength: 1, maxLength: 2 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 20_000 })), { maxLength: 4 }),
      (sources, sizes) => {
        assertSame(sources, sizes);
      },
    ),
    { numRuns: 150 },
  );
});

test('a plain trace of Go 1.5 and later is read in runs', () => {
  const readable: string[] = [];
  for (const { shape, text } of gcSamples) {
    const printer = new Printer(text);
    const trace = Array.from({ length: 1500 }, () => `${printer.line(500)}\n`).join('');
    const { inRuns } = assertSame([Buffer.from(trace)], []);
    if (inRuns > 1400) readable.push(shape);
  }
  assert.deepEqual([...new Set(readable)], ['go1.18', 'go1.6', 'go1.5']);
});

test('numbers of one to fifteen bytes are read exactly', () => {
  const number = fc.oneof(
    fc.integer({ min: 0, max: 10 ** 15 - 1 }).map(String),
    fc
      .tuple(fc.integer({ min: 0, max: 10 ** 9 }), fc.stringMatching(/^[0-9]{1,13}$/))
      .map(([n, decimals]) => `${n}.${decimals}`),
  );
  const printed = fc.array(number, { minLength: 8, maxLength: 8 }).map((numbers) => {
    const printer = new Printer(
      `gc 1 @1.0s 7%: ${numbers[0]}+${numbers[1]}+${numbers[2]} ms clock, ${numbers[3]}+${numbers[4]}/${numbers[5]}/${numbers[6]}+${numbers[7]} ms cpu, 26->26->25 MB, 30 MB goal, 1 MB stacks, 2 MB globals, 8 P`,
    );
    return Buffer.from(Array.from({ length: 68 }, () => `${printer.line(500)}\n`).join(''));
  });
  fc.assert(
    fc.property(printed, (trace) => {
      assertSame([trace], []);
    }),
    { numRuns: 100 },
  );
});
