// In: nothing. Out: a process that is meant to be left on for a week: V8 collects rather than grows.
import { setFlagsFromString } from 'node:v8';

/** Measured over 600,000 cycles through a pipe: 105 MiB resident without it, 80 MiB with it, for a tenth more processor time. */
export function keepMemorySmall(): void {
  setFlagsFromString('--optimize-for-size');
}
