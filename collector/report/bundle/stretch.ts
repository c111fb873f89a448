/** Which batches of an agent stand in a bundle (docs/formats/bundle.md). */
import {
  BUNDLE_AFTER_MS,
  BUNDLE_BEFORE_MS,
  type BundleAgent,
} from '../../../shared/evidence/bundle/types.ts';
import { FUTURE_MAX_MS } from '../../../shared/judge/place.ts';
import { knownTo } from '../../../shared/judge/replay/stretch.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import type { BatchRow } from '../../store/rows.ts';
import { type AgentChain, closedTo, readHeader } from './chain.ts';

/** A collector's clock may have been set back so far: what is searched by it begins earlier, ms. */
const RECEIVE_SLACK_MS = 24 * 3_600_000;

export interface AgentStretch {
  readonly chain: AgentChain;
  /** Number of its first batch in the chain; the count where there is none. */
  readonly from: number;
}

/** `begin_ms` null: from the first batch. */
export async function findStretch(
  chain: AgentChain,
  begin_ms: number | null,
  breathe: () => Promise<void>,
): Promise<AgentStretch> {
  if (begin_ms === null) return { chain, from: 0 };
  const wanted_ms = begin_ms - BUNDLE_BEFORE_MS;
  // What was received earlier closed earlier: a promise of the future is not believed.
  const near = await firstReceived(chain, wanted_ms - FUTURE_MAX_MS - RECEIVE_SLACK_MS);
  let newest: number | null = null;
  for (let index = near; index < chain.count; index++) {
    const closed_ms = closedTo(await chain.at(index));
    if (closed_ms !== null && closed_ms >= wanted_ms) break;
    if (closed_ms !== null) newest = index;
    await breathe();
  }
  for (let index = near - 1; newest === null && index >= 0; index--) {
    if (closedTo(await chain.at(index)) !== null) newest = index;
    await breathe();
  }
  return { chain, from: newest ?? 0 };
}

/** A batch with its header, which is read once: a fifth of what a batch costs is reading JSON. */
export interface StretchBatch {
  readonly row: BatchRow;
  /** Null: it cannot be read. */
  readonly header: BatchHeader | null;
}

/** The batches of a stretch, to the first one that closed the end. */
export async function* stretchBatches(
  { chain, from }: AgentStretch,
  end_ms: number,
): AsyncGenerator<StretchBatch> {
  for (let index = from; index < chain.count; index++) {
    const row = await chain.at(index);
    const header = readHeader(row);
    yield { row, header };
    const closed_ms = knownTo(header, row.recv_ms);
    if (closed_ms !== null && closed_ms >= end_ms + BUNDLE_AFTER_MS) return;
  }
}

/** What the manifest says of it; null: it has no batch. */
export async function agentOf({ chain, from }: AgentStretch): Promise<BundleAgent | null> {
  if (from >= chain.count) return null;
  const { agent, epoch, seq } = await chain.at(from);
  const before_hash = await chain.before(from);
  return { agent, epoch, before_seq: before_hash === null ? 0 : seq - 1, before_hash };
}

/** All batches of several agents in the order of their leaves. */
export async function* inLeafOrder(
  streams: readonly AsyncGenerator<StretchBatch>[],
): AsyncGenerator<StretchBatch> {
  const heads: { batch: StretchBatch; rest: AsyncGenerator<StretchBatch> }[] = [];
  for (const rest of streams) {
    const { value, done } = await rest.next();
    if (done !== true) heads.push({ batch: value, rest });
  }
  while (heads.length > 0) {
    const first = heads.reduce((a, b) => (isBefore(b.batch.row, a.batch.row) ? b : a));
    yield first.batch;
    const { value, done } = await first.rest.next();
    if (done === true) heads.splice(heads.indexOf(first), 1);
    else first.batch = value;
  }
}

function isBefore(a: BatchRow, b: BatchRow): boolean {
  return a.log === b.log ? a.leaf < b.leaf : a.log < b.log;
}

/** Number of the first batch that was received at or after a time, where receive times rise. */
async function firstReceived(chain: AgentChain, recv_ms: number): Promise<number> {
  let [low, high] = [0, chain.count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await chain.at(middle)).recv_ms < recv_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
