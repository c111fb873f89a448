import { LanProofError } from '../../shared/errors.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { isRevoked, type Revocation } from '../../shared/judge/revoked.ts';
import {
  ALL_WANTED,
  DayBuilder,
  LEAD_MS,
  placeOf,
  type Wanted,
} from '../../shared/judge/series/day-builder.ts';
import { DAY_MS, SERIES_VERSION } from '../../shared/judge/series/types.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import type { FindList } from '../judge/batch-parts.ts';
import { createHandover } from '../judge/handover.ts';
import { toInput } from '../judge/inputs.ts';
import type { LeafRow, Position } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';
import type { SiteLeaf } from '../store/store-evidence.ts';

/** The collector's own clock may have been set back by this much between two batches. */
export const RECEIVE_SLACK_MS = 10 * 60_000;
/** Leaves of one turn: some milliseconds, so that nothing else waits long. */
export const PAGE_LEAVES = 30;

export interface DaySource {
  readonly store: ReadUnit;
  readonly findList: FindList;
  /**
   * Those of the site, as `readRevocations` has them: batches that they cover prove nothing. One
   * that comes later may reach back, so what was read without it is read anew.
   */
  readonly revocations: readonly Revocation[];
}

/** Reads one UTC day of one agent out of its batches, a page at a time. */
export interface AgentDay {
  readonly builder: DayBuilder;
  /** From where the next day is read: right before its first batch, as far as was read. */
  readonly next: Position;
  /** Reads a page; false: all that is committed was read, or the day is complete. */
  page(): Promise<boolean>;
}

/**
 * Begins to read a day. A batch is received after what it measured, so nothing of the day lies
 * before the first leaf received at its begin; the day before tells a nearer place where it was
 * kept (a backlog of weeks is received within an hour).
 */
export async function openAgentDay(
  source: DaySource,
  site: string,
  agent: string,
  day_ms: number,
  wanted: Wanted = ALL_WANTED,
): Promise<AgentDay> {
  const { store } = source;
  const builder = new DayBuilder(day_ms, wanted);
  const [before] = (await store.seriesKept(site, day_ms - DAY_MS, day_ms)).filter(
    (row) => row.agent === agent && row.version === SERIES_VERSION,
  );
  const begin_ms = day_ms - LEAD_MS - RECEIVE_SLACK_MS;
  let at: Position = before ?? (await store.leafBefore(site, begin_ms));
  let next: Position | null = null;
  const doubts = await conflictsOf(store, site, agent);
  const take = async (found: SiteLeaf): Promise<void> => {
    const { leaf, batch } = found;
    const header = batch === null ? null : headerOf(batch.header);
    if (header !== null) {
      const coming = placeOf(header, leaf.recv_ms, day_ms + DAY_MS) !== 'before';
      if (coming) next ??= at;
      if (placeOf(header, leaf.recv_ms, day_ms) !== 'before') {
        builder.feed(await readBatch(source, found, header, doubts));
      }
    }
    at = { log: leaf.log, leaf: leaf.index };
  };
  return {
    builder,
    get next() {
      return next ?? at;
    },
    async page() {
      const foreign = (leaf: LeafRow): boolean => leaf.agent !== agent;
      const leaves = await store.siteLeaves(site, at, PAGE_LEAVES, foreign);
      for (const found of leaves) {
        const { leaf } = found;
        if (leaf.kind === 'conflict' && leaf.agent === agent) doubts.push(leaf);
        await take(found);
        if (builder.complete) return false;
      }
      return leaves.length === PAGE_LEAVES;
    },
  };
}

function headerOf(bytes: Uint8Array): BatchHeader | null {
  try {
    return parseHeader(bytes);
  } catch (error) {
    if (error instanceof LanProofError) return null;
    throw error;
  }
}

/** Leaves of conflicts: from there on batches of their epoch prove nothing. */
async function conflictsOf(store: ReadUnit, site: string, agent: string): Promise<LeafRow[]> {
  const leaves: LeafRow[] = [];
  for (const { log, leaf } of await store.documents(site, 'conflict', agent)) {
    const found = await store.leaf(log, leaf);
    if (found !== null) leaves.push(found);
  }
  return leaves;
}

async function readBatch(
  { store, findList, revocations }: DaySource,
  found: SiteLeaf,
  header: BatchHeader,
  doubts: readonly LeafRow[],
): Promise<Parameters<DayBuilder['feed']>[0]> {
  const { leaf } = found;
  const { epoch, seq, recv_ms } = leaf;
  const at = ordinal({ log: leaf.log, leaf: leaf.index });
  const doubted = doubts.some(
    (doubt) => doubt.epoch === epoch && ordinal({ log: doubt.log, leaf: doubt.index }) < at,
  );
  const nothing = { epoch, seq, recv_ms, header, sections: [], whole: false, targets: [] };
  const revoked = isRevoked({ agent: header.agent, epoch, leaf: at }, revocations);
  if (doubted || revoked) return nothing;
  try {
    const input = await toInput({ store, findList, handover: createHandover() }, found);
    if (input?.kind !== 'batch') return nothing;
    const list = await findList(header.site, header.agent, header.list.hash);
    const { sections, fault } = input;
    return { ...nothing, sections, whole: fault === null, targets: list?.targets ?? [] };
  } catch (error) {
    // What broke the judge is passed over by it; a disk that fails for a moment is no such thing.
    if (error instanceof LanProofError && !error.fatal) throw error;
    return nothing;
  }
}
