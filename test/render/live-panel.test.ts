import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GcbendEvent } from '../../src/events/types.ts';
import {
  doneWanted,
  INITIAL_PANEL,
  PANEL_SIGNALS,
  type PanelState,
  readKeys,
  reducePanel,
  ZOOM_SECONDS,
} from '../../src/render/live-keys.ts';
import { LiveModel } from '../../src/render/live-model.ts';
import { drawPanel } from '../../src/render/live-panel.ts';
import { LiveView } from '../../src/render/live-view.ts';
import { textWidth } from '../../src/render/sanitize.ts';
import { finding, gcEventsAlong, leakEvents } from './gc-events.ts';
import { dump } from './snapshot-events.ts';

function modelOf(events: readonly GcbendEvent[]): LiveModel {
  const model = new LiveModel();
  for (const event of events) model.push(event);
  return model;
}

const style = { color: false, ascii: false };
const options = { title: 'go run ./x', style };
const range = { oldest: 0, newest: 179 };
const after = (keys: string, from: PanelState = INITIAL_PANEL) =>
  readKeys(keys).reduce((state, key) => reducePanel(state, key, range), from);

test('a panel that is late says so', () => {
  const view = new LiveView(options);
  for (const event of leakEvents()) view.push(event);
  const draw = () => view.draw({ rows: 24, columns: 100 })[0];
  assert.match(draw()!, /● live {2}go run/);
  const { version } = view;
  view.setBehind(0.9);
  assert.equal(view.version, version);
  view.setBehind(3.2);
  assert.match(draw()!, /● live, 3 s behind: the processors are busy {2}go run/);
  view.setBehind(0);
  assert.match(draw()!, /● live {2}go run/);
});

test('keys as terminals send them', () => {
  assert.deepEqual(readKeys('\x1b[A\x1bOB\x1b[5~q \t\x1b[Z\x03?\x1b'), [
    'up',
    'down',
    'pageup',
    'q',
    'space',
    'tab',
    'backtab',
    'interrupt',
    '?',
    'escape',
  ]);
  assert.deepEqual(readKeys('\x1b[1;5C\x1b[200~é\x00'), []);
  assert.deepEqual(readKeys(''), []);
});

test('scrolling stays on its cycle, the newest is live again', () => {
  assert.equal(after('\x1b[D').cursor, 178);
  assert.equal(after('\x1b[D\x1b[D\x1b[C').cursor, 178);
  assert.equal(after('\x1b[D\x1b[C').cursor, undefined);
  assert.equal(after('\x1b[5~').cursor, 159);
  assert.equal(after('\x1b[H').cursor, 0);
  assert.equal(after('\x1b[H\x1b[F').cursor, undefined);
  const later = reducePanel(after('\x1b[D'), 'left', { oldest: 0, newest: 999 });
  assert.equal(later.cursor, 177);
  assert.equal(reducePanel(INITIAL_PANEL, 'left', undefined).cursor, undefined);
});

test('pause, zoom, signal, help, save, quit', () => {
  assert.deepEqual(after(' '), { ...INITIAL_PANEL, paused: true, pausedAt: 179 });
  assert.deepEqual(after('  '), INITIAL_PANEL);
  assert.equal(after('+++---').zoom, 0);
  assert.equal(after('+'.repeat(50)).zoom, ZOOM_SECONDS.length - 1);
  assert.equal(after('3').signal, 'pause');
  assert.equal(after('\t').signal, PANEL_SIGNALS[1]);
  assert.equal(after('\x1b[Z').signal, PANEL_SIGNALS.at(-1));
  assert.equal(after('?').help, true);
  assert.equal(after('?\x1b').help, false);
  assert.equal(after('s').wants, 'save');
  assert.deepEqual(doneWanted(after('s')), INITIAL_PANEL);
  assert.equal(after('\x03').wants, 'quit');
  assert.deepEqual(after('z'), INITIAL_PANEL);
});

test('twenty rows of sixty columns', () => {
  const lines = drawPanel(modelOf(leakEvents()), INITIAL_PANEL, { rows: 20, columns: 60 }, options);
  assert.deepEqual(lines, [
    'gcbend ● live  go run ./x',
    '  live 110 MiB · goal 220 MiB · 120 GCs a minute · GC CPU',
    '  0.1 % · alloc 224 MiB/s · assist 10 %',
    '  pauses, ms  p50 0.070  p90 0.10  p99 0.11  p99.9 0.11  ma…',
    'Live heap, MiB',
    '  150 ┤',
    '      │',
    '  100 ┤                                           ╭────────',
    '      │                                 ╭─────────╯',
    '   50 ┤                 1      ╭────────╯',
    '      │─────────────────●───────╯',
    '    0 ┤                 ┊',
    '      └┬────────────────┴─────────────────┬────────────────┬',
    '       0 s            30 s              60 s            90 s',
    'Bends',
    '  1 starts to grow 30.0 s (cycle 60), 20.4 MiB, 0 → +1.50 M…',
    'Findings',
    '  critical The live heap keeps growing  512 MiB in 97.0 s',
    '',
    'q quit  space pause  ←→ scroll  +− zoom  tab signal  s save…',
  ]);
});

