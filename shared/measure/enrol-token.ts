import { fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { EnrolToken } from './protocol.ts';

/** Lets a person (and a secret scanner) see what a text is; the digit is its version. */
const PREFIX = 'lpt1_';
/** Four fingerprints, an id and a secret are 400 characters; more is not one of ours. */
export const TOKEN_CHARS_MAX = 1_000;

/** The text of a token: docs/formats/protocol.md. */
export function encodeEnrolToken(token: EnrolToken): string {
  const base64 = toBase64(utf8(JSON.stringify(token)));
  return `${PREFIX}${base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** Reads a token text. Throws LanProofError TOKEN_MALFORMED; the text never stands in it. */
export function readEnrolToken(text: string): EnrolToken {
  const body = text.trim();
  if (!body.startsWith(PREFIX) || body.length > TOKEN_CHARS_MAX) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(fromBase64(standard(body.slice(PREFIX.length)))));
  } catch {
    throw malformed();
  }
  if (typeof value !== 'object' || value === null) throw malformed();
  const { v, id, secret, tls, log_key, document_key } = Object.assign({ ...EMPTY }, value);
  const texts = [id, secret, log_key, document_key];
  if (v !== 1 || texts.some((part) => typeof part !== 'string' || part === '')) throw malformed();
  if (tls !== null && typeof tls !== 'string') throw malformed();
  return { v, id, secret, tls, log_key, document_key };
}

const EMPTY: EnrolToken = { v: 1, id: '', secret: '', tls: null, log_key: '', document_key: '' };

/** base64url (RFC 4648 §5) without padding as the base64 that the rest of the house reads. */
function standard(text: string): string {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=');
}

function malformed(): LanProofError {
  return new LanProofError('TOKEN_MALFORMED', 'this is no enrolment token', {
    hint: 'copy the whole last line that `lanproof token create --site …` printed',
  });
}
