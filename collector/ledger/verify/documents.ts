import { equalBytes, fromBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { documentHash, documentType } from '../../../shared/evidence/documents.ts';
import { openEnvelope } from '../../../shared/evidence/dsse.ts';
import { openRotate } from '../../../shared/evidence/rotations.ts';
import type { DocumentRow, LeafRow, LogRow } from '../../store/rows.ts';
import { rootAt } from '../start-check.ts';
import { type Chains, membersOf } from './chains.ts';
import type { Tell, VerifyOptions } from './types.ts';

/** Holds a stored document against its leaf: text, hash, signature, and whom it is about. */
export async function verifyDocument(
  options: VerifyOptions,
  chains: Chains,
  leaf: LeafRow,
  tell: Tell,
): Promise<void> {
  const { crypto, reads } = options;
  const row = await reads.documentByLeaf(leaf.site, leaf.log, leaf.index);
  if (row === null) {
    tell('DOCUMENT_MISSING', `no ${leaf.kind} document is stored for this leaf`);
    return;
  }
  const { hash, text, kind } = row;
  let computed: Uint8Array;
  try {
    computed = documentHash(crypto, text);
  } catch (error) {
    tell('DOCUMENT_HASH', `the document cannot be read: ${wordsOf(error)}`);
    return;
  }
  if (!equalBytes(computed, leaf.hash) || !equalBytes(hash, leaf.hash) || kind !== leaf.kind) {
    tell('DOCUMENT_HASH', `the ${leaf.kind} document is not the one that was leafed`);
    return;
  }
  try {
    await openSigned(options, chains, leaf, text);
  } catch (error) {
    tell('DOCUMENT_SIGNATURE', `the ${kind} document: ${wordsOf(error)}`);
    return;
  }
  const { site, agent } = membersOf(row);
  const other = (said: unknown, is: string | null) => typeof said === 'string' && said !== is;
  if (
    leaf.site !== null &&
    (other(site, leaf.site) || other(agent, leaf.agent ?? (agent as string)))
  ) {
    tell('DOCUMENT_PLACE', `the ${kind} document is about ${String(site)}/${String(agent)}`);
  }
}

async function openSigned(
  { crypto, document_key }: VerifyOptions,
  chains: Chains,
  { kind, site, agent, epoch, seq, log, index }: LeafRow,
  text: string,
): Promise<void> {
  if (kind === 'rotate') {
    const { site: at, agent: code, epoch: life, new_key } = openRotate(crypto, text);
    if (await chains.isKey(at, code, life, fromBase64(new_key))) return;
    throw new TypeError('it does not begin with the key before it');
  }
  let keys: readonly Uint8Array[] = [document_key];
  if (kind === 'hole' && site !== null && agent !== null) {
    const place = { site, agent, epoch, seq };
    keys = await chains.keysOfHole(place, Number(membersOf({ text }).to_seq), { log, leaf: index });
  }
  openByAny(crypto, text, documentType(kind), keys);
}

/** Throws where none of the keys signed it. */
function openByAny(
  crypto: Crypto,
  text: string,
  type: string,
  [key, ...more]: readonly Uint8Array[],
): void {
  if (key === undefined) throw new TypeError('no document names the key of this agent');
  try {
    openEnvelope(crypto, text, type, key);
  } catch (error) {
    if (more.length === 0) throw error;
    openByAny(crypto, text, type, more);
  }
}

/** The first leaf opens its log, and names the head of the one before. */
export async function verifyLogOpen(
  { crypto, reads }: VerifyOptions,
  log: LogRow,
  before: LogRow | undefined,
  tell: Tell,
): Promise<void> {
  const row: DocumentRow | null = await reads.documentByLeaf(null, log.log, 0);
  if (row?.kind !== 'log-open') {
    tell('LOG_OPEN', 'the first leaf does not open the log');
    return;
  }
  const { log: origin, previous } = membersOf(row);
  if (origin !== log.origin) tell('LOG_OPEN', `the document opens ${String(origin)}`);
  if (before === undefined) {
    if (previous !== null) tell('LOG_OPEN', 'it names a log before it that is not stored');
    return;
  }
  const named = Object.assign({ log: '', size: -1, root: '' }, previous);
  const { root } = await rootAt(crypto, reads, before.log, before.size);
  const same = named.log === before.origin && named.size === before.size;
  if (!same || !equalBytes(root, decoded(named.root))) {
    tell('LOG_OPEN', `it follows ${named.log} at ${named.size}, stored are ${before.size} leaves`);
  }
}

function decoded(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    return new Uint8Array();
  }
}

export function wordsOf(error: unknown): string {
  if (error instanceof LanProofError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
