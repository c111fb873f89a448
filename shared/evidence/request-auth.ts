/**
 * How an agent signs a GET: over method, path with query, and a nonce that the collector gave.
 * Single-use nonces stand in for a clock that an agent may not have.
 */
import { fromBase64, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto, Signer } from './crypto.ts';
import { pae } from './dsse.ts';
import { keyId } from './keys.ts';

/** DSSE payload type of a signed request. */
export const REQUEST_TYPE = 'application/vnd.lanproof.request.v1';
/** Longest header value read, in characters. */
export const AUTHORIZATION_CHARS_MAX = 300;

/** A nonce: 16 to 88 characters of base64 or base64url. */
const NONCE = /^[A-Za-z0-9+/=_-]{16,88}$/;
/** An upper-case method. */
const METHOD = /^[A-Z]{1,16}$/;
/** Path and query as sent: printable ASCII, so that no line can be slipped in. */
const PATH = /^\/[!-~]{0,2047}$/;

export interface RequestAuthorization {
  /** Says which key to look up; the signature decides. */
  readonly keyid: string;
  readonly nonce: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Returns the value of the Authorization header. `pathAndQuery` is exactly what stands in the
 * request line. Throws LanProofError AUTH_FORMAT on values that cannot be signed unambiguously.
 */
export function signRequest(
  crypto: Crypto,
  signer: Signer,
  method: string,
  pathAndQuery: string,
  nonce: string,
): string {
  const message = requestMessage(method, pathAndQuery, nonce);
  if (message === undefined) throw malformed('method, path or nonce cannot be signed');
  const id = keyId(crypto, signer.publicKey);
  return `LanProof ${id}:${nonce}:${toBase64(signer.sign(message))}`;
}

/** Reads the header's value without believing it. Throws LanProofError AUTH_FORMAT. */
export function parseAuthorization(value: string): RequestAuthorization {
  if (value.length > AUTHORIZATION_CHARS_MAX) throw malformed('too long');
  const [, keyid, nonce, encoded] = /^LanProof ([^: ]+):([^: ]+):([^: ]+)$/.exec(value) ?? [];
  if (keyid === undefined || nonce === undefined || encoded === undefined) {
    throw malformed('not "LanProof key:nonce:signature"');
  }
  if (!NONCE.test(nonce)) throw malformed('unfit nonce');
  let signature: Uint8Array;
  try {
    if (fromBase64(keyid).length !== 32) throw malformed('unfit keyid');
    signature = fromBase64(encoded);
  } catch {
    throw malformed('keyid or signature is not base64');
  }
  if (signature.length !== 64) throw malformed('unfit signature');
  return { keyid, nonce, signature };
}

/**
 * True if `publicKey` signed this request with the nonce in `authorization`; never throws. The
 * caller checks that the nonce is its own, unused and at most 60 s old, and that the key is valid.
 */
export function verifyRequest(
  crypto: Crypto,
  publicKey: Uint8Array,
  method: string,
  pathAndQuery: string,
  authorization: RequestAuthorization,
): boolean {
  const message = requestMessage(method, pathAndQuery, authorization.nonce);
  return message !== undefined && crypto.verify(publicKey, message, authorization.signature);
}

function requestMessage(method: string, path: string, nonce: string): Uint8Array | undefined {
  if (!METHOD.test(method) || !PATH.test(path) || !NONCE.test(nonce)) return undefined;
  return pae(REQUEST_TYPE, utf8(`${method}\n${path}\n${nonce}`));
}

function malformed(what: string): LanProofError {
  return new LanProofError('AUTH_FORMAT', `the request is not signed as expected: ${what}`, {
    hint: 'sign as docs/formats/request-auth.md says, with a fresh nonce from the collector',
    place: 'Authorization',
  });
}
