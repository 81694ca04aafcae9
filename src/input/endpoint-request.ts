// In: a target and a path. Out: the body of one GET, decoded, within a time and a size; or why not, in plain words.
// One connection, kept alive: a poll costs the target a request, not a handshake.
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { createGunzip } from 'node:zlib';
import { GcbendError } from '../errors.ts';
import { EndpointFailure, explainFailure, explainStatus, type PeerFacts } from './endpoint-failure.ts';
import type { EndpointTarget } from './endpoint-target.ts';
import { type TlsFiles, TlsLoader, type TlsMaterial, TokenLoader, type TokenSource } from './tls-material.ts';

export interface RequestSettings {
  headers?: Record<string, string>;
  token?: TokenSource;
  tls?: TlsFiles;
  /** For a whole answer. Default 30 s: a dump of a large heap is slow. */
  timeoutMs?: number;
  /** Of the decoded answer. Default 256 MiB. */
  maxBytes?: number;
}

const MAX_REDIRECTS = 5;

/** Where one request goes; a redirect makes a new one. */
interface Place {
  protocol: string;
  hostname: string;
  port: string;
  path: string;
  socketPath: string | undefined;
}

/** Fetches paths of one target, one at a time. Every failure is an EndpointFailure without secrets in it. */
export class EndpointClient {
  private readonly target: EndpointTarget;
  private readonly settings: RequestSettings;
  private readonly tls: TlsLoader;
  private readonly token: TokenLoader | undefined;
  private readonly plainAgent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  private secureAgent: HttpsAgent | undefined;
  private material: TlsMaterial | undefined;

  constructor(target: EndpointTarget, settings: RequestSettings) {
    this.target = target;
    this.settings = settings;
    this.tls = new TlsLoader(settings.tls ?? {});
    this.token = settings.token === undefined ? undefined : new TokenLoader(settings.token);
    for (const [name, value] of Object.entries(settings.headers ?? {})) {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        throw new GcbendError(
          'USAGE',
          `the header ${JSON.stringify(name)} cannot be sent: a name or value of HTTP has no such bytes`,
        );
      }
    }
  }

  /** The decoded body of a GET. */
  async get(path: string, signal: AbortSignal): Promise<Buffer> {
    const { protocol, hostname, port, socketPath } = this.target;
    const home: Place = { protocol, hostname, port, path, socketPath };
    let place = home;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await this.getOnce(place, isSameOrigin(place, home), signal);
      if (Buffer.isBuffer(answer)) return answer;
      place = follow(place, answer.location, this.target.display);
    }
    throw new EndpointFailure('refused', `${this.target.display}: redirected more than ${MAX_REDIRECTS} times`);
  }

  close(): void {
    this.plainAgent.destroy();
    this.secureAgent?.destroy();
  }

  private async getOnce(place: Place, atHome: boolean, signal: AbortSignal): Promise<Buffer | { location: string }> {
    const options = this.requestOptions(place, atHome);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.exchange(place, options, signal);
      } catch (error) {
        // A server closes a kept connection when it likes: only then is a second try no repetition.
        if (attempt > 1 || !(error instanceof StaleConnection)) throw error;
      }
    }
  }

  private requestOptions(place: Place, atHome: boolean): RequestOptions {
    const headers: Record<string, string> = { 'accept-encoding': 'gzip', 'user-agent': 'gcbend' };
    // What proves who we are is for the host that the user named, not for one that it sends us to.
    if (atHome) {
      Object.assign(headers, this.settings.headers);
      if (this.target.userInfo !== undefined) {
        headers.authorization = `Basic ${Buffer.from(this.target.userInfo).toString('base64')}`;
      }
      if (this.token !== undefined) headers.authorization = `Bearer ${this.token.load()}`;
    }
    const { hostname, port, path, socketPath } = place;
    const options: RequestOptions = { method: 'GET', path, headers, hostname, port };
    if (socketPath !== undefined) options.socketPath = socketPath;
    options.agent = place.protocol === 'https:' ? this.agentForTls(atHome) : this.plainAgent;
    return options;
  }

  private agentForTls(atHome: boolean): HttpsAgent {
    const material = this.tls.load();
    if (!atHome) {
      const { cert: _cert, key: _key, passphrase: _passphrase, ...trust } = material;
      return new HttpsAgent(trust);
    }
    if (this.secureAgent === undefined || material !== this.material) {
      this.secureAgent?.destroy();
      this.material = material;
      this.secureAgent = new HttpsAgent({ ...material, keepAlive: true, maxSockets: 1 });
    }
    return this.secureAgent;
  }

  private exchange(place: Place, options: RequestOptions, signal: AbortSignal): Promise<Buffer | { location: string }> {
    const { display } = this.target;
    const { timeoutMs = 30_000, maxBytes = 256 * 2 ** 20 } = this.settings;
    return new Promise((resolve, reject) => {
      const send = place.protocol === 'https:' ? requestHttps : requestHttp;
      const request = send(options);
      let timedOut = false;
      let peer: PeerFacts = {};
      request.once('socket', (socket) => {
        // After the handshake fails there is nothing left to ask; `secure` comes just before that is decided.
        if (request.reusedSocket || place.protocol !== 'https:') return;
        socket.prependOnceListener('secure', () => {
          const certificate = (socket as TLSSocket).getPeerCertificate();
          peer = { validTo: certificate.valid_to, names: certificate.subjectaltname };
        });
      });
      const timer = setTimeout(() => {
        timedOut = true;
        request.destroy();
      }, timeoutMs);
      const abort = () => request.destroy();
      signal.addEventListener('abort', abort);
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const fail = (error: unknown) => {
        finish();
        if (timedOut) {
          reject(
            new EndpointFailure('slow', `${display}: no whole answer within ${timeoutMs / 1000} s`, {
              hint: 'a dump of a large program takes its time: --timeout gives it more',
            }),
          );
        } else if (request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '')) {
          reject(new StaleConnection());
        } else {
          reject(explainFailure(display, error, peer, this.settings.tls?.cert !== undefined));
        }
      };
      request.once('error', fail);
      request.once('response', (response: IncomingMessage) => {
        const status = response.statusCode ?? 0;
        const { location } = response.headers;
        if (status >= 300 && status < 400 && location !== undefined) {
          response.resume();
          finish();
          resolve({ location });
          return;
        }
        readBody(response, status === 200 ? maxBytes : 4096, status !== 200, display).then((body) => {
          finish();
          if (status === 200) resolve(body);
          else reject(explainStatus(display, status, body.toString('latin1'), this.token !== undefined));
        }, fail);
      });
      request.end();
    });
  }
}

