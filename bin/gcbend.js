#!/usr/bin/env node
// In: the command line. Out: the command of dist/cli/main.js. `--version` is answered here, before anything is loaded.
import { readFileSync } from 'node:fs';
import module from 'node:module';

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  // Little of what a line leaves behind lives on: a young generation that grows to 48 MiB buys nothing.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Most runs are over before optimised code has paid for itself: inlining less halves what the compiler takes, and what runs for less than
  // four times the usual budget is not optimised at all.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
  setFlagsFromString('--interrupt-budget=264000');
  // Node 22.1 and later keep compiled code between runs.
  module.enableCompileCache?.();
  const { main } = await import('../dist/cli/main.js');
  const status = await main(args);
  // A stopped run may still wait for input that never comes; what was written goes out first.
  process.stdout.write('', () => process.exit(status));
}
