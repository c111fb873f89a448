import { LanProofError } from '../../shared/errors.ts';
import type { EnrolToken } from '../../shared/measure/protocol.ts';

/** Lets a person (and a secret scanner) see what a text is; the digit is its version. */
export const ENROL_TOKEN_PREFIX = 'lpt1_';
/** Four fingerprints, an id and a secret are 400 characters; more is not one of ours. */
const TOKEN_CHARS_MAX = 1_000;

export function encodeEnrolToken(token: EnrolToken): string {
  return `${ENROL_TOKEN_PREFIX}${Buffer.from(JSON.stringify(token)).toString('base64url')}`;
}

/** Reads a token text. Throws LanProofError TOKEN_MALFORMED; the text never stands in it. */
export function decodeEnrolToken(text: string): EnrolToken {
  const body = text.trim();
  if (!body.startsWith(ENROL_TOKEN_PREFIX) || body.length > TOKEN_CHARS_MAX) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(
      Buffer.from(body.slice(ENROL_TOKEN_PREFIX.length), 'base64url').toString('utf8'),
    );
  } catch {
    throw malformed();
  }
  if (!isEnrolToken(value)) throw malformed();
  return value;
}

function isEnrolToken(value: unknown): value is EnrolToken {
  if (typeof value !== 'object' || value === null) return false;
  const token: Partial<Record<keyof EnrolToken, unknown>> = value;
  const texts = [token.id, token.secret, token.log_key, token.document_key];
  return (
    token.v === 1 &&
    texts.every((text) => typeof text === 'string' && text !== '') &&
    (token.tls === null || typeof token.tls === 'string')
  );
}

function malformed(): LanProofError {
  return new LanProofError('TOKEN_MALFORMED', 'this is no enrolment token', {
    hint: 'copy the whole last line that `lanproof token create --site …` printed',
  });
}
