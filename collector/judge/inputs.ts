import { fromBase64, fromUtf8, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { HOLE_REASONS } from '../../shared/evidence/documents.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchParts } from '../../shared/judge/batch-parts.ts';
import type { JudgeInput } from '../../shared/judge/types.ts';
import { SECTION_NAMES } from '../../shared/measure/batch.ts';
import { parseSiteDocument } from '../../shared/measure/site-document.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import { parseMaintenancePaper } from '../../shared/papers/maintenance-paper.ts';
import type { BatchRow, DocumentRow, LeafRow, Position } from '../store/rows.ts';
import type { EvidenceReads, SiteLeaf } from '../store/store-evidence.ts';
import { type FindList, readParts } from './batch-parts.ts';
import type { Handover } from './handover.ts';

export interface InputSource {
  readonly store: EvidenceReads;
  readonly findList: FindList;
  readonly handover: Handover;
}

/** Leaves of a log that come before those of the next one: 2^32 is more than 3,000 years. */
const LEAVES_PER_LOG = 2 ** 32;

/** One number for a place among the leaves of all logs; the judge knows only this order. */
export function ordinal({ log, leaf }: Position): number {
  return (log - 1) * LEAVES_PER_LOG + leaf;
}

/** What a leaf says to the judge; null: nothing. Reads a batch's body only if it must. */
export async function toInput(source: InputSource, found: SiteLeaf): Promise<JudgeInput | null> {
  const { leaf, batch, document } = found;
  if (leaf.agent === null) return document === null ? null : paperInput(source, leaf, document);
  if (leaf.kind === 'batch') return batchInput(source, leaf, leaf.agent, batch);
  return document === null ? null : documentInput(leaf, leaf.agent, document);
}

async function batchInput(
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
  const { header, sections, fault } = parts;
  return {
    ...{ kind: 'batch', leaf: ordinal(place), recv_ms, agent, epoch, seq },
    ...{ header, sections, fault },
  };
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
      if (!(error instanceof LanProofError) || error.code !== 'BODY_MISSING') throw error;
      missing = error.code;
    }
  }
  const parts = await readParts(row.header, inflated, findList);
  const sections = readable ? parts.sections : [];
  return { header: parts.header, sections, fault: row.fault ?? missing ?? parts.fault };
}

function documentInput(leaf: LeafRow, agent: string, document: DocumentRow): JudgeInput | null {
  const at = { leaf: ordinal({ log: leaf.log, leaf: leaf.index }), agent };
  const { epoch, seq } = leaf;
  switch (leaf.kind) {
    case 'enrol':
      return { kind: 'enrol', ...at, epoch };
    case 'conflict':
      return { kind: 'conflict', ...at, epoch, seq };
    case 'targets': {
      const list = parseTargetList(payloadOf(document));
      return { kind: 'targets', ...at, hash: toBase64(document.hash), list };
    }
    case 'hole': {
      const hole: unknown = JSON.parse(fromUtf8(payloadOf(document)));
      const { to_seq, reason } = Object.assign({ to_seq: 0, reason: '' }, hole);
      const known = HOLE_REASONS.find((word) => word === reason) ?? 'lost_disk';
      return { kind: 'hole', ...at, epoch, from_seq: seq, to_seq, reason: known };
    }
    default:
      return null;
  }
}

/** Documents of the site that decide what batches after them show. */
async function paperInput(
  { store }: InputSource,
  row: LeafRow,
  document: DocumentRow,
): Promise<JudgeInput | null> {
  const leaf = ordinal({ log: row.log, leaf: row.index });
  switch (row.kind) {
    case 'site':
      return { kind: 'site', leaf, document: parseSiteDocument(payloadOf(document)) };
    case 'maintenance': {
      const { issued_ms } = parseMaintenancePaper(payloadOf(document));
      const log = (await store.logs()).find((one) => one.log === row.log)?.origin;
      if (log === undefined) return null;
      return { kind: 'maintenance', leaf, log, index: row.index, issued_ms };
    }
    default:
      return null;
  }
}

/** Our own store's document: its signature was checked before it was leafed. */
function payloadOf(document: DocumentRow): Uint8Array {
  return fromBase64(parseEnvelope(document.text).payload);
}
