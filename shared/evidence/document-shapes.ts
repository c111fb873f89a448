/** What each member of a control document must be; document-reading.ts walks them. */
import { fromBase64 } from '../bytes.ts';
import { type Documents, HOLE_REASONS } from './documents.ts';
import { ANCHOR_KINDS, type LedgerDocuments } from './ledger-documents.ts';

type Check = (value: unknown) => boolean;
export type Shape = { readonly [member: string]: Check };

/** Longest free text in a document (a reason, a person), in characters. */
const TEXT_CHARS_MAX = 500;
/** A time-stamp token with its chain of certificates is some kilobytes. */
const PROOF_BYTES_MAX = 64 * 1024;
/** Ten years of months. */
const MONTHS_MAX = 120;
/** Files of one report: each format, whole and masked. */
const FILES_MAX = 32;

const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const ordinal: Check = (value) => count(value) && Number(value) >= 1;
const text: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= TEXT_CHARS_MAX;
const flag: Check = (value) => typeof value === 'boolean';
const version: Check = (value) => value === 1;
const reason: Check = (value) => HOLE_REASONS.some((known) => known === value);
const month: Check = (value) => typeof value === 'string' && /^\d{4}-(0[1-9]|1[0-2])$/.test(value);
const date: Check = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);

const chained = { v: version, site: text, agent: text, epoch: ordinal };
const issued = { v: version, log: text, issued_ms: count, author: text };
const previous: Shape = { log: text, size: count, root: bytes(32), reason: text };
const asOf: Shape = { log: text, size: ordinal, to_ms: count, at_ms: count };
const file: Shape = { name: text, bytes: count, sha256: bytes(32) };

export const SHAPES: Record<keyof (Documents & LedgerDocuments), Shape> = {
  'log-open': {
    v: version,
    log: text,
    log_key: bytes(32),
    document_key: bytes(32),
    opened_ms: count,
    previous: (value) => value === null || fits(value, previous),
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
  rotate: { ...chained, after_seq: count, old_key: bytes(32), new_key: bytes(32), at_ms: count },
  revoke: { ...chained, ...issued, agent_key: bytes(32), from_leaf: count, reason: text },
  anchor: {
    ...issued,
    kind: (value) => ANCHOR_KINDS.some((known) => known === value),
    by: text,
    size: ordinal,
    root: bytes(32),
    proof: (value) => {
      const length = bytesOf(value)?.length ?? 0;
      return length > 0 && length <= PROOF_BYTES_MAX;
    },
  },
  prune: {
    ...issued,
    section: (value) => value === 'infra' || value === 'endpoints' || value === 'identity',
    months: list(month, MONTHS_MAX),
    reason: text,
  },
  report: {
    ...issued,
    site: text,
    id: text,
    from_ms: count,
    to_ms: count,
    masked: flag,
    as_of: (value) => fits(value, asOf),
    rules: ordinal,
    files: list((value) => fits(value, file), FILES_MAX),
  },
  'signed-report': {
    ...issued,
    site: text,
    report: text,
    file: (value) => fits(value, file),
    number: text,
    date,
  },
};

/** The first member that is unknown, missing or unfit; '' if it is no object; else undefined. */
export function oddMember(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const found = new Map(Object.entries(value));
  const unknown = [...found.keys()].find((member) => !Object.hasOwn(shape, member));
  if (unknown !== undefined) return unknown.slice(0, 40);
  return Object.entries(shape).find(([member, check]) => !check(found.get(member)))?.[0];
}

function fits(value: unknown, shape: Shape): boolean {
  return oddMember(value, shape) === undefined;
}

function list(item: Check, max: number): Check {
  return (value) =>
    Array.isArray(value) && value.length > 0 && value.length <= max && value.every(item);
}

function bytes(length: number): Check {
  return (value) => bytesOf(value)?.length === length;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  try {
    return typeof value === 'string' ? fromBase64(value) : undefined;
  } catch {
    return undefined;
  }
}
