// In: findings as they are raised. Out: each told once to a command (as JSON on its stdin) and to a webhook (as the body of a POST).
// Nothing of a finding ever becomes part of a command line: its texts come from the program that is watched.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { GcbendError } from '../errors.ts';
import type { FindingEvent } from '../events/types.ts';

export interface AlarmOptions {
  /** Run by the system's shell, exactly as the user wrote it. */
  command?: string;
  /** http(s) address. It may be a secret: only its host is ever shown. */
  webhook?: string;
  /** Told in plain words what did not work. An alarm that fails never ends the watching. */
  onProblem: (message: string) => void;
  /** How long a command may run, and a POST may take. Default 60 s and 10 s. */
  commandTimeoutMs?: number;
  requestTimeoutMs?: number;
  /** The wait before the second try of a POST; it doubles. Default 1 s. */
  retryMs?: number;
}

const MAX_TRIES = 6;
/** A webhook may ask for patience, but not for more than this. */
const MAX_RETRY_AFTER_MS = 60_000;
/** Ids that are remembered; a week of watching raises far fewer. */
const MAX_IDS = 10_000;
/** With more than these waiting the newest are dropped, and it is said. */
const MAX_WAITING = 1000;

/** Tells each finding once; a revision of one that was told, and one that is withdrawn, is not news. */
export class AlarmHooks {
  private readonly options: AlarmOptions;
  private readonly webhook: Webhook | undefined;
  private readonly told = new Set<string>();
  private readonly stop = new AbortController();
  private commands: Promise<void> = Promise.resolve();
  private posts: Promise<void> = Promise.resolve();
  private waiting = 0;

  /** Throws GcbendError('USAGE') for an address that nothing can be posted to. */
  constructor(options: AlarmOptions) {
    this.options = options;
    this.webhook = options.webhook === undefined ? undefined : parseWebhook(options.webhook);
  }

  /** Takes a finding; returns at once. One command and one POST at a time, in order. */
  offer(finding: FindingEvent): void {
    const isNews =
      finding.status !== 'withdrawn' && !this.told.has(finding.id) && !this.told.has(finding.revises ?? '');
    this.remember(finding.id);
    if (!isNews) return;
    if (this.waiting >= MAX_WAITING) {
      this.options.onProblem(`too many findings at once: ${finding.id} was told to nobody`);
      return;
    }
    const json = `${JSON.stringify(finding)}\n`;
    const { command } = this.options;
    const { webhook } = this;
    if (command !== undefined) this.commands = this.enqueue(this.commands, () => this.runCommand(command, json));
    if (webhook !== undefined) this.posts = this.enqueue(this.posts, () => this.post(webhook, json));
  }

  /** Waits for what is under way; what is not done within `limitMs` is given up, and said so. */
  async close(limitMs = 10_000): Promise<void> {
    const done = Promise.all([this.commands, this.posts]).then(() => true);
    const ended = new AbortController();
    const late = sleep(limitMs, false, { signal: ended.signal }).catch(() => false);
    if (!(await Promise.race([done, late]))) {
      this.options.onProblem(`${this.waiting} alarm${this.waiting === 1 ? '' : 's'} could not be delivered in time`);
      this.stop.abort();
      await done;
    }
    ended.abort();
  }

  private remember(id: string): void {
    this.told.add(id);
    if (this.told.size > MAX_IDS) this.told.delete(this.told.values().next().value!);
  }

  private enqueue(queue: Promise<void>, work: () => Promise<void>): Promise<void> {
    this.waiting += 1;
    return queue.then(async () => {
      if (!this.stop.signal.aborted) await work();
      this.waiting -= 1;
    });
  }

  private runCommand(command: string, json: string): Promise<void> {
    const { onProblem, commandTimeoutMs = 60_000 } = this.options;
    return new Promise((resolve) => {
      // stdout carries gcbend's result: what the command prints goes to stderr.
      const child = spawn(command, {
        shell: true,
        stdio: ['pipe', process.stderr.fd, process.stderr.fd],
        timeout: commandTimeoutMs,
        killSignal: 'SIGKILL',
        signal: this.stop.signal,
      });
      child.on('error', (error) => {
        if (!this.stop.signal.aborted) onProblem(`--on-finding: ${error.message}`);
        resolve();
      });
      child.on('exit', (code, signal) => {
        if (signal !== null && !this.stop.signal.aborted) {
          onProblem(`--on-finding: the command was ended by ${signal} (it may run ${commandTimeoutMs / 1000} s)`);
        } else if (code !== 0 && code !== null) onProblem(`--on-finding: the command ended with status ${code}`);
        resolve();
      });
      // A command that does not read its stdin is no failure.
      child.stdin!.on('error', () => {});
      child.stdin!.end(json);
    });
  }

  private async post(webhook: Webhook, json: string): Promise<void> {
    const { onProblem, retryMs = 1000 } = this.options;
    let why = '';
    for (let attempt = 1; attempt <= MAX_TRIES && !this.stop.signal.aborted; attempt += 1) {
      const answer = await this.postOnce(webhook, json);
      if (answer === undefined) return;
      why = answer.why;
      if (!answer.again) break;
      if (attempt === MAX_TRIES) break;
      const waitMs = answer.afterMs ?? retryMs * 2 ** (attempt - 1);
      await sleep(waitMs, undefined, { signal: this.stop.signal }).catch(() => {});
    }
    onProblem(`webhook ${webhook.url.host}: ${why}`);
  }

  /** Undefined: delivered. */
  private async postOnce(
    { url, headers }: Webhook,
    json: string,
  ): Promise<{ why: string; again: boolean; afterMs?: number } | undefined> {
    const { requestTimeoutMs = 10_000 } = this.options;
    const signal = AbortSignal.any([this.stop.signal, AbortSignal.timeout(requestTimeoutMs)]);
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: json,
        headers: { 'content-type': 'application/json', 'user-agent': 'gcbend', ...headers },
        // A finding is for the host that the user named.
        redirect: 'manual',
        signal,
      });
      await response.body?.cancel();
      const { status } = response;
      if (response.ok) return undefined;
      const again = status === 429 || status === 408 || status >= 500;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const afterMs = Number.isFinite(seconds) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, seconds * 1000)) : undefined;
      return { why: `answered ${status}`, again, ...(afterMs === undefined ? {} : { afterMs }) };
    } catch (error) {
      if (signal.aborted) return { why: 'no answer in time', again: true };
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      const words = code === undefined ? undefined : FAILURES[code];
      const why = words === undefined ? (code ?? 'the request failed') : `${words} (${code})`;
      return { why, again: code !== 'ENOTFOUND' && code !== undefined };
    }
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the name server does not answer',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE adds an authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE adds an authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE adds an authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is not for this host',
};

interface Webhook {
  url: URL;
  headers: Record<string, string>;
}

/** The address is not repeated: it may be a secret. */
function parseWebhook(address: string): Webhook {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new GcbendError('USAGE', '--webhook is no http or https address', { hint: '--webhook https://HOST/PATH' });
  }
  // fetch refuses an address with a user in it.
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers: Record<string, string> =
    user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  url.username = '';
  url.password = '';
  return { url, headers };
}
