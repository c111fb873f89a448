/** What leaves of a site say to the judge: pure, for the collector and for whoever replays it. */
import { fromUtf8 } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { LOG_LEAVES_MAX } from '../../evidence/bundle/types.ts';
import { HOLE_REASONS } from '../../evidence/documents.ts';
import type { LeafKind } from '../../evidence/leaf.ts';
import type { HeaderJson } from '../../measure/header.ts';
import { parseHeader } from '../../measure/header.ts';
import { parseSiteDocument } from '../../measure/site-document.ts';
import { parseTargetList } from '../../measure/target-list.ts';
import type { TargetList } from '../../measure/targets.ts';
import { parseMaintenancePaper } from '../../papers/maintenance-paper.ts';
import {
  asProblem,
  type BatchParts,
  faultyParts,
  type MeasuredList,
  partsOf,
} from '../batch-parts.ts';
import type { Revocation } from '../revoked.ts';
import type { JudgeInput } from '../types.ts';

/** One number for a place among the leaves of all logs; the judge knows only this order. */
export function ordinal({ log, leaf }: { readonly log: number; readonly leaf: number }): number {
  return (log - 1) * LOG_LEAVES_MAX + leaf;
}

/** The log's number and the leaf's index of an ordinal. */
export function placeOf(at: number): { readonly log: number; readonly leaf: number } {
  const before = Math.floor(at / LOG_LEAVES_MAX);
  return { log: before + 1, leaf: at - before * LOG_LEAVES_MAX };
}

/** A leaf of a site's document. */
export interface DocumentLeaf {
  readonly kind: LeafKind;
  /** Null: a paper of the site. */
  readonly agent: string | null;
  readonly epoch: number;
  readonly seq: number;
  /** Ordinal. */
  readonly leaf: number;
  /** Base64 document hash. */
  readonly hash: string;
}

/**
 * Documents about an agent; null: the judge does not read that kind, and asks for no payload.
 * Throws LanProofError on what cannot be read.
 */
export function documentInput(
  { kind, epoch, seq, leaf, hash }: DocumentLeaf,
  agent: string,
  payload: () => Uint8Array,
): JudgeInput | null {
  const at = { leaf, agent };
  switch (kind) {
    case 'enrol':
      return { kind, ...at, epoch };
    case 'conflict':
      return { kind, ...at, epoch, seq };
    case 'targets':
      return { kind, ...at, hash, list: parseTargetList(payload()) };
    case 'hole': {
      const hole: unknown = JSON.parse(fromUtf8(payload()));
      const { to_seq, reason } = Object.assign({ to_seq: 0, reason: '' }, hole);
      const known = HOLE_REASONS.find((word) => word === reason) ?? 'lost_disk';
      return { kind, ...at, epoch, from_seq: seq, to_seq, reason: known };
    }
    default:
      return null;
  }
}

/**
 * Documents of the site that decide what batches after them show; null: another kind. `log` is the
 * origin of the leaf's log. Throws LanProofError on what cannot be read.
 */
export function paperInput(
  { kind, leaf }: Pick<DocumentLeaf, 'kind' | 'leaf'>,
  log: string,
  payload: () => Uint8Array,
): JudgeInput | null {
  switch (kind) {
    case 'site':
      return { kind, leaf, document: parseSiteDocument(payload()) };
    case 'maintenance': {
      const { issued_ms } = parseMaintenancePaper(payload());
      return { kind, leaf, log, index: placeOf(leaf).leaf, issued_ms };
    }
    default:
      return null;
  }
}

/**
 * What a `revoke` document takes back; null: it names another log, or cannot be read. `logs`: their
 * numbers by origin. All of them are to be known before the first batch.
 */
export function revocationOf(
  payload: Uint8Array,
  logs: ReadonlyMap<string, number>,
): Revocation | null {
  try {
    const said: unknown = JSON.parse(fromUtf8(payload));
    const blank = { log: '', agent: '', epoch: 0, from_leaf: 0 };
    const { log: origin, agent, epoch, from_leaf } = Object.assign(blank, said);
    const log = logs.get(origin);
    return log === undefined ? null : { agent, epoch, from: ordinal({ log, leaf: from_leaf }) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whose batch it is, and its place. */
export interface BatchLeaf {
  /** Ordinal. */
  readonly leaf: number;
  readonly recv_ms: number;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
}

export function batchInput(
  { leaf, recv_ms, agent, epoch, seq }: BatchLeaf,
  { header, sections, fault }: BatchParts,
): JudgeInput {
  return { kind: 'batch', leaf, recv_ms, agent, epoch, seq, header, sections, fault };
}

export interface InputMaker {
  /**
   * What a document says to the judge; null: nothing, or it cannot be read, which changes nothing
   * for the collector either.
   */
  document(leaf: DocumentLeaf, payload: Uint8Array): JudgeInput | null;
  /**
   * A batch, by the lists that came before it. `inflated`: JSON of its result sections by name;
   * those that are withheld are left out.
   */
  batch(
    leaf: BatchLeaf,
    header: Uint8Array | HeaderJson,
    inflated: ReadonlyMap<string, Uint8Array>,
  ): JudgeInput;
}

/** Makes inputs in the order of their leaves. `origins`: of each log, by its number. */
export function createInputs(origins: ReadonlyMap<number, string>): InputMaker {
  const lists = new Map<string, TargetList>();
  return {
    document(leaf, payload) {
      const { agent } = leaf;
      try {
        if (agent === null) {
          const origin = origins.get(placeOf(leaf.leaf).log);
          return origin === undefined ? null : paperInput(leaf, origin, () => payload);
        }
        const input = documentInput(leaf, agent, () => payload);
        if (input?.kind === 'targets') lists.set(`${agent} ${input.hash}`, input.list);
        return input;
      } catch (error) {
        if (error instanceof LanProofError || error instanceof SyntaxError) return null;
        throw error;
      }
    },
    batch: (leaf, header, inflated) =>
      batchInput(
        leaf,
        readBatch(header, inflated, (hash) => lists.get(`${leaf.agent} ${hash}`) ?? null),
      ),
  };
}

function readBatch(
  bytes: Uint8Array | HeaderJson,
  inflated: ReadonlyMap<string, Uint8Array>,
  find: (hash: string) => MeasuredList | null,
): BatchParts {
  try {
    const header = parseHeader(bytes);
    return partsOf(header, find(header.list.hash), inflated);
  } catch (error) {
    return faultyParts(null, asProblem(error));
  }
}
