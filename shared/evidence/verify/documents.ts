/** Checks 6 and 13: every control document, by its leaf, its signature and its form. */
import { equalBytes, fromBase64, toBase64 } from '../../bytes.ts';
import type { LedgeredDocument } from '../../judge/day/documents.ts';
import { ordinal } from '../../judge/replay/inputs.ts';
import type { BundleDocument, BundleLeaf, BundleManifest } from '../bundle/types.ts';
import type { Crypto } from '../crypto.ts';
import { documentHash } from '../documents.ts';
import type { FindingCode } from './codes.ts';
import { type Content, openAny } from './document-kinds.ts';
import { createKeyBook, type KeyBook } from './key-book.ts';
import type { LogOpens } from './log-opens.ts';
import type { VerifiedLog } from './logs.ts';
import { payloadBytes } from './payload.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';

/** A document that is what its leaf says. */
export interface LoggedDocument {
  readonly leaf: BundleLeaf;
  /** Ordinal of the leaf. */
  readonly at: number;
  readonly payload: Uint8Array;
  readonly content: Content;
}

export interface ReadDocuments {
  /** In the order of their leaves. */
  readonly documents: readonly LoggedDocument[];
  /** What figures may know of them. */
  readonly ledgered: readonly LedgeredDocument[];
  readonly keys: KeyBook;
}

interface Source {
  readonly crypto: Crypto;
  readonly manifest: BundleManifest;
  readonly logs: readonly VerifiedLog[];
  readonly opens: LogOpens;
  readonly said: Recorder;
}

/** Kinds that say whose signatures count: what is wrong with them belongs to check 6. */
const KEY_KINDS: ReadonlySet<string> = new Set(['log-open', 'enrol', 'rotate', 'revoke']);

/** Reads all documents; one that is not right is named and plays no further part. */
export function readDocuments(source: Source, found: readonly BundleDocument[]): ReadDocuments {
  const { logs, said } = source;
  const leaves = new Map<number, BundleLeaf>();
  for (const { leaves: all } of logs) {
    for (const leaf of all) if (leaf.kind !== 'batch') leaves.set(ordinal(leaf), leaf);
  }
  const keys = createKeyBook();
  const documents: LoggedDocument[] = [];
  for (const document of found) {
    const at = ordinal(document);
    const leaf = leaves.get(at);
    if (leaf === undefined) {
      said.say('DOCUMENT_UNLISTED', placeOf(document));
      continue;
    }
    leaves.delete(at);
    said.count(KEY_KINDS.has(leaf.kind) ? 'keys' : 'documents', 'documents');
    const logged = readOne(source, keys, leaf, document);
    if (logged === null) continue;
    enter(source, keys, logged);
    documents.push(logged);
  }
  for (const leaf of leaves.values()) said.say('DOCUMENT_MISSING', placeOf(leaf), kindOf(leaf));
  const papers = documents.filter(({ leaf }) => leaf.site !== null && leaf.agent === null);
  const ledgered = papers.map(({ leaf: { kind, hash, recv_ms }, at, payload }) => {
    return { kind, payload, hash: toBase64(hash), leaf: at, recv_ms };
  });
  return { documents, ledgered, keys };
}

