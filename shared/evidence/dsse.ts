/**
 * DSSE v1 (secure-systems-lab/dsse): a signature over a typed byte string, and its JSON envelope.
 * The bytes that were signed are the bytes that are read; nothing is ever re-serialised.
 */
import { concat, fromBase64, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto, Signer } from './crypto.ts';
import { keyId } from './keys.ts';

/** Longest envelope read, in characters of JSON: a full day document of a province fits. */
export const ENVELOPE_BYTES_MAX = 4 * 1024 * 1024;
/** Signatures in one envelope: a rotation carries two; more than this is not one of ours. */
export const ENVELOPE_SIGNATURES_MAX = 8;
/** Longest payload type and keyid, in characters. */
export const ENVELOPE_NAME_CHARS_MAX = 128;
const ASCII = /^[ -~]*$/;

/** `payload` and `sig` are canonical padded base64 (RFC 4648 §4). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
}

/** `keyid` is an unauthenticated hint: it may choose which key to try, never whether to believe. */
export interface EnvelopeSignature {
  readonly keyid: string;
  readonly sig: string;
}

/** "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload; lengths in bytes, decimal ASCII. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  // Ours are ASCII: a letter is a byte.
  const typeBytes = ASCII.test(payloadType) ? payloadType.length : utf8(payloadType).length;
  return concat(utf8(`DSSEv1 ${typeBytes} ${payloadType} ${payload.length} `), payload);
}

/** Signs `payload` under its type; one signature, keyid as {@link keyId}. */
export function signEnvelope(
  signer: Signer,
  payloadType: string,
  payload: Uint8Array,
  crypto: Crypto,
): Envelope {
  const sig = toBase64(signer.sign(pae(payloadType, payload)));
  const keyid = keyId(crypto, signer.publicKey);
  return { payloadType, payload: toBase64(payload), signatures: [{ keyid, sig }] };
}

/** One line of JSON without spaces, members in the order of the DSSE specification. */
export function serializeEnvelope(envelope: Envelope): string {
  const { payloadType, payload } = envelope;
  const signatures = envelope.signatures.map(({ keyid, sig }) => ({ keyid, sig }));
  return JSON.stringify({ payloadType, payload, signatures });
}

/**
 * Returns the payload bytes if `publicKey` (raw, 32 bytes) signed them as `expectedType`; with
 * several signatures one by that key is enough. Throws LanProofError DSSE_FORMAT, DSSE_TYPE or
 * DSSE_SIGNATURE.
 */
export function openEnvelope(
  crypto: Crypto,
  text: string | Envelope,
  expectedType: string,
  publicKey: Uint8Array,
): Uint8Array {
  const envelope = parseEnvelope(text);
  if (envelope.payloadType !== expectedType) {
    throw new LanProofError('DSSE_TYPE', `the envelope holds a ${envelope.payloadType}`, {
      hint: `give a document of type ${expectedType}`,
      place: 'payloadType',
    });
  }
  const payload = fromBase64(envelope.payload);
  const message = pae(envelope.payloadType, payload);
  if (!envelope.signatures.some(({ sig }) => crypto.verify(publicKey, message, fromBase64(sig)))) {
    throw new LanProofError('DSSE_SIGNATURE', 'no signature of the envelope is by the given key', {
      hint: 'check that the key is the pinned one; if it is, the document was altered: refuse it',
      place: 'signatures',
    });
  }
  return payload;
}

/**
 * Reads an envelope strictly without believing it; one that came inside other JSON may be given
 * as it was parsed there. Throws LanProofError DSSE_FORMAT.
 */
export function parseEnvelope(input: string | Envelope): Envelope {
  // The type of a parsed answer is a hope: writing it out again puts it under the same checks.
  const text = typeof input === 'string' ? input : (JSON.stringify(input) ?? '');
  if (text.length > ENVELOPE_BYTES_MAX) throw malformed('', 'longer than ENVELOPE_BYTES_MAX');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('', 'not JSON');
  }
  const envelope = members(value, ['payloadType', 'payload', 'signatures'], '');
  const list = envelope.signatures;
  if (!Array.isArray(list) || list.length === 0 || list.length > ENVELOPE_SIGNATURES_MAX) {
    throw malformed('signatures', `not a list of 1 to ${ENVELOPE_SIGNATURES_MAX}`);
  }
  const parsed: Envelope = {
    payloadType: name(envelope.payloadType, 'payloadType'),
    payload: base64(envelope.payload, 'payload'),
    signatures: list.map((item: unknown, index) => {
      const place = `signatures/${index}`;
      const signature = members(item, ['keyid', 'sig'], place);
      return {
        keyid: name(signature.keyid, `${place}/keyid`),
        sig: base64(signature.sig, `${place}/sig`, 64),
      };
    }),
  };
  // JSON lets a member stand twice and a letter be escaped; readers differ on which they take.
  if (text.replace(/[ \t\r\n]/g, '').length !== serializeEnvelope(parsed).length) {
    throw malformed('', 'a member stands twice or a character is escaped');
  }
  return parsed;
}

function members(value: unknown, names: string[], place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(place, 'not an object');
  }
  const found = Object.keys(value);
  const odd =
    found.find((key) => !names.includes(key)) ?? names.find((key) => !found.includes(key));
  if (odd !== undefined) throw malformed(place, `member ${odd.slice(0, 40)} is unknown or missing`);
  return { ...value };
}

function name(value: unknown, place: string): string {
  // Printable ASCII without space, quote and backslash: nothing that JSON could write two ways.
  if (typeof value !== 'string' || !/^[!#-[\]-~]+$/.test(value)) {
    throw malformed(place, 'not printable ASCII without spaces');
  }
  if (value.length > ENVELOPE_NAME_CHARS_MAX) throw malformed(place, 'too long');
  return value;
}

function base64(value: unknown, place: string, bytes?: number): string {
  try {
    if (typeof value === 'string') {
      const decoded = fromBase64(value);
      if (bytes === undefined || decoded.length === bytes) return value;
    }
  } catch {
    // Falls through to the one error below: the cause is always the same.
  }
  throw malformed(place, bytes === undefined ? 'not base64' : `not base64 of ${bytes} bytes`);
}

function malformed(place: string, what: string): LanProofError {
  return new LanProofError('DSSE_FORMAT', `not a DSSE envelope: ${what}`, {
    hint: 'give the file as it was issued; docs/formats/envelope.md describes it',
    ...(place === '' ? {} : { place }),
  });
}
