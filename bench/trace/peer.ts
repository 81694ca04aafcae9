// In: a folder. Out: the command gogctrace (Go module github.com/tebeka/gctrace), built there by the go command.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const module = 'github.com/tebeka/gctrace';
const version = 'v0.4.0';

/** GOGCTRACE names a gogctrace that is there already. A text instead of a path says why there is none. */
export function buildGogctrace(folder: string): { path: string } | { missing: string } {
  const given = process.env.GOGCTRACE;
  if (given !== undefined) return { path: given };
  const cwd = join(folder, 'gogctrace');
  mkdirSync(cwd);
  const path = join(cwd, 'gogctrace');
  const steps = [
    ['mod', 'init', 'peer'],
    ['get', `${module}@${version}`],
    ['build', '-o', path, `${module}/cmd/gogctrace`],
  ];
  for (const args of steps) {
    const result = spawnSync('go', args, { cwd, encoding: 'utf8' });
    if (result.status !== 0) {
      const reason = result.error?.message ?? result.stderr.trim().split('\n').at(-1);
      return { missing: `go ${args.join(' ')}: ${reason}` };
    }
  }
  return { path };
}
