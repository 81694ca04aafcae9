// In: the address of a program's net/http/pprof handlers. Out: its texts, polled with little cost for it, and notices about it.
// Knows no grammar: whether something grows or the collector suffers is told by whoever reads the texts (`feedback`).
import { createHash } from 'node:crypto';
import { EndpointFailure } from './endpoint-failure.ts';
import { backOffMs, type IntervalState, nextInterval, startInterval } from './endpoint-interval.ts';
import { EndpointClient, type RequestSettings } from './endpoint-request.ts';
import { type EndpointTarget, explainAnswer, type ProfileName, parseTarget, profilePath } from './endpoint-target.ts';

export interface EndpointFeedback {
  growing?: boolean;
  /** 0–1, as MemStats.GCCPUFraction. */
  gcCpuFraction?: number;
  /** The texts say that the program is a new one (a smaller cycle number, a new start time). */
  restarted?: boolean;
}

export interface EndpointOptions extends RequestSettings {
  signal: AbortSignal;
  /** Default goroutine and heap. */
  profiles?: readonly ProfileName[];
  /** Fixed time between the starts of two rounds. Default: adapted to what happens, from 1 s to 60 s. */
  intervalMs?: number;
  /** Ends after so many rounds that brought something. */
  count?: number;
  /** Asked after each round, when its snapshots have been handed out. */
  feedback?: () => EndpointFeedback;
  /** The program may not listen yet: at first contact too it is waited for. */
  waitForTarget?: boolean;
}

export interface Snapshot {
  type: 'snapshot';
  profile: ProfileName;
  bytes: Buffer;
  /** When it was asked for, by this machine's clock. */
  at: Date;
  tookMs: number;
  /** Its bytes differ from those before. */
  changed: boolean;
}

/**
 * `insecure`: anybody may sit in between · `clear-token`: the token travels unencrypted · `missing`: the program has not this profile ·
 * `fallback`: there is no pprof, expvar is read · `unreachable` · `reconnected` · `failed`: one profile could not be had this time.
 */
export interface EndpointNotice {
  type: 'notice';
  kind: 'insecure' | 'clear-token' | 'missing' | 'fallback' | 'unreachable' | 'reconnected' | 'failed';
  level: 'info' | 'warning';
  message: string;
  at: Date;
}

/** A program that starts is asked so often, and nothing is said about the first tries. */
const STARTING_MS = 250;
const QUIET_TRIES = 12;

/**
 * Polls until `signal` or `count`. At first contact a failure is thrown (GcbendError ENDPOINT_FAILED): a wrong address or
 * a missing certificate does not heal (but see `waitForTarget`). Later failures are notices, and it is tried again, ever more seldom.
 */
export async function* watchEndpoint(url: string, options: EndpointOptions): AsyncGenerator<Snapshot | EndpointNotice> {
  const target = parseTarget(url);
  const client = new EndpointClient(target, options);
  try {
    yield* new Watch(target, client, options).run();
  } finally {
    client.close();
  }
}

class Watch {
  private readonly target: EndpointTarget;
  private readonly client: EndpointClient;
  private readonly options: EndpointOptions;
  private readonly digests = new Map<ProfileName, string>();
  private readonly failing = new Set<ProfileName>();
  private profiles: ProfileName[];
  private interval: IntervalState = startInterval();
  private rounds = 0;
  private failures = 0;
  /** It was said that it does not answer. */
  private isAway = false;
  private lastFailure: EndpointFailure | undefined;

  constructor(target: EndpointTarget, client: EndpointClient, options: EndpointOptions) {
    this.target = target;
    this.client = client;
    this.options = options;
    const named = target.named === undefined ? undefined : [target.named];
    this.profiles = [...(options.profiles ?? named ?? (['goroutine', 'heap'] as const))];
  }

  async *run(): AsyncGenerator<Snapshot | EndpointNotice> {
    const { signal, count = Number.POSITIVE_INFINITY } = this.options;
    yield* this.warn();
    while (!signal.aborted && this.rounds < count) {
      const startedMs = performance.now();
      const wasAway = this.failures > 0;
      const round = yield* this.takeRound();
      if (signal.aborted) return;
      if (round === undefined) {
        await pause(this.digests.size === 0 ? STARTING_MS : backOffMs(this.failures), signal);
        continue;
      }
      this.rounds += 1;
      if (this.rounds >= count) return;
      const feedback = this.options.feedback?.() ?? {};
      this.interval = nextInterval(this.interval, {
        ...feedback,
        ...round,
        restarted: (wasAway && this.lastFailure?.kind === 'gone') || feedback.restarted === true,
      });
      const wantedMs = this.options.intervalMs ?? this.interval.intervalMs;
      await pause(wantedMs - (performance.now() - startedMs), signal);
    }
  }

