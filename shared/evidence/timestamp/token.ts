/** The parts of a TimeStampToken (RFC 3161 §2.4.2, RFC 5652) that its checks work on. */
import { type BaseBlock, Constructed, GeneralizedTime, Sequence } from 'asn1js';
import { Certificate, ContentInfo, SignedData, type SignerInfo, TSTInfo } from 'pkijs';
import { fromUtf8 } from '../../bytes.ts';
import { decodeDer } from './der.ts';
import { TIMESTAMP_RESPONSE_BYTES_MAX } from './response.ts';

export const TST_INFO_OID = '1.2.840.113549.1.9.16.1.4';
const SIGNED_DATA_OID = '1.2.840.113549.1.7.2';
/** Certificates read from one token: a chain has four at most, some authorities add others. */
export const CERTIFICATES_MAX = 16;

/** A certificate and the bytes that it was read from. */
export interface KnownCertificate {
  readonly der: Uint8Array;
  readonly certificate: Certificate;
}

export interface TokenParts {
  readonly signer: SignerInfo;
  readonly info: TSTInfo;
  /** The signed content, verbatim. */
  readonly infoBytes: Uint8Array;
  /** genTime, UTC epoch ms. */
  readonly gen_time_ms: number;
  readonly certificates: readonly KnownCertificate[];
}

/** Reads a DER token; throws (of many kinds) on anything else. */
export function readToken(bytes: Uint8Array): TokenParts {
  if (bytes.length > TIMESTAMP_RESPONSE_BYTES_MAX) throw new TypeError('too long');
  const outer = new ContentInfo({ schema: decodeDer(bytes) });
  if (outer.contentType !== SIGNED_DATA_OID) throw new TypeError('not signed data');
  const signed = new SignedData({ schema: outer.content });
  const [signer, ...others] = signed.signerInfos;
  if (signer === undefined || others.length > 0) throw new TypeError('not one signer');
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== TST_INFO_OID || eContent === undefined) throw new TypeError('no time');
  const infoBytes = new Uint8Array(eContent.getValue());
  return {
    signer,
    info: new TSTInfo({ schema: decodeDer(infoBytes) }),
    infoBytes,
    gen_time_ms: genTime(infoBytes),
    certificates: certificatesOf(bytes).map(readCertificate),
  };
}

/** Reads a DER certificate; throws on anything else. */
export function readCertificate(der: Uint8Array): KnownCertificate {
  return { der, certificate: new Certificate({ schema: decodeDer(der) }) };
}

/** Bytes of the certificates in `SignedData.certificates`, the field with tag [0]. */
function certificatesOf(token: Uint8Array): Uint8Array[] {
  const [, explicit] = childrenOf(decodeDer(token));
  const [signedData] = explicit === undefined ? [] : childrenOf(explicit);
  const field = (signedData === undefined ? [] : childrenOf(signedData)).find(
    ({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0,
  );
  const found = field === undefined ? [] : childrenOf(field);
  if (found.length > CERTIFICATES_MAX) throw new TypeError('too many certificates');
  return found
    .filter((part) => part instanceof Sequence)
    .map((part) => part.valueBeforeDecodeView.slice());
}

function childrenOf(block: BaseBlock): BaseBlock[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}

/** `YYYYMMDDhhmmss[.f…]Z`: RFC 3161 allows no other form, so none is guessed at. */
function genTime(infoBytes: Uint8Array): number {
  const block = childrenOf(decodeDer(infoBytes)).find((part) => part instanceof GeneralizedTime);
  const text = block === undefined ? '' : fromUtf8(block.valueBlock.valueHexView);
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(text);
  if (found === null) throw new TypeError('unfit genTime');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(Number);
  const whole_ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const fraction_ms = Math.floor(Number(`0${found[7] ?? ''}`) * 1_000);
  const written = new Date(whole_ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  if (written !== text.slice(0, 14)) throw new TypeError('no such time');
  return whole_ms + fraction_ms;
}