test('the cycle that is looked at shows all that it printed', () => {
  const text = drawPanel(modelOf(leakEvents()), after('\x1b[H'), { rows: 24, columns: 100 }, options).join('\n');
  assert.match(text, /◀ cycle 1 \(1 of 180\)/);
  assert.match(text, /Cycle 1 at 0\.50 s/);
  assert.match(text, /40 → 41 → 20 MiB · goal 40 MiB · stacks 1 MiB/);
  assert.match(text, /sweep termination 0\.020 · mark 0\.50 · mark termination 0\.010 · pause 0\.030/);
  assert.match(text, /assist 0\.10 · background 0\.80 · idle 0\.10/);
});

test('zoom shows the last part, paused shows nothing later', () => {
  const model = modelOf(leakEvents());
  const size = { rows: 30, columns: 80 };
  assert.match(drawPanel(model, after('++++++'), size, options).join('\n'), /the last 60\.0 s/);
  const paused = after(' ');
  const before = drawPanel(model, paused, size, options).filter((line) => /[┤│└]/.test(line));
  for (const event of gcEventsAlong(() => 900, 120).slice(180)) model.push(event);
  assert.deepEqual(
    drawPanel(model, paused, size, options).filter((line) => /[┤│└]/.test(line)),
    before,
  );
  assert.match(drawPanel(model, INITIAL_PANEL, size, options).join('\n'), /1000 ┤/);
});

test('before the first collection, and help', () => {
  assert.match(
    drawPanel(new LiveModel(), INITIAL_PANEL, { rows: 20, columns: 60 }, options).join('\n'),
    /waiting for the first/,
  );
  const help = drawPanel(modelOf(leakEvents()), after('?'), { rows: 24, columns: 80 }, options).join('\n');
  for (const key of ['space', 'page up', 'tab', 'Ctrl-C']) assert.ok(help.includes(key));
});

test('cycles beyond what is kept: the oldest kept one is shown', () => {
  const model = new LiveModel();
  const [gc] = gcEventsAlong(() => 20, 1);
  for (let cycle = 1; cycle <= 10_000; cycle++) model.push({ ...gc!, cycle, at: cycle / 10 });
  assert.deepEqual(model.range(), { oldest: 5904, newest: 9999 });
  assert.equal(model.cycle(0)!.gc.cycle, 5905);
  assert.equal(Math.round(model.cyclesPerMinute()!), 600);
});

test('never more lines nor columns than there are, whatever is pressed and whatever the input holds', () => {
  const keys = fc.array(
    fc.constantFrom('left', 'right', 'pageup', 'home', 'end', '+', '-', 'tab', 'space', '?', '3', 'escape'),
    { maxLength: 20 },
  );
  const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\x1b[2J', '漢字'.repeat(60)));
  fc.assert(
    fc.property(
      keys,
      hostile,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 60, max: 200 }),
      fc.boolean(),
      (pressed, text, rows, columns, ascii) => {
        const model = modelOf([...leakEvents(), finding({ id: text, title: text }), dump(5, { at: 20, process: 1 })]);
        const state = pressed.reduce((before, key) => reducePanel(before, key, model.range()), INITIAL_PANEL);
        const lines = drawPanel(model, state, { rows, columns }, { title: text, style: { color: false, ascii } });
        assert.equal(lines.length, rows, 'the keys stand in the last row, however little there is above');
        for (const line of lines) {
          assert.ok(textWidth(line) <= columns, line);
          assert.doesNotMatch(line, ascii ? /[^\x20-\x7e]/ : /[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('the view joins model, keys and drawing', () => {
  const view = new LiveView({ title: 'x', style });
  const before = view.version;
  for (const event of leakEvents()) view.push(event);
  assert.ok(view.version > before);
  assert.deepEqual(view.press('ss\x1b[Dq'), ['save', 'save', 'quit']);
  assert.match(view.draw({ rows: 24, columns: 80 })[0]!, /cycle 179 \(179 of 180\)/);
});
