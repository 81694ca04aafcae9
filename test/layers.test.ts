// In: the import lines of every file in src. Out: proof that the data path runs one way.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const src = resolve(import.meta.dirname, '../src');
const path = ['input', 'framing', 'envelope', 'grammar', 'events', 'series', 'detect', 'findings', 'render', 'export'];
const seesEverything = new Set(['cli', 'index.ts', 'pipeline.ts', 'core']);
/** Belongs to no folder, knows none. */
const shared = new Set(['errors.ts', 'web-assembly.ts']);
/** `detect` is number code only: it may not even look to its left. */
const isolated = new Set(['detect']);

/** Folders that files of `folder` may import from. */
function allowedFor(folder: string): Set<string> {
  const rank = path.indexOf(folder);
  const left = isolated.has(folder) ? [folder] : path.slice(0, rank + 1);
  return new Set([...left.filter((name) => !(folder === 'export' && name === 'render')), ...shared]);
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
}

test('every folder imports only folders to its left', () => {
  const wrong: string[] = [];
  for (const entry of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue;
    const folder = entry.split('/')[0]!;
    if (seesEverything.has(folder) || shared.has(folder)) continue;
    assert.ok(path.includes(folder), `src/${entry}: ${folder} is not on the data path`);
    const allowed = allowedFor(folder);
    for (const specifier of importsOf(join(src, entry))) {
      const target = relative(src, resolve(dirname(join(src, entry)), specifier)).split('/')[0]!;
      if (!allowed.has(target)) wrong.push(`src/${entry} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});
