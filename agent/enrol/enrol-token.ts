import { LanProofError } from '../../shared/errors.ts';
import type { EnrolToken } from '../../shared/measure/protocol.ts';

const PREFIX = 'lpt1_';
/** Four fingerprints, an id and a secret are 400 characters; more is not one of ours. */
const TOKEN_CHARS_MAX = 1_000;

/** Reads a token text. Throws LanProofError TOKEN_MALFORMED; the text never stands in it. */
export function readEnrolToken(text: string): EnrolToken {
  const body = text.trim();
  if (!body.startsWith(PREFIX) || body.length > TOKEN_CHARS_MAX) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.slice(PREFIX.length), 'base64url').toString('utf8'));
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

function malformed(): LanProofError {
  return new LanProofError('TOKEN_MALFORMED', 'this is no enrolment token', {
    hint: 'copy the whole last line that `lanproof token create --site …` printed',
  });
}
