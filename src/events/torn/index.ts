// In: the modules of this folder. Out: what the rest of the project may use of them.

export { TornLineAssembler, type TornOutcome } from './assembler.ts';
export type { ExpectedCycle } from './evidence.ts';
export { TornPrinters } from './printers.ts';
