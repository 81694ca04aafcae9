// In: nothing of its own. Out: what input offers to the folders on its right.
export { expandInputs } from './expand.ts';
export { type Input, openInput } from './input.ts';
