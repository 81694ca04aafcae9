// In: nothing. Out: what to capture next, with the command and what it costs the program that is watched.

const TWO_HEAPS =
  "Take two heap texts a minute apart and compare them: `curl -s 'http://HOST:PORT/debug/pprof/heap?debug=1' > heap0.txt; sleep 60; " +
  "curl -s 'http://HOST:PORT/debug/pprof/heap?debug=1' > heap1.txt; gcbend diff heap0.txt heap1.txt`. " +
  'Cost: milliseconds; the counts are those of the last cycle (gc=1 in the query would force a full cycle first).';

const GOROUTINES =
  "See whether goroutines pile up: `curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=1' | gcbend`. Cost: a short stop of the program; " +
  'debug=2 shows states and waiting times too, but stops the world while every stack is written.';

const NO_ENDPOINT =
  'Without an HTTP endpoint: `kill -QUIT PID` writes every goroutine to stderr and ENDS the process; use it only where that is allowed.';

const ALLOCS =
  "See who allocates: `curl -s 'http://HOST:PORT/debug/pprof/allocs?debug=1' > a.txt` twice, then `gcbend diff`. Cost: milliseconds.";

const CPU_PROFILE =
  "See what the processor does: `curl -s 'http://HOST:PORT/debug/pprof/profile?seconds=10' > cpu.pprof`. Cost: a few per cent of CPU for ten seconds.";

export const ADVICE = {
  heapGrowth: [TWO_HEAPS, GOROUTINES, NO_ENDPOINT],
  followsLoad: [
    'Compare with the number of requests or sessions at the same time: when that falls, the heap has to follow.',
    TWO_HEAPS,
  ],
  stopped: [
    'If the heap should have come down again, two heap texts from before and after show what is kept.',
    TWO_HEAPS,
  ],
  gcPressure: [
    ALLOCS,
    'More room between cycles costs memory and saves CPU: a higher GOGC, or a higher GOMEMLIMIT where one is set.',
    CPU_PROFILE,
  ],
  memoryLimit: [
    'Raise GOMEMLIMIT (and the limit of the container above it) or hold less: at the limit each further MiB makes collections more frequent until the program does little else.',
    TWO_HEAPS,
  ],
  longPause: [
    'Long stops with little marking mostly mean that the threads did not get a processor: compare with the CPU quota (cpu.stat: nr_throttled) and with other load on the machine.',
    "See what ran while the world stopped: `curl -s 'http://HOST:PORT/debug/pprof/trace?seconds=5' > trace.out`. Cost: up to a quarter of the CPU for those seconds.",
  ],
  regime: [ALLOCS, CPU_PROFILE],
  gogc: ['Look for debug.SetGCPercent, debug.SetMemoryLimit or a changed configuration at that time.'],
  health: [TWO_HEAPS, ALLOCS],
} as const;
