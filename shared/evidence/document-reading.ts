/** Opens the control documents whose fields are fixed: signature first, then every member. */
import { fromUtf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto } from './crypto.ts';
import { oddMember, SHAPES } from './document-shapes.ts';
import { type Documents, documentType } from './documents.ts';
import { type Envelope, openEnvelope } from './dsse.ts';
import type { LedgerDocuments } from './ledger-documents.ts';

type Opened = Documents & LedgerDocuments;

/**
 * Returns the document if `publicKey` signed it (the agent key for a hole, the old and the new one
 * for a rotation, the document key otherwise) and every member is as docs/formats/log.md says.
 * Throws LanProofError DOCUMENT_FORMAT or what {@link openEnvelope} throws.
 */
export function openDocument<Kind extends keyof Opened>(
  crypto: Crypto,
  envelope: string | Envelope,
  kind: Kind,
  publicKey: Uint8Array,
): Opened[Kind] {
  const payload = openEnvelope(crypto, envelope, documentType(kind), publicKey);
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(payload));
  } catch (cause) {
    throw malformed(kind, '', cause);
  }
  if (!isDocument(kind, value)) throw malformed(kind, oddMember(value, SHAPES[kind]) ?? 'to_seq');
  return value;
}

function isDocument<Kind extends keyof Opened>(kind: Kind, value: unknown): value is Opened[Kind] {
  if (oddMember(value, SHAPES[kind]) !== undefined) return false;
  const { from_seq, to_seq } = Object.assign({ from_seq: 0, to_seq: 0 }, value);
  return from_seq <= to_seq;
}

function malformed(kind: string, place: string, cause?: unknown): LanProofError {
  return new LanProofError('DOCUMENT_FORMAT', `not a ${kind} document of version 1`, {
    hint: 'update this program if the document is newer; docs/formats/log.md lists the members',
    ...(place === '' ? {} : { place }),
    ...(cause === undefined ? {} : { cause }),
  });
}
