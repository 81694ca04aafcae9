// In: command lines that cannot be followed. Out: what is wrong with them, what to try, and status 2; nothing is read or started.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gcbend } from '../support/gcbend.ts';

const folder = mkdtempSync(join(tmpdir(), 'gcbend-usage-'));
after(() => rmSync(folder, { recursive: true }));

const profile = (command: string): string =>
  `gcbend: ${command} needs a file that holds a profile\n` +
  `  try: gcbend ${command} heap.txt, or curl -s 'http://HOST:PORT/debug/pprof/heap?debug=1' | gcbend ${command} -\n`;
const formats = 'one of report, ndjson, json, csv, markdown, html, junit, openmetrics';

const said: readonly (readonly [args: string, stderr: string])[] = [
  ['top', profile('top')],
  ['list --function main', profile('list')],
  ['traces', profile('traces')],
  ['peek', profile('peek')],
  ['diff', 'gcbend: diff needs two files, the older one first\n  try: gcbend diff before.txt after.txt\n'],
  ['diff a', 'gcbend: diff needs two files, the older one first\n  try: gcbend diff before.txt after.txt\n'],
  ['diff a b c', 'gcbend: diff does not take "c"\n  try: gcbend diff --help says what it takes\n'],
  ['watch', 'gcbend: watch needs the address of the program\n  try: gcbend watch http://localhost:6060/debug/pprof/\n'],
  ['run', 'gcbend: run needs a command\n  try: gcbend run -- go run ./x\n'],
  ['run go build', 'gcbend: run does not take "go"\n  try: gcbend run -- go build\n'],
  ['schema x', 'gcbend: schema does not take "x"\n  try: gcbend schema --help says what it takes\n'],
  ['--bogus', 'gcbend: there is no option --bogus\n  try: gcbend --help lists the options\n'],
  ['--foramt json', 'gcbend: there is no option --foramt\n  try: --format\n'],
  ['--eachgoroutine', 'gcbend: there is no option --eachgoroutine\n  try: --each-goroutine\n'],
  ['top --bogus heap.txt', 'gcbend: there is no option --bogus\n  try: gcbend top --help lists the options\n'],
  ['peek -f x', 'gcbend: there is no option -f\n  try: gcbend peek --help lists the options\n'],
  ['--format xml', `gcbend: --format xml: there is no such value\n  try: ${formats}\n`],
  ['--format', `gcbend: --format needs a value\n  try: ${formats}\n`],
  ['--no-color', 'gcbend: there is no option --no-color\n  try: --color with one of auto, always, never\n'],
  ['-o', 'gcbend: -o needs a value\n  try: gcbend --help says which\n'],
  ['grammars --check', 'gcbend: --check needs a value\n  try: gcbend grammars --help says which\n'],
  ['--width wide', 'gcbend: --width wide is no number\n'],
  ['run --finding-exit-code=one -- true', 'gcbend: --finding-exit-code one is no number\n'],
  ['gramars', 'gcbend: there is no file gramars, and no such command\n  try: gcbend grammars\n'],
  ['dif a.txt b.txt', 'gcbend: there is no file dif, and no such command\n  try: gcbend diff a.txt b.txt\n'],
  ['trace', 'gcbend: there is no file trace, and no such command\n  try: gcbend traces\n'],
  ['service', 'gcbend: cannot read service: no such file\n  try: check the name; "-" reads standard input\n'],
  ['--quiet=maybe', 'gcbend: --quiet maybe is neither true nor false\n  try: --quiet\n'],
  ['-f=1 app.log', 'gcbend: -f 1 is neither true nor false\n  try: -f\n'],
  [
    '-o missing/report.html app.log',
    'gcbend: cannot write missing/report.html: there is no directory missing\n  try: mkdir -p missing\n',
  ],
  ['diff -o a/b/c.json a b', 'gcbend: cannot write a/b/c.json: there is no directory a/b\n  try: mkdir -p a/b\n'],
  [
    'watch http://localhost:1/ -o missing/x.csv',
    'gcbend: cannot write missing/x.csv: there is no directory missing\n  try: mkdir -p missing\n',
  ],
  ['-o . --format json', 'gcbend: cannot write .: it is a directory\n  try: a name in it: -o NAME\n'],
  ['--group-by state --group-by stack', 'gcbend: --group-by can be given once only, not 2 times\n'],
];

for (const [args, stderr] of said) {
  test(`gcbend ${args}`, async () => {
    assert.deepEqual(await gcbend(args.split(' '), { cwd: folder }), { status: 2, stdout: '', stderr });
  });
}

test('an option of the configuration that does not exist', async () => {
  const file = join(folder, 'own.json');
  writeFileSync(file, '{"formt": "csv"}');
  assert.deepEqual(await gcbend(['--config', file]), {
    status: 2,
    stdout: '',
    stderr:
      'gcbend: the configuration sets formt, and there is no such option\n  try: gcbend --help lists the options\n',
  });
});
