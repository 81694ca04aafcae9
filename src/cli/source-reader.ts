// In: the name of a source file as a profile has it. Out: its lines, if the file is at hand.
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Looks for a source file as named, below each root, and without a prefix. What is not there is undefined. */
export function sourceReader(
  roots: readonly string[] = [],
  trimPath?: string,
): (file: string) => readonly string[] | undefined {
  return (file) => {
    const trimmed =
      trimPath !== undefined && file.startsWith(trimPath) ? file.slice(trimPath.length).replace(/^\/+/, '') : file;
    const parts = trimmed.split('/').filter((part) => part !== '');
    // As pprof does: under a root, ever shorter ends of the recorded path are tried.
    const below = roots.flatMap((root) => parts.map((_, i) => join(root, ...parts.slice(i))));
    for (const path of [...(isAbsolute(file) ? [file] : []), ...below, trimmed]) {
      try {
        return readFileSync(path, 'utf8').split('\n');
      } catch {
        // Try the next place.
      }
    }
    return undefined;
  };
}
