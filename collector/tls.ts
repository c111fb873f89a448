import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { isLoopbackHost } from '../shared/node/host-port.ts';
import type { CollectorConfig } from './config.ts';
import { createSecretFile, readSecretFile, replacePublicFile } from './secret-file.ts';

/** Names and addresses that a self-signed certificate is made for. */
export function certificateNames(config: Pick<CollectorConfig, 'listen' | 'public_url'>): string[] {
  const { listen, public_url } = config;
  const own = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ scopeid }) => !scopeid).map(({ address }) => address),
  );
  const url = public_url === undefined ? [] : [new URL(public_url).hostname];
  const names = [...url, listen.host, hostname(), ...own];
  return names.filter((name) => !['0.0.0.0', '::', ''].includes(name));
}

/** As in collector.yml: `self-signed`, `false`, or files. */
export type TlsSetting = 'self-signed' | false | { readonly cert: string; readonly key: string };

export interface TlsMaterial {
  /** PEM chain and PEM private key, as node:tls takes them. */
  readonly cert: string;
  readonly key: string;
  /** Base64 SHA-256 of the certificate's SubjectPublicKeyInfo: what agents pin. */
  readonly spki_sha256: string;
}

/** Private key and certificate in one file, so that a crash never leaves one without the other. */
export const TLS_FILE = 'tls.pem';
/** The certificate alone: what is copied to other machines, for `--ca` and for browsers. */
export const CERTIFICATE_FILE = 'tls.crt';
/** Agents pin the key, not the date; a certificate that ends would only cut communes off. */
const VALID_YEARS = 20;
const YEAR_MS = 365.25 * 24 * 3_600_000;
/** A clock that is a little behind must not see a certificate of the future. */
const BACKDATE_MS = 24 * 3_600_000;

/**
 * Refuses plain HTTP beyond this machine unless a proxy in front does TLS. Throws LanProofError
 * TLS_REQUIRED.
 */
export function checkExposure(
  host: string,
  tls: TlsSetting,
  trust_proxy: CollectorConfig['trust_proxy'],
): void {
  if (tls !== false || trust_proxy !== false || isLoopbackHost(host)) return;
  throw new LanProofError(
    'TLS_REQUIRED',
    `plain HTTP on ${host} would show tokens to the network`,
    {
      hint: 'remove `tls: false`, listen on 127.0.0.1, or set `trust_proxy` behind a TLS proxy',
      place: 'tls',
    },
  );
}

/**
 * The certificate to serve with; undefined for plain HTTP. A self-signed one is made once and
 * kept in the data directory, because agents pin its key; a copy without the key stands beside.
 */
export async function loadTls(
  setting: TlsSetting,
  data_dir: string,
  names: readonly string[],
  now_ms: number,
): Promise<TlsMaterial | undefined> {
  if (setting === false) return undefined;
  if (setting === 'self-signed') {
    const made = await loadSelfSigned(join(data_dir, TLS_FILE), names, now_ms);
    replacePublicFile(join(data_dir, CERTIFICATE_FILE), certificatesOf(made.cert));
    return made;
  }
  return material(readPem(setting.cert), readPem(setting.key), setting.cert);
}

async function loadSelfSigned(
  path: string,
  names: readonly string[],
  now_ms: number,
): Promise<TlsMaterial> {
  const kept = readSecretFile(path);
  if (kept !== undefined) return material(kept, kept, path);
  const altNames = [...new Set(['localhost', ...names])].map((name) =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  );
  // Loaded for the one time that it is needed: a tenth of a start and 9 MB.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'LanProof collector' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now_ms - BACKDATE_MS),
    notAfterDate: new Date(now_ms + VALID_YEARS * YEAR_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  const text = `${made.private.trim()}\n${made.cert.trim()}\n`;
  createSecretFile(path, text);
  return material(text, text, path);
}

/** Base64 SHA-256 that agents pin, of a text as in TLS_FILE. Throws LanProofError TLS_INVALID. */
export function tlsPin(pem: string, place: string): string {
  return material(pem, pem, place).spki_sha256;
}

/** The certificates of a PEM text and nothing else of it: never the key that stands with them. */
function certificatesOf(pem: string): string {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return `${found.join('\n')}\n`;
}

function material(cert: string, key: string, place: string): TlsMaterial {
  try {
    const x509 = new X509Certificate(cert.slice(Math.max(0, cert.indexOf('-----BEGIN CERT'))));
    if (!x509.checkPrivateKey(createPrivateKey(key))) throw new TypeError('another key');
    const spki = x509.publicKey.export({ format: 'der', type: 'spki' });
    return { cert, key, spki_sha256: createHash('sha256').update(spki).digest('base64') };
  } catch (cause) {
    throw new LanProofError('TLS_INVALID', 'certificate and private key do not fit together', {
      hint: 'give a PEM certificate (chain) and its PEM private key without a passphrase',
      place,
      cause,
    });
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('TLS_UNREADABLE', `cannot be read (${code})`, {
      hint: 'check `tls.cert` and `tls.key` in collector.yml and the rights of the files',
      place: path,
      cause,
    });
  }
}
