// In: servers on loopback, of every kind that stands before pprof handlers. Out: the texts, or words that say what is wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type EndpointNotice, type EndpointOptions, type Snapshot, watchEndpoint } from '../../src/input/endpoint.ts';
import { parseTarget, profilePath } from '../../src/input/endpoint-target.ts';

const dir = mkdtempSync(join(tmpdir(), 'gcbend-endpoint-'));
const servers = new Set<Server>();
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(dir, { recursive: true, force: true });
});

const goroutine = 'goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tmain.main+0x1\t/a.go:1\n\n';
const heap = 'heap profile: 0: 0 [0: 0] @ heap/1048576\n\n# runtime.MemStats\n# Alloc = 1\n';

const pprof: RequestListener = (request, response) => {
  if (request.url === '/debug/pprof/goroutine?debug=1') response.end(goroutine);
  else if (request.url === '/debug/pprof/heap?debug=1') response.end(heap);
  else {
    response.statusCode = 404;
    response.end('404 page not found\n');
  }
};

async function serve(listener: RequestListener, server: Server = createServer(listener), where?: string) {
  servers.add(server);
  if (where === undefined) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  else await new Promise<void>((resolve) => server.listen(where, resolve));
  return where ?? `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Outcome = { snapshots: Snapshot[]; notices: EndpointNotice[] };

async function watch(url: string, options: Partial<EndpointOptions> = {}): Promise<Outcome> {
  const snapshots: Snapshot[] = [];
  const notices: EndpointNotice[] = [];
  const all = { signal: AbortSignal.timeout(15_000), intervalMs: 5, count: 1, ...options };
  for await (const item of watchEndpoint(url, all)) {
    if (item.type === 'snapshot') snapshots.push(item);
    else notices.push(item);
  }
  return { snapshots, notices };
}

const summary = ({ snapshots }: Outcome) => snapshots.map(({ profile, changed }) => `${profile}${changed ? '' : '='}`);
const kinds = ({ notices }: Outcome) => notices.map(({ kind }) => kind);

test('addresses: where the handlers are, and what may be shown', () => {
  const paths = (text: string) => {
    const target = parseTarget(text);
    return [target.display, profilePath(target, 'heap'), profilePath(target, 'vars'), target.named];
  };
  const plain = ['/debug/pprof/heap?debug=1', '/debug/vars', undefined];
  assert.deepEqual(paths('http://h:6060'), ['http://h:6060/debug/pprof/', ...plain]);
  assert.deepEqual(paths('h:6060'), ['http://h:6060/debug/pprof/', ...plain]);
  assert.deepEqual(paths(':6060/'), ['http://localhost:6060/debug/pprof/', ...plain]);
  assert.deepEqual(paths('https://h/debug/pprof'), ['https://h/debug/pprof/', ...plain]);
  assert.deepEqual(paths('http://[::1]:6060/debug/pprof/heap?debug=1').at(-1), 'heap');
  assert.equal(parseTarget('http://[::1]:6060').hostname, '::1');
  assert.deepEqual(paths('http://h/app'), [
    'http://h/app/debug/pprof/',
    '/app/debug/pprof/heap?debug=1',
    '/app/debug/vars',
    undefined,
  ]);
  assert.deepEqual(paths('http://h/internal/pprof/').slice(0, 2), [
    'http://h/internal/pprof/',
    '/internal/pprof/heap?debug=1',
  ]);
  assert.deepEqual(paths('http://h/x/debug/vars'), [
    'http://h/x/debug/vars',
    '/x/debug/pprof/heap?debug=1',
    '/x/debug/vars',
    'vars',
  ]);
  assert.deepEqual(paths('http://me:secret@h/?key=hidden'), [
    'http://h/debug/pprof/?key=…',
    '/debug/pprof/heap?debug=1&key=hidden',
    '/debug/vars?key=hidden',
    undefined,
  ]);
  assert.equal(parseTarget('http://me:s%40x@h/').userInfo, 'me:s@x');
  assert.deepEqual(paths('unix:/run/a.sock')[0], 'unix:/run/a.sock:/debug/pprof/');
  assert.deepEqual(paths('unix:/run/a.sock:/base/')[1], '/base/debug/pprof/heap?debug=1');
  assert.throws(() => parseTarget('ftp://h/'), { code: 'USAGE' });
  assert.throws(
    () => parseTarget('http://u:pass word@ho st/'),
    (error: Error) => !/pass/.test(error.message),
  );
});

test('two profiles by default, over one kept connection; what has not changed is said so', async () => {
  let connections = 0;
  let inFlight = 0;
  let most = 0;
  const server = createServer((request, response) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    setTimeout(() => {
      inFlight -= 1;
      pprof(request, response);
    }, 2);
  });
  server.on('connection', () => {
    connections += 1;
  });
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  await watch(await serve(pprof, server), { count: 30, intervalMs: 0 });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  assert.deepEqual(warnings, [], 'no listener stays on the kept connection');
  connections = 0;
  const outcome = await watch(`127.0.0.1:${(server.address() as AddressInfo).port}`, { count: 3 });
  assert.deepEqual(summary(outcome), ['goroutine', 'heap', 'goroutine=', 'heap=', 'goroutine=', 'heap=']);
  assert.equal(String(outcome.snapshots[1]!.bytes), heap);
  assert.ok(outcome.snapshots[0]!.tookMs > 0);
  assert.deepEqual([connections, most], [1, 1]);
});

test('gzip, redirects, unix sockets, headers, query', async () => {
  const compressed = await serve((request, response) => {
    assert.equal(request.headers['accept-encoding'], 'gzip');
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(goroutine));
  });
  assert.equal(String((await watch(compressed, { profiles: ['goroutine'] })).snapshots[0]!.bytes), goroutine);

  const seen: IncomingMessage['headers'][] = [];
  const other = await serve((request, response) => {
    seen.push(request.headers);
    pprof(request, response);
  });
  const redirecting = await serve((request, response) => {
    seen.push(request.headers);
    response.writeHead(307, { location: `http://${other}${request.url}` });
    response.end();
  });
  const outcome = await watch(`http://u:p@${redirecting}`, { headers: { 'X-Tenant': 'one' }, profiles: ['heap'] });
  assert.deepEqual(summary(outcome), ['heap']);
  assert.equal(seen[0]!['x-tenant'], 'one');
  assert.equal(seen[0]!.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
  assert.equal(seen[1]!['x-tenant'], undefined, 'another host hears nothing of them');
  assert.equal(seen[1]!.authorization, undefined);

  const circle = await serve((request, response) => {
    response.writeHead(302, { location: request.url! });
    response.end();
  });
  await assert.rejects(watch(circle), /redirected more than 5 times/);

  const socket = join(dir, 'app.sock');
  await serve(pprof, createServer(pprof), socket);
  assert.deepEqual(summary(await watch(`unix:${socket}`)), ['goroutine', 'heap']);
  await assert.rejects(watch(`unix:${join(dir, 'none.sock')}`), { code: 'ENDPOINT_FAILED' });
  await assert.rejects(watch('h', { headers: { 'X-A': 'one\r\nX-B: two' } }), { code: 'USAGE' });
});

