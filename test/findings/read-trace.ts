// In: text with gctrace lines of Go 1.6+ in it. Out: `gc` events, by one regular expression: for tests of what comes after the parser.
import type { GcEvent } from '../../src/events/types.ts';

const LINE =
  /gc (\d+) @([\d.]+)s (\d+)%: ([\d.]+)\+([\d.]+)\+([\d.]+) ms clock, ([\d.]+)\+([\d.]+)\/([\d.]+)\/([\d.]+)\+([\d.]+) ms cpu, (\d+)->(\d+)->(\d+) MB, (\d+) MB goal(?:, (\d+) MB stacks, (\d+) MB globals)?, (\d+) P( \(forced\))?/;

export function readTrace(text: string, source = 'trace', process = 1): GcEvent[] {
  const events: GcEvent[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const m = LINE.exec(line);
    if (m === null) continue;
    const n = (group: number) => Number(m[group]);
    const event: GcEvent = {
      type: 'gc',
      schema: 1,
      source,
      line: i + 1,
      process,
      cycle: n(1),
      at: n(2),
      gcCpuPercent: n(3),
      clockMs: { sweepTermination: n(4), mark: n(5), markTermination: n(6) },
      cpuMs: { sweepTermination: n(7), assist: n(8), background: n(9), idle: n(10), markTermination: n(11) },
      heapMiB: { start: n(12), end: n(13), live: n(14), goal: n(15) },
      procs: n(18),
      forced: m[19] !== undefined,
    };
    if (m[16] !== undefined) Object.assign(event, { stacksMiB: n(16), globalsMiB: n(17) });
    events.push(event);
  }
  return events;
}
