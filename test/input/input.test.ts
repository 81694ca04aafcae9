// In: files and pipes of every kind. Out: proof that their bytes come out whole, and that failures say what was seen.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { GcbendError, type GcbendErrorCode } from '../../src/errors.ts';
import { expandInputs, type Input, openInput } from '../../src/input/index.ts';
import { compareNaturally } from '../../src/input/natural-order.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-input-'));
after(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(input: Input): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A chunk is only valid until the next one: copied here, as LineReader does.
  for await (const chunk of input.chunks) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const isError =
  (code: GcbendErrorCode, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof GcbendError && error.code === code && text.test(error.message) && error.hint !== undefined;

/** Larger than several chunks and impossible to compress. */
const large = Buffer.alloc(1_500_000);
for (let index = 0, state = 1; index < large.length; index++) {
  state = (Math.imul(state, 1103515245) + 12345) | 0;
  large[index] = state >>> 20;
}

test('plain files of any size', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('a'), Buffer.from('gc 1 @'), large]) {
    const input = openInput(put('plain', bytes));
    assert.ok((await readAll(input)).equals(bytes));
    assert.equal(input.problem, undefined);
    assert.ok(input.modifiedAt instanceof Date);
  }
});

test('gzip by content, members one after another', async () => {
  const members = Buffer.concat([zlib.gzipSync(large), zlib.gzipSync('second\n'), zlib.gzipSync('')]);
  const input = openInput(put('named-like-a.log', members));
  assert.ok((await readAll(input)).equals(Buffer.concat([large, Buffer.from('second\n')])));
  assert.equal(input.problem, undefined);
});

test('a truncated gzip file gives what it holds and says so', async () => {
  const whole = zlib.gzipSync(large);
  for (const size of [8, 5000, 900_000, whole.length - 3]) {
    const input = openInput(put('cut.gz', whole.subarray(0, size)));
    const bytes = await readAll(input);
    assert.ok(bytes.equals(large.subarray(0, bytes.length)));
    assert.ok(bytes.length >= size - 40_000, `${bytes.length} of ${size}`);
    assert.ok(isError('INPUT_UNREADABLE', /cut off/)(input.problem));
  }
});

test('a damaged gzip file gives what lies before', async () => {
  const bytes = zlib.gzipSync(large);
  bytes.fill(0xff, 700_000, 700_100);
  const input = openInput(put('damaged.gz', bytes));
  const read = await readAll(input);
  assert.ok(read.length > 600_000);
  assert.ok(isError('INPUT_UNREADABLE', /damaged/)(input.problem));
});

test('gzip cut anywhere never throws', async () => {
  const whole = zlib.gzipSync('gc 1 @0.001s 2%: 0.1+0.2+0.3 ms clock\n'.repeat(50));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (size) => {
      const input = openInput(put('any-cut.gz', whole.subarray(0, size)));
      await readAll(input);
      assert.equal(input.problem === undefined, size === whole.length || size < 2);
    }),
    { numRuns: 60 },
  );
});

