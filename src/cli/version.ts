// In: package.json. Out: the version.
import { readFileSync } from 'node:fs';

// The bundle lies in dist/cli, the source in src/cli: both two folders below the package.
const packageJson = new URL('../../package.json', import.meta.url);

export const version: string = (JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string }).version;
