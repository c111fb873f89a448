/** RFC 3161 answers: the status, and the token where there is one. */
import { type BaseBlock, BitString, Integer, Sequence, Utf8String } from 'asn1js';
import { LanProofError } from '../../errors.ts';
import { decodeDer } from './der.ts';

/** Longest answer read, in bytes: a token with a chain of four RSA certificates takes 8 kB. */
export const TIMESTAMP_RESPONSE_BYTES_MAX = 64 * 1024;

/** PKIStatus (RFC 3161 §2.4.2) below this number carries a token. */
const GRANTED_WITH_MODS = 1;
/** PKIFailureInfo: what the numbers of its bits mean. */
const FAILURES: Readonly<Record<number, string>> = {
  0: 'badAlg',
  2: 'badRequest',
  5: 'badDataFormat',
  14: 'timeNotAvailable',
  15: 'unacceptedPolicy',
  16: 'unacceptedExtension',
  17: 'addInfoNotAvailable',
  25: 'systemFailure',
};

export interface TimestampResponse {
  /** PKIStatus: 0 granted, 1 granted with modifications, 2 rejected, 3 waiting, 4 and 5 revoked. */
  readonly status: number;
  /** Words of the authority and names of PKIFailureInfo; '' where it says nothing. */
  readonly reason: string;
  /** The TimeStampToken, DER; null unless granted. */
  readonly token: Uint8Array | null;
}

/** Reads a TimeStampResp. Throws LanProofError TIMESTAMP_FORMAT on anything else. */
export function readTimestampResponse(bytes: Uint8Array): TimestampResponse {
  if (bytes.length > TIMESTAMP_RESPONSE_BYTES_MAX) throw malformed('it is too long');
  const result = decode(bytes);
  if (!(result instanceof Sequence)) throw malformed('it is no sequence');
  const [info, token, ...more] = result.valueBlock.value;
  if (!(info instanceof Sequence) || more.length > 0) throw malformed('it has no status');
  const [status, ...said] = info.valueBlock.value;
  if (!(status instanceof Integer)) throw malformed('its status is no number');
  const granted = status.valueBlock.valueDec <= GRANTED_WITH_MODS;
  if (granted !== token instanceof Sequence) throw malformed('status and token contradict');
  return {
    status: status.valueBlock.valueDec,
    reason: said.flatMap(wordsOf).join(', ').slice(0, 200),
    token: token === undefined ? null : token.valueBeforeDecodeView.slice(),
  };
}

function decode(bytes: Uint8Array): BaseBlock {
  try {
    return decodeDer(bytes);
  } catch (cause) {
    throw malformed('it is no DER', cause);
  }
}

function wordsOf(part: unknown): string[] {
  if (part instanceof Sequence) return part.valueBlock.value.flatMap(wordsOf);
  // Another program's text goes into our log: only what is harmless there.
  if (part instanceof Utf8String) return [part.valueBlock.value.replace(/[^\x20-\x7e]/g, '?')];
  if (!(part instanceof BitString)) return [];
  const bits = part.valueBlock.valueHexView;
  return Object.entries(FAILURES)
    .filter(([bit]) => ((bits[Number(bit) >> 3] ?? 0) & (0x80 >> (Number(bit) & 7))) !== 0)
    .map(([, name]) => name);
}

function malformed(what: string, cause?: unknown): LanProofError {
  return new LanProofError('TIMESTAMP_FORMAT', `not an RFC 3161 answer: ${what}`, {
    hint: 'check that the address is that of a time-stamp authority (RFC 3161 over HTTP)',
    fatal: false,
    cause,
  });
}
