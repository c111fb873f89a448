import { Type } from 'typebox';
import { LINE_CHARS_MAX, TEXT_CHARS_MAX } from '../../shared/papers/paper-reader.ts';
import type { PaperPlace } from '../papers/put.ts';
import type { StoredPaper } from '../papers/read.ts';
import type { VersionedKind } from '../papers/replace.ts';
import { Ms, NullableMs, NullableText, NullableTime, Time } from './schemas.ts';
import { rfc3339 } from './times.ts';

/** Planned work on 2,000 devices by their codes; everything else is far below. */
export const PAPER_BODY_BYTES_MAX = 256 * 1024;

/** One line that a person wrote; white space at its ends is cut off. */
export const line = (description = 'one line') =>
  Type.String({ minLength: 1, maxLength: LINE_CHARS_MAX, description });
/** Several lines that a person wrote. */
export const Text = Type.String({ maxLength: TEXT_CHARS_MAX });
export const LocalDate = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  description: 'date of the local calendar, YYYY-MM-DD',
});

/** Where a document stands in the ledger. */
export const Place = Type.Object({
  log: Type.String({ description: 'origin of the log' }),
  leaf: Type.Integer({ description: 'index of the leaf' }),
  hash: Type.String({ description: 'document hash, base64' }),
  issued_ms: Ms,
  issued: Time,
});
export const Changed = Type.Boolean({
  description: 'false: the same stands in the ledger already, nothing was added',
});

/** Who wrote the newest document of a kind, and where it stands. */
export const Issued = {
  site: Type.String(),
  version: Type.Union([Type.Integer(), Type.Null()], { description: 'null: no document holds' }),
  hash: Type.Union([Type.String(), Type.Null()], { description: 'document hash, base64' }),
  author: NullableText,
  issued_ms: NullableMs,
  issued: NullableTime,
};
export const FormatQuery = Type.Object(
  { format: Type.Optional(Type.Enum(['json', 'csv'])) },
  { additionalProperties: false },
);

export function issuedBody(site: string, newest: StoredPaper<VersionedKind> | null) {
  if (newest === null) {
    return { site, version: null, hash: null, author: null, issued_ms: null, issued: null };
  }
  const { version, author, issued_ms } = newest.paper;
  return { site, version, hash: newest.hash, author, issued_ms, issued: rfc3339(issued_ms) };
}

export function placeBody({ log, leaf, hash, issued_ms }: PaperPlace) {
  return { log, leaf, hash, issued_ms, issued: rfc3339(issued_ms) };
}

/** As people type: without white space at the ends, and with one kind of line end. */
export function tidy(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').trim();
}
