/**
 * Verifies RFC 3161 tokens, offline and alike in Node and in a browser (WebCrypto): the data, the
 * signature, the signer's certificate and its way to a trusted root at the time that it states.
 */
import { CryptoEngine, type RelativeDistinguishedNames, type TSTInfo } from 'pkijs';
import { equalBytes, toHex } from '../../bytes.ts';
import { inForce, reachesRoot } from './chain.ts';
import { positive } from './request.ts';
import {
  DIGESTS,
  digest,
  isForTimestamps,
  isSigned,
  namesCertificate,
  signerCertificate,
} from './signer.ts';
import { readCertificate, readToken, type TokenParts } from './token.ts';

/** Why a token is not believed, in the order of the checks. */
export type TimestampProblem =
  /** Not a TimeStampToken with one signer and its certificate. */
  | 'malformed'
  /** The stamp is for other data, or for another question (nonce). */
  | 'other_data'
  | 'other_nonce'
  /** A hash or signature algorithm that is not believed: the imprint must be SHA-256. */
  | 'unsupported_algorithm'
  /** The certificate is not for time-stamping alone, or the token names another one. */
  | 'wrong_usage'
  | 'other_certificate'
  | 'bad_signature'
  /** The certificate was not in force when the token says that it was made. */
  | 'expired'
  /** Everything fits, but no signature leads to a given root. */
  | 'untrusted_root';

export interface TimestampVerdict {
  readonly ok: boolean;
  /** genTime, UTC epoch ms; this and the next are null only where nothing could be read. */
  readonly gen_time_ms: number | null;
  /** How far genTime may be off, ms, rounded up; null where the authority does not say. */
  readonly accuracy_ms: number | null;
  /** OID of the authority's policy. */
  readonly policy: string | null;
  /** Serial number of the token, hex. */
  readonly serial: string | null;
  /** Subject of the signer's certificate, as `CN=…, O=…`. */
  readonly signer_subject: string | null;
  readonly problem: TimestampProblem | null;
}

const NOTHING_READ: TimestampVerdict = {
  ok: false,
  gen_time_ms: null,
  accuracy_ms: null,
  policy: null,
  serial: null,
  signer_subject: null,
  problem: 'malformed',
};

/** Short names of attribute types (RFC 4514 §3 and neighbours). */
const NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.97': 'organizationIdentifier',
};

/**
 * Checks a token (DER) over `data`. `roots` are trusted certificates (DER, any number): with none
 * the best verdict is `untrusted_root`, which says that all else fits. With `nonce` (the bytes of
 * the request) the token must repeat it. Never throws for what stands in the token; an unreadable
 * root is a TypeError.
 */
export async function verifyTimestamp(
  token: Uint8Array,
  data: Uint8Array,
  roots: readonly Uint8Array[],
  nonce?: Uint8Array,
): Promise<TimestampVerdict> {
  const trusted = roots.map(readRoot);
  let parts: TokenParts;
  try {
    parts = readToken(token);
  } catch {
    return NOTHING_READ;
  }
  const engine = new CryptoEngine({ name: 'webcrypto', crypto: globalThis.crypto });
  const problem = await firstProblem(engine, parts, data, trusted, nonce);
  const { info, gen_time_ms } = parts;
  const subject = signerCertificate(parts)?.certificate.subject;
  return {
    ok: problem === null,
    gen_time_ms,
    accuracy_ms: accuracyOf(info),
    policy: info.policy,
    serial: toHex(info.serialNumber.valueBlock.valueHexView),
    signer_subject: subject === undefined ? null : describeName(subject),
    problem,
  };
}

async function firstProblem(
  engine: CryptoEngine,
  parts: TokenParts,
  data: Uint8Array,
  roots: ReturnType<typeof readRoot>[],
  nonce: Uint8Array | undefined,
): Promise<TimestampProblem | null> {
  const { info, signer, certificates, gen_time_ms } = parts;
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const digestName = DIGESTS[signer.digestAlgorithm.algorithmId];
  if (DIGESTS[hashAlgorithm.algorithmId] !== 'SHA-256') return 'unsupported_algorithm';
  const imprint = hashedMessage.valueBlock.valueHexView;
  if (!equalBytes(imprint, await digest(engine, 'SHA-256', data))) return 'other_data';
  if (nonce !== undefined) {
    const repeated = info.nonce?.valueBlock.valueHexView ?? new Uint8Array();
    if (!equalBytes(positive(repeated), positive(nonce))) return 'other_nonce';
  }
  const certificate = signerCertificate(parts);
  if (certificate === undefined) return 'malformed';
  if (digestName === undefined) return 'unsupported_algorithm';
  if (!isForTimestamps(certificate)) return 'wrong_usage';
  if (!(await namesCertificate(engine, signer, certificate))) return 'other_certificate';
  try {
    if (!(await isSigned(engine, parts, certificate, digestName))) return 'bad_signature';
  } catch {
    return 'unsupported_algorithm';
  }
  if (!inForce(certificate.certificate, gen_time_ms)) return 'expired';
  const anchored = await reachesRoot(engine, certificate, certificates, roots, gen_time_ms);
  return anchored ? null : 'untrusted_root';
}

function readRoot(der: Uint8Array) {
  try {
    return readCertificate(der);
  } catch (cause) {
    throw new TypeError('a trusted certificate cannot be read', { cause });
  }
}

function accuracyOf({ accuracy }: TSTInfo): number | null {
  if (accuracy === undefined) return null;
  const { seconds = 0, millis = 0, micros = 0 } = accuracy;
  return seconds * 1_000 + millis + Math.ceil(micros / 1_000);
}

function describeName({ typesAndValues }: RelativeDistinguishedNames): string {
  return typesAndValues
    .map(({ type, value }) => `${NAMES[type] ?? type}=${String(value.valueBlock.value)}`)
    .join(', ')
    .slice(0, 500);
}
