/** Opens a control document of any kind: its signature, then its form. */
import { LanProofError } from '../../errors.ts';
import { parseTargetList } from '../../measure/target-list.ts';
import type { TargetList } from '../../measure/targets.ts';
import { isPaperKind, parsePaper } from '../../papers/parse.ts';
import type { PaperKind, Papers } from '../../papers/types.ts';
import type { Crypto } from '../crypto.ts';
import { openDocument } from '../document-reading.ts';
import { type Documents, documentType } from '../documents.ts';
import { openEnvelope } from '../dsse.ts';
import type { LeafKind } from '../leaf.ts';
import type { LedgerDocuments } from '../ledger-documents.ts';
import { openRotate } from '../rotations.ts';
import { payloadMembers } from './payload.ts';

type Fixed = Documents & LedgerDocuments;
type FixedKind = keyof Fixed;
type DocumentKind = Exclude<LeafKind, 'batch'>;

/** What a document says, by the kind of its leaf. */
export type Content =
  | { [Kind in FixedKind]: { readonly kind: Kind; readonly said: Fixed[Kind] } }[FixedKind]
  | { [Kind in PaperKind]: { readonly kind: Kind; readonly said: Papers[Kind] } }[PaperKind]
  | { readonly kind: 'targets'; readonly said: TargetList };

export type Opened = { readonly content: Content } | { readonly problem: string };

/** Keys that may have signed a document; any one is enough. */
export interface SigningKeys {
  readonly documents: readonly Uint8Array[];
  /** Of the agent that a hole is of, by what it claims; none: none was accepted. */
  readonly ofHole: (hole: HoleClaim) => readonly Uint8Array[];
}

type HoleClaim = Pick<Documents['hole'], 'agent' | 'epoch' | 'from_seq' | 'to_seq'>;

/**
 * Signature and form of a document. `payload` is its own, of which nothing is believed yet.
 * Returns a code where something does not fit: DSSE_SIGNATURE, or that of its reader.
 */
export function openAny(
  crypto: Crypto,
  kind: DocumentKind,
  envelope: string,
  payload: Uint8Array,
  keys: SigningKeys,
): Opened {
  try {
    return { content: open(crypto, kind, envelope, payload, keys) };
  } catch (error) {
    if (error instanceof LanProofError) return { problem: error.code };
    throw error;
  }
}

function open(
  crypto: Crypto,
  kind: DocumentKind,
  envelope: string,
  payload: Uint8Array,
  keys: SigningKeys,
): Content {
  if (kind === 'hole') return hole(crypto, envelope, payload, keys);
  if (kind === 'rotate') return { kind, said: openRotate(crypto, envelope) };
  const type = documentType(kind);
  const key = keys.documents.find((one) => signedBy(crypto, envelope, type, one));
  if (key === undefined) throw unsigned();
  if (kind === 'targets') return { kind, said: parseTargetList(payload) };
  // Each reader gives what its kind says, which a union of kinds cannot tell.
  if (isPaperKind(kind)) return { kind, said: parsePaper(kind, payload) } as Content;
  return { kind, said: openDocument(crypto, envelope, kind, key) } as Content;
}

/** Only the agent knows what it lost: its own key signs. */
function hole(
  crypto: Crypto,
  envelope: string,
  payload: Uint8Array,
  { ofHole }: SigningKeys,
): Content {
  const { agent, epoch, from_seq, to_seq } = payloadMembers(payload);
  if (typeof agent !== 'string' || typeof epoch !== 'number') throw unsigned();
  if (typeof from_seq !== 'number' || typeof to_seq !== 'number') throw unsigned();
  const type = documentType('hole');
  const keys = ofHole({ agent, epoch, from_seq, to_seq });
  const key = keys.find((one) => signedBy(crypto, envelope, type, one));
  if (key === undefined) throw unsigned();
  return { kind: 'hole', said: openDocument(crypto, envelope, 'hole', key) };
}

function signedBy(crypto: Crypto, envelope: string, type: string, key: Uint8Array): boolean {
  try {
    openEnvelope(crypto, envelope, type, key);
    return true;
  } catch (error) {
    if (error instanceof LanProofError && error.code === 'DSSE_SIGNATURE') return false;
    throw error;
  }
}

function unsigned(): LanProofError {
  return new LanProofError('DSSE_SIGNATURE', 'no key that counts signed it', { hint: '' });
}
