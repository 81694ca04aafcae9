// In: what a user writes after `gcbend watch`. Out: where each profile is to be fetched, and a text of it that holds no secret.
import { GcbendError } from '../errors.ts';

export type ProfileName =
  | 'goroutine'
  | 'goroutine2'
  | 'heap'
  | 'allocs'
  | 'block'
  | 'mutex'
  | 'threadcreate'
  | 'goroutineleak'
  | 'vars';

/** Path under /debug/pprof/ and the beginning of a good answer. */
const PROFILES: Record<Exclude<ProfileName, 'vars'>, { path: string; debug: string; beginning: RegExp }> = {
  goroutine: { path: 'goroutine', debug: '1', beginning: /^goroutine profile: total / },
  goroutine2: { path: 'goroutine', debug: '2', beginning: /^goroutine \d+ / },
  heap: { path: 'heap', debug: '1', beginning: /^heap profile: / },
  allocs: { path: 'allocs', debug: '1', beginning: /^heap profile: / },
  block: { path: 'block', debug: '1', beginning: /^--- contention:/ },
  mutex: { path: 'mutex', debug: '1', beginning: /^--- mutex:/ },
  threadcreate: { path: 'threadcreate', debug: '1', beginning: /^threadcreate profile: total / },
  goroutineleak: { path: 'goroutineleak', debug: '1', beginning: /^goroutineleak profile: total / },
};

export const PROFILE_NAMES: readonly ProfileName[] = [...(Object.keys(PROFILES) as ProfileName[]), 'vars'];

export interface EndpointTarget {
  /** `http:` or `https:`; a unix socket speaks plain HTTP. */
  protocol: 'http:' | 'https:';
  hostname: string;
  port: string;
  socketPath: string | undefined;
  /** `/debug/pprof/`, or where else the handlers are mounted; ends with a slash. */
  pprofPath: string;
  /** `/debug/vars` beside it. */
  varsPath: string;
  /** What the user put behind `?`, without the question mark. */
  query: string;
  /** `user:password` from the address, decoded. Never shown. */
  userInfo: string | undefined;
  /** The one profile that the address itself names (`…/debug/pprof/heap`). */
  named: ProfileName | undefined;
  /** The address as it may be shown and saved: no user, no password, no values of the query. */
  display: string;
}

/**
 * Takes `http://host:6060`, `host:6060`, `:6060`, `https://host/base`, `…/debug/pprof/`, `…/debug/pprof/heap`, `…/debug/vars`,
 * `unix:/run/app.sock` and `unix:/run/app.sock:/base/`. Throws GcbendError USAGE, which does not repeat a password.
 */
export function parseTarget(text: string): EndpointTarget {
  const unix = /^unix:(?:\/\/)?(\/[^:]+)(?::(\/.*)?)?$/.exec(text);
  let url: URL;
  try {
    url = new URL(unix ? `http://localhost${unix[2] ?? '/'}` : withScheme(text));
  } catch (cause) {
    throw new GcbendError('USAGE', `not an address: ${text.replace(/\/\/[^/]*@/, '//')}`, {
      hint: 'for example http://localhost:6060/debug/pprof/ or unix:/run/app.sock',
      cause,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new GcbendError('USAGE', `${url.protocol}// is not watched: only http, https and unix sockets are`);
  }
  const { base, pprofPath, named } = splitPath(url.pathname);
  const place = unix ? `unix:${unix[1]}:` : `${url.protocol}//${url.host}`;
  const shownQuery = [...url.searchParams.keys()].map((key) => `${encodeURIComponent(key)}=…`).join('&');
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    socketPath: unix?.[1],
    pprofPath,
    varsPath: `${base}debug/vars`,
    query: url.search.slice(1),
    userInfo: url.username === '' ? undefined : `${decode(url.username)}:${decode(url.password)}`,
    named,
    display: `${place}${named === 'vars' ? `${base}debug/vars` : pprofPath}${shownQuery === '' ? '' : `?${shownQuery}`}`,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withScheme(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return `http://${text.startsWith(':') ? `localhost${text}` : text}`;
}

/** Finds the handlers' path in what was given: everything before them is a base that a proxy adds. */
function splitPath(path: string): { base: string; pprofPath: string; named: ProfileName | undefined } {
  const vars = /^(.*\/)debug\/vars\/?$/.exec(path);
  if (vars) return { base: vars[1]!, pprofPath: `${vars[1]}debug/pprof/`, named: 'vars' };
  const last = /^(.*\/)([a-z]+)\/?$/.exec(path);
  const named = last && last[1] !== '/' && last[2]! in PROFILES ? (last[2] as ProfileName) : undefined;
  const rest = named === undefined ? path : last![1]!;
  const directory = rest.endsWith('/') ? rest : `${rest}/`;
  const pprofPath = /pprof\/$/.test(directory) ? directory : `${directory}debug/pprof/`;
  return { base: pprofPath.replace(/(?:debug\/)?[^/]*pprof\/$/, ''), pprofPath, named };
}

/** Path and query of one profile. */
export function profilePath(target: EndpointTarget, profile: ProfileName): string {
  const query = target.query === '' ? '' : `&${target.query}`;
  if (profile === 'vars') return `${target.varsPath}${query === '' ? '' : `?${target.query}`}`;
  const { path, debug } = PROFILES[profile];
  return `${target.pprofPath}${path}?debug=${debug}${query}`;
}

/** Why an answer is not the profile that was asked for, or undefined when it is. */
export function explainAnswer(profile: ProfileName, bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, 200).toString('latin1').trimStart();
  // Some servers send the protobuf whatever debug= says: that is read by its content.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return undefined;
  const good = profile === 'vars' ? start.startsWith('{') : PROFILES[profile].beginning.test(start);
  if (good) return undefined;
  if (start === '') return 'the answer is empty';
  if (start.startsWith('<'))
    return 'the answer is a web page, not a profile: a login page or a proxy stands in between';
  return `the answer is not a ${profile} profile: it begins with ${JSON.stringify(start.slice(0, 40))}`;
}