  private *warn(): Generator<EndpointNotice> {
    const { tls, token } = this.options;
    const { protocol, display, hostname, socketPath } = this.target;
    if (tls?.insecure) {
      yield notice(
        'insecure',
        'warning',
        `--insecure: any certificate of ${display} is accepted; what comes may be anybody's`,
      );
    }
    const isLocal = socketPath !== undefined || /^(?:localhost|127\.|::1$)/.test(hostname);
    if ((token !== undefined || this.target.userInfo !== undefined) && protocol === 'http:' && !isLocal) {
      yield notice('clear-token', 'warning', `${display}: the token or password travels unencrypted; use https`);
    }
  }

  /** One dump after the other, never two at once. Undefined: nothing could be had. */
  private async *takeRound(): AsyncGenerator<
    Snapshot | EndpointNotice,
    { tookMs: number; unchanged: boolean } | undefined
  > {
    let tookMs = 0;
    let taken = 0;
    let unchanged = true;
    const failed: EndpointFailure[] = [];
    const queue = [...this.profiles];
    for (let profile = queue.shift(); profile !== undefined; profile = queue.shift()) {
      const result = await this.take(profile);
      if (this.options.signal.aborted) return undefined;
      if (!(result instanceof EndpointFailure)) {
        if (this.isAway) yield notice('reconnected', 'info', `${this.target.display} answers again`);
        this.isAway = false;
        this.failures = 0;
        this.failing.delete(profile);
        tookMs += result.tookMs;
        taken += 1;
        unchanged &&= !result.changed;
        yield result;
        continue;
      }
      if (result.status === 404 && !this.digests.has(profile)) {
        const before = this.profiles;
        yield* this.dropProfile(profile, result);
        // Something else has taken its place.
        queue.push(...this.profiles.filter((name) => !before.includes(name)));
        continue;
      }
      if (this.digests.size === 0 && !this.mayStillStart(result)) throw result;
      if (!this.failing.has(profile)) failed.push(result);
      this.failing.add(profile);
      this.lastFailure = result;
      // One that says no may still give the next; one that is slow or away must not be asked more.
      if (result.kind !== 'refused') break;
    }
    if (taken > 0) {
      for (const failure of failed) yield notice('failed', 'warning', withHint(failure));
      return { tookMs, unchanged };
    }
    this.failures += 1;
    const isSaid = this.failures === (this.digests.size === 0 ? QUIET_TRIES : 1);
    if (isSaid && this.lastFailure !== undefined) {
      this.isAway = true;
      yield notice('unreachable', 'warning', `${withHint(this.lastFailure)}; trying again`);
    }
    return undefined;
  }

  /** A program that starts does not listen at once, and answers 503 for a while. */
  private mayStillStart({ kind, status }: EndpointFailure): boolean {
    return this.options.waitForTarget === true && (kind === 'gone' || (status ?? 0) >= 500);
  }

  private async take(profile: ProfileName): Promise<Snapshot | EndpointFailure> {
    const at = new Date();
    const startedMs = performance.now();
    let bytes: Buffer;
    try {
      bytes = await this.client.get(profilePath(this.target, profile), this.options.signal);
    } catch (error) {
      // What is wrong with a file of ours is nobody's failure to answer.
      if (!(error instanceof EndpointFailure)) throw error;
      return error;
    }
    const wrong = explainAnswer(profile, bytes);
    if (wrong !== undefined) {
      return new EndpointFailure('refused', `${this.target.display}: ${wrong}`, {
        hint: 'is this the address of the pprof handlers, and may you read them?',
      });
    }
    const digest = createHash('sha1').update(bytes).digest('base64');
    const changed = this.digests.get(profile) !== digest;
    this.digests.set(profile, digest);
    return { type: 'snapshot', profile, bytes, at, tookMs: performance.now() - startedMs, changed };
  }

  /** The program has not this profile. Where it has none, its expvar page may hold the MemStats. */
  private *dropProfile(profile: ProfileName, failure: EndpointFailure): Generator<EndpointNotice> {
    this.profiles = this.profiles.filter((name) => name !== profile);
    if (this.profiles.length > 0) {
      yield notice('missing', 'info', `${this.target.display} has no ${profile} profile`);
      return;
    }
    if (profile === 'vars') throw failure;
    this.profiles = ['vars'];
    yield notice(
      'fallback',
      'warning',
      `${this.target.display} has no pprof handlers; reading ${this.target.varsPath}`,
    );
  }
}

function notice(kind: EndpointNotice['kind'], level: EndpointNotice['level'], message: string): EndpointNotice {
  return { type: 'notice', kind, level, message, at: new Date() };
}

function withHint(failure: EndpointFailure): string {
  return failure.hint === undefined ? failure.message : `${failure.message} (${failure.hint})`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener('abort', done);
  });
}
