// In: nothing. Out: go1.0, go1.1, go1.3, go1.4 and go1.5/stderr.log: gctrace lines as the format strings of those runtimes print them
// (runtime/mgc0.c, mgc.go), filled with the numbers of one simple model: a heap of 20 MiB that leaks from cycle 31 on. No program ran:
// toolchains that old are not to be had. Every run writes the same bytes.
import { writeFileSync } from 'node:fs';

const allocMiBPerSecond = 40;
const leakMiBPerSecond = 1.5;
const leakFromCycle = 31;
const cycles = 64;
const objectBytes = 512;

// A generator of our own: Math.random has no seed.
let state = 20260101;
const random = () => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 32;
};
const between = (low, high) => low + random() * (high - low);
const whole = (low, high) => Math.floor(between(low, high + 1));

/** fmtNSAsMS of Go 1.5: two significant digits, cut, three decimals below 0.1. */
const milliseconds = (ms) => {
  if (ms >= 10) return String(Math.trunc(ms));
  if (ms < 0.001) return '0';
  const step = ms >= 1 ? 1 : ms >= 0.1 ? 2 : 3;
  return (Math.floor(ms * 10 ** step + 1e-9) / 10 ** step).toFixed(step);
};

function* model() {
  let live = 4;
  let seconds = 0.05;
  let leaked = 0;
  let allocated = 0;
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const goal = Math.max(4, live * 2);
    const interval = (goal - live) / allocMiBPerSecond;
    seconds += interval;
    if (cycle >= leakFromCycle) leaked += interval * leakMiBPerSecond;
    allocated += Math.round(((goal - live) * 2 ** 20) / objectBytes);
    live = Math.min(20, goal) + leaked + between(-0.3, 0.3);
    const kept = Math.round((live * 2 ** 20) / objectBytes);
    yield { cycle, seconds, start: Math.floor(goal), end: Math.floor(live), goal: Math.floor(goal), kept, allocated: allocated + kept, markMs: live * between(0.24, 0.3) };
  }
}

const traffic = () => {
  const [handoffs, steals] = [whole(2, 20), whole(3, 30)];
  return `${handoffs}(${handoffs * whole(10, 30)}) handoff, ${steals}(${steals * whole(10, 30)}) steal, ${whole(40, 220)}/${whole(5, 40)}/${whole(0, 3)} yields`;
};
const counts = ({ kept, allocated }) => `(${allocated}-${allocated - kept})`;
const stops = ({ markMs }) => `${whole(6, 14)}+${whole(12, 30)}+${Math.round(markMs * 1000)}+${whole(20, 60)} us`;

const lines = {
  'go1.0': (gc) =>
    `gc${gc.cycle}(2): ${Math.round(gc.markMs)}+${whole(0, 2)}+0 ms ${gc.start} -> ${gc.end} MB ${gc.kept + whole(9000, 20000)} -> ${gc.kept} ${counts(gc)} objects ${whole(2, 20)} handoff`,
  'go1.1': (gc) =>
    `gc${gc.cycle}(2): ${Math.round(gc.markMs)}+${whole(0, 2)}+0 ms, ${gc.start} -> ${gc.end} MB ${gc.kept + whole(9000, 20000)} -> ${gc.kept} ${counts(gc)} objects, ${traffic()}`,
  'go1.3': (gc) =>
    `gc${gc.cycle}(2): ${stops(gc)}, ${gc.start} -> ${gc.end} MB, ${gc.kept} ${counts(gc)} objects, ${gc.end * 128}/${whole(20, 60)}/${whole(0, 9)} sweeps, ${traffic()}`,
  'go1.4': (gc) =>
    `gc${gc.cycle}(2): ${stops(gc)}, ${gc.start} -> ${gc.end} MB, ${gc.kept} ${counts(gc)} objects, ${whole(9, 14)} goroutines, ${gc.end * 128}/${whole(20, 60)}/${whole(0, 9)} sweeps, ${traffic()}`,
  'go1.5': (gc) => {
    const [stop, scan, barrier, end] = [between(0.004, 0.03), between(0.2, 0.6), between(0.01, 0.2), between(0.1, 0.9)];
    const clock = [stop, scan, barrier, gc.markMs, end].map(milliseconds).join('+');
    const marking = [between(0, 1), gc.markMs * 0.5, between(0, 4)].map(milliseconds).join('/');
    const cpu = `${milliseconds(stop * 2)}+${milliseconds(scan)}+${milliseconds(barrier)}+${marking}+${milliseconds(end * 2)}`;
    return `gc ${gc.cycle} @${gc.seconds.toFixed(3)}s ${whole(1, 2)}%: ${clock} ms clock, ${cpu} ms cpu, ${gc.start}->${gc.start + whole(0, 1)}->${gc.end} MB, ${gc.goal} MB goal, 2 P`;
  },
};

for (const [folder, line] of Object.entries(lines)) {
  const text = [...model()].map((gc) => `${line(gc)}\n`).join('');
  writeFileSync(new URL(`${folder}/stderr.log`, import.meta.url), text);
}
