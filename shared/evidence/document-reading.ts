/** Opens the control documents whose fields are fixed: signature first, then every member. */
import { fromBase64, fromUtf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto } from './crypto.ts';
import { type Documents, documentType, HOLE_REASONS } from './documents.ts';
import { type Envelope, openEnvelope } from './dsse.ts';

type Check = (value: unknown) => boolean;
type Shape = { readonly [member: string]: Check };

/** Longest free text in a document (a reason, a person), in characters. */
const TEXT_CHARS_MAX = 500;

const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const ordinal: Check = (value) => count(value) && Number(value) >= 1;
const text: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= TEXT_CHARS_MAX;
const version: Check = (value) => value === 1;
const reason: Check = (value) => HOLE_REASONS.some((known) => known === value);

const chained = { v: version, site: text, agent: text, epoch: ordinal };
const previous: Shape = { log: text, size: count, root: bytes(32), reason: text };
const SHAPES: Record<keyof Documents, Shape> = {
  'log-open': {
    v: version,
    log: text,
    log_key: bytes(32),
    document_key: bytes(32),
    opened_ms: count,
    previous: (value) => value === null || oddMember(value, previous) === undefined,
  },
  enrol: { ...chained, log: text, agent_key: bytes(32), issued_ms: count, approved_by: text },
  hole: {
    ...chained,
    from_seq: ordinal,
    to_seq: ordinal,
    reason,
    at_ms: count,
    next_prev: bytes(32),
  },
  conflict: {
    ...chained,
    seq: ordinal,
    kept_hash: bytes(32),
    other_hash: bytes(32),
    other_signature: bytes(64),
    at_ms: count,
  },
};

/**
 * Returns the document if `publicKey` signed it (the agent key for a hole, the document key
 * otherwise) and every member is as docs/formats/log.md says. Throws LanProofError
 * DOCUMENT_FORMAT or what {@link openEnvelope} throws.
 */
export function openDocument<Kind extends keyof Documents>(
  crypto: Crypto,
  envelope: string | Envelope,
  kind: Kind,
  publicKey: Uint8Array,
): Documents[Kind] {
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

function isDocument<Kind extends keyof Documents>(
  kind: Kind,
  value: unknown,
): value is Documents[Kind] {
  if (oddMember(value, SHAPES[kind]) !== undefined) return false;
  const { from_seq, to_seq } = Object.assign({ from_seq: 0, to_seq: 0 }, value);
  return from_seq <= to_seq;
}

/** The first member that is unknown, missing or unfit; '' if it is no object; else undefined. */
function oddMember(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const found = new Map(Object.entries(value));
  const unknown = [...found.keys()].find((member) => !Object.hasOwn(shape, member));
  if (unknown !== undefined) return unknown.slice(0, 40);
  return Object.entries(shape).find(([member, fits]) => !fits(found.get(member)))?.[0];
}

function bytes(length: number): Check {
  return (value) => {
    try {
      return typeof value === 'string' && fromBase64(value).length === length;
    } catch {
      return false;
    }
  };
}

function malformed(kind: string, place: string, cause?: unknown): LanProofError {
  return new LanProofError('DOCUMENT_FORMAT', `not a ${kind} document of version 1`, {
    hint: 'update this program if the document is newer; docs/formats/log.md lists the members',
    ...(place === '' ? {} : { place }),
    ...(cause === undefined ? {} : { cause }),
  });
}
