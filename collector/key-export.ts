import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';
import { fromBase64, toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import { shortCode } from '../shared/evidence/keys.ts';
import { createNodeCrypto, signerFromPem } from '../shared/node/crypto.ts';
import { TLS_FILE, tlsPin } from './tls.ts';

/** docs/formats/key-export.md. */
const FORMAT = 'lanproof-keys/v1';
const BEGIN = '-----BEGIN LANPROOF KEYS-----';
const END = '-----END LANPROOF KEYS-----';
/** 128 MiB and about half a second a try: guessing a sentence of four words takes ages. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
/** A file from elsewhere must not ask for more than this: four times what we write. */
const SCRYPT_BYTES_MAX = 512 * 1024 * 1024;
/** With what scrypt has beside its table, which counts only where N is tiny and r is not. */
const SCRYPT_MEMORY_MAX = 2 * SCRYPT_BYTES_MAX;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** The same as for passwords of people. */
export const PASSPHRASE_CHARS_MIN = 14;
const LINE_CHARS = 64;

/** What a collector needs to go on as itself: secret. */
export interface KeyPems {
  /** PKCS #8 PEM. */
  readonly log: string;
  readonly document: string;
  /** The self-made certificate with its key (TLS_FILE); null: there is none to keep. */
  readonly tls: string | null;
}

export interface SealOptions {
  readonly passphrase: string;
  readonly created: Date;
  readonly random: (bytes: number) => Uint8Array;
}

/** The armoured text. The head is readable and bound to what is sealed. Throws PASSPHRASE_SHORT. */
export function sealKeys(keys: KeyPems, { passphrase, created, random }: SealOptions): string {
  checkPassphrase(passphrase);
  const salt = random(SALT_BYTES);
  const nonce = random(NONCE_BYTES);
  const head = [
    `format: ${FORMAT}`,
    `created: ${created.toISOString()}`,
    `log-key: ${codeOf(keys.log)}`,
    `document-key: ${codeOf(keys.document)}`,
    ...(keys.tls === null ? [] : [`tls-key-sha256: ${tlsPin(keys.tls, TLS_FILE)}`]),
    `kdf: scrypt N=${SCRYPT.N} r=${SCRYPT.r} p=${SCRYPT.p} salt=${toBase64(salt)}`,
    `cipher: aes-256-gcm nonce=${toBase64(nonce)}`,
  ].join('\n');
  const cipher = createCipheriv('aes-256-gcm', derive(passphrase, salt, SCRYPT), nonce);
  cipher.setAAD(Buffer.from(head));
  const { log, document, tls } = keys;
  const plain = JSON.stringify({ log, document, ...(tls === null ? {} : { tls }) });
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const lines = toBase64(new Uint8Array(sealed)).match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return [BEGIN, head, '', ...lines, END, ''].join('\n');
}

/** Throws LanProofError PASSPHRASE_SHORT. An accented letter is one, however it is typed. */
export function checkPassphrase(passphrase: string): void {
  if ([...passphrase.normalize('NFC')].length >= PASSPHRASE_CHARS_MIN) return;
  throw new LanProofError(
    'PASSPHRASE_SHORT',
    `the passphrase has fewer than ${PASSPHRASE_CHARS_MIN} characters`,
    { hint: 'take a sentence of four or more words that nobody else would think of' },
  );
}

/** Throws LanProofError KEY_EXPORT_FORMAT or PASSPHRASE_WRONG. */
export function openKeys(text: string, passphrase: string): KeyPems {
  const { head, salt, params, nonce, sealed } = parse(text);
  const decipher = createDecipheriv('aes-256-gcm', derive(passphrase, salt, params), nonce);
  decipher.setAAD(Buffer.from(head));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  let plain: string;
  try {
    const bytes = [decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()];
    plain = Buffer.concat(bytes).toString('utf8');
  } catch {
    // Which of the two cannot be told, and is not said.
    throw new LanProofError(
      'PASSPHRASE_WRONG',
      'the passphrase is wrong, or the file was altered',
      {
        hint: 'mind capitals and the keyboard; else take another copy of the file',
      },
    );
  }
  // Files of before had no certificate in them.
  const none: KeyPems = { log: '', document: '', tls: null };
  const { log, document, tls } = Object.assign(none, JSON.parse(plain));
  signerFromPem(log);
  signerFromPem(document);
  if (tls !== null) tlsPin(tls, TLS_FILE);
  return { log, document, tls };
}

interface Parsed {
  readonly head: string;
  readonly params: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

function parse(text: string): Parsed {
  const lines = text.replace(/\r\n/g, '\n').trim().split('\n');
  const gap = lines.indexOf('');
  if (lines[0] !== BEGIN || lines.at(-1) !== END || gap < 0) throw malformed();
  const head = lines.slice(1, gap).join('\n');
  const [, N, r, p, salt] = /^kdf: scrypt N=(\d+) r=(\d+) p=(\d+) salt=(\S+)$/m.exec(head) ?? [];
  const [, nonce] = /^cipher: aes-256-gcm nonce=(\S+)$/m.exec(head) ?? [];
  if (!head.startsWith(`format: ${FORMAT}\n`) || salt === undefined || nonce === undefined) {
    throw malformed();
  }
  const params = { N: Number(N), r: Number(r), p: Number(p) };
  if (!isScrypt(params)) throw malformed();
  try {
    const sealed = fromBase64(lines.slice(gap + 1, -1).join(''));
    const parsed = { head, params, salt: fromBase64(salt), nonce: fromBase64(nonce), sealed };
    if (sealed.length > TAG_BYTES && parsed.nonce.length === NONCE_BYTES) return parsed;
  } catch {
    // The one error below says it all.
  }
  throw malformed();
}

/** OpenSSL is asked only for what it does: its refusal would show up in the next call to it. */
function isScrypt({ N, r, p }: Parsed['params']): boolean {
  const isPower = N >= 2 && (N & (N - 1)) === 0;
  // RFC 7914 section 2 wants N < 2^(128 r / 8).
  if (!isPower || r < 1 || p !== 1 || N >= 2 ** (16 * r)) return false;
  const bytes = 128 * N * r;
  const with_buffers = 128 * (N + 3) * r;
  return bytes <= SCRYPT_BYTES_MAX && with_buffers <= SCRYPT_MEMORY_MAX;
}

function derive(passphrase: string, salt: Uint8Array, { N, r, p }: Parsed['params']): Buffer {
  // The same letters may be typed in two ways: one normal form gives one key.
  const text = passphrase.normalize('NFC');
  return scryptSync(text, salt, KEY_BYTES, { N, r, p, maxmem: SCRYPT_MEMORY_MAX });
}

function codeOf(pem: string): string {
  return shortCode(createNodeCrypto(), signerFromPem(pem).publicKey);
}

function malformed(): LanProofError {
  return new LanProofError('KEY_EXPORT_FORMAT', 'the file holds no exported keys of this form', {
    hint: 'give the whole text from BEGIN to END as `lanproof key export` wrote it',
  });
}
