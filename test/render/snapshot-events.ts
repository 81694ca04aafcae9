// In: nothing. Out: events of goroutine dumps, heap texts, MemStats and contention profiles, as the parsers make them.
import type {
  ContentionEvent,
  GoroutineGroup,
  GoroutinesEvent,
  HeapEvent,
  MemStatsEvent,
  ThreadsEvent,
} from '../../src/events/types.ts';

const base = { schema: 1, source: 'goroutine.txt', line: 1 } as const;

const worker: GoroutineGroup = {
  id: 'g-send',
  count: 100,
  state: 'chan send',
  waitMinutes: { min: 3, max: 12 },
  stack: [
    { function: 'runtime.gopark', file: '/usr/local/go/src/runtime/proc.go', line: 424 },
    {
      function: 'example.com/shop/internal/orders.(*Queue).publish',
      file: '/home/ci/shop/internal/orders/queue.go',
      line: 88,
    },
  ],
  createdBy: {
    function: 'example.com/shop/internal/orders.Start',
    file: '/home/ci/shop/internal/orders/start.go',
    line: 31,
  },
};

/** One dump with `leaked` goroutines that block on a channel send, and some that do their work. */
export function dump(leaked: number, extra: Partial<GoroutinesEvent> = {}): GoroutinesEvent {
  const groups: GoroutineGroup[] = [
    { ...worker, count: leaked },
    {
      id: 'g-accept',
      count: 1,
      state: 'IO wait',
      stack: [{ function: 'internal/poll.runtime_pollWait', file: '/usr/local/go/src/runtime/netpoll.go', line: 351 }],
      infrastructure: true,
    },
    {
      id: 'g-main',
      count: 1,
      state: 'running',
      stack: [{ function: 'main.main', file: '/home/ci/shop/main.go', line: 20 }],
    },
    {
      id: 'g-lock',
      count: 7,
      state: 'sync.Mutex.Lock',
      waitMinutes: { min: 2, max: 2 },
      stack: [
        { function: 'sync.(*Mutex).Lock', file: '/usr/local/go/src/sync/mutex.go', line: 46 },
        {
          function: 'example.com/shop/internal/cache.(*Cache[go.shape.string]).Get',
          file: '/home/ci/shop/cache.go',
          line: 12,
        },
      ],
    },
  ];
  const states: Record<string, number> = {};
  for (const group of groups) states[group.state!] = (states[group.state!] ?? 0) + group.count;
  return { ...base, type: 'goroutines', debug: 2, total: leaked + 9, cause: 'debug', states, groups, ...extra };
}

/** One heap text in which a map holds `mebibytes`. */
export function heapText(mebibytes: number): HeapEvent {
  const amount = (objects: number, bytes: number) => ({ objects, bytes });
  const site = (name: string, line: number, inUse: number, allocated: number) => ({
    function: name,
    file: '/home/ci/shop/store.go',
    line,
    stack: [{ function: name, file: '/home/ci/shop/store.go', line }],
    inUse: amount(Math.round(inUse / 1024), inUse),
    allocated: amount(Math.round(allocated / 1024), allocated),
    raw: { inUse: amount(1, 1024), allocated: amount(2, 2048) },
  });
  const held = mebibytes * 1048576;
  const sites = [site('main.retainOrder', 41, held, held * 1.1), site('main.decode', 77, 1048576, 90 * 1048576)];
  return {
    ...base,
    type: 'heap',
    source: 'heap.txt',
    profile: 'heap',
    sampleRate: 524288,
    inUse: amount(4000, held + 1048576),
    allocated: amount(90000, held * 1.1 + 90 * 1048576),
    sites,
  };
}

export function memStats(): MemStatsEvent {
  const mib = 1048576;
  return {
    ...base,
    type: 'memstats',
    source: 'heap.txt',
    Sys: 142 * mib,
    HeapAlloc: 61 * mib,
    HeapSys: 120 * mib,
    HeapInuse: 70 * mib,
    HeapIdle: 50 * mib,
    HeapReleased: 31 * mib,
    StackSys: 8 * mib,
    GCSys: 9 * mib,
    MSpanSys: mib,
    MCacheSys: mib / 2,
    BuckHashSys: mib * 2,
    OtherSys: mib * 1.5,
    NextGC: 90 * mib,
    GCCPUFraction: 0.0123,
  };
}

export function contention(): ContentionEvent {
  const stack = [{ function: 'main.(*Store).Put', file: '/home/ci/shop/store.go', line: 120 }];
  return {
    ...base,
    type: 'contention',
    source: 'mutex.txt',
    profile: 'mutex',
    sites: [
      { ...stack[0]!, stack, count: 1200, delayNs: 650_990_000 },
      { function: 'main.flush', file: '/home/ci/shop/flush.go', line: 9, stack, count: 3, delayNs: 2_500_000 },
    ],
  };
}

export function threads(): ThreadsEvent {
  return {
    ...base,
    type: 'threads',
    source: 'threads.txt',
    total: 14,
    groups: [
      { count: 13, stack: [{ function: 'runtime.allocm', file: 'proc.go', line: 1 }] },
      { count: 1, stack: [] },
    ],
  };
}
