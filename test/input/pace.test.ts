// In: readings made by hand. Out: how long the watched program is left alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pace, type Readings } from '../../src/input/pace.ts';

/** A machine on which so many processors are idle; `step` lets time pass in which watching takes some of it. */
function machine(idle: number, processors = 2) {
  const now = { wallMs: 0, ownMs: 0, idleMs: 0, asked: 0 };
  const pace = new Pace(
    (): Readings => ({
      wallMs: now.wallMs,
      ownMs: now.ownMs,
      idleMs: () => {
        now.asked++;
        return new Array<number>(processors).fill(now.idleMs / processors);
      },
    }),
  );
  const step = (wallMs: number, ownMs: number): number => {
    now.wallMs += wallMs;
    now.ownMs += ownMs;
    now.idleMs += idle * wallMs;
    return pace.delayMs();
  };
  return { step, now };
}

test('where a processor is idle nobody waits, whatever watching takes', () => {
  const { step } = machine(1.2);
  for (let i = 0; i < 100; i++) assert.equal(step(20, 15), 0);
});

test('half of a single processor is enough', () => {
  const { step } = machine(0.6, 1);
  for (let i = 0; i < 100; i++) assert.equal(step(20, 15), 0);
});

test('on a busy machine what was taken beyond the share is paid back', () => {
  const { step } = machine(0.3);
  // The first quarter of a second tells how busy the machine is.
  for (let i = 0; i < 12; i++) assert.equal(step(20, 0.4), 0);
  // 30.4 ms more than the share of 20 ms: 1.5 s until it is paid back.
  assert.equal(Math.round(step(20, 30.4 + 0.4)), 1520);
  assert.equal(Math.round(step(1000, 0)), 520);
  assert.equal(step(520, 0), 0);
});

test('nobody waits longer than two seconds', () => {
  const { step } = machine(0);
  step(300, 0);
  assert.equal(step(20, 5000), 2000);
});

test('the system is asked only when it decides something, and not at every look', () => {
  const quiet = machine(0);
  for (let i = 0; i < 1000; i++) quiet.step(20, 0.1);
  assert.equal(quiet.now.asked, 1);
  const busy = machine(0);
  for (let i = 0; i < 1000; i++) busy.step(20, 10);
  assert.ok(busy.now.asked <= 1 + (1000 * 20) / 250, String(busy.now.asked));
});

test('whoever waits as long as he is told takes no more than the share', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { minLength: 200, maxLength: 300 }), (costs) => {
      const { step, now } = machine(0);
      let delayMs = step(300, 0);
      for (const ownMs of costs) delayMs = step(20 + delayMs, ownMs);
      // What is not paid back yet is at most the last look's cost, and what two seconds do not pay back.
      assert.ok(now.ownMs <= 0.02 * now.wallMs + 40, `${now.ownMs} of ${now.wallMs}`);
    }),
    { numRuns: 100 },
  );
});
