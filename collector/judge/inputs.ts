import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchParts } from '../../shared/judge/batch-parts.ts';
import {
  batchInput,
  type DocumentLeaf,
  documentInput,
  ordinal,
  paperInput,
} from '../../shared/judge/replay/inputs.ts';
import type { JudgeInput } from '../../shared/judge/types.ts';
import { SECTION_NAMES } from '../../shared/measure/batch.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import type { BatchRow, DocumentRow, LeafRow } from '../store/rows.ts';
import type { EvidenceReads, SiteLeaf } from '../store/store-evidence.ts';
import { type FindList, readParts } from './batch-parts.ts';
import type { Handover } from './handover.ts';

export interface InputSource {
  readonly store: EvidenceReads;
  readonly findList: FindList;
  readonly handover: Handover;
}

/** Stands where no log is asked for. */
const NO_LOG = '';

/** What a leaf says to the judge; null: nothing. Reads a batch's body only if it must. */
export async function toInput(source: InputSource, found: SiteLeaf): Promise<JudgeInput | null> {
  const { leaf, batch, document } = found;
  if (leaf.agent === null) return document === null ? null : readPaper(source, leaf, document);
  if (leaf.kind === 'batch') return readBatch(source, leaf, leaf.agent, batch);
  if (document === null) return null;
  return documentInput(toDocumentLeaf(leaf, document), leaf.agent, () => payloadOf(document));
}

async function readBatch(
  { store, findList, handover }: InputSource,
  leaf: LeafRow,
  agent: string,
  batch: BatchRow | null,
): Promise<JudgeInput | null> {
  const place = { log: leaf.log, leaf: leaf.index };
  const { epoch, seq, recv_ms } = leaf;
  let parts = handover.take(leaf.log, leaf.index, leaf.hash);
  if (parts === undefined) {
    // It was held when the leaf was read, but the handover has let go of it since.
    const row = batch ?? (await store.batchByLeaf(leaf.log, leaf.index));
    if (row === null) return null;
    parts = await storedParts(store, findList, row);
  }
  return batchInput({ leaf: ordinal(place), recv_ms, agent, epoch, seq }, parts);
}

/** The same parts as ingest handed over: the stored fault decides, not what is known today. */
async function storedParts(
  store: EvidenceReads,
  findList: FindList,
  row: BatchRow,
): Promise<BatchParts> {
  const readable = row.fault === null || row.fault.startsWith('SECTION_');
  const inflated = new Map<string, Uint8Array>();
  let missing: string | null = null;
  for (const section of readable ? row.sections : []) {
    const name = SECTION_NAMES.find((known) => known === section.name);
    if (name === undefined || name === 'identity') continue;
    try {
      inflated.set(name, unpackSection(name, await store.readBody(section)));
    } catch (error) {
      // A body that is gone makes its slots unreadable; it must not stop the site.
      if (!(error instanceof LanProofError) || !error.code.startsWith('BODY_')) throw error;
      missing = error.code;
    }
  }
  const parts = await readParts(row.header, inflated, findList);
  const sections = readable ? parts.sections : [];
  return { header: parts.header, sections, fault: row.fault ?? missing ?? parts.fault };
}

/** Documents of the site that decide what batches after them show. */
async function readPaper(
  { store }: InputSource,
  row: LeafRow,
  document: DocumentRow,
): Promise<JudgeInput | null> {
  const leaf = toDocumentLeaf(row, document);
  // Only a plan is found by its log: the others need no look at the logs.
  const log =
    row.kind === 'maintenance'
      ? (await store.logs()).find((one) => one.log === row.log)?.origin
      : NO_LOG;
  return log === undefined ? null : paperInput(leaf, log, () => payloadOf(document));
}

function toDocumentLeaf(row: LeafRow, { hash }: DocumentRow): DocumentLeaf {
  const { kind, agent, epoch, seq } = row;
  const leaf = ordinal({ log: row.log, leaf: row.index });
  return { kind, agent, epoch, seq, leaf, hash: toBase64(hash) };
}

/** Our own store's document: its signature was checked before it was leafed. */
function payloadOf(document: DocumentRow): Uint8Array {
  return fromBase64(parseEnvelope(document.text).payload);
}
