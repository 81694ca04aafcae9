// In: findings with hostile texts. Out: each told once, whole, to a command and a webhook.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FindingEvent } from '../../src/events/types.ts';
import { AlarmHooks, type AlarmOptions } from '../../src/export/alarm-hooks.ts';

const dir = mkdtempSync(join(tmpdir(), 'gcbend-alarm-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const finding = (id: string, more: object = {}): FindingEvent =>
  ({
    type: 'finding',
    schema: 1,
    source: '-',
    line: 1,
    id,
    status: 'open',
    rule: 'heap-growth',
    severity: 'critical',
    title: `"; touch ${join(dir, 'owned')}; $(touch ${join(dir, 'owned')}) '`,
    detail: 'x',
    evidence: {},
    advice: '',
    ...more,
  }) as unknown as FindingEvent;

async function tell(findings: FindingEvent[], options: Partial<AlarmOptions>): Promise<string[]> {
  const problems: string[] = [];
  const hooks = new AlarmHooks({ retryMs: 1, ...options, onProblem: (message) => problems.push(message) });
  for (const each of findings) hooks.offer(each);
  await hooks.close(5000);
  return problems;
}

test('a command gets each finding once, as JSON on its stdin, and nothing of it on its line', async () => {
  const out = join(dir, 'out');
  const findings = [
    finding('a'),
    finding('a'),
    finding('b', { revises: 'a', status: 'final' }),
    finding('c', { revises: 'b' }),
    finding('d', { status: 'withdrawn' }),
    finding('e'),
  ];
  assert.deepEqual(await tell(findings, { command: `cat >> '${out}'` }), []);
  const told = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(told, [finding('a'), finding('e')]);
  assert.equal(existsSync(join(dir, 'owned')), false);
});

test('a command that fails, ignores its stdin or hangs is named and does not stop the rest', async () => {
  assert.deepEqual(await tell([finding('a')], { command: 'exit 3' }), [
    '--on-finding: the command ended with status 3',
  ]);
  assert.deepEqual(await tell([finding('a', { detail: 'x'.repeat(1e6) })], { command: 'true' }), []);
  assert.deepEqual(await tell([finding('a')], { command: 'exec sleep 30', commandTimeoutMs: 50 }), [
    '--on-finding: the command was ended by SIGKILL (it may run 0.05 s)',
  ]);
  const problems: string[] = [];
  const hooks = new AlarmHooks({ command: 'exec sleep 30', onProblem: (message) => problems.push(message) });
  hooks.offer(finding('a'));
  await hooks.close(30);
  assert.deepEqual(problems, ['1 alarm could not be delivered in time']);
});

test('a webhook is tried again when it may help, and its address stays secret', async () => {
  const bodies: string[] = [];
  let statuses: number[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(statuses.shift() ?? 200, { 'retry-after': '0' });
      response.end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const webhook = `http://${host}/services/SECRET?t=SECRET`;
  statuses = [503, 429];
  assert.deepEqual(await tell([finding('a'), finding('b')], { webhook }), []);
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body).id),
    ['a', 'a', 'a', 'b'],
  );
  bodies.length = 0;
  statuses = [400];
  assert.deepEqual(await tell([finding('a')], { webhook }), [`webhook ${host}: answered 400`]);
  assert.equal(bodies.length, 1);
  statuses = [500, 500, 500, 500, 500, 500];
  assert.deepEqual(await tell([finding('a')], { webhook }), [`webhook ${host}: answered 500`]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(await tell([finding('a')], { webhook }), [`webhook ${host}: nobody listens there (ECONNREFUSED)`]);
});

test('an address that nothing can be posted to is refused at once and not repeated; a user in it is sent as one', async () => {
  for (const webhook of ['no address SECRET', 'ftp://SECRET@host/', '/SECRET']) {
    assert.throws(
      () => new AlarmHooks({ webhook, onProblem: () => {} }),
      (error: Error) => /no http or https address/.test(error.message) && !/SECRET/.test(error.message),
    );
  }
  let seen: string | undefined;
  const server = createServer((request, response) => {
    seen = request.headers.authorization;
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(await tell([finding('a')], { webhook: `http://me:p%40ss@127.0.0.1:${port}/` }), []);
  assert.equal(seen, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
