// In: raw chunks. Out: the chunks behind gzip, zstd or UTF-16 as UTF-8, told by their first bytes; anything else as it is.

import type { Transform } from 'node:stream';
import { GcbendError } from '../errors.ts';
import type { Chunks } from './input.ts';

/** What must be seen before the kind is known. */
const MAGIC_BYTES = 6;
const OUTPUT_BYTES = 256 * 1024;
/** Compressed bytes taken at a time: at gzip's best ratio of 1000 they become 8 MiB that wait to be read. */
const FEED_BYTES = 8 * 1024;

interface Magic {
  bytes: readonly number[];
  decode: (chunks: AsyncIterable<Buffer>, name: string, report: ReportProblem) => AsyncIterable<Buffer>;
}

/** Called at most once, when data ended early. */
type ReportProblem = (problem: GcbendError) => void;

const MAGICS: readonly Magic[] = [
  { bytes: [0x1f, 0x8b], decode: gunzip },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], decode: unzstd },
  { bytes: [0xff, 0xfe], decode: (chunks) => decodeUtf16(chunks, 'utf-16le') },
  { bytes: [0xfe, 0xff], decode: (chunks) => decodeUtf16(chunks, 'utf-16be') },
  { bytes: [0x42, 0x5a, 0x68], decode: refuse('bzip2', 'bzcat') },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], decode: refuse('xz', 'xzcat') },
  { bytes: [0x04, 0x22, 0x4d, 0x18], decode: refuse('lz4', 'lz4cat') },
  { bytes: [0x50, 0x4b, 0x03, 0x04], decode: refuse('zip', 'unzip -p') },
];
/** So much of a text in UTF-16 without a byte order mark is looked at. */
const SAMPLE_BYTES = 256;
const OPTIONS = { chunkSize: OUTPUT_BYTES };

/**
 * Decompresses when the first bytes ask for it. Data that ends early or is damaged is given out as far as it goes, then
 * `report` is called.
 */
export async function* decodeChunks(raw: Chunks, name: string, report: ReportProblem): Chunks {
  try {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < MAGIC_BYTES) {
      const { value, done } = await raw.next(undefined);
      if (done) break;
      if (head.length === 0 && value.length >= MAGIC_BYTES) {
        head = value;
        break;
      }
      head = Buffer.concat([head, value]);
    }
    const decode =
      MAGICS.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte))?.decode ?? utf16Without(head);
    if (decode) {
      yield* decode(chain(head, raw), name, report);
    } else {
      if (head.length > 0) yield head;
      // What `next` is given goes through to the reader.
      yield* raw;
    }
  } finally {
    await raw.return(undefined);
  }
}

async function* chain(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function* gunzip(chunks: AsyncIterable<Buffer>, name: string, report: ReportProblem): AsyncGenerator<Buffer> {
  const { createGunzip } = await import('node:zlib');
  yield* inflate(createGunzip(OPTIONS), chunks, name, report);
}

async function* unzstd(chunks: AsyncIterable<Buffer>, name: string, report: ReportProblem): AsyncGenerator<Buffer> {
  // Node has it since 22.15; the types are those of the oldest Node supported.
  const zlib = (await import('node:zlib')) as { createZstdDecompress?: (options: object) => Transform };
  if (zlib.createZstdDecompress) {
    yield* inflate(zlib.createZstdDecompress(OPTIONS), chunks, name, report);
    return;
  }
  throw new GcbendError(
    'INPUT_UNSUPPORTED',
    `${name} is compressed with zstd, which Node ${process.version} cannot read`,
    {
      hint: `zstd -dc ${name} | gcbend, or run with Node 22.15 or newer`,
    },
  );
}

function refuse(format: string, command: string): Magic['decode'] {
  return (_chunks, name) => {
    throw new GcbendError('INPUT_UNSUPPORTED', `${name} is compressed with ${format}, which gcbend does not read`, {
      hint: `${command} ${name === '-' ? '' : `${name} `}| gcbend`,
    });
  };
}

/** One chunk goes in, all that comes of it is given out before the next: memory stays flat, nothing is lost at an error. */
async function* inflate(
  inflater: Transform,
  chunks: AsyncIterable<Buffer>,
  name: string,
  report: ReportProblem,
): AsyncGenerator<Buffer> {
  let failure: Error | undefined;
  inflater.on('error', (error) => {
    failure = error;
  });
  const output: Buffer[] = [];
  inflater.on('data', (chunk: Buffer) => output.push(chunk));
  const closed = new Promise<void>((resolve) => inflater.once('close', resolve));
  const feed = (chunk: Buffer): Promise<void> =>
    Promise.race([closed, new Promise<void>((resolve) => inflater.write(chunk, () => resolve()))]);
  try {
    for await (const chunk of chunks) {
      // The chunk is not touched any more once `feed` is done, so its owner may fill it again.
      for (let at = 0; at < chunk.length && !failure; at += FEED_BYTES) {
        await feed(chunk.subarray(at, at + FEED_BYTES));
        yield* output.splice(0);
      }
      if (failure) break;
    }
    inflater.end();
    await closed;
    yield* output.splice(0);
    if (failure) report(explain(name, failure));
  } finally {
    inflater.destroy();
  }
}

function explain(name: string, cause: Error): GcbendError {
  const isCut = /unexpected end of file/i.test(cause.message);
  const seen = isCut ? 'ends in the middle: it was cut off' : `is damaged (${cause.message})`;
  return new GcbendError('INPUT_UNREADABLE', `${name} ${seen}; what lies before was read`, {
    cause,
    hint: isCut ? 'copy it again, or wait until its writer has closed it' : `gzip -t ${name} tells more`,
  });
}

/** Without a byte order mark: most of the first characters are Latin, so that NULs stand on one side of each pair of bytes, and none on the other. */
function utf16Without(head: Buffer): Magic['decode'] | undefined {
  const nuls: [even: number, odd: number] = [0, 0];
  const pairs = Math.floor(Math.min(head.length, SAMPLE_BYTES) / 2);
  for (let at = 0; at < 2 * pairs; at++) if (head[at] === 0) nuls[(at % 2) as 0 | 1]++;
  const [even, odd] = nuls;
  if (head.length < MAGIC_BYTES || Math.max(even, odd) * 4 < pairs * 3 || Math.min(even, odd) > 0) return undefined;
  return (chunks) => decodeUtf16(chunks, odd > 0 ? 'utf-16le' : 'utf-16be');
}

/** PowerShell writes what it redirects as UTF-16. */
async function* decodeUtf16(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const rest = decoder.decode();
  if (rest !== '') yield Buffer.from(rest);
}