test('zstd where Node has it, otherwise a clear error', async () => {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  if (zstdCompressSync) {
    assert.ok((await readAll(openInput(put('x.zst', zstdCompressSync(large))))).equals(large));
  } else {
    const input = openInput(put('x.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0])));
    await assert.rejects(readAll(input), isError('INPUT_UNSUPPORTED', /zstd/));
  }
});

test('other compressions are named', async () => {
  const bzip2 = openInput(put('x.bz2', Buffer.from('BZh91AY&SY')));
  await assert.rejects(readAll(bzip2), isError('INPUT_UNSUPPORTED', /bzip2/));
  const zip = openInput(put('x.zip', Buffer.from('PK\x03\x04rest of it')));
  await assert.rejects(readAll(zip), isError('INPUT_UNSUPPORTED', /zip/));
});

test('UTF-16 as PowerShell writes it', async () => {
  const text = 'gc 1 @0.001s\r\nzweite Zeile äöü\r\n';
  const little = Buffer.from(`\ufeff${text}`, 'utf16le');
  assert.equal((await readAll(openInput(put('le.txt', little)))).toString(), text);
  assert.equal((await readAll(openInput(put('be.txt', Buffer.from(little).swap16())))).toString(), text);
});

test('UTF-16 without a byte order mark, where NULs tell', async () => {
  const text = '10:00 Überwacht\r\ngc 1 @0.001s\r\nzweite Zeile äöü 日本\r\n'.repeat(50);
  const little = Buffer.from(text, 'utf16le');
  assert.equal((await readAll(openInput(put('le-bare.txt', little)))).toString(), text);
  assert.equal((await readAll(openInput(put('be-bare.txt', Buffer.from(little).swap16())))).toString(), text);
  // What a log file that was truncated while it was written begins with, and bytes of no text.
  for (const bytes of [Buffer.from(`${'\0'.repeat(300)}gc 1`), Buffer.from('a\0b\0cdefgh'), Buffer.from('\0a')]) {
    assert.deepEqual(await readAll(openInput(put('other.bin', bytes))), bytes);
  }
});

test('what cannot be read says why', async () => {
  assert.throws(() => openInput(join(folder, 'missing')), isError('INPUT_UNREADABLE', /missing: no such file/));
  assert.throws(() => openInput(folder), isError('INPUT_UNREADABLE', /directory/));
});

test('a named pipe, read to its end and left early', async () => {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const write = (command: string): ChildProcess => spawn('sh', ['-c', `{ ${command}; } > "$0"`, path]);
  write(`printf 'g'; sleep 0.05; printf 'c 1\\nrest'`);
  assert.equal((await readAll(openInput(path))).toString(), 'gc 1\nrest');
  const writer = write('printf 0123456789; sleep 30');
  for await (const chunk of openInput(path).chunks) {
    assert.equal(chunk.toString(), '0123456789');
    break;
  }
  writer.kill();
});

test('a pipe is read into memory that is used again, and not while a chunk is in use', async () => {
  const path = join(folder, 'reused');
  execFileSync('mkfifo', [path]);
  const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', put('reused.log', large), path]);
  const read: Buffer[] = [];
  const memories = new Set<ArrayBufferLike>();
  for await (const chunk of openInput(path).chunks) {
    const before = Buffer.from(chunk);
    if (read.length % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    assert.ok(chunk.equals(before));
    read.push(before);
    memories.add(chunk.buffer);
  }
  writer.kill();
  assert.ok(Buffer.concat(read).equals(large));
  assert.ok(read.length > 10);
  assert.equal(memories.size, 1);
});

test('standard input as a pipe, a socket, a file and closed', () => {
  const path = put('stdin.log', large);
  const program = put(
    'read-stdin.mjs',
    `import { openInput } from ${JSON.stringify(new URL('../../src/input/index.ts', import.meta.url).href)};
     let size = 0;
     for await (const chunk of openInput('-').chunks) size += chunk.length;
     console.log(size);`,
  );
  const run = (redirect: string): string =>
    execFileSync('sh', ['-c', `${redirect.replace('NODE', `"${process.execPath}" --import tsx ${program}`)}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  assert.equal(run(`cat ${path} | NODE`), String(large.length));
  // Node's own pipes to its children are sockets.
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', program], { input: large, encoding: 'utf8' });
  assert.equal(stdout.trim(), String(large.length));
  assert.equal(run(`NODE < ${path}`), String(large.length));
  assert.equal(run('NODE < /dev/null'), '0');
  assert.equal(run('NODE <&-'), '0');
});

test('directories and patterns in natural order', async () => {
  const dumps = join(folder, 'dumps');
  mkdirSync(join(dumps, 'below'), { recursive: true });
  for (const name of ['heap.10', 'heap.2', 'heap.1', '.hidden', 'below/heap.3']) writeFileSync(join(dumps, name), '');
  const named = (names: string[]): string[] => names.map((name) => join(dumps, name));
  assert.deepEqual(await expandInputs([dumps]), named(['heap.1', 'heap.2', 'heap.10']));
  assert.deepEqual(await expandInputs([`${dumps}/heap.?`]), named(['heap.1', 'heap.2']));
  assert.deepEqual(await expandInputs([`${dumps}/**/heap.[13]`]), named(['below/heap.3', 'heap.1']));
  assert.deepEqual(await expandInputs(['-', 'b', 'a']), ['-', 'b', 'a']);
  mkdirSync(join(folder, 'empty'));
  await assert.rejects(expandInputs([join(folder, 'empty')]), isError('INPUT_UNREADABLE', /holds no files/));
  await assert.rejects(expandInputs([`${dumps}/*.txt`]), isError('INPUT_UNREADABLE', /no file matches/));
  assert.deepEqual(['a10', 'a9', 'A1', 'a1'].sort(compareNaturally), ['a1', 'A1', 'a9', 'a10']);
});
