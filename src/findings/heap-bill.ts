// In: one MemStats block. Out: where the memory that the process took from the system goes, and whether that is a leak at all.
// Follows runtime/mstats.go: Sys is the sum of its parts; HeapSys = HeapInuse + HeapIdle; RSS is about Sys - HeapReleased.
import type { MemStatsEvent } from '../events/types.ts';
import type { FindingBody } from './finding-log.ts';
import { evidence, mib, percent } from './words.ts';

/** Every part in bytes; together they are `sysBytes`. */
export interface MemoryBill {
  sysBytes: number;
  /** Reachable at the last cycle: from the next goal, which leaves GOGC per cent above it. */
  liveBytes: number;
  /** Garbage and what is new since: goes or stays at the next cycle. */
  untilNextGcBytes: number;
  /** In spans that hold objects, but not in objects: rounding and holes. */
  fragmentationBytes: number;
  /** Free spans that the system has not been given back yet. */
  idleUnreleasedBytes: number;
  /** Given back: counts in Sys and in VIRT, not in RSS. */
  releasedBytes: number;
  stacksBytes: number;
  gcAndOtherBytes: number;
  /** Sys without what was given back: what RSS can be by Go's doing. */
  residentBytes: number;
  /** Peak RSS beyond all that Go ever had resident (cgo, mmap, the binary itself); absent before Go 1.15. */
  outsideGoBytes?: number;
}

const REQUIRED = ['Sys', 'HeapAlloc', 'HeapSys', 'HeapIdle', 'HeapInuse', 'HeapReleased', 'NextGC'] as const;
const MiB = 1048576;

/** Undefined unless the block is whole: programs that print a few fields get no bill. `gogc` in per cent, 100 when unknown. */
export function memoryBill(stats: MemStatsEvent, gogc = 100): MemoryBill | undefined {
  const field = (name: string): number => {
    const value = stats[name];
    return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  };
  if (REQUIRED.some((name) => Number.isNaN(field(name)))) return undefined;
  const sysBytes = field('Sys');
  const heapAlloc = field('HeapAlloc');
  // GOGC=off sets the next goal beyond reach: then nothing tells live from garbage.
  const goalIsReal = field('NextGC') < 2 ** 50;
  const liveBytes = goalIsReal ? Math.min(heapAlloc, Math.round(field('NextGC') / (1 + gogc / 100))) : heapAlloc;
  const stacksBytes = field('StackSys') || field('StackInuse') || 0;
  const released = field('HeapReleased');
  const bill: MemoryBill = {
    sysBytes,
    liveBytes,
    untilNextGcBytes: heapAlloc - liveBytes,
    fragmentationBytes: Math.max(0, field('HeapInuse') - heapAlloc),
    idleUnreleasedBytes: Math.max(0, field('HeapIdle') - released),
    releasedBytes: released,
    stacksBytes,
    gcAndOtherBytes: Math.max(0, sysBytes - field('HeapSys') - stacksBytes),
    residentBytes: sysBytes - released,
  };
  const peak = field('MaxRSS');
  if (peak > sysBytes) bill.outsideGoBytes = peak - sysBytes;
  return bill;
}

type Verdict =
  | 'live-heap'
  | 'until-next-gc'
  | 'idle-unreleased'
  | 'fragmentation'
  | 'stacks'
  | 'outside-go'
  | 'overhead';

