// In: an input in which nothing was recognised. Out: what was seen there and what to try.

import type { SourceChunk } from '../core/parsing.ts';
import { cleanText } from '../events/clean-text.ts';
import { looksLikePprof } from '../events/profiles/index.ts';
import type { SummaryEvent } from '../events/types.ts';

/** Keeps the first bytes of the input as they pass by. */
export class FirstBytes {
  bytes: Buffer | undefined;

  async *of(chunks: AsyncIterable<SourceChunk>): AsyncGenerator<SourceChunk> {
    for await (const chunk of chunks) {
      // The chunk is filled again.
      if (chunk.bytes !== undefined) this.bytes ??= Buffer.from(chunk.bytes.subarray(0, 400));
      yield chunk;
    }
  }
}

export function explainNothing(
  names: readonly string[],
  summary: SummaryEvent | undefined,
  first: Buffer = Buffer.alloc(0),
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
  if (looksLikePprof(first)) {
    lines.push(
      `  seen: ${count(summary.bytes, 'byte')} of a profile message that holds no heap, allocs, block, mutex, goroutine or threadcreate profile`,
      '  try:  go tool pprof reads CPU profiles',
    );
    return `${lines.join('\n')}\n`;
  }
  const line = cleanText(first.toString('utf8').split('\n')[0] ?? '').slice(0, 60);
  const broken = summary.malformed > 0 ? `, ${count(summary.malformed, 'broken record')}` : '';
  lines.push(
    `  seen: ${count(summary.lines, 'line')}, ${count(summary.bytes, 'byte')}${broken}; the first line: ${line}`,
  );
  lines.push(
    '  try:  GODEBUG=gctrace=1 in the environment of the program, and its stderr here (2>&1)',
    "        curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=1' | gcbend",
    '        gcbend grammars lists what is recognised; a broken record is shown by --format ndjson',
  );
  return `${lines.join('\n')}\n`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
