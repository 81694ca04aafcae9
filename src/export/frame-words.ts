// In: a frame of a stack. Out: what is known of its place, in words.
import type { Frame } from '../events/types.ts';

/** `main.serve app/main.go:94`, as far as it is known. */
export function frameWords({ function: name, file, line }: Frame): string {
  return file === undefined ? name : `${name} ${file}${line === undefined ? '' : `:${line}`}`;
}
