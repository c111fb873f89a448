/**
 * Does a certificate lead to a root that somebody trusts? A short, strict reading of RFC 5280 §6:
 * bounded work on any input, nothing fetched, critical extensions that it does not know refuse.
 * Whether a certificate was revoked is not asked: the answer would have to come from outside.
 */
import { BasicConstraints, type Certificate, type CryptoEngine } from 'pkijs';
import { equalBytes } from '../../bytes.ts';
import type { KnownCertificate } from './token.ts';

/** Certificates between signer and root; real chains have one or two. */
export const INTERMEDIATES_MAX = 6;
/** Signatures checked for one chain: many certificates of one name cost no more than this. */
export const SIGNATURES_MAX = 32;

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Understood here, or without effect on what is asked: key identifiers, policies, names. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  BASIC_CONSTRAINTS,
  KEY_USAGE,
  '2.5.29.37',
  '2.5.29.14',
  '2.5.29.35',
  '2.5.29.32',
  '2.5.29.17',
]);
/** First byte of KeyUsage (RFC 5280 §4.2.1.3). */
const KEY_CERT_SIGN = 0x04;

/** Bits of the first byte of the key usage; null where the certificate does not limit it. */
export function keyUsage(certificate: Certificate): number | null {
  const found = certificate.extensions?.find(({ extnID }) => extnID === KEY_USAGE);
  if (found === undefined) return null;
  // BIT STRING: tag, length, unused bits, bits.
  return found.extnValue.valueBlock.valueHexView[3] ?? 0;
}

export function inForce({ notBefore, notAfter }: Certificate, at_ms: number): boolean {
  return notBefore.value.getTime() <= at_ms && at_ms <= notAfter.value.getTime();
}

/** True if signatures lead from `signer` over `pool` to one of `roots`, all in force at `at_ms`. */
export async function reachesRoot(
  engine: CryptoEngine,
  signer: KnownCertificate,
  pool: readonly KnownCertificate[],
  roots: readonly KnownCertificate[],
  at_ms: number,
): Promise<boolean> {
  const isRoot = ({ der }: KnownCertificate) => roots.some((root) => equalBytes(root.der, der));
  const seen = new Set<KnownCertificate>();
  const open = [{ at: signer, below: 0 }];
  let signatures = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, below } = next;
    if (!inForce(at.certificate, at_ms) || !isUnderstood(at.certificate)) continue;
    if (isRoot(at)) return true;
    if (below > INTERMEDIATES_MAX) continue;
    for (const issuer of [...pool, ...roots]) {
      if (seen.has(issuer) || !mayIssue(issuer.certificate, at.certificate, below)) continue;
      signatures += 1;
      if (signatures > SIGNATURES_MAX) return false;
      if (!(await signedBy(engine, at.certificate, issuer.certificate))) continue;
      seen.add(issuer);
      open.push({ at: issuer, below: below + 1 });
    }
  }
  return false;
}

/** `below` counts the certificates of authorities between the issuer and the signer. */
function mayIssue(issuer: Certificate, subject: Certificate, below: number): boolean {
  if (!issuer.subject.isEqual(subject.issuer)) return false;
  const found = issuer.extensions?.find(({ extnID }) => extnID === BASIC_CONSTRAINTS);
  const constraints = found?.parsedValue;
  if (!(constraints instanceof BasicConstraints) || !constraints.cA) return false;
  const limit = constraints.pathLenConstraint;
  if (typeof limit === 'number' && below > limit) return false;
  const usage = keyUsage(issuer);
  return usage === null || (usage & KEY_CERT_SIGN) !== 0;
}

function isUnderstood({ extensions = [] }: Certificate): boolean {
  return extensions.every(({ critical, extnID }) => !critical || UNDERSTOOD.has(extnID));
}

async function signedBy(
  engine: CryptoEngine,
  subject: Certificate,
  issuer: Certificate,
): Promise<boolean> {
  try {
    if (engine.getHashAlgorithm(subject.signatureAlgorithm) === 'SHA-1') return false;
    return await subject.verify(issuer, engine);
  } catch {
    return false;
  }
}