class StaleConnection extends Error {}

function isSameOrigin(a: Place, b: Place): boolean {
  return a.protocol === b.protocol && a.hostname === b.hostname && a.port === b.port && a.socketPath === b.socketPath;
}

function follow(from: Place, location: string, display: string): Place {
  const host = from.hostname.includes(':') ? `[${from.hostname}]` : from.hostname;
  let url: URL;
  try {
    url = new URL(location, `${from.protocol}//${host}${from.port === '' ? '' : `:${from.port}`}${from.path}`);
  } catch (cause) {
    throw new EndpointFailure('refused', `${display}: redirected to something that is no address`, { cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EndpointFailure('refused', `${display}: redirected to ${url.protocol}`);
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new EndpointFailure('refused', `${display}: redirected from https to unencrypted http`);
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const sameHost = hostname === from.hostname && url.port === from.port;
  return {
    protocol: url.protocol,
    hostname,
    port: url.port,
    path: url.pathname + url.search,
    socketPath: sameHost ? from.socketPath : undefined,
  };
}

function readBody(response: IncomingMessage, maxBytes: number, mayCut: boolean, display: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gzipped = response.headers['content-encoding'] === 'gzip';
    const body = gzipped ? response.pipe(createGunzip()) : response;
    const parts: Buffer[] = [];
    let total = 0;
    body.on('data', (part: Buffer) => {
      total += part.length;
      if (total <= maxBytes) {
        parts.push(part);
        return;
      }
      if (mayCut) resolve(Buffer.concat(parts));
      const limit = maxBytes < 2 ** 20 ? `${maxBytes} bytes` : `${Math.round(maxBytes / 2 ** 20)} MiB`;
      reject(
        new EndpointFailure('refused', `${display}: the answer is larger than ${limit}`, {
          hint: '--max-bytes raises the limit',
        }),
      );
      response.destroy();
    });
    body.once('end', () => {
      if (!gzipped && !response.complete) reject(Object.assign(new Error('cut short'), { code: 'ECONNRESET' }));
      else resolve(Buffer.concat(parts));
    });
    response.once('aborted', () => reject(Object.assign(new Error('cut short'), { code: 'ECONNRESET' })));
    response.once('error', reject);
    if (gzipped) {
      body.once('error', (cause) =>
        reject(new EndpointFailure('broken', `${display}: the compressed answer is damaged`, { cause })),
      );
    }
  });
}
