// In: the built project. Out: its package, installed somewhere else, runs, imports and has types.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { samples } from './support/gcbend.ts';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'gcbend-pack-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string): string {
  const ran = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(ran.status, 0, `${command} ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

test('the package runs, imports and has types where it is installed', () => {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  ) as Packed[];
  assert.ok(packed);
  const paths = packed.files.map(({ path }) => path);
  for (const wanted of [
    'package.json',
    'README.md',
    'LICENSE',
    'bin/gcbend.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'dist/grammars.json',
  ]) {
    assert.ok(paths.includes(wanted), `${wanted} is not in the package`);
  }
  // Sources, tests and samples stay at home.
  assert.deepEqual(
    paths.filter((path) => /^(?:src|test|samples|bench|scripts)\//.test(path) || /\.test\./.test(path)),
    [],
  );

  writeFileSync(join(folder, 'package.json'), '{"name":"elsewhere","private":true,"type":"module"}\n');
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--omit=dev', join(folder, packed.filename)],
    folder,
  );

  const command = join(folder, 'node_modules/.bin/gcbend');
  assert.ok(existsSync(command));
  const version = JSON.parse(run('npm', ['ls', '--json', '--depth=0'], folder)) as {
    dependencies: { gcbend: { version: string } };
  };
  assert.equal(run(command, ['--version'], folder).trim(), version.dependencies.gcbend.version);
  assert.match(run(command, [join(samples, 'leak/stderr.log')], folder), /began to grow at 48\.6 s/);
  assert.match(run(command, ['grammars'], folder), /^gctrace /m);

  writeFileSync(
    join(folder, 'use.mjs'),
    `import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { detect, EventParser, parse } from 'gcbend';

const kinds = [];
await pipeline(createReadStream(process.argv[2]), parse(), detect(), async (events) => {
  for await (const event of events) if (event.type === 'inflection' && event.signal === 'heapLive' && event.status === 'final') kinds.push(event.kind);
});
console.log(typeof EventParser, kinds.join());
`,
  );
  assert.equal(
    run(process.execPath, ['use.mjs', join(samples, 'leak/stderr.log')], folder),
    'function plateau,growth-onset\n',
  );

  // Node's own types are the user's to bring.
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  symlinkSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'));
  writeFileSync(
    join(folder, 'use.ts'),
    `import { detect, type GcbendEvent, GcbendError, parse, TraceAnalysis } from 'gcbend';

export function name(event: GcbendEvent): string {
  return event.type === 'gc' ? String(event.cycle) : event.type === 'finding' ? event.rule : event.type;
}
export const stage: import('node:stream').Transform = parse().pipe(detect({ detectors: ['segments'] }));
export const wrong: boolean = new GcbendError('USAGE', 'x') instanceof Error;
export const analysis = TraceAnalysis;
// @ts-expect-error there is no such type of event
export const unknown: GcbendEvent['type'] = 'nothing';
`,
  );
  const options = {
    strict: true,
    noEmit: true,
    module: 'NodeNext',
    target: 'ES2022',
    types: ['node'],
    preserveSymlinks: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], folder);
});
