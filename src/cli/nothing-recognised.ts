// In: an input in which nothing was recognised. Out: what was seen there and what to try.

import type { SourceChunk } from '../core/parsing.ts';
import { cleanText } from '../events/clean-text.ts';
import type { SummaryEvent } from '../events/types.ts';

/** Keeps the first bytes of the input as they pass by. */
export class FirstBytes {
  text = '';

  async *of(chunks: AsyncIterable<SourceChunk>): AsyncGenerator<SourceChunk> {
    for await (const chunk of chunks) {
      if (this.text === '' && chunk.bytes !== undefined) this.text = chunk.bytes.toString('utf8', 0, 400);
      yield chunk;
    }
  }
}

export function explainNothing(
  names: readonly string[],
  summary: SummaryEvent | undefined,
  firstBytes: string,
): string {
  const where = names.length === 1 ? (names[0] === '-' ? 'standard input' : names[0]) : `${names.length} files`;
  const lines = [`gcbend: nothing in ${where} was printed by Go's runtime`];
  if (summary === undefined || summary.bytes === 0) {
    lines.push(
      '  seen: no bytes at all',
      '  try:  the trace goes to stderr: GODEBUG=gctrace=1 go run ./x 2>&1 | gcbend',
    );
    return `${lines.join('\n')}\n`;
  }
  const first = cleanText(firstBytes.split('\n')[0] ?? '').slice(0, 60);
  lines.push(
    `  seen: ${summary.lines} lines, ${summary.bytes} bytes${summary.malformed > 0 ? `, ${summary.malformed} broken records` : ''}; the first line: ${first}`,
  );
  lines.push(
    '  try:  GODEBUG=gctrace=1 in the environment of the program, and its stderr here (2>&1)',
    "        curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=1' | gcbend",
    '        gcbend grammars lists what is recognised; a broken record is shown by --format ndjson',
  );
  return `${lines.join('\n')}\n`;
}
