// In: nothing. Out: the formats that gcbend writes besides the report: each a pure sink of events.
export { type CsvTable, createCsvSink } from './csv.ts';
export { createJsonSink, isResultDocument, type ResultDocument } from './json.ts';
export { createJunitSink } from './junit.ts';
export { createMarkdownSink } from './markdown.ts';
export { createOpenMetricsSink } from './openmetrics.ts';
export type { ProcessResult } from './results.ts';
export type { EventSink } from './types.ts';