/** Null: it was named as wrong, or may be withheld. */
function readOne(
  source: Source,
  keys: KeyBook,
  leaf: BundleLeaf,
  { text }: BundleDocument,
): LoggedDocument | null {
  const { crypto, manifest, said } = source;
  const at = ordinal(leaf);
  const key = KEY_KINDS.has(leaf.kind);
  const wrong = (code: FindingCode, problem: string): null => {
    said.say(key ? 'KEY_DOCUMENT' : code, placeOf(leaf), { ...kindOf(leaf), problem });
    return null;
  };
  if (leaf.site !== null && leaf.site !== manifest.site) return wrong('DOCUMENT_OTHER', 'SITE');
  if (text === null) {
    const masked = manifest.masked && leaf.kind === 'note';
    said.say(masked ? 'MASKED' : 'DOCUMENT_WITHHELD', placeOf(leaf), { what: leaf.kind });
    return null;
  }
  const { kind } = leaf;
  if (kind === 'batch') return null;
  let payload: Uint8Array;
  try {
    if (!equalBytes(documentHash(crypto, text), leaf.hash)) return wrong('DOCUMENT_HASH', 'HASH');
    payload = payloadBytes(text);
  } catch (error) {
    return wrong('DOCUMENT_FORMAT', problemOf(error).problem);
  }
  const opened = openAny(crypto, kind, text, payload, {
    documents: documentKeys(source.opens, leaf.log),
    ofHole: (hole) => keys.keysOfHole(hole, at),
  });
  if ('problem' in opened) {
    const unsigned = opened.problem.startsWith('DSSE_');
    return wrong(unsigned ? 'DOCUMENT_SIGNATURE' : 'DOCUMENT_FORMAT', opened.problem);
  }
  const odd = oddMember(source, leaf, opened.content);
  if (odd !== null) return wrong('DOCUMENT_OTHER', odd);
  return { leaf, at, payload, content: opened.content };
}

/** Of its log; a document that a restored collector ledgered again is under an older one. */
function documentKeys(opens: LogOpens, log: number): Uint8Array[] {
  const earlier = [...opens].filter(([number]) => number <= log).reverse();
  return earlier.map(([, { document_key }]) => fromBase64(document_key));
}

/** The member that says something else than the leaf; null: none does. */
function oddMember({ logs }: Source, leaf: BundleLeaf, { kind, said }: Content): string | null {
  const found: Readonly<Record<string, unknown>> = { ...said };
  if ('site' in said && said.site !== leaf.site) return 'site';
  // An enrolment or a list may be shown again by its agent and name the log that was lost.
  const again = kind === 'enrol' || kind === 'targets';
  const origin = logs.find(({ log }) => log === leaf.log)?.head.origin;
  if (!again && kind !== 'revoke' && 'log' in said && said.log !== origin) {
    if (kind !== 'anchor' || logs.every(({ head }) => head.origin !== said.log)) return 'log';
  }
  if (leaf.agent !== null && found.agent !== leaf.agent) return 'agent';
  if (leaf.epoch !== 0 && found.epoch !== leaf.epoch) return 'epoch';
  if (kind === 'hole' && said.from_seq !== leaf.seq) return 'from_seq';
  if (kind === 'conflict' && said.seq !== leaf.seq) return 'seq';
  return null;
}

/** What follows from it for those behind it. */
function enter({ logs, said }: Source, keys: KeyBook, { leaf, content }: LoggedDocument): void {
  const place = placeOf(leaf);
  const unfit = (agent: string, epoch: number): void =>
    said.say('KEY_UNFIT', place, { ...kindOf(leaf), agent, epoch });
  switch (content.kind) {
    case 'enrol': {
      const { agent, epoch } = content.said;
      if (!keys.enrol(leaf, content.said)) unfit(agent, epoch);
      break;
    }
    case 'rotate': {
      const { agent, epoch } = content.said;
      if (!keys.rotate(content.said)) unfit(agent, epoch);
      break;
    }
    case 'revoke': {
      const { agent, epoch, log: origin, from_leaf } = content.said;
      const log = logs.find(({ head }) => head.origin === origin)?.log;
      if (log === undefined || !keys.revoke(leaf, content.said, log)) unfit(agent, epoch);
      else said.say('KEY_REVOKED', place, { agent, epoch, from_leaf });
      break;
    }
    case 'report': {
      const { id, from_ms, to_ms } = content.said;
      said.say('REPORT_ISSUED', place, { id, from_ms, to_ms });
      break;
    }
  }
}

function kindOf({ kind }: BundleLeaf): { kind: string } {
  return { kind };
}

/** `log 1 leaf 12`. */
export function placeOf({ log, leaf }: { readonly log: number; readonly leaf: number }): string {
  return `log ${log} leaf ${leaf}`;
}
