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
  return { step, now, pace };
}

test('where a processor is idle nobody waits, whatever watching takes', () => {
  const { step } = machine(1.2);
  step(100, 60);
  for (let i = 0; i < 100; i++) assert.equal(step(20, 15), 0);
});

test('until the machine was looked at nobody works on: a program has just begun', () => {
  const { step } = machine(1.5);
  const delayMs = step(10, 10);
  assert.equal(delayMs, 30);
  assert.equal(step(delayMs, 0), 0);
  // Twice as long to the next look each time: what the first ones saw may have been the start alone.
  const { step: busyStep } = machine(0);
  assert.deepEqual([busyStep(40, 20), busyStep(80, 20), busyStep(160, 20), busyStep(250, 20)], [80, 160, 250, 250]);
});

test('what watching itself takes leaves room to others', () => {
  const { step } = machine(0.9);
  step(100, 60);
  for (let i = 0; i < 100; i++) assert.equal(step(20, 15), 0);
});

test('half of a single processor is enough', () => {
  const { step } = machine(0.6, 1);
  step(100, 60);
  for (let i = 0; i < 100; i++) assert.equal(step(20, 15), 0);
});

test('on a busy machine what was taken beyond the share is paid back', () => {
  const { step } = machine(0.3);
  for (let i = 0; i < 3; i++) assert.equal(step(20, 0.4), 0);
  // 4 ms more than the share: 200 ms until they are paid back; after 80 the machine is looked at again.
  assert.equal(Math.round(step(20, 4 + 0.4)), 80);
  assert.equal(Math.round(step(80, 0)), 120);
  assert.equal(Math.round(step(120, 0)), 0);
});

test('what was taken while there was room is not paid back later', () => {
  const { step, now } = machine(1.5);
  for (let i = 0; i < 100; i++) step(20, 15);
  now.idleMs -= 1.5 * 300;
  assert.equal(Math.round(step(300, 0)), 0);
});

test('text is looked at less often while the machine is busy, and again as often when it no longer is', () => {
  const { step, now, pace } = machine(0);
  assert.equal(pace.pollMs, 20);
  step(300, 1);
  assert.equal(pace.pollMs, 20, 'nothing had to be decided');
  step(20, 10);
  assert.equal(pace.pollMs, 50);
  now.idleMs += 2 * 10_000;
  assert.equal(step(10_000, 0), 0);
  assert.equal(pace.pollMs, 20);
});

test('whoever has to wait long asks again: the machine may have room by then', () => {
  const { step, now } = machine(0);
  step(300, 0);
  const delayMs = step(20, 100);
  assert.ok(delayMs > 0 && delayMs <= 250, String(delayMs));
  now.idleMs += 1.5 * delayMs;
  assert.equal(step(delayMs, 0), 0);
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
    fc.property(fc.array(fc.double({ min: 0, max: 15, noNaN: true }), { minLength: 200, maxLength: 300 }), (costs) => {
      const { step, now } = machine(0);
      step(300, 0);
      for (const ownMs of costs) for (let delayMs = step(20, ownMs); delayMs > 0; ) delayMs = step(delayMs, 0);
      assert.ok(now.ownMs <= 0.02 * now.wallMs + 1, `${now.ownMs} of ${now.wallMs}`);
    }),
    { numRuns: 100 },
  );
});