test('a bearer token: from a file that changes, from the environment, never shown', async () => {
  let wanted = 'first-token';
  const address = await serve((request, response) => {
    if (request.headers.authorization === `Bearer ${wanted}`) return pprof(request, response);
    response.statusCode = 401;
    response.end('no');
  });
  await assert.rejects(watch(address), /wants to know who asks \(HTTP 401\)/);
  const file = join(dir, 'token');
  writeFileSync(file, 'first-token\n');
  const outcome = await watch(address, {
    token: { file },
    profiles: ['heap'],
    count: 2,
    feedback: () => {
      wanted = 'second-token-longer';
      writeFileSync(file, wanted);
      utimesSync(file, new Date(), new Date(Date.now() + 5000));
      return {};
    },
  });
  assert.deepEqual(summary(outcome), ['heap', 'heap=']);
  process.env.GCBEND_TEST_TOKEN = 'wrong-token-value';
  await assert.rejects(watch(address, { token: { env: 'GCBEND_TEST_TOKEN' } }), (error: Error) => {
    assert.match(error.message, /does not accept the token/);
    assert.doesNotMatch(
      JSON.stringify(error) + error.stack + String((error as { cause?: unknown }).cause),
      /wrong-token/,
    );
    return true;
  });
  await assert.rejects(watch(address, { token: { env: 'GCBEND_TEST_NONE' } }), /GCBEND_TEST_NONE is empty/);
  await assert.rejects(watch(address, { token: { file: join(dir, 'none') } }), /there is no such file/);
});

