// In: names from the command line. Out: names of files: directories and patterns become what they hold, in natural order.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GcbendError } from '../errors.ts';
import { expandPattern, isPattern } from './glob.ts';
import { compareNaturally } from './natural-order.ts';

/**
 * A directory becomes the files in it (not those below, none that begin with a dot), a pattern the files that match,
 * both in natural order; every other name stays as it is, `-` too.
 * Throws GcbendError('INPUT_UNREADABLE') when a directory holds no file or a pattern matches none.
 */
export async function expandInputs(names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    if (name !== '-' && isDirectory(name)) files.push(...listFiles(name));
    else if (isPattern(name)) files.push(...(await listMatches(name)));
    else files.push(name);
  }
  return files;
}

const isDirectory = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;

function listFiles(directory: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch (cause) {
    throw new GcbendError('INPUT_UNREADABLE', `cannot read the directory ${directory}`, {
      cause,
      hint: 'check who may read it (ls -ld)',
    });
  }
  const files = entries
    .filter((entry) => !entry.startsWith('.'))
    .map((entry) => join(directory, entry))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
    .sort(compareNaturally);
  if (files.length > 0) return files;
  throw new GcbendError('INPUT_UNREADABLE', `the directory ${directory} holds no files`, {
    hint: `its subdirectories are not searched: try '${directory}/**/*'`,
  });
}

async function listMatches(pattern: string): Promise<string[]> {
  const files = await expandPattern(pattern);
  if (files.length > 0) return files;
  throw new GcbendError('INPUT_UNREADABLE', `no file matches ${pattern}`, { hint: 'check the pattern with ls' });
}
