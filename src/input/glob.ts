// In: a file name or a pattern (`logs/*.log`, `/var/log/**/app-{a,b}.log`). Out: the files it names now, in natural order.
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/** Whether a text is a pattern: it has pattern characters and no file of just that name exists. */
export function isPattern(text: string): boolean {
  return /[*?[{]/.test(text) && !existsSync(text);
}

/**
 * The files that a pattern names now (plain files and links to them; a name starting with a dot only where the pattern
 * writes the dot). Paths are as the pattern is: relative stays relative.
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  // Loaded when the first pattern comes: most runs see none.
  const { glob } = await import('tinyglobby');
  const paths = await glob(pattern, { expandDirectories: false, onlyFiles: true, absolute: isAbsolute(pattern) });
  const collator = new Intl.Collator('en', { numeric: true });
  return paths.sort(collator.compare);
}
