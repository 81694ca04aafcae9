// In: the modules of this folder. Out: what the rest of the project may use of them.

export { TornLineAssembler } from './assembler.ts';
export type { ExpectedCycle } from './evidence.ts';
export type { TornOutcome } from './outcomes.ts';
export { TornPrinters } from './printers.ts';
