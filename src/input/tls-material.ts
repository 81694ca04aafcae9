// In: files with certificates, a key and a token. Out: what Node's TLS and a request header want, read again when a file changes:
// short-lived certificates and tokens are replaced on disk while gcbend watches.
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { GcbendError } from '../errors.ts';

export interface TlsFiles {
  /** PEM: authorities to trust in place of the system's. */
  cacert?: string;
  /** PEM: our certificate, with its chain. */
  cert?: string;
  /** PEM: its private key. Default: it is in `cert`. */
  key?: string;
  /** For an encrypted key. */
  passphrase?: string;
  /** Trust any certificate. */
  insecure?: boolean;
}

export interface TlsMaterial {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  passphrase?: string;
  rejectUnauthorized: boolean;
}

/** Where a bearer token comes from; never the command line, which every user of the machine can read. */
export type TokenSource = { file: string } | { env: string };

function readSecretFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'no permission to read it' : message;
    throw new GcbendError('ENDPOINT_FAILED', `${what} ${path}: ${why}`, { cause });
  }
}

function changeMark(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? '-' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
    })
    .join('|');
}

/** Reads the files of a TLS connection; `load` answers the same object until one of them changes. */
export class TlsLoader {
  private readonly files: TlsFiles;
  private readonly paths: string[];
  private mark: string | undefined;
  private material: TlsMaterial | undefined;

  constructor(files: TlsFiles) {
    this.files = files;
    this.paths = [files.cacert, files.cert, files.key].filter((path) => path !== undefined);
    if (files.key !== undefined && files.cert === undefined) {
      throw new GcbendError('USAGE', '--key needs --cert, the certificate that the key belongs to');
    }
  }

  /** Throws GcbendError ENDPOINT_FAILED that names the file and what is wrong with it. */
  load(): TlsMaterial {
    const mark = changeMark(this.paths);
    if (this.material !== undefined && mark === this.mark) return this.material;
    let material: TlsMaterial;
    try {
      material = this.read();
    } catch (error) {
      // In the middle of a replacement the old ones still serve; the next poll looks again.
      if (this.material !== undefined) return this.material;
      throw error;
    }
    this.mark = mark;
    this.material = material;
    return material;
  }

  private read(): TlsMaterial {
    const { cacert, cert, key = cert, passphrase, insecure = false } = this.files;
    const material: TlsMaterial = { rejectUnauthorized: !insecure };
    if (cacert !== undefined) {
      material.ca = readSecretFile(cacert, '--cacert');
      expectPem(material.ca, 'CERTIFICATE', `--cacert ${cacert}`);
    }
    if (cert !== undefined) {
      material.cert = readSecretFile(cert, '--cert');
      expectPem(material.cert, 'CERTIFICATE', `--cert ${cert}`);
    }
    if (key !== undefined) {
      material.key = readSecretFile(key, '--key');
      expectPem(material.key, 'PRIVATE KEY', key === cert ? `--cert ${key} (without --key)` : `--key ${key}`);
    }
    if (passphrase !== undefined) material.passphrase = passphrase;
    try {
      createSecureContext(material);
    } catch (cause) {
      throw explainMaterial(cert ?? cacert ?? '', key ?? '', cause);
    }
    return material;
  }
}

function expectPem(bytes: Buffer, kind: string, what: string): void {
  if (new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(bytes.toString('latin1'))) return;
  throw new GcbendError('ENDPOINT_FAILED', `${what}: no PEM block with a ${kind.toLowerCase()} in it`, {
    hint: 'it has to be PEM text (-----BEGIN …); openssl converts other forms',
  });
}

function explainMaterial(cert: string, key: string, cause: unknown): GcbendError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (/KEY_VALUES_MISMATCH/.test(code)) {
    return new GcbendError('ENDPOINT_FAILED', `--key ${key} does not belong to --cert ${cert}`, { cause });
  }
  if (/BAD_DECRYPT|PASSPHRASE|INTERRUPTED_OR_CANCELLED|PASSWORD/.test(`${code} ${message.toUpperCase()}`)) {
    return new GcbendError('ENDPOINT_FAILED', `--key ${key} is encrypted, and its passphrase is missing or wrong`, {
      cause,
    });
  }
  return new GcbendError('ENDPOINT_FAILED', `--cert ${cert}, --key ${key}: ${code || message}`, { cause });
}

/** Reads a token; `load` looks at the file again when it has changed. */
export class TokenLoader {
  private readonly source: TokenSource;
  private mark: string | undefined;
  private token = '';

  constructor(source: TokenSource) {
    this.source = source;
  }

  /** Throws GcbendError ENDPOINT_FAILED that names the source, never the token. */
  load(): string {
    if ('env' in this.source) {
      return checkToken(process.env[this.source.env] ?? '', `the environment variable ${this.source.env}`);
    }
    const { file } = this.source;
    const mark = changeMark([file]);
    if (mark === this.mark) return this.token;
    try {
      this.token = checkToken(readSecretFile(file, 'token file').toString('utf8'), `the token file ${file}`);
      this.mark = mark;
    } catch (error) {
      if (this.token === '') throw error;
    }
    return this.token;
  }
}

function checkToken(text: string, where: string): string {
  const token = text.trim();
  if (token === '') throw new GcbendError('ENDPOINT_FAILED', `no token: ${where} is empty`);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new GcbendError('ENDPOINT_FAILED', `${where} does not hold one token: there are spaces or other bytes in it`);
  }
  return token;
}
