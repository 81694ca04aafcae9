// In: the stages. Out: what the package exports: streams, the synchronous core under them, the events' types and schema.
import type { Transform } from 'node:stream';
import type { ParseOptions } from './core/parsing.ts';
import { TraceAnalysis } from './findings/index.ts';
import { readBuiltinGrammars } from './grammar/builtin.ts';
import { type GrammarSet, loadGrammars } from './grammar/index.ts';
import { parse as parseStage, toNdjson as toNdjsonStage } from './pipeline.ts';

let builtin: GrammarSet | undefined;

/** gcbend's own grammars, ready to run; made once. */
export function builtinGrammars(): GrammarSet {
  builtin ??= loadGrammars(readBuiltinGrammars());
  return builtin;
}

type WithoutGrammars<T> = Omit<T, 'grammars'> & { grammars?: GrammarSet };

/**
 * Bytes in (Buffers, or `SourceChunk`s of several sources), events out; the last one is the summary. A standard Node transform:
 * `pipeline(process.stdin, parse(), detect(), …)` or `for await (const event of stream.pipe(parse()))`.
 */
export function parse(options: WithoutGrammars<ParseOptions> = {}): Transform {
  return parseStage({ ...options, grammars: options.grammars ?? builtinGrammars() });
}

/** Bytes in, NDJSON bytes out: what `gcbend --format ndjson` writes. */
export function toNdjson(options: WithoutGrammars<Parameters<typeof toNdjsonStage>[0]> = {}): Transform {
  return toNdjsonStage({ ...options, grammars: options.grammars ?? builtinGrammars() });
}

/** All that the analysis knows of a process, as one plain JSON value. */
export function saveState(analysis: TraceAnalysis): unknown {
  return analysis.state();
}

/** Goes on where `saveState` was called: the same events come out as if nothing had happened. */
export function restoreState(state: unknown): TraceAnalysis {
  return TraceAnalysis.restore(state);
}

export type { ParseOptions, SourceChunk } from './core/parsing.ts';
export type { DetectOptions } from './core/watching.ts';
export {
  type Bend,
  createSegmentsDetector,
  type DetectorOptions,
  detectPeaks,
  type Point,
  restoreSegmentsDetector,
  type StreamDetector,
} from './detect/index.ts';
export { GcbendError, type GcbendErrorCode } from './errors.ts';
export { EventParser, type EventParserOptions } from './events/event-parser.ts';
export { type LineRecord, toEvent } from './events/line-record.ts';
export { parseEventLine } from './events/ndjson.ts';
export { eventSchema } from './events/schema.ts';
export type { ParserSink } from './events/source-parser.ts';
export type * from './events/types.ts';
export { Analysis, type AnalysisOptions } from './findings/analysis.ts';
export {
  type AnalysisResult,
  DEFAULT_THRESHOLDS,
  mergeResults,
  TraceAnalysis,
  type TraceAnalysisOptions,
} from './findings/index.ts';
export { type GrammarSet, loadGrammars } from './grammar/index.ts';
export { detect } from './pipeline.ts';
export { renderReport } from './render/report.ts';
export { ReportModel } from './render/report-model.ts';
