// In: src and grammars. Out: dist: the library with its types, the command as one bundle, the grammars compiled.
// Built beside dist and put in its place when it is whole.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { compileGrammars } from '../src/grammar/authoring.ts';

const root = resolve(import.meta.dirname, '..');
const next = join(root, 'dist.next');
const dist = join(root, 'dist');

rmSync(next, { recursive: true, force: true });
mkdirSync(next);

const files = readdirSync(join(root, 'grammars'))
  .filter((name) => name.endsWith('.xml'))
  .sort()
  .map((name) => ({ path: `grammars/${name}`, xml: readFileSync(join(root, 'grammars', name), 'utf8') }));
writeFileSync(join(next, 'grammars.json'), JSON.stringify(compileGrammars(files)));

// One bundle with a chunk for each command: start-up reads a few files instead of two hundred.
await build({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: join(next, 'cli'),
  bundle: true,
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  alias: {
    // through2 brings Node's own streams as a package; the ones that run here anyway are newer and load at once.
    'readable-stream': 'node:stream',
    'string-width': join(root, 'scripts/string-width.ts'),
  },
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  legalComments: 'eof',
  // CommonJS packages inside an ES module bundle ask for require.
  banner: {
    js: "import { createRequire as gcbendCreateRequire } from 'node:module'; const require = gcbendCreateRequire(import.meta.url);",
  },
});

const compiler = join(root, 'node_modules/typescript/bin/tsc');
const types = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', next], {
  cwd: root,
  stdio: 'inherit',
});

rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);
process.exitCode = types.status ?? 1;