const answer = (status: number, text: string) => (_: IncomingMessage, response: ServerResponse) => {
  response.statusCode = status;
  response.end(text);
};

test('what is not a profile is named', async () => {
  const cases: [RequestListener, RegExp][] = [
    [answer(200, '<!doctype html><title>Sign in</title>'), /a web page, not a profile/],
    [answer(200, ''), /the answer is empty/],
    [answer(200, 'hello'), /begins with "hello"/],
    [answer(403, 'no'), /does not allow this/],
    [answer(500, 'oops'), /the server failed/],
    [answer(404, '404 page not found'), /there is nothing \(HTTP 404\)/],
    [answer(400, 'Client sent an HTTP request to an HTTPS server.\n'), /the server speaks HTTPS/],
    [(_, response) => response.socket!.end('SSH-2.0-OpenSSH\r\n'), /the answer is not HTTP/],
    [(_, response) => response.socket!.destroy(), /the connection was cut/],
    [
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('goroutine profile: total 5');
        setTimeout(() => response.socket!.destroy(), 20);
      },
      /the connection was cut/,
    ],
    [
      (_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end('this is no gzip');
      },
      /compressed answer is damaged/,
    ],
  ];
  for (const [listener, words] of cases) await assert.rejects(watch(await serve(listener)), words, String(words));
  await assert.rejects(watch('127.0.0.1:1'), /nobody listens there/);
});

test('limits: time and size', async () => {
  const silent = await serve(() => {});
  await assert.rejects(watch(silent, { timeoutMs: 60 }), /no whole answer within 0.06 s/);
  const big = await serve((_, response) => response.end(goroutine + 'x'.repeat(5e6)));
  await assert.rejects(watch(big, { maxBytes: 2 ** 20 }), /larger than 1 MiB/);
  await assert.rejects(watch(big, { maxBytes: 1024 }), /larger than 1024 bytes/);
  const bomb = await serve((_, response) => {
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(Buffer.alloc(5e6)));
  });
  await assert.rejects(watch(bomb, { maxBytes: 2 ** 20 }), /larger than 1 MiB/);
});

test('profiles that a program has not are left out; without pprof its expvar page is read', async () => {
  const some = await watch(await serve(pprof), { profiles: ['goroutineleak', 'heap'], count: 2 });
  assert.deepEqual(summary(some), ['heap', 'heap=']);
  assert.deepEqual(kinds(some), ['missing']);
  const expvar = await serve((request, response) =>
    request.url === '/debug/vars' ? response.end('{"memstats": {}}') : answer(404, 'no')(request, response),
  );
  const outcome = await watch(expvar, { count: 2 });
  assert.deepEqual(summary(outcome), ['vars', 'vars=']);
  assert.deepEqual(kinds(outcome), ['missing', 'fallback']);
});

test('one profile that fails later does not take the others with it', async () => {
  let forbidden = false;
  const address = await serve((request, response) =>
    forbidden && request.url!.includes('goroutine') ? answer(403, 'no')(request, response) : pprof(request, response),
  );
  const outcome = await watch(address, {
    count: 3,
    feedback: () => {
      forbidden = true;
      return {};
    },
  });
  assert.deepEqual(summary(outcome), ['goroutine', 'heap', 'heap=', 'heap=']);
  assert.deepEqual(kinds(outcome), ['failed']);
});

test('a target that goes away and comes back', async () => {
  let server = createServer(pprof);
  const address = await serve(pprof, server);
  const port = Number(address.split(':')[1]);
  let rounds = 0;
  const outcome = await watch(address, {
    count: 3,
    profiles: ['heap'],
    feedback: () => {
      rounds += 1;
      if (rounds === 1) {
        server.closeAllConnections();
        server.close();
        setTimeout(() => {
          server = createServer(pprof);
          servers.add(server);
          server.listen(port, '127.0.0.1');
        }, 700);
      }
      return {};
    },
  });
  assert.deepEqual(summary(outcome), ['heap', 'heap=', 'heap=']);
  assert.deepEqual(kinds(outcome), ['unreachable', 'reconnected']);
});

