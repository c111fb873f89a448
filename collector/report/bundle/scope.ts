import { isBehind } from '../../../shared/evidence/bundle/documents.ts';
import type { BundleLeaf, LeafPlace } from '../../../shared/evidence/bundle/types.ts';
import type { LeafKind } from '../../../shared/evidence/leaf.ts';
import { LEAF_KINDS } from '../../../shared/evidence/leaf.ts';
import type { SignedCheckpoint } from '../../ledger/types.ts';
import type { DocumentRow, LeafRow } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

/** A control document with the fields of its leaf. */
export interface PlacedDocument {
  readonly leaf: BundleLeaf;
  readonly text: string;
}

const KINDS = LEAF_KINDS.filter((kind) => kind !== 'batch');

/** Whether a leaf stands below a checkpoint: in its log below its size, or in an earlier log. */
export function isBelow(place: LeafPlace, { log, size }: SignedCheckpoint): boolean {
  return place.log < log || (place.log === log && place.leaf < size);
}

/** A leaf row with the place that a bundle writes. */
export function bundleLeaf({ index, ...row }: LeafRow): BundleLeaf {
  return { ...row, leaf: index };
}

/** Every document of the site and of the whole log below a checkpoint, in leaf order. */
export async function readAllDocuments(
  store: Pick<EvidenceReads, 'documents' | 'documentsOf' | 'leaf'>,
  site: string,
  checkpoint: SignedCheckpoint,
): Promise<PlacedDocument[]> {
  const rows: DocumentRow[] = [...(await store.documentsOf(site, KINDS))];
  for (const kind of KINDS) rows.push(...(await store.documents(null, kind)));
  const placed: PlacedDocument[] = [];
  for (const { log, leaf, text } of rows) {
    if (!isBelow({ log, leaf }, checkpoint)) continue;
    const row = await store.leaf(log, leaf);
    if (row !== null) placed.push({ leaf: bundleLeaf(row), text });
  }
  return placed.sort((a, b) => (isBehind(a.leaf, b.leaf) ? 1 : -1));
}

/** Those of one kind. */
export function ofKind(documents: readonly PlacedDocument[], kind: LeafKind): PlacedDocument[] {
  return documents.filter(({ leaf }) => leaf.kind === kind);
}
