/** The signature of a TimeStampToken: whose it is, and whether it is over the token's content. */
import { OctetString, Sequence } from 'asn1js';
import type { CryptoEngine, SignerInfo } from 'pkijs';
import { IssuerAndSerialNumber } from 'pkijs';
import { equalBytes } from '../../bytes.ts';
import { keyUsage } from './chain.ts';
import { type KnownCertificate, type TokenParts, TST_INFO_OID } from './token.ts';

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
/** ESS signing-certificate: with SHA-1 (RFC 2634), and with any hash (RFC 5035). */
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
/** DER of SEQUENCE { id-kp-timeStamping }: this purpose and no other. */
const ONLY_TIME_STAMPING = [0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
/** digitalSignature and nonRepudiation of KeyUsage. */
const SIGNING_BITS = 0xc0;

/** Digests that are believed, by their OID. */
export const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};

/** The certificate that the signer names, if the token carries it. */
export function signerCertificate(parts: TokenParts): KnownCertificate | undefined {
  const { sid } = parts.signer;
  return parts.certificates.find(({ certificate }) => {
    if (sid instanceof IssuerAndSerialNumber) {
      const { issuer, serialNumber } = sid;
      return certificate.issuer.isEqual(issuer) && certificate.serialNumber.isEqual(serialNumber);
    }
    // [0] SubjectKeyIdentifier: its bytes stand in the value of the extension, too.
    const named: unknown = Object(sid).valueBlock?.valueHexView;
    const own = certificate.extensions?.find(({ extnID }) => extnID === SUBJECT_KEY_IDENTIFIER);
    const key = own?.extnValue.valueBlock.valueHexView.subarray(2);
    return named instanceof Uint8Array && key !== undefined && equalBytes(named, key);
  });
}

/** True if the certificate is for time-stamping alone (RFC 3161 §2.3) and its key may sign. */
export function isForTimestamps({ certificate }: KnownCertificate): boolean {
  const found = (certificate.extensions ?? []).filter(
    ({ extnID }) => extnID === EXTENDED_KEY_USAGE,
  );
  const [usage] = found;
  if (usage === undefined || found.length > 1 || !usage.critical) return false;
  const { valueHexView } = usage.extnValue.valueBlock;
  if (!equalBytes(valueHexView, Uint8Array.from(ONLY_TIME_STAMPING))) return false;
  const bits = keyUsage(certificate);
  return bits === null || (bits & SIGNING_BITS) !== 0;
}

/** True if a signed attribute names this very certificate (RFC 3161 §2.4.2, RFC 5816). */
export async function namesCertificate(
  engine: CryptoEngine,
  signer: SignerInfo,
  { der }: KnownCertificate,
): Promise<boolean> {
  const v2 = attribute(signer, SIGNING_CERTIFICATE_V2);
  const attributeValue = v2 ?? attribute(signer, SIGNING_CERTIFICATE);
  // SEQUENCE { certs SEQUENCE OF ESSCertID, … }: the first one is the signer's.
  const [certs] = childrenOf(attributeValue);
  const [first] = childrenOf(certs);
  const [head, hash] = childrenOf(first);
  if (head instanceof OctetString) {
    const name = v2 === undefined ? 'SHA-1' : 'SHA-256';
    return equalBytes(head.valueBlock.valueHexView, await digest(engine, name, der));
  }
  if (v2 === undefined || !(hash instanceof OctetString)) return false;
  const [oid] = childrenOf(head);
  const name = DIGESTS[String(Object(oid).valueBlock ?? '')];
  if (name === undefined) return false;
  return equalBytes(hash.valueBlock.valueHexView, await digest(engine, name, der));
}

/** True if the certificate's key signed type and hash of the content. Throws on odd keys. */
export async function isSigned(
  engine: CryptoEngine,
  { signer, infoBytes }: TokenParts,
  { certificate }: KnownCertificate,
  digestName: string,
): Promise<boolean> {
  const type = attribute(signer, CONTENT_TYPE);
  const hash = attribute(signer, MESSAGE_DIGEST);
  const { signedAttrs, signature, signatureAlgorithm } = signer;
  if (signedAttrs === undefined || !(hash instanceof OctetString)) return false;
  if (String(Object(type).valueBlock ?? '') !== TST_INFO_OID) return false;
  const found = await digest(engine, digestName, infoBytes);
  if (!equalBytes(hash.valueBlock.valueHexView, found)) return false;
  // Only rsaEncryption leaves the hash to the signer's digest; else the signature names its own.
  const own = signatureAlgorithm.algorithmId === RSA_ENCRYPTION ? digestName : undefined;
  if (own === undefined && engine.getHashAlgorithm(signatureAlgorithm) !== digestName) return false;
  const key = certificate.subjectPublicKeyInfo;
  const message = signedAttrs.encodedValue;
  return engine.verifyWithPublicKey(message, signature, key, signatureAlgorithm, own);
}

export async function digest(
  engine: CryptoEngine,
  name: string,
  data: Uint8Array,
): Promise<Uint8Array> {
  return new Uint8Array(await engine.digest(name, data.slice()));
}

/** The one value of a signed attribute; undefined if it is missing or there are several. */
function attribute(signer: SignerInfo, type: string): unknown {
  const found = (signer.signedAttrs?.attributes ?? []).filter((known) => known.type === type);
  const [only, ...others] = found.flatMap(({ values }) => values);
  return others.length === 0 ? only : undefined;
}

function childrenOf(block: unknown): unknown[] {
  return block instanceof Sequence ? block.valueBlock.value : [];
}