test('a program that has just been started is waited for, without a word; one that says no is not', async () => {
  let asked = 0;
  const starting: RequestListener = (request, response) => {
    asked += 1;
    if (asked > 2) return pprof(request, response);
    response.statusCode = 503;
    response.end();
  };
  const late = join(dir, 'late.sock');
  setTimeout(() => serve(starting, undefined, late), 400);
  const outcome = await watch(`unix:${late}`, { waitForTarget: true });
  assert.deepEqual([summary(outcome), kinds(outcome)], [['goroutine', 'heap'], []]);
  await assert.rejects(watch(`unix:${join(dir, 'never.sock')}`), /there is no such socket/);
  const locked = await serve((_, response) => {
    response.statusCode = 401;
    response.end();
  });
  await assert.rejects(watch(`http://${locked}`, { waitForTarget: true }), /wants to know who asks/);
});

test('stopping does not wait for an answer', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const outcome = await watch(await serve(() => {}), { signal: stop.signal });
  assert.deepEqual(summary(outcome), []);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const needsOpenssl = hasOpenssl ? {} : { skip: 'LOUD: openssl is not on PATH, nothing about TLS was tested' };

function openssl(...args: string[]): void {
  const run = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function authority(name: string): void {
  openssl('req', '-x509', ...EC, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2', '-subj', `/CN=${name}`);
}

function certificate(name: string, ca: string, altNames: string, dates: string[] = ['-days', '2']): void {
  openssl('req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${altNames}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${ca}.crt`,
    '-CAkey',
    `${ca}.key`,
    '-CAcreateserial',
    '-out',
    `${name}.crt`,
    '-extfile',
    `${name}.ext`,
    ...dates,
  );
}

async function serveTls(name: string, options: object = {}): Promise<string> {
  const server = createSecureServer({ key: file(`${name}.key`), cert: file(`${name}.crt`), ...options }, pprof);
  server.on('tlsClientError', () => {});
  return `https://${await serve(pprof, server as unknown as Server)}`;
}

const file = (name: string) => readFileSync(join(dir, name));
const path = (name: string) => join(dir, name);

test('TLS: private authority, client certificates, and every way it goes wrong', needsOpenssl, async () => {
  authority('ca');
  authority('other');
  certificate('server', 'ca', 'IP:127.0.0.1,DNS:localhost');
  certificate('elsewhere', 'ca', 'DNS:elsewhere.example');
  certificate('client', 'ca', 'DNS:client');
  certificate('stranger', 'other', 'DNS:stranger');
  const cacert = path('ca.crt');

  const plain = await serveTls('server');
  assert.deepEqual(summary(await watch(plain, { tls: { cacert } })), ['goroutine', 'heap']);
  await assert.rejects(watch(plain), /signed by an authority that this machine does not know/);
  await assert.rejects(
    watch(plain, { tls: { cacert: path('other.crt') } }),
    /authority that this machine does not know|signature/,
  );
  const insecure = await watch(plain, { tls: { insecure: true } });
  assert.deepEqual(kinds(insecure), ['insecure']);
  assert.deepEqual(summary(insecure), ['goroutine', 'heap']);

  await assert.rejects(
    watch(await serveTls('elsewhere'), { tls: { cacert } }),
    /not for this host; it is for elsewhere\.example/,
  );
  await assert.rejects(watch(await serveTls('ca')), /self-signed|authority/);

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const mutual = await serveTls('server', {
      requestCert: true,
      rejectUnauthorized: true,
      ca: file('ca.crt'),
      maxVersion,
    });
    const ours = { cacert, cert: path('client.crt'), key: path('client.key') };
    assert.deepEqual(summary(await watch(mutual, { tls: ours })), ['goroutine', 'heap'], maxVersion);
    await assert.rejects(watch(mutual, { tls: { cacert } }), { code: 'ENDPOINT_FAILED' });
    await assert.rejects(watch(mutual, { tls: { cacert, cert: path('stranger.crt'), key: path('stranger.key') } }), {
      code: 'ENDPOINT_FAILED',
    });
  }

  const material = (tls: object, words: RegExp) => assert.rejects(watch(plain, { tls }), words);
  await material({ cacert: path('none') }, /--cacert .*none: there is no such file/);
  await material({ cacert: path('ca.key') }, /no PEM block with a certificate/);
  await material({ cert: path('client.crt'), key: path('stranger.key') }, /does not belong to --cert/);
  await material({ key: path('client.key') }, /--key needs --cert/);
  openssl('ec', '-in', 'client.key', '-aes256', '-passout', 'pass:word', '-out', 'locked.key');
  await material({ cert: path('client.crt'), key: path('locked.key') }, /is encrypted/);
  assert.deepEqual(
    summary(
      await watch(plain, { tls: { cacert, cert: path('client.crt'), key: path('locked.key'), passphrase: 'word' } }),
    ),
    ['goroutine', 'heap'],
  );

  const clear = await serve(pprof);
  await assert.rejects(watch(`https://${clear}`), /does not speak TLS/);
});

test('TLS: an expired certificate is named with its date', needsOpenssl, async () => {
  authority('ca2');
  openssl('req', ...EC, '-keyout', 'expired.key', '-out', 'expired.csr', '-subj', '/CN=expired');
  writeFileSync(path('index'), '');
  writeFileSync(path('serial'), '01\n');
  writeFileSync(
    path('ca.conf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=e
[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n`,
  );
  openssl(
    'ca',
    '-batch',
    '-config',
    'ca.conf',
    '-cert',
    'ca2.crt',
    '-keyfile',
    'ca2.key',
    '-in',
    'expired.csr',
    '-out',
    'expired.crt',
    '-notext',
    '-startdate',
    '20200101000000Z',
    '-enddate',
    '20200201000000Z',
  );
  await assert.rejects(
    watch(await serveTls('expired'), { tls: { cacert: path('ca2.crt') } }),
    /its certificate has expired \(on Feb\s+1 .*2020/,
  );
});

const hasGo = spawnSync('go', ['version']).status === 0;

test(
  'a real Go server with client certificates',
  hasGo && hasOpenssl ? {} : { skip: 'LOUD: go or openssl is not on PATH' },
  async () => {
    authority('ca3');
    certificate('server3', 'ca3', 'IP:127.0.0.1');
    certificate('client3', 'ca3', 'DNS:client');
    writeFileSync(join(dir, 'go.mod'), 'module example.com/m\n\ngo 1.21\n');
    writeFileSync(
      join(dir, 'main.go'),
      `package main
import ("crypto/tls"; "crypto/x509"; _ "expvar"; "fmt"; "net"; "net/http"; _ "net/http/pprof"; "os")
func main() {
  pem, _ := os.ReadFile("ca3.crt"); pool := x509.NewCertPool(); pool.AppendCertsFromPEM(pem)
  l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }
  fmt.Println(l.Addr())
  s := http.Server{TLSConfig: &tls.Config{ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}}
  fmt.Println(s.ServeTLS(l, "server3.crt", "server3.key"))
}
`,
    );
    assert.equal(spawnSync('go', ['build', '-o', 'tlsserver', '.'], { cwd: dir }).status, 0);
    const { spawn } = await import('node:child_process');
    const child = spawn('./tlsserver', [], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const address = await new Promise<string>((resolve) =>
        child.stdout.once('data', (text) => resolve(String(text).trim())),
      );
      const cacert = path('ca3.crt');
      const outcome = await watch(`https://${address}`, {
        tls: { cacert, cert: path('client3.crt'), key: path('client3.key') },
        profiles: ['goroutine', 'goroutine2', 'heap', 'allocs', 'block', 'mutex', 'threadcreate', 'vars'],
      });
      assert.deepEqual(summary(outcome), [
        'goroutine',
        'goroutine2',
        'heap',
        'allocs',
        'block',
        'mutex',
        'threadcreate',
        'vars',
      ]);
      await assert.rejects(watch(`https://${address}`, { tls: { cacert } }), /wants a client certificate/);
      await assert.rejects(watch(`http://${address}`), /the server speaks HTTPS/);
    } finally {
      child.kill();
    }
  },
);
