// In: src and grammars. Out: dist: the library with its types, the command as one bundle, the grammars compiled.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { compileGrammars } from '../src/grammar/authoring.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);

const files = readdirSync(join(root, 'grammars'))
  .filter((name) => name.endsWith('.xml'))
  .sort()
  .map((name) => ({ path: `grammars/${name}`, xml: readFileSync(join(root, 'grammars', name), 'utf8') }));
writeFileSync(join(dist, 'grammars.json'), JSON.stringify(compileGrammars(files)));

execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

// One bundle with a chunk for each command: start-up reads two files instead of two hundred.
await build({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: join(dist, 'cli'),
  bundle: true,
  splitting: true,
  minifySyntax: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  legalComments: 'eof',
  // CommonJS packages inside an ES module bundle ask for require.
  banner: { js: "import { createRequire as gcbendCreateRequire } from 'node:module'; const require = gcbendCreateRequire(import.meta.url);" },
});