const VERDICTS: Record<Verdict, { leak: string; detail: string; advice: string }> = {
  'live-heap': {
    leak: 'undecided',
    detail:
      'Most of it is reachable: the program really holds it. One block cannot tell a leak from a large working set; two heap texts some minutes apart can.',
    advice:
      "Compare two heap texts: gcbend diff heap0.txt heap1.txt (curl 'http://HOST:PORT/debug/pprof/heap?debug=1').",
  },
  'until-next-gc': {
    leak: 'no',
    detail:
      'Much of it is garbage or new since the last cycle. That is no leak: with GOGC=100 the heap may double before it is collected.',
    advice: 'Set GOMEMLIMIT a little below the limit of the container, or a lower GOGC (more CPU for less memory).',
  },
  'idle-unreleased': {
    leak: 'no',
    detail:
      'Most of it is free and kept for reuse after a peak. That is no leak: the scavenger gives it back in the background.',
    advice:
      'GOMEMLIMIT makes the runtime give back sooner; debug.FreeOSMemory does it once, at the cost of a full cycle.',
  },
  fragmentation: {
    leak: 'no',
    detail:
      'Much of it is the space between objects in spans that are partly free. That is no leak by itself: it follows a peak of many small objects.',
    advice: 'Fewer sizes and shorter lives of small objects; a restart shows how much of it comes back.',
  },
  stacks: {
    leak: 'undecided',
    detail: 'Much of it is goroutine stacks: many goroutines or deep ones. Goroutines that do not end are a leak.',
    advice: "Look at them: `curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=1' | gcbend`.",
  },
  'outside-go': {
    leak: 'not in the Go heap',
    detail:
      'The process has had more resident than all that Go took: cgo, mapped files or the binary itself. Go heap profiles cannot show it.',
    advice: 'Look at /proc/PID/smaps and at what C libraries allocate.',
  },
  overhead: {
    leak: 'no',
    detail: "It is spread over the runtime's own tables and small parts; no part stands out.",
    advice: 'Nothing to do: a process this small is mostly runtime.',
  },
};

function verdictOf(bill: MemoryBill): Verdict {
  const resident = Math.max(1, bill.residentBytes);
  if ((bill.outsideGoBytes ?? 0) > 0.5 * bill.sysBytes && (bill.outsideGoBytes ?? 0) > 64 * MiB) return 'outside-go';
  if (bill.stacksBytes > 0.25 * resident) return 'stacks';
  const parts: [Verdict, number][] = [
    ['live-heap', bill.liveBytes],
    ['until-next-gc', bill.untilNextGcBytes],
    ['idle-unreleased', bill.idleUnreleasedBytes],
    ['fragmentation', bill.fragmentationBytes],
    ['overhead', bill.gcAndOtherBytes],
  ];
  parts.sort((a, b) => b[1] - a[1]);
  // The goal leaves at most as much room for garbage as there is live: from a third on it is worth the word.
  if (parts[0]![0] === 'live-heap' && bill.untilNextGcBytes > 0.33 * resident) return 'until-next-gc';
  return parts[0]![0];
}

/** The finding `memory-bill`; undefined for a block that is not whole. */
export function billFinding(stats: MemStatsEvent): FindingBody | undefined {
  const bill = memoryBill(stats);
  if (bill === undefined) return undefined;
  const verdict = verdictOf(bill);
  const words = VERDICTS[verdict];
  const parts: [string, number][] = [
    ['live', bill.liveBytes],
    ['garbage or new until the next cycle', bill.untilNextGcBytes],
    ['free but kept', bill.idleUnreleasedBytes],
    ['fragmentation', bill.fragmentationBytes],
    ['stacks', bill.stacksBytes],
    ['collector and other', bill.gcAndOtherBytes],
  ];
  parts.sort((a, b) => b[1] - a[1]);
  const resident = Math.max(1, bill.residentBytes);
  const list = parts
    .filter(([, bytes]) => bytes >= 0.01 * resident)
    .map(([name, bytes]) => `${mib(bytes / MiB)} ${name} (${percent(Math.round((bytes / resident) * 100) / 100)})`)
    .join(', ');
  const released =
    bill.releasedBytes > 0 ? ` ${mib(bill.releasedBytes / MiB)} more of Sys were given back to the system.` : '';
  return {
    ...(stats.at === undefined ? {} : { at: stats.at }),
    ...(stats.atTime === undefined ? {} : { atTime: stats.atTime }),
    ongoing: true,
    rule: 'memory-bill',
    severity: 'info',
    title: `Memory bill: ${mib(bill.residentBytes / MiB)} resident by Go's account, most of it ${parts[0]![0]}`,
    detail: `${list}.${released} ${words.detail}`,
    confidence: 0.9,
    evidence: evidence({ ...bill, verdict, leak: words.leak, gogcAssumed: 100 }),
    advice: [words.advice],
  };
}
