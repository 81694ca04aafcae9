// In: compiled grammars. Out: the reader of one-line formats. What reads XML is in authoring.ts, so that start-up needs no XML parser.

export { bytesThatMayFollow, type Walk, walkShape } from './boundaries.ts';
export { toWords, viewWords, type Words, type WordView, writeWords } from './encode.ts';
export { type Diagnosis, GrammarSet, loadGrammars, type Match, type Shape } from './grammar-set.ts';
export { RowDecoder } from './row-decoder.ts';
export { RUN_READER_BYTES, RunReader } from './run-reader.ts';
export {
  type CompiledField,
  type CompiledGrammar,
  type CompiledGrammars,
  type CompiledShape,
  type HoleType,
  OP_HOLE,
} from './types.ts';
