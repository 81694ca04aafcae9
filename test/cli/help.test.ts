// In: questions about the command itself. Out: help, version, completion; every command of the help has its own.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { gcbend, samples } from '../support/gcbend.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-help-cli-'));
after(() => rmSync(folder, { recursive: true }));

test('--version and --help', async () => {
  const { version } = JSON.parse(readFileSync(resolve(samples, '../package.json'), 'utf8')) as { version: string };
  for (const args of [['--version'], ['--version', '--quiet']]) {
    assert.deepEqual(await gcbend(args), { status: 0, stdout: `${version}\n`, stderr: '' });
  }
  const help = await gcbend(['--help']);
  assert.equal(help.status, 0);
  assert.equal(help.stderr, '');
  for (const command of ['run', 'watch', 'top', 'traces', 'peek', 'list', 'diff', 'grammars', 'schema', 'completion']) {
    assert.match(help.stdout, new RegExp(`^ +gcbend ${command}\\b`, 'm'));
  }
  for (const command of ['run', 'watch', 'diff']) {
    const own = await gcbend([command, '--help']);
    assert.equal(own.status, 0);
    assert.match(own.stdout, /--fail-on/);
  }
});

test('completion: the script and nothing else; the shell gets commands and options', async () => {
  const script = await gcbend(['completion'], { cwd: folder });
  assert.equal(script.status, 0);
  assert.equal(script.stderr, '');
  assert.match(script.stdout, /--get-yargs-completions/);
  const words = await gcbend(['--get-yargs-completions', 'gcbend', 'top', '--'], { cwd: folder });
  assert.equal(words.status, 0);
  assert.match(words.stdout, /^--focus\b/m);
});

test('a word that is nearly a command or an option is not taken for another', async () => {
  const option = await gcbend(['--formt', 'json']);
  assert.equal(option.status, 2);
  assert.match(option.stderr, /formt/);
  const command = await gcbend(['wach'], { cwd: folder });
  assert.equal(command.status, 2);
  assert.match(command.stderr, /wach/);
});

test('configuration: found above, named, wrong', async () => {
  const leak = join(samples, 'leak/stderr.log');
  writeFileSync(join(folder, '.gcbendrc.json'), '{"format": "csv"}');
  const found = await gcbend([leak], { cwd: folder });
  assert.equal(found.status, 0, found.stderr);
  assert.equal(found.stdout.split(',')[0], 'process');
  const overruled = await gcbend([leak, '--format', 'json'], { cwd: folder });
  assert.equal(typeof JSON.parse(overruled.stdout), 'object');
  for (const [text, message] of [
    ['{"formt": "csv"}', /formt/],
    ['{"thresholds": {"longPause": {"singleMs": "much"}}}', /singleMs/],
    ['{"thresholds": {"longPause": {"sinlgeMs": 1}}}', /sinlgeMs is unknown\n {2}try: /],
    ['{', /own\.json/],
  ] as const) {
    const file = join(folder, 'own.json');
    writeFileSync(file, text);
    const ran = await gcbend([leak, '--config', file]);
    assert.equal(ran.status, 2, text);
    assert.match(ran.stderr, message, text);
    assert.doesNotMatch(ran.stderr, /at .*\.js:\d/);
  }
});
