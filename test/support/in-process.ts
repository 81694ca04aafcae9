// In: names of files and folders, or texts. Out: their events, through the same streams as the command's, without a process of its own.
import { readFileSync } from 'node:fs';
import type { SourceChunk } from '../../src/core/parsing.ts';
import type { DetectOptions } from '../../src/core/watching.ts';
import type { GcbendEvent } from '../../src/events/types.ts';
import { builtinGrammars } from '../../src/index.ts';
import { expandInputs, openInput } from '../../src/input/index.ts';
import { detect, parse } from '../../src/pipeline.ts';

/** The events of chunks; `options` undefined derives nothing. */
export async function eventsOfChunks(
  chunks: Iterable<SourceChunk> | AsyncIterable<SourceChunk>,
  options?: DetectOptions,
  eachGoroutine = false,
): Promise<GcbendEvent[]> {
  const stage = parse({ grammars: builtinGrammars(), year: 2026, eachGoroutine });
  const last = options === undefined ? stage : stage.pipe(detect(options));
  const events: GcbendEvent[] = [];
  const collected = (async () => {
    for await (const event of last) events.push(event as GcbendEvent);
  })();
  for await (const chunk of chunks) {
    // Bytes may be used again by who reads them: the stage must be done with them first.
    await new Promise<void>((resolve, reject) => {
      stage.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }
  stage.end();
  await collected;
  return events;
}

/** What the command makes of files and folders. Modification times are left out: a clone has its own. */
export async function eventsOfFiles(names: readonly string[], options?: DetectOptions): Promise<GcbendEvent[]> {
  const files = await expandInputs(names);
  return eventsOfChunks(readAll(files), options && { ...options, orderDumps: files.length > 1 });
}

/** One text as one source; `sizes` cuts it into pieces of these lengths, over and over. */
export async function eventsOfText(
  text: string | Buffer,
  options?: DetectOptions,
  sizes: readonly number[] = [],
): Promise<GcbendEvent[]> {
  return eventsOfChunks(cut(Buffer.from(text), sizes), options);
}

/** The events of one text, with one for each goroutine (`--each-goroutine`). */
export async function eachGoroutine(text: Buffer): Promise<GcbendEvent[]> {
  return eventsOfChunks(cut(text, []), undefined, true);
}

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<SourceChunk> {
  const usable = sizes.filter((size) => size > 0);
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const next = usable.length === 0 ? bytes.length : at + usable[n % usable.length]!;
    yield { source: 'text', bytes: bytes.subarray(at, next) };
    at = next;
  }
  yield { source: 'text', end: true };
}

async function* readAll(files: readonly string[]): AsyncGenerator<SourceChunk> {
  for (const source of files) {
    for await (const bytes of openInput(source).chunks) yield { source, bytes };
    yield { source, end: true };
  }
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
