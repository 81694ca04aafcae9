// In: what Node says when a request fails. Out: what is wrong and what to do, in plain words, without any secret.
import { GcbendError } from '../errors.ts';

/** Why a request failed. `gone`: nobody listens (a restart?); `refused`: somebody does and says no; `slow`; `broken`: the line failed. */
export type FailureKind = 'gone' | 'refused' | 'slow' | 'broken';

export class EndpointFailure extends GcbendError {
  readonly kind: FailureKind;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(kind: FailureKind, message: string, options: { hint?: string; cause?: unknown; status?: number } = {}) {
    const { status, ...rest } = options;
    super('ENDPOINT_FAILED', message, rest);
    this.kind = kind;
    this.status = status;
  }
}

type Words = readonly [what: string, hint: string];
const TRUST: Words = [
  'its certificate is signed by an authority that this machine does not know',
  'give the authority with --cacert FILE',
];
const CLIENT: Words = [
  'the server wants a client certificate',
  'give one that it trusts with --cert FILE and --key FILE',
];
const CLIENT_REFUSED: Words = [
  'the server does not accept the client certificate',
  'check that --cert is signed by the authority that the server trusts, and that it has not expired',
];
const NOT_TLS: Words = ['the server does not speak TLS on this port', 'http:// in place of https://'];

/** OpenSSL's and Node's codes; the same words for TLS 1.2 and 1.3. */
const TLS_WORDS: Record<string, Words> = {
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'check the clocks of both machines'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is self-signed', 'give that certificate with --cacert FILE'],
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  UNABLE_TO_GET_ISSUER_CERT: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  CERT_SIGNATURE_FAILURE: ['the signature of its certificate is wrong', 'is --cacert the authority of this server?'],
  CERT_REVOKED: ['its certificate has been revoked', 'the server needs a new one'],
  INVALID_PURPOSE: ['its certificate is not meant for a server', 'the server needs one with the use "serverAuth"'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CLIENT,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: CLIENT,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: CLIENT_REFUSED,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: CLIENT_REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: CLIENT_REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: CLIENT_REFUSED,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ERR_SSL_HTTP_REQUEST: NOT_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['the server speaks only an old TLS', 'it needs TLS 1.2 or later'],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['the server wants another version of TLS', 'it needs TLS 1.2 or later'],
};

const SOCKET_WORDS: Record<string, readonly [FailureKind, string, string]> = {
  ECONNREFUSED: ['gone', 'nobody listens there', 'is the program running, and is this the port of its pprof handlers?'],
  ENOENT: ['gone', 'there is no such socket', 'is the program running?'],
  ENOTFOUND: ['broken', 'no such host name', 'check the spelling'],
  EAI_AGAIN: ['broken', 'the name server does not answer', 'check the network'],
  EHOSTUNREACH: ['broken', 'no route to this host', 'check the network'],
  ENETUNREACH: ['broken', 'no route to this network', 'check the network'],
  ETIMEDOUT: ['slow', 'no connection came about in time', 'is there a firewall in between?'],
  ECONNRESET: ['gone', 'the connection was cut', 'did the program end?'],
  EPIPE: ['gone', 'the connection was cut', 'did the program end?'],
  EACCES: ['refused', 'no permission to use this socket', 'check its owner and mode'],
};

/** Node hides the code of a handshake's failure in the text: `write EPROTO …:SSL routines:…:wrong version number:…`. */
function tlsCodeIn(message: string): string {
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? '';
  return `ERR_SSL_${reason.toUpperCase().replaceAll(/[ /]+/g, '_')}`;
}

/** What TLS knew about the server when it failed. */
export interface PeerFacts {
  validTo?: string | undefined;
  names?: string | undefined;
}

/** Puts a failed request into words. `display` is the address as it may be shown. */
export function explainFailure(
  display: string,
  error: unknown,
  peer: PeerFacts,
  hasClientCert: boolean,
): EndpointFailure {
  if (error instanceof EndpointFailure) return error;
  const { code = '', message, reason } = error as NodeJS.ErrnoException & { reason?: string };
  const fail = (kind: FailureKind, what: string, hint?: string) =>
    new EndpointFailure(kind, `${display}: ${what}`, { ...(hint === undefined ? {} : { hint }), cause: error });
  if (code === 'CERT_HAS_EXPIRED') {
    const since = peer.validTo === undefined ? '' : ` (on ${peer.validTo})`;
    return fail(
      'refused',
      `its certificate has expired${since}`,
      'the server needs a new one; or check the clock of this machine',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = peer.names === undefined ? '' : `; it is for ${peer.names.replaceAll(/(?:DNS|IP Address):/g, '')}`;
    return fail('refused', `its certificate is not for this host${names}`, 'use a name that the certificate holds');
  }
  const words = TLS_WORDS[code === 'EPROTO' ? tlsCodeIn(message) : code];
  if (words !== undefined) {
    const [what, hint] = words === CLIENT && hasClientCert ? CLIENT_REFUSED : words;
    return fail('refused', what, hint);
  }
  if (code.startsWith('ERR_OSSL') || code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return fail('refused', `TLS failed: ${reason ?? /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? code}`);
  }
  if (code === 'HPE_INVALID_CONSTANT' || code.startsWith('HPE_')) {
    return fail('refused', 'the answer is not HTTP', 'https:// in place of http://, or another port');
  }
  const known = SOCKET_WORDS[code];
  if (known !== undefined) return fail(known[0], known[1], known[2]);
  return fail('broken', code === '' ? message : code);
}

/** Puts an HTTP status that is no success into words. `text` is the beginning of the answer. */
export function explainStatus(display: string, status: number, text: string, hasToken: boolean): EndpointFailure {
  const fail = (what: string, hint?: string) =>
    new EndpointFailure('refused', `${display}: ${what} (HTTP ${status})`, {
      status,
      ...(hint === undefined ? {} : { hint }),
    });
  if (status === 401) {
    return hasToken
      ? fail('the server does not accept the token', 'has it expired? A token file is read again when it changes')
      : fail('the server wants to know who asks', 'give a token with --token-file FILE or --token-env NAME');
  }
  if (status === 403) return fail('the server does not allow this', 'ask for the right to read /debug/pprof/');
  if (status === 404)
    return fail('there is nothing', 'the program has to import _ "net/http/pprof" and serve it on this port');
  if (status === 400 && /HTTPS server/.test(text))
    return fail('the server speaks HTTPS', 'https:// in place of http://');
  if (status >= 500) return fail('the server failed', 'it may be starting or busy');
  return fail('an unexpected answer');
}
